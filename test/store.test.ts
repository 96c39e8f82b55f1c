import { execFile } from "node:child_process";
import { promisify } from "node:util";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { StoreError } from "../src/errors.ts";
import { openStore } from "../src/store/open.ts";
import type { Store } from "../src/store/store.ts";
import { onEachStore, type StorePlace } from "./stores.ts";

const table = "event-state";

onEachStore((make) => {
  let place: StorePlace;
  let opened: Store[];

  beforeEach(async () => {
    place = await make();
    opened = [];
  });

  afterEach(async () => {
    await Promise.all(opened.map((store) => store.close()));
    await place[Symbol.asyncDispose]();
  });

  async function open(account = "default"): Promise<Store> {
    const store = await openStore(place.url, account);
    opened.push(store);
    return store;
  }

  describe("reading", () => {
    test("gives values in the order of the keys that were asked for, null for what is not there", async () => {
      const store = await open();
      await fill(store, "a", "b");
      expect(await store.get(table, ["b", "none", "a", "b"])).toEqual(["value of b", null, "value of a", "value of b"]);
    });

    test("sees no row of another account or another table", async () => {
      const mine = await open("mine");
      const yours = await open("yours");
      await fill(mine, "a", "b");
      await fill(yours, "b");
      await yours.commit([{ table, key: "b", becomes: null }]);
      expect(await mine.get(table, ["a", "b"])).toEqual(["value of a", "value of b"]);
      expect(await yours.get(table, ["a"])).toEqual([null]);
      expect(await yours.range(table, { limit: 10 })).toEqual([]);
      expect([await mine.count(table), await yours.count(table)]).toEqual([2, 0]);
      expect(await mine.count("contact-by-number")).toBe(0);
      expect(await mine.range("contact-by-number", { limit: 10 })).toEqual([]);
    });

    test("walks a range in the order of UTF-8 bytes, forwards and backwards, its ends left out", async () => {
      const store = await open();
      await fill(store, "b", "a", "ab", "c", "\u{1F600}", "\uFF5E");
      expect(await keysOf(store, { limit: 10 })).toEqual(["a", "ab", "b", "c", "\uFF5E", "\u{1F600}"]);
      expect(await keysOf(store, { limit: 2, reverse: true })).toEqual(["\u{1F600}", "\uFF5E"]);
      expect(await keysOf(store, { limit: 10, after: "a", before: "c" })).toEqual(["ab", "b"]);
      expect(await keysOf(store, { limit: 10, after: "aa", before: "c", reverse: true })).toEqual(["b", "ab"]);
      expect(await keysOf(store, { limit: 10, prefix: "a" })).toEqual(["a", "ab"]);
      expect(await keysOf(store, { limit: 10, prefix: "a", after: "a" })).toEqual(["ab"]);
      expect(await keysOf(store, { limit: 10, prefix: "a", before: "ab" })).toEqual(["a"]);
    });

    test("agrees with a sorted list whatever keys and bounds are given", async () => {
      const key = fc.stringMatching(/^[ab\uFF5E]{1,3}$/);
      const bound = fc.option(key, { nil: undefined });
      const store = await open();
      await fc.assert(
        fc.asyncProperty(
          fc.uniqueArray(key),
          fc.record({ prefix: bound, after: bound, before: bound, limit: fc.nat(5), reverse: fc.boolean() }),
          async (keys, { prefix, after, before, limit, reverse }) => {
            const old = await store.range(table, { limit: 1_000 });
            await store.commit([
              ...old.map(({ key }) => ({ table, key, becomes: null }) as const),
              ...keys.map((key) => ({ table, key, becomes: "1" }) as const),
            ]);
            const expected = keys
              .filter((key) => key.startsWith(prefix ?? "") && key > (after ?? "") && key < (before ?? "\uFFFF"))
              .sort();
            const bounds = { ...(prefix && { prefix }), ...(after && { after }), ...(before && { before }) };
            const found = await keysOf(store, { ...bounds, limit, reverse });
            expect(found).toEqual((reverse ? expected.reverse() : expected).slice(0, limit));
          },
        ),
        { numRuns: 300 },
      );
    });

    test("finds the end of a long table as fast as its beginning", async () => {
      const store = await open();
      const keys = Array.from({ length: 20_000 }, (_, index) => String(index).padStart(6, "0"));
      await fill(store, ...keys);
      const milliseconds = async (after: string) => {
        const start = performance.now();
        for (let turn = 0; turn < 200; turn++) {
          await store.range(table, { after, limit: 1 });
        }
        return performance.now() - start;
      };
      await milliseconds("000000");
      // A walk through the whole table takes hundreds of times as long.
      expect(await milliseconds("019998")).toBeLessThan(20 * (await milliseconds("000000")) + 5);
    });
  });

  describe("a commit", () => {
    test("changes nothing where one key is not as it was", async () => {
      const store = await open();
      await fill(store, "a");
      const changes = [
        { table, key: "b", was: null, becomes: "new" },
        { table, key: "a", was: "something else", becomes: "new" },
      ] as const;
      expect(await store.commit(changes)).toBe(false);
      expect(await store.get(table, ["a", "b"])).toEqual(["value of a", null]);
    });

    test("compares every key with what it held before the commit", async () => {
      const store = await open();
      await fill(store, "a");
      expect(
        await store.commit([
          { table, key: "a", was: "value of a", becomes: "1" },
          { table, key: "a", was: "value of a", becomes: "2" },
        ]),
      ).toBe(true);
      expect(await store.get(table, ["a"])).toEqual(["2"]);
    });

    test("of one of two stores on one file decides for both", async () => {
      const [first, second] = [await open(), await open()];
      const outcomes = await Promise.all(
        [first, second].map((store, index) => store.commit([{ table, key: "a", was: null, becomes: `${index}` }])),
      );
      expect(outcomes.filter(Boolean)).toHaveLength(1);
      expect(await first.get(table, ["a"])).toEqual(await second.get(table, ["a"]));
    });

    test("of several processes that open and write a new file at once loses no update", async () => {
      const program = `
          import { openStore } from ${JSON.stringify(new URL("../src/store/open.ts", import.meta.url).href)};
          const store = await openStore(${JSON.stringify(place.url)}, "default");
          for (let done = 0; done < 150; ) {
            const [was] = await store.get("${table}", ["sum"]);
            const change = { table: "${table}", key: "sum", was, becomes: String(Number(was) + 1) };
            done += Number(await store.commit([change]));
          }
          await store.close();`;
      const run = () => promisify(execFile)(process.execPath, ["--input-type=module", "-e", program]);
      const ended = await Promise.all([run(), run(), run(), run()]);
      expect(ended.map(({ stderr }) => stderr)).toEqual(["", "", "", ""]);
      expect(await (await open()).get(table, ["sum"])).toEqual(["600"]);
    });
  });

  describe("a closed store", () => {
    test("cannot be used, and may be closed twice", async () => {
      const before = await open();
      await fill(before, "a", "b");
      await before.close();
      await before.close();
      await expect(before.get(table, ["a"])).rejects.toThrow(StoreError);
      await expect(before.commit([{ table, key: "a", becomes: "1" }])).rejects.toThrow(StoreError);
      expect(await (await open()).get(table, ["b", "a"])).toEqual(["value of b", "value of a"]);
    });
  });
});

async function fill(store: Store, ...keys: string[]): Promise<void> {
  await store.commit(keys.map((key) => ({ table, key, becomes: `value of ${key}` })));
}

async function keysOf(store: Store, range: Parameters<Store["range"]>[1]): Promise<string[]> {
  return (await store.range(table, range)).map(({ key }) => key);
}
