import { setImmediate as nextLoopTurn } from "node:timers/promises";

// A fifth of a delay that a frontend would notice, which leaves room for a garbage collection.
const TURN_MS = 10;

let turnBegan = performance.now();
/** Milliseconds of announced work in this turn: see `takeTurn`. */
let announced = 0;
let nextTurn: Promise<void> | null = null;

/**
 * A promise to wait for if the event loop was held for TURN_MS: it resolves after the loop has turned. Else null. All long
 * work of the process shares one clock, because short pieces of work add up.
 */
export function yieldIfDue(): Promise<void> | null {
  return performance.now() - turnBegan < TURN_MS ? null : turn();
}

/**
 * Asks for room for work that begins later in this turn of the event loop, such as a list that graphql-js completes: an
 * estimate, in milliseconds. Null if there is room; else a promise that resolves in a turn that has room. A clock alone
 * would let all who wait for a turn begin in it, before the first of them has worked.
 */
export function takeTurn(milliseconds: number): Promise<void> | null {
  return hasRoom(milliseconds) ? null : waitForRoom(milliseconds);
}

async function waitForRoom(milliseconds: number): Promise<void> {
  do {
    await turn();
  } while (!hasRoom(milliseconds));
}

function hasRoom(milliseconds: number): boolean {
  const isFree = performance.now() - turnBegan < TURN_MS && (announced === 0 || announced + milliseconds <= TURN_MS);
  announced += isFree ? milliseconds : 0;
  return isFree;
}

/** Something that ends by itself at a time. */
export interface Expiring {
  /** On the clock of `performance.now()`; it may change. */
  readonly expiresAt: number;
  expire(): void;
}

const TICK_MS = 10;
const expiring = new Set<Expiring>();
let ticking: NodeJS.Timeout | null = null;

/** Calls `expire` at its time, up to 10 ms late: one timer serves all, because most end long before their time. */
export function expireInTime(thing: Expiring): void {
  expiring.add(thing);
  ticking ??= setInterval(tick, TICK_MS);
}

export function keepFromExpiring(thing: Expiring): void {
  expiring.delete(thing);
}

function tick(): void {
  if (expiring.size === 0 && ticking !== null) {
    clearInterval(ticking);
    ticking = null;
    return;
  }
  const now = performance.now();
  for (const thing of expiring) {
    if (thing.expiresAt <= now) {
      expiring.delete(thing);
      thing.expire();
    }
  }
}

function turn(): Promise<void> {
  nextTurn ??= nextLoopTurn().then(() => {
    turnBegan = performance.now();
    announced = 0;
    nextTurn = null;
  });
  return nextTurn;
}
