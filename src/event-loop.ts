import { setImmediate as nextLoopTurn } from "node:timers/promises";

// A fifth of a delay that a frontend would notice, which leaves room for a garbage collection.
const TURN_MS = 10;

let turnBegan = performance.now();
let nextTurn: Promise<void> | null = null;

/**
 * A promise to wait for if the event loop was held for TURN_MS: it resolves after the loop has turned. Else null. All long
 * work of the process shares one clock, because short pieces of work add up.
 */
export function yieldIfDue(): Promise<void> | null {
  if (performance.now() - turnBegan < TURN_MS) {
    return null;
  }
  nextTurn ??= nextLoopTurn().then(() => {
    turnBegan = performance.now();
    nextTurn = null;
  });
  return nextTurn;
}
