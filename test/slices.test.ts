import fc from "fast-check";
import { expect, test } from "vitest";
import { forEachInSlices, sortInSlices } from "../src/rest/slices.ts";

test("sorts any number of positions as a stable sort does", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.integer({ min: 0, max: 50 }), { maxLength: 9_000, size: "max" }), async (keys) => {
      const positions = Uint32Array.from(keys.keys());
      const sorted = await sortInSlices(positions, (a, b) => (keys[a] as number) - (keys[b] as number));
      const expected = [...keys.keys()].sort((a, b) => (keys[a] as number) - (keys[b] as number));
      expect([...sorted]).toEqual(expected);
    }),
    { numRuns: 30 },
  );
});

/** How often others ran meanwhile. */
async function countTurns(work: () => Promise<unknown>): Promise<number> {
  let turns = 0;
  let isDone = false;
  const turn = () => {
    turns += 1;
    if (!isDone) {
      setImmediate(turn);
    }
  };
  setImmediate(turn);
  await work();
  isDone = true;
  return turns;
}

const toil = (at: number) => void (Math.sqrt(at) * Math.sin(at));

test("lets others run while it works", async () => {
  expect(await countTurns(() => forEachInSlices(20_000_000, toil))).toBeGreaterThan(2);
});

test("lets others run between pieces that are short by themselves", async () => {
  const work = async () => {
    for (let piece = 0; piece < 100; piece += 1) {
      await forEachInSlices(200_000, toil);
    }
  };
  expect(await countTurns(work)).toBeGreaterThan(2);
});

test("pieces of work that are under way together share the time of a turn", async () => {
  let longest = 0;
  let last = performance.now();
  const watch = setInterval(() => {
    longest = Math.max(longest, performance.now() - last);
    last = performance.now();
  }, 1);
  const began = performance.now();
  await Promise.all(Array.from({ length: 40 }, () => forEachInSlices(1_000_000, toil)));
  clearInterval(watch);
  // Forty slices in one turn would be all of it.
  expect(longest).toBeLessThan((performance.now() - began) / 2);
});
