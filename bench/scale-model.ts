/** What was measured of one process and of one database. */
export interface Measured {
  /** CPU milliseconds of the server for one operation, by kind. */
  readonly cpu: Readonly<Record<Kind, number>>;
  /** Platform calls for one operation. */
  readonly calls: Readonly<Record<Kind, number>>;
  /** Bytes that stay in the store, by kind. */
  readonly bytes: Readonly<Record<Kind, number>>;
  /** Rows that are written to the store for one operation. */
  readonly rows: Readonly<Record<Kind, number>>;
  /** Commits a second of one database, each of one row and on disk; null if none was measured. */
  readonly commitsPerSecond: number | null;
}

export type Kind = "read" | "send" | "event";

/** Of all operations. */
export const MIX: Readonly<Record<Kind, number>> = { read: 0.9, send: 0.05, event: 0.05 };
/** A pool of ten, and one for LISTEN. */
const CONNECTIONS = 11;
/** Of 100 operations, 99 wait at most this long for a process that computes. */
const MOST_WAIT_MS = 20;
/** What a platform call takes: assumed, like a REST service of another network. */
const CALL_MS = 200;
const CALLS_AT_ONCE = 64;
const ARRIVALS = 200_000;
const KINDS = ["read", "send", "event"] as const;

export interface Need {
  readonly perSecond: number;
  readonly replicas: number;
  readonly connections: number;
  readonly rowsPerSecond: number;
  /** Share of the measured database; null if none was measured. */
  readonly ofDatabase: number | null;
  readonly gigabytesPerDay: number;
  readonly platformCallsPerSecond: number;
  readonly platformCallsAtOnce: number;
  /** Replicas that the platform calls alone need, at 64 calls under way in each. */
  readonly replicasForCalls: number;
}

/** Operations a second at which 99 of 100 wait at most 20 ms for one process: found by halving. */
export function capacityOf(measured: Measured): number {
  let [low, high] = [0, 1_000 / meanOf(measured.cpu)];
  for (let step = 0; step < 12; step += 1) {
    const middle = (low + high) / 2;
    if (waitOf(measured, middle) <= MOST_WAIT_MS) {
      low = middle;
    } else {
      high = middle;
    }
  }
  return low;
}

export function needOf(measured: Measured, perSecond: number, capacity: number): Need {
  const rows = perSecond * meanOf(measured.rows);
  const calls = perSecond * meanOf(measured.calls);
  const atOnce = (calls * CALL_MS) / 1_000;
  const replicasForCalls = Math.ceil(atOnce / CALLS_AT_ONCE);
  // One more than is needed, and never one alone: a replica may die, and is exchanged at an upgrade.
  const replicas = Math.max(Math.ceil(perSecond / capacity), replicasForCalls) + 1;
  return {
    perSecond,
    replicas,
    connections: replicas * CONNECTIONS,
    rowsPerSecond: rows,
    ofDatabase: measured.commitsPerSecond === null ? null : rows / measured.commitsPerSecond,
    gigabytesPerDay: (perSecond * meanOf(measured.bytes) * 86_400) / 1e9,
    platformCallsPerSecond: calls,
    platformCallsAtOnce: atOnce,
    replicasForCalls,
  };
}

/** The 99th percentile of the wait in milliseconds: operations come by chance (Poisson) to one process, which serves one after another. */
function waitOf({ cpu }: Measured, perSecond: number): number {
  const random = createRandom(1);
  const waits = new Float64Array(ARRIVALS);
  let clock = 0;
  let freeAt = 0;
  for (let arrival = 0; arrival < ARRIVALS; arrival += 1) {
    clock += (-Math.log(1 - random()) * 1_000) / perSecond;
    waits[arrival] = Math.max(0, freeAt - clock);
    // Operations of one kind differ too: exponential, with the measured mean.
    freeAt = Math.max(freeAt, clock) - Math.log(1 - random()) * cpu[kindOf(random())];
  }
  return waits.sort()[Math.floor(ARRIVALS * 0.99)] ?? 0;
}

function kindOf(share: number): Kind {
  return share < MIX.read ? "read" : share < MIX.read + MIX.send ? "send" : "event";
}

function meanOf(values: Readonly<Record<Kind, number>>): number {
  return KINDS.reduce((sum, kind) => sum + MIX[kind] * values[kind], 0);
}

/** Mulberry32: the same numbers at every run. */
function createRandom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
