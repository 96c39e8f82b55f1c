import { randomBytes } from "node:crypto";
import { QUICK, type Store } from "./store.ts";
import { type Draft, decodeRow, type Update } from "./update.ts";

/** The only row of `event-state`. Every new event and every sweep changes it, which is what puts them in one order. */
export interface State {
  /** Names the store: a cursor of one store is not taken for a position in another. */
  readonly epoch: string;
  /** The highest sequence number given; 0 before the first. */
  readonly newest: number;
  /** The highest sequence number forgotten; all below it are. */
  readonly forgotten: number;
}

const KEY = "state";

/** The state as it is; makes the first one of a new store. */
export async function readState(store: Store, update: Update): Promise<State> {
  const [text = null] = await store.get("event-state", [KEY], QUICK);
  return decodeRow<State>(text) ?? update(draftState, { durable: true });
}

export async function draftState(draft: Draft): Promise<State> {
  const [state = null] = await draft.read<State>("event-state", [KEY]);
  return state ?? writeState(draft, { epoch: randomBytes(6).toString("hex"), newest: 0, forgotten: 0 });
}

export function writeState(draft: Draft, state: State): State {
  draft.write("event-state", KEY, state);
  return state;
}

/** Changes the number of events under each path, by a step for each time that it is named. */
export async function addToCounts(draft: Draft, paths: readonly string[], step: 1 | -1): Promise<void> {
  const steps = new Map<string, number>();
  for (const path of paths) {
    steps.set(path, (steps.get(path) ?? 0) + step);
  }
  const names = [...steps.keys()];
  const counts = await draft.read<number>("event-count", names);
  names.forEach((path, at) => {
    draft.write("event-count", path, (counts[at] ?? 0) + (steps.get(path) ?? 0) || null);
  });
}

/** Sequence numbers in the order of their values: no safe integer has more digits. */
export function sequenceKey(sequence: number): string {
  return String(sequence).padStart(16, "0");
}

export function indexKey(path: string, sequence: number): string {
  return `${path} ${sequenceKey(sequence)}`;
}
