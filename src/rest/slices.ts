import { setImmediate as letOthersRun } from "node:timers/promises";

// A fifth of what a frontend would notice, so that a collection of garbage may fall into it.
const TURN_MS = 10;
const LOOK_EVERY = 256;

let turnBegan = performance.now();
let nextTurn: Promise<void> | null = null;

/**
 * Where the event loop has been held for long enough, what waits until it has turned; else null. All long work of the
 * process shares one measure: pieces that are short by themselves, one after the other or side by side, add up.
 */
export function turnOfOthers(): Promise<void> | null {
  if (performance.now() - turnBegan < TURN_MS) {
    return null;
  }
  nextTurn ??= letOthersRun().then(() => {
    turnBegan = performance.now();
    nextTurn = null;
  });
  return nextTurn;
}

/** Runs `step` for 0 … count - 1, letting others run every few milliseconds, so that a long list blocks nobody. */
export async function forEachInSlices(count: number, step: (at: number) => void): Promise<void> {
  for (let at = 0; at < count; at += 1) {
    step(at);
    if (at % LOOK_EVERY === LOOK_EVERY - 1) {
      await turnOfOthers();
    }
  }
}

const RUN = 2_048;

/** Sorts positions, stably, in slices: short runs by the engine's own sort, then merged. */
export async function sortInSlices(
  positions: Uint32Array,
  compare: (a: number, b: number) => number,
): Promise<Uint32Array> {
  let from: Uint32Array = positions;
  const runs = Math.ceil(from.length / RUN);
  await forEachInSlices(runs * LOOK_EVERY, (at) => {
    // One run a look at the clock.
    if (at % LOOK_EVERY === 0) {
      const start = (at / LOOK_EVERY) * RUN;
      from.subarray(start, start + RUN).sort(compare);
    }
  });
  let into: Uint32Array = new Uint32Array(from.length);
  for (let width = RUN; width < from.length; width *= 2) {
    await mergeRuns(from, into, width, compare);
    [from, into] = [into, from];
  }
  return from;
}

/** One pass of a bottom-up merge sort: runs of `width` in `from` become runs of twice the width in `into`. */
async function mergeRuns(
  from: Uint32Array,
  into: Uint32Array,
  width: number,
  compare: (a: number, b: number) => number,
): Promise<void> {
  let left = 0;
  let right = 0;
  let middle = 0;
  let end = 0;
  await forEachInSlices(from.length, (at) => {
    if (at === end) {
      left = at;
      middle = Math.min(at + width, from.length);
      right = middle;
      end = Math.min(at + 2 * width, from.length);
    }
    const a = from[left] as number;
    const b = from[right] as number;
    const takeLeft = left < middle && (right >= end || compare(a, b) <= 0);
    into[at] = takeLeft ? a : b;
    left += takeLeft ? 1 : 0;
    right += takeLeft ? 0 : 1;
  });
}
