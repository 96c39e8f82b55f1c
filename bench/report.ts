import { cpus, release } from "node:os";
import type { Figure, FirstRead, Herd, Measurement } from "./measure.ts";
import type { Phase } from "./phases.ts";
import { BASELINE, LIMIT, OURS, TAILCALL } from "./servers.ts";

interface Report {
  readonly figures: readonly Figure[];
  /** Servers that were not measured, and why. */
  readonly missing: ReadonlyMap<string, string>;
  readonly rounds: number;
  readonly seconds: number;
}

// From this share of its core on, the load and the platforms may have been the limit.
const SATURATED = 0.9;
// From this share of a core on, other programs disturbed a phase.
const DISTURBED = 0.1;

/** RESULTS.md: medians over the rounds; a server that was not measured is named with the reason and left out of the tables. */
export function writeReport(report: Report): string {
  const measurements = report.figures.flatMap((figure) => ("measurement" in figure ? [figure.measurement] : []));
  const herds = report.figures.flatMap((figure) => ("herd" in figure ? [figure.herd] : []));
  const firstReads = report.figures.flatMap((figure) => ("firstRead" in figure ? [figure.firstRead] : []));
  const names = [...new Set(measurements.map(({ server }) => server))];
  const groups = groupBy(measurements, ({ phase }) => keyOf(phase));
  return [
    "# Results",
    "",
    "Written by `npm run bench`; README.md says what is measured, how, and what is not fair.",
    "",
    ...describeRun(report, names),
    "",
    "## Operations per second",
    "",
    ...summarise(groups, names),
    "",
    ...[...groupBy(measurements, ({ phase }) => titleOf(phase))].flatMap(([title, members]) => [
      `## ${title}`,
      "",
      ...detail(members),
      "",
    ]),
    ...(herds.length > 0 ? describeHerds(herds) : []),
    "## First answer after the start: first 20 rows, nothing kept yet, in ms",
    "",
    ...firstAnswers(firstReads, names),
    "",
  ].join("\n");
}

function describeHerds(herds: readonly Herd[]): string[] {
  const rows = [...groupBy(herds, ({ server }) => server)].map(([server, members]) => [
    server,
    round(median(members.map(({ calls }) => calls))),
    round(median(members.map(({ failures }) => failures))),
    round(median(members.map(({ milliseconds }) => milliseconds))),
  ]);
  return [
    "## A herd: the same query from 1,000 clients at once",
    "",
    "Platform latency 20 ms; one such query alone makes 3 platform calls.",
    "",
    ...table(["server", "platform calls", "wrong or missing answers", "ms until all were answered"], rows),
    "",
  ];
}

function describeRun({ missing, rounds, seconds }: Report, names: readonly string[]): string[] {
  const cores = cpus();
  return [
    `- ${cores[0]?.model.trim() ?? "unknown CPU"}, ${cores.length} cores, Linux ${release()}, Node.js ${process.versions.node}, ${new Date().toISOString().slice(0, 10)}`,
    `- Servers, one after the other: ${names.join(", ")}. ${rounds} round${rounds === 1 ? "" : "s"} of ${seconds} s a phase; every figure is the median of the rounds.`,
    ...[...missing].map(([name, reason]) => `- **${name}: not run here**, because ${reason}.`),
    `- × is operations per second over those of ${TAILCALL}, of the limit (${LIMIT}: what Node.js can do, see README.md) or of the ${BASELINE} server; CPU × the same for CPU seconds, so less is better there.`,
    "- † load and platforms used over 90 % of their own core: the server may have been able to do more. CPU per operation is not touched by that.",
    "- ‡ other programs on the machine, or its host, used over 10 % of a core meanwhile: compare such a row with care, CPU figures too.",
    "- At 20 ms, `identical` and `mixed` wait for two platform calls one after the other: a server that joins no call already under way gives C connections at most C / 0.04 operations per second (1,250 at 50), whatever it costs.",
  ];
}

function summarise(groups: ReadonlyMap<string, readonly Measurement[]>, names: readonly string[]): string[] {
  const ratios = names.includes(OURS) ? names.filter((name) => name !== OURS) : [];
  const rows = [...groups.values()].map((members) => {
    const rate = (name: string) =>
      median(members.filter(({ server }) => server === name).map((one) => one.operationsPerSecond));
    const [first] = members;
    return [
      ...(first === undefined
        ? []
        : [titleOf(first.phase), String(first.phase.latency), String(first.phase.connections)]),
      ...names.map((name) => round(rate(name))),
      ...ratios.map((name) => ratio(rate(OURS), rate(name))),
    ];
  });
  return table(["workload", "latency ms", "connections", ...names, ...ratios.map((name) => `${OURS} × ${name}`)], rows);
}

function detail(members: readonly Measurement[]): string[] {
  const rows = [...groupBy(members, ({ phase }) => keyOf(phase)).values()].flatMap((same) => {
    const byServer = groupBy(same, ({ server }) => server);
    const rate = (name: string) => median((byServer.get(name) ?? []).map((one) => one.operationsPerSecond));
    const cpu = (name: string) => median((byServer.get(name) ?? []).map((one) => one.cpuPerThousand));
    return [...byServer].map(([server, rounds]) => {
      const middle = (pick: (one: Measurement) => number | null) => median(rounds.map(pick));
      const isSaturated = (middle(({ shares }) => shares?.load ?? null) ?? 0) > SATURATED;
      const isDisturbed = (middle(({ shares }) => shares?.others ?? null) ?? 0) > DISTURBED;
      return [
        String(rounds[0]?.phase.latency),
        String(rounds[0]?.phase.connections),
        server,
        `${round(rate(server))}${isSaturated ? " †" : ""}${isDisturbed ? " ‡" : ""}`,
        spread(rounds.map((one) => one.operationsPerSecond)),
        ratio(rate(server), rate(TAILCALL)),
        ratio(rate(server), rate(LIMIT)),
        ratio(rate(server), rate(BASELINE)),
        round(middle((one) => one.p50)),
        round(middle((one) => one.p99)),
        percent(middle(({ shares }) => shares?.server ?? null)),
        round(cpu(server)),
        ratio(cpu(server), cpu(TAILCALL)),
        ratio(cpu(server), cpu(LIMIT)),
        ratio(cpu(server), cpu(BASELINE)),
        round(middle((one) => one.bytesPerOperation && one.bytesPerOperation / 1_000)),
        round((middle((one) => one.peakMemory) ?? 0) / 2 ** 20),
        round(middle((one) => one.callsPerOperation)),
        round(middle((one) => one.failures)),
      ];
    });
  });
  const columns = [
    "latency ms",
    "connections",
    "server",
    "ops/s",
    "spread",
    `× ${TAILCALL}`,
    "× limit",
    `× ${BASELINE}`,
    "p50 ms",
    "p99 ms",
  ];
  const costs = [
    "core used",
    "CPU s / 1,000",
    `CPU × ${TAILCALL}`,
    "CPU × limit",
    `CPU × ${BASELINE}`,
    "kB / op",
    "peak MiB",
    "calls / op",
    "wrong",
  ];
  return table([...columns, ...costs], rows);
}

function firstAnswers(reads: readonly FirstRead[], names: readonly string[]): string[] {
  return table(
    ["rows", ...names],
    [...groupBy(reads, ({ rows }) => String(rows))].map(([rows, members]) => [
      Number(rows).toLocaleString("en"),
      ...names.map((name) =>
        round(median(members.filter(({ server }) => server === name).map((one) => one.milliseconds))),
      ),
    ]),
  );
}

function titleOf({ workload, rows }: Phase): string {
  return workload === "identical" || workload === "mixed" ? workload : `${workload}, ${rows.toLocaleString("en")} rows`;
}

function keyOf(phase: Phase): string {
  return JSON.stringify(phase);
}

function groupBy<Value>(values: readonly Value[], key: (value: Value) => string): Map<string, Value[]> {
  return Map.groupBy(values, key);
}

/** The middle of those that are there; null where none is. */
function median(values: readonly (number | null)[]): number | null {
  const there = values.filter((value) => value !== null).sort((a, b) => a - b);
  return there[Math.floor(there.length / 2)] ?? null;
}

/** How far the rounds lie apart: half the range, as a share of the median. */
function spread(values: readonly (number | null)[]): string {
  const there = values.filter((value) => value !== null);
  const middle = median(there);
  return middle === null ? "–" : `± ${percent((Math.max(...there) - Math.min(...there)) / 2 / middle)}`;
}

function percent(share: number | null): string {
  return share === null ? "–" : `${Math.round(share * 100)} %`;
}

function ratio(value: number | null, reference: number | null): string {
  return round(value === null || !reference ? null : value / reference);
}

function round(value: number | null): string {
  if (value === null) {
    return "–";
  }
  if (value > 0 && value < 0.001) {
    return "< 0.001";
  }
  return value >= 100 ? Math.round(value).toLocaleString("en") : String(Number(value.toPrecision(3)));
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string[] {
  return [head, head.map(() => "---"), ...rows].map((cells) => `| ${cells.join(" | ")} |`);
}
