import type { ChildProcess } from "node:child_process";
import { load, quantile, type Shot, stampede } from "./load.ts";
import { firstPage, isExpected, type Operation, people, person } from "./operations.ts";
import { operationsOf, type Phase, type Segment } from "./phases.ts";
import {
  allocatedBytes,
  type Command,
  complaintOf,
  cpuSeconds,
  forgetPeak,
  machineSeconds,
  peakMemory,
  SERVER_CORE,
  start,
  stop,
} from "./processes.ts";
import { CONTROL_PORT, SERVER_PORT, type Server } from "./servers.ts";
import { API_KEY, frameOperation } from "./wire.ts";

/** What one phase gave for one server in one round. Rates are null where no operation was finished in the time. */
export interface Measurement {
  readonly server: string;
  readonly phase: Phase;
  readonly operationsPerSecond: number | null;
  /** Milliseconds. */
  readonly p50: number | null;
  readonly p99: number | null;
  /** The server's CPU seconds per 1,000 operations. */
  readonly cpuPerThousand: number | null;
  /** Bytes of JavaScript heap that one operation takes, garbage included; null for a server that is not Node.js. */
  readonly bytesPerOperation: number | null;
  /** Bytes. */
  readonly peakMemory: number;
  readonly callsPerOperation: number | null;
  readonly failures: number;
  readonly shares: Shares | null;
}

/** Of one core, over the measured time. */
interface Shares {
  /** What the server used; well under 1 it waited for something. */
  readonly server: number;
  /** What load and platforms used; near 1 they were the limit, not the server. */
  readonly load: number;
  /** What other programs used, or the machine's host took: they disturbed the measurement. */
  readonly others: number;
}

/** What happened when many clients asked the same at once. */
export interface Herd {
  readonly server: string;
  readonly clients: number;
  readonly calls: number;
  readonly failures: number;
  readonly milliseconds: number;
}

/** How long the first answer after the start took, in milliseconds: nothing is kept yet, nothing is compiled. */
export interface FirstRead {
  readonly server: string;
  readonly rows: number;
  readonly milliseconds: number;
}

export type Figure =
  | { readonly measurement: Measurement }
  | { readonly herd: Herd }
  | { readonly firstRead: FirstRead };

interface Pace {
  readonly seconds: number;
  readonly warmUpSeconds: number;
}

const HERD_CLIENTS = 1000;
const HERD_LATENCY = 20;
const READY_SECONDS = 30;
const HEAT_UP = { connections: 50, warmUpSeconds: 0, seconds: 2 };

/** Runs one server through one segment. Throws where it does not start, or gives anything but the expected data. */
export async function measureSegment(
  server: Server,
  command: Command,
  segment: Segment,
  pace: Pace,
  platforms: number,
): Promise<Figure[]> {
  await control(`hold?rows=${segment.rows}&latency=0`);
  if (await answersAnything(SERVER_PORT)) {
    throw new Error(`something else answers on port ${SERVER_PORT}`);
  }
  const child = start(command, SERVER_CORE);
  try {
    await untilReady(child, SERVER_PORT);
    const figures: Figure[] = [{ firstRead: await check(server, segment.rows) }];
    if (segment.phases.some(({ workload }) => workload === "mixed")) {
      const shots = people.map((operation) => createShot(server, operation));
      await load({ port: SERVER_PORT, shots, ...HEAT_UP, onStart: () => {}, onEnd: () => {} });
      figures.push({ herd: await measureHerd(server) });
    }
    for (const phase of segment.phases) {
      figures.push({ measurement: await measurePhase(server, child, phase, pace, platforms) });
    }
    return figures;
  } finally {
    await stop(child);
  }
}

async function measurePhase(
  server: Server,
  child: ChildProcess,
  phase: Phase,
  pace: Pace,
  platforms: number,
): Promise<Measurement> {
  const pid = child.pid ?? 0;
  await control(`delay?latency=${phase.latency}`);
  await control("reset");
  forgetPeak(pid);
  const readings: Shares[] = [];
  const allocated: Promise<number | null>[] = [];
  const read = () => {
    readings.push(readSeconds(pid, platforms));
    allocated.push(allocatedBytes(child));
  };
  const outcome = await load({
    port: SERVER_PORT,
    shots: operationsOf(phase.workload).map((operation) => createShot(server, operation)),
    connections: phase.connections,
    ...pace,
    onStart: read,
    onEnd: read,
  });
  const { latencies, seconds, failures, answers } = outcome;
  const [before, after] = readings;
  const [bytesBefore = null, bytesAfter = null] = await Promise.all(allocated);
  const isMeasured = before !== undefined && after !== undefined && latencies.length > 0;
  return {
    server: server.name,
    phase,
    operationsPerSecond: isMeasured ? latencies.length / seconds : null,
    p50: quantile(latencies, 0.5),
    p99: quantile(latencies, 0.99),
    cpuPerThousand: isMeasured ? ((after.server - before.server) / latencies.length) * 1000 : null,
    bytesPerOperation:
      isMeasured && bytesBefore !== null && bytesAfter !== null ? (bytesAfter - bytesBefore) / latencies.length : null,
    peakMemory: peakMemory(pid),
    callsPerOperation: answers > 0 ? (await countCalls()) / answers : null,
    failures,
    shares: isMeasured
      ? {
          server: (after.server - before.server) / seconds,
          load: (after.load - before.load) / seconds,
          others: Math.max(0, after.others - before.others) / seconds,
        }
      : null,
  };
}

/** CPU seconds so far. */
function readSeconds(pid: number, platforms: number): Shares {
  const server = cpuSeconds(pid);
  const load = ownSeconds() + cpuSeconds(platforms);
  const { used, stolen } = machineSeconds();
  return { server, load, others: used + stolen - server - load };
}

async function measureHerd(server: Server): Promise<Herd> {
  await control(`delay?latency=${HERD_LATENCY}`);
  await control("reset");
  const { failures, milliseconds } = await stampede(SERVER_PORT, createShot(server, person(7)), HERD_CLIENTS);
  return { server: server.name, clients: HERD_CLIENTS, calls: await countCalls(), failures, milliseconds };
}

/** Every operation once, compared with the data that it has to give, before anything is timed. */
async function check(server: Server, rows: number): Promise<FirstRead> {
  const { milliseconds, failures } = await stampede(SERVER_PORT, createShot(server, firstPage), 1);
  if (failures > 0) {
    throw new Error("its first page of participants is not the expected one");
  }
  for (const operation of people) {
    if ((await stampede(SERVER_PORT, createShot(server, operation), 1)).failures > 0) {
      throw new Error(`its answer for person ${operation.variables["participant"]} is not the expected one`);
    }
  }
  return { server: server.name, rows, milliseconds };
}

/** A request of this operation to a port. Its first answer is read and compared; later ones are right if they are the same bytes, or read the same. */
export function createShot(server: Server, operation: Operation, port = SERVER_PORT): Shot {
  const variables = server.variables?.(operation) ?? operation.variables;
  const unwrap = server.unwrap ?? ((data: unknown) => data);
  let right: Buffer | null = null;
  return {
    bytes: frameOperation(port, JSON.stringify({ query: server.documents[operation.name], variables })),
    isRight: ({ status, body }) => {
      if (status !== 200) {
        return false;
      }
      if (right?.equals(body)) {
        return true;
      }
      const isSame = isExpected(operation, body, unwrap);
      if (isSame) {
        right = Buffer.from(body);
      }
      return isSame;
    },
  };
}

/** Waits until a server answers at this port; throws if it does not. */
export async function untilReady(child: ChildProcess, port: number): Promise<void> {
  const deadline = performance.now() + READY_SECONDS * 1000;
  while (performance.now() < deadline) {
    if (child.exitCode !== null || child.pid === undefined) {
      break;
    }
    if (await answersAnything(port)) {
      return;
    }
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(`it did not start: ${complaintOf(child)}`);
}

/** Whether a GraphQL server answers at this port. */
export async function answersAnything(port: number): Promise<boolean> {
  try {
    const headers = { "content-type": "application/json", "x-api-key": API_KEY };
    const body = JSON.stringify({ query: "{ __typename }" });
    return (await fetch(`http://127.0.0.1:${port}/graphql`, { method: "POST", headers, body })).ok;
  } catch {
    return false;
  }
}

async function control(command: string): Promise<Record<string, number>> {
  return (await (await fetch(`http://127.0.0.1:${CONTROL_PORT}/${command}`)).json()) as Record<string, number>;
}

async function countCalls(): Promise<number> {
  return Object.values(await control("counts")).reduce((sum, count) => sum + count, 0);
}

function ownSeconds(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1_000_000;
}
