import type { ChildProcess } from "node:child_process";
import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { project, startCommand } from "./checkouts.ts";
import { load, type Shot } from "./load.ts";
import { answersAnything, createShot, untilReady } from "./measure.ts";
import { operationsOf, type Workload } from "./phases.ts";
import { startPlatforms } from "./platforms.ts";
import { allocatedBytes, cpuSeconds, pinSelf, SERVER_CORE, start, stop } from "./processes.ts";
import { commandOfRung, environmentOf, RUNGS, SERVER_PORT, textgraph } from "./servers.ts";

const USAGE = `npm run bench:compare -- OTHER [--rounds N] [--seconds N] [--only NAME,…]

Runs this checkout and the one in the folder OTHER in turns, on the same operations, and prints the ratios of this one to
the other. OTHER may also be a rung: ${RUNGS.join(", ")}.

  --rounds     how often both are started and measured (5)
  --seconds    how long one slice of a round lasts (1)
  --only       these workloads: identical, mixed, list
`;

const WORKLOADS = ["identical", "mixed", "list"] as const satisfies readonly Workload[];
const CONNECTIONS = 50;
const WARM_UP_SECONDS = 0.2;
const HEAT_UP_SECONDS = 2;
// In this order a steady drift of the machine changes both sums alike.
const TURNS = ["this", "other", "other", "this"] as const;
const MOST_SECONDS = 280;

type Side = (typeof TURNS)[number];
type Compared = (typeof WORKLOADS)[number];

/** The running server of one checkout. */
interface Running extends AsyncDisposable {
  readonly port: number;
  readonly child: ChildProcess;
  /** The requests of each workload. */
  readonly shots: Readonly<Record<Compared, readonly Shot[]>>;
}

/** What one server did in its slices of a round. */
interface Work {
  readonly operations: number;
  readonly seconds: number;
  readonly cpuSeconds: number;
  /** Of JavaScript heap that was handed out. */
  readonly bytes: number;
}

/** This checkout's figures of one round, divided by the other's. */
interface Ratio {
  readonly workload: Compared;
  readonly rate: number;
  readonly cpu: number;
  readonly bytes: number;
}

interface Choice {
  readonly checkouts: Readonly<Record<Side, string>>;
  readonly rounds: number;
  readonly seconds: number;
  readonly workloads: readonly Compared[];
}

function readChoice(): Choice | null {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      rounds: { type: "string", default: "5" },
      seconds: { type: "string", default: "1" },
      only: { type: "string", default: WORKLOADS.join(",") },
      help: { type: "boolean", default: false },
    },
  });
  const [other, ...more] = positionals;
  if (values.help || other === undefined || more.length > 0) {
    return null;
  }
  const only = values.only.split(",");
  const workloads = WORKLOADS.filter((name) => only.includes(name));
  const rounds = Number(values.rounds);
  const seconds = Number(values.seconds);
  if (!Number.isInteger(rounds) || rounds < 1 || !(seconds > 0) || workloads.length < only.length) {
    return null;
  }
  return { checkouts: { this: project, other: isRung(other) ? other : resolve(other) }, rounds, seconds, workloads };
}

function isRung(name: string): boolean {
  return RUNGS.some((rung) => rung === name);
}

async function startChecked(checkout: string, port: number): Promise<Running> {
  if (!isRung(checkout) && !existsSync(join(checkout, "node_modules"))) {
    throw new Error(`${checkout} has no node_modules: run npm ci there`);
  }
  if (await answersAnything(port)) {
    throw new Error(`something else answers on port ${port}`);
  }
  const shotsOf = (workload: Compared) =>
    operationsOf(workload).map((operation) => createShot(textgraph, operation, port));
  const command = isRung(checkout) ? commandOfRung(checkout, port) : startCommand(checkout, environmentOf(port));
  const child = start(command, SERVER_CORE);
  const running: Running = {
    port,
    child,
    shots: { identical: shotsOf("identical"), mixed: shotsOf("mixed"), list: shotsOf("list") },
    [Symbol.asyncDispose]: () => stop(child),
  };
  try {
    await untilReady(child, port);
    await run(running, "mixed", HEAT_UP_SECONDS);
    return running;
  } catch (error) {
    await stop(child);
    throw new Error(`${checkout}: ${error instanceof Error ? error.message : error}`);
  }
}

/** One slice. Throws if an answer is wrong or missing. */
async function run({ port, child, shots }: Running, workload: Compared, seconds: number): Promise<Work> {
  const readings: number[] = [];
  const allocated: Promise<number | null>[] = [];
  const read = () => {
    readings.push(cpuSeconds(child.pid ?? 0));
    allocated.push(allocatedBytes(child));
  };
  const { latencies, failures, ...outcome } = await load({
    port,
    shots: shots[workload],
    connections: CONNECTIONS,
    warmUpSeconds: WARM_UP_SECONDS,
    seconds,
    onStart: read,
    onEnd: read,
  });
  const [before, after] = readings;
  if (failures > 0 || before === undefined || after === undefined) {
    throw new Error(`${workload}: ${failures} answers were wrong or missing`);
  }
  const [bytesBefore, bytesAfter] = await Promise.all(allocated);
  return {
    operations: latencies.length,
    seconds: outcome.seconds,
    cpuSeconds: after - before,
    bytes: (bytesAfter ?? 0) - (bytesBefore ?? 0),
  };
}

/** Both servers live through the round, so that a slice begins where the last one ended. */
async function measureRound({ checkouts, workloads, seconds }: Choice): Promise<Ratio[]> {
  await using mine = await startChecked(checkouts.this, SERVER_PORT);
  await using other = await startChecked(checkouts.other, SERVER_PORT + 1);
  const servers: Record<Side, Running> = { this: mine, other };
  const ratios: Ratio[] = [];
  for (const workload of workloads) {
    const work: Record<Side, Work[]> = { this: [], other: [] };
    for (const side of TURNS) {
      work[side].push(await run(servers[side], workload, seconds));
    }
    const [a, b] = [sum(work.this), sum(work.other)];
    ratios.push({
      workload,
      rate: a.operations / a.seconds / (b.operations / b.seconds),
      cpu: a.cpuSeconds / a.operations / (b.cpuSeconds / b.operations),
      bytes: a.bytes / a.operations / (b.bytes / b.operations),
    });
  }
  return ratios;
}

function sum(slices: readonly Work[]): Work {
  return slices.reduce((total, slice) => ({
    operations: total.operations + slice.operations,
    seconds: total.seconds + slice.seconds,
    cpuSeconds: total.cpuSeconds + slice.cpuSeconds,
    bytes: total.bytes + slice.bytes,
  }));
}

/** Least, median and greatest. */
function spread(values: readonly number[]): string {
  const sorted = values.toSorted((a, b) => a - b);
  const at = (index: number) => sorted[index] ?? 0;
  const last = sorted.length - 1;
  const median = (at(Math.floor(last / 2)) + at(Math.ceil(last / 2))) / 2;
  return [at(0), median, at(last)].map((value) => value.toFixed(2).padStart(7)).join("");
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

async function main(): Promise<number> {
  const choice = readChoice();
  if (choice === null) {
    say(USAGE);
    return 2;
  }
  pinSelf();
  await using _platforms = await startPlatforms();
  const startedAt = performance.now();
  const ratios: Ratio[] = [];
  for (let round = 1; round <= choice.rounds; round += 1) {
    ratios.push(...(await measureRound(choice)));
    const seconds = (performance.now() - startedAt) / 1000;
    say(`round ${round} of ${choice.rounds}, ${seconds.toFixed(0)} s`);
    if (seconds + seconds / round > MOST_SECONDS) {
      say("Ended here: another round would take too long.");
      break;
    }
  }
  say(`\n${choice.checkouts.this}\ndivided by ${choice.checkouts.other}\n`);
  say("              operations/s          CPU/operation         bytes/operation");
  say("            min median    max      min median    max      min median    max");
  for (const workload of choice.workloads) {
    const own = ratios.filter((ratio) => ratio.workload === workload);
    const columns = [own.map(({ rate }) => rate), own.map(({ cpu }) => cpu), own.map(({ bytes }) => bytes)];
    say(workload.padEnd(9) + columns.map(spread).join("  "));
  }
  return 0;
}

try {
  process.exitCode = await main();
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}
