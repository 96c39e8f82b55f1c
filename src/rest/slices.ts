import { yieldIfDue } from "../event-loop.ts";

const LOOK_EVERY = 256;

/** Runs `step` for 0 … count - 1, and lets the event loop turn every few milliseconds. */
export async function forEachInSlices(count: number, step: (at: number) => void): Promise<void> {
  for (let at = 0; at < count; at += 1) {
    step(at);
    if (at % LOOK_EVERY === LOOK_EVERY - 1) {
      await yieldIfDue();
    }
  }
}

const RUN = 2_048;

/** Sorts positions, stably, in slices: the engine sorts short runs, which are then merged. */
export async function sortInSlices(
  positions: Uint32Array,
  compare: (a: number, b: number) => number,
): Promise<Uint32Array> {
  let from: Uint32Array = positions;
  const runs = Math.ceil(from.length / RUN);
  await forEachInSlices(runs * LOOK_EVERY, (at) => {
    // One run between two looks at the clock.
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
