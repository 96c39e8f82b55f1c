import { expect, test } from "vitest";
import { ReadChoice } from "../src/loaders/read-choice.ts";
import type { LastRead } from "../src/rest/kept-list.ts";

function createChoice(isShort = false) {
  const clock = { time: 0 };
  const list: { lastRead: LastRead | null } = { lastRead: null };
  const choice = new ReadChoice(list, () => clock.time, isShort);
  const sawList = (milliseconds: number, outcome: LastRead["outcome"] = "read") => {
    list.lastRead = { at: clock.time, milliseconds, outcome };
  };
  const sizesByList = (...sizes: readonly number[]) => sizes.filter((records) => choice.prefersList(records));
  return { clock, choice, sawList, sizesByList };
}

test("few records are read by id; of many, what was not measured yet is tried: the list first", () => {
  const { choice, sawList, sizesByList } = createChoice();
  expect(sizesByList(1, 4, 5, 100)).toEqual([5, 100]);
  sawList(30);
  expect(sizesByList(5, 100)).toEqual([]);
  choice.recordDetails(5, 20);
  expect(sizesByList(5, 16, 17, 100)).toEqual([17, 100]);
});

test.each([
  ["a short list nearby", 0.1, 0.3, [5, 16, 30, 100]],
  ["a short list far away", 21, 21.5, [5, 16, 30, 100]],
  ["a long list nearby", 9, 0.3, []],
  ["a long list far away", 34, 21.5, [30, 100]],
  ["a very long list far away", 200, 21.5, []],
])("%s", (_name, listMs, roundMs, byList) => {
  const { choice, sawList, sizesByList } = createChoice();
  sawList(listMs);
  choice.recordDetails(16, roundMs);
  expect(sizesByList(1, 4, 5, 16, 30, 100)).toEqual(byList);
});

test.each([
  ["a minute", 600, 60_000],
  ["a hundred times as long as it takes", 3_000, 300_000],
])("a list is measured again after %s", (_name, milliseconds, after) => {
  const { clock, choice, sawList, sizesByList } = createChoice();
  sawList(milliseconds);
  choice.recordDetails(16, 1);
  clock.time = after - 1;
  expect(sizesByList(100)).toEqual([]);
  clock.time = after;
  expect(sizesByList(100)).toEqual([100]);
});

test.each(["no-answer", "refused"] as const)(
  "a list that failed (%s) is not tried for a minute, whatever it would cost",
  (outcome) => {
    for (const isShort of [false, true]) {
      const { clock, choice, sawList, sizesByList } = createChoice(isShort);
      sawList(1, outcome);
      choice.recordDetails(16, 100);
      // More than a hundred are not read by id in its place.
      expect(sizesByList(1, 5, 100, 101)).toEqual([101]);
      clock.time = 60_000;
      expect(sizesByList(1, 5, 100, 101)).toEqual(isShort ? [1, 5, 100, 101] : [5, 100, 101]);
    }
  },
);

test("a short list is the better way to any number of its records", () => {
  const { choice, sawList, sizesByList } = createChoice(true);
  sawList(1_000);
  choice.recordDetails(16, 1);
  expect(sizesByList(1, 5, 100)).toEqual([1, 5, 100]);
});
