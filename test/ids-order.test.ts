import fc from "fast-check";
import { expect, test } from "vitest";
import { compareIds } from "../src/ids.ts";

const prefix = fc.constantFrom("co", "group", "participant", "poll");
const rest = fc.oneof(
  fc.nat(120).map(String),
  fc.constantFrom("10", "9", "5x", "x", "058", "3.10", "3.9", "99999999999999999999", "é", "z"),
);
// Cursors hold ids that clients may have made up: an order is wanted of any text.
const anything = fc.oneof(fc.constantFrom("co", "co:", ":", "", "c", "co:co", "oc"), fc.string({ maxLength: 4 }));
const id = fc.oneof({ weight: 9, arbitrary: fc.tuple(prefix, rest).map((parts) => parts.join(":")) }, anything);

test("mixed ids have one order, whatever order they come in", () => {
  fc.assert(
    fc.property(id, id, id, (a, b, c) => {
      expect(Math.sign(compareIds(a, b)) + Math.sign(compareIds(b, a))).toBe(0);
      expect(compareIds(a, b) === 0).toBe(a === b);
      if (compareIds(a, b) < 0 && compareIds(b, c) < 0) {
        expect(compareIds(a, c)).toBeLessThan(0);
      }
    }),
    { numRuns: 20_000 },
  );
});

test("ids are ordered by type, integers by value, and all others after them", () => {
  const ordered = [
    "group:2",
    "group:10",
    "group:x",
    "participant:5",
    "participant:9",
    "participant:10",
    "participant:5x",
  ];
  for (const shuffled of [ordered.toReversed(), ordered.toSorted()]) {
    expect(shuffled.sort(compareIds)).toEqual(ordered);
  }
});
