import { expect, test } from "vitest";
import { DETAIL_READS_AT_ONCE, MeasuredCosts } from "../src/loaders/read-costs.ts";
import { type Detailed, Resource } from "../src/loaders/resource.ts";
import { seeded } from "./chance.ts";

const SIZES = [1, 2, 5, 10, 30, 100];

/** A platform whose reads take exactly so many milliseconds. */
interface Platform {
  readonly round: number;
  readonly record: number;
  readonly list: number;
}

function detailsTake({ round, record }: Platform, records: number): number {
  return Math.ceil(records / DETAIL_READS_AT_ONCE) * round + records * record;
}

/** One operation by the choice, which learns from it; gives its milliseconds. */
function read(choice: MeasuredCosts, platform: Platform, records: number): number {
  if (choice.prefersList(records)) {
    choice.sawList(platform.list);
    return platform.list;
  }
  const milliseconds = detailsTake(platform, records);
  choice.sawDetails(records, milliseconds);
  return milliseconds;
}

/** A choice that has seen operations of all sizes. */
function taught(platform: Platform, choice = new MeasuredCosts()): MeasuredCosts {
  const pick = seeded(11);
  for (let lesson = 0; lesson < 200; lesson += 1) {
    read(choice, platform, SIZES[pick(SIZES.length)] ?? 1);
  }
  return choice;
}

test("fewer records than can gain by it are read by id, whatever is known", () => {
  const choice = taught({ round: 50, record: 10, list: 1 });
  expect([1, 2, 3, 4].map((records) => choice.prefersList(records))).toEqual([false, false, false, false]);
});

test("of each way it tries first what it knows nothing of", () => {
  const choice = new MeasuredCosts();
  expect(choice.prefersList(5)).toBe(true);
  choice.sawList(700);
  expect(choice.prefersList(100)).toBe(false);
  choice.sawDetails(100, 7_000);
  expect(choice.prefersList(100)).toBe(true);
});

test.each([
  ["a short list nearby", { round: 0.05, record: 0.04, list: 0.15 }],
  ["a short list far away", { round: 20, record: 0.04, list: 21 }],
  ["a long list nearby", { round: 0.05, record: 0.04, list: 8 }],
  ["a long list far away", { round: 20, record: 0.04, list: 34 }],
  ["a very long list nearby", { round: 0.05, record: 0.04, list: 120 }],
  ["a very long list far away", { round: 20, record: 0.04, list: 160 }],
])(
  "taught by %s, it comes within 1.2 times of the better way, whatever is asked, its tries included",
  (_name, platform) => {
    const choice = taught(platform);
    for (const records of SIZES) {
      const best = Math.min(platform.list, detailsTake(platform, records));
      let total = 0;
      for (let times = 0; times < 2_000; times += 1) {
        total += read(choice, platform, records);
      }
      expect(total / 2_000 / best, `${records} records`).toBeLessThan(1.2);
    }
  },
);

test.each([
  ["a list that grew", { round: 20, record: 0.1, list: 21 }, { round: 20, record: 0.1, list: 900 }],
  ["a list that shrank", { round: 20, record: 0.1, list: 900 }, { round: 20, record: 0.1, list: 21 }],
  ["a network that became slow", { round: 1, record: 0.1, list: 30 }, { round: 50, record: 0.1, list: 79 }],
  ["a network that became fast", { round: 50, record: 0.1, list: 79 }, { round: 1, record: 0.1, list: 30 }],
])("finds out about %s", (_name, before, after) => {
  const choice = taught(before);
  expect(choice.prefersList(30)).toBe(before.list < detailsTake(before, 30));
  for (let times = 0; times < 1_000; times += 1) {
    read(choice, after, 30);
  }
  let lists = 0;
  for (let times = 0; times < 1_000; times += 1) {
    lists += read(choice, after, 30) === after.list ? 1 : 0;
  }
  const isListBetter = after.list < detailsTake(after, 30);
  expect(isListBetter ? lists : 1_000 - lists).toBeGreaterThan(900);
});

test("one slow read does not outweigh what many have shown", () => {
  const platform = { round: 5, record: 0.1, list: 9 };
  const choice = taught(platform);
  expect(choice.prefersList(5)).toBe(false);
  choice.sawDetails(5, 400);
  let lists = 0;
  for (let times = 0; times < 100; times += 1) {
    lists += read(choice, platform, 5) === platform.list ? 1 : 0;
  }
  // A try or two, to see.
  expect(lists).toBeLessThan(8);
});

test("is told of what was read together as one, and nothing of reads that failed", async () => {
  const seen: (readonly [number, boolean])[] = [];
  const resource = new Resource<Detailed>({
    list: () => Promise.reject(new Error("no list")),
    isListAtHand: () => false,
    choice: {
      prefersList: () => false,
      sawDetails: (records, milliseconds) => void seen.push([records, milliseconds >= 0]),
      sawList: () => undefined,
    },
    detail: async (id) => (id === "bad" ? Promise.reject(new Error("down")) : { id, isDetail: true }),
  });
  await Promise.all(["a", "b", "c", "a"].map((id) => resource.row(id)));
  await expect(Promise.all(["d", "bad"].map((id) => resource.row(id)))).rejects.toThrow("down");
  expect(seen).toEqual([[3, true]]);
});
