import { firstPage, type Operation, people } from "./operations.ts";

export type Workload = "identical" | "mixed" | "list" | "large list";

/** One measurement: what is asked, how much there is to read, how slow the platforms are, how many ask at once. */
export interface Phase {
  readonly workload: Workload;
  /** Rows in the list of participants. */
  readonly rows: number;
  /** What every platform call takes, in milliseconds. */
  readonly latency: number;
  readonly connections: number;
}

/** Phases that need the same platforms, and so one start of the server: a kept list may not outlive a change of its rows. */
export interface Segment {
  readonly rows: number;
  readonly phases: readonly Phase[];
}

export const workloads: readonly Workload[] = ["identical", "mixed", "list", "large list"];

const SMALL = 100;

/** The operations of a workload, sent in turn. */
export function operationsOf(workload: Workload): readonly Operation[] {
  switch (workload) {
    case "identical":
      return people.slice(0, 1);
    case "mixed":
      return people;
    case "list":
    case "large list":
      return [firstPage];
    default:
      return workload satisfies never;
  }
}

/**
 * What is measured. Of the large lists only what a server without snapshots can answer in the time: at 50 connections
 * and 100,000 rows it would not finish one operation.
 */
export function plan(
  only: readonly Workload[],
  isQuick: boolean,
  { latency, connections: count }: { readonly latency: number | null; readonly connections: number | null },
): Segment[] {
  const isAsked = (phase: Phase) =>
    only.includes(phase.workload) &&
    (latency === null || phase.latency === latency) &&
    (count === null || phase.connections === count);
  const connections = isQuick ? [50] : [1, 50, 500];
  const small = (["identical", "mixed", "list"] as const).flatMap((workload) =>
    [0, 20].flatMap((slow) =>
      (workload === "list" && slow > 0 ? [50] : connections).map((clients) => phase(workload, SMALL, slow, clients)),
    ),
  );
  const large = [
    { rows: 10_000, connections: isQuick ? [50] : [1, 50] },
    { rows: 100_000, connections: isQuick ? [1] : [1, 8] },
  ];
  return [
    { rows: SMALL, phases: small },
    ...large.map((list) => ({
      rows: list.rows,
      phases: list.connections.map((count) => phase("large list", list.rows, 0, count)),
    })),
  ]
    .map((segment) => ({ ...segment, phases: segment.phases.filter(isAsked) }))
    .filter(({ phases }) => phases.length > 0);
}

function phase(workload: Workload, rows: number, latency: number, connections: number): Phase {
  return { workload, rows, latency, connections };
}
