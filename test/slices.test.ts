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

test("lets others run while it works", async () => {
  let turns = 0;
  let isDone = false;
  const turn = () => {
    turns += 1;
    if (!isDone) {
      setImmediate(turn);
    }
  };
  setImmediate(turn);
  await forEachInSlices(3_000_000, (at) => Math.sqrt(at) * Math.sin(at));
  isDone = true;
  expect(turns).toBeGreaterThan(2);
});
