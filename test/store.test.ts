import { execFile } from "node:child_process";
import { subscribe, unsubscribe } from "node:diagnostics_channel";
import { existsSync, mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { setImmediate as nextTurn } from "node:timers/promises";
import { promisify } from "node:util";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { StoreError } from "../src/errors.ts";
import { openSqliteStore, parseStoreUrl } from "../src/store/sqlite.ts";
import type { Store } from "../src/store/store.ts";

const table = "event-state";
let directory: string;
let file: string;
let opened: Store[];

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "textgraph-store-"));
  file = join(directory, "graph.db");
  opened = [];
});

afterEach(async () => {
  await Promise.all(opened.map((store) => store.close()));
  rmSync(directory, { recursive: true });
});

function open(account = "default", options: { busyMilliseconds?: number } = {}): Store {
  const store = openSqliteStore(`sqlite:${file}`, account, options);
  opened.push(store);
  return store;
}

async function fill(store: Store, ...keys: string[]): Promise<void> {
  await store.commit(keys.map((key) => ({ table, key, becomes: `value of ${key}` })));
}

async function keysOf(store: Store, range: Parameters<Store["range"]>[1]): Promise<string[]> {
  return (await store.range(table, range)).map(({ key }) => key);
}

describe("the address", () => {
  test.each([
    "",
    "sqlite:",
    "sqlite: ",
    "./graph.db",
    "sqlite:./data/",
    "sqlite://data/graph.db",
    "redis://user:secret@host",
  ])("%j is refused with a sentence that names the variable and repeats nothing", (url) => {
    expect(() => parseStoreUrl(url)).toThrow(/^STORE_URL must be sqlite: and the path of a file/);
    expect(() => openSqliteStore(url, "default")).toThrow(/^STORE_URL must be[^@]+$/);
  });

  test("a relative path is one below the working directory", () => {
    expect(parseStoreUrl("sqlite:./data/graph.db")).toBe(join(process.cwd(), "data/graph.db"));
    expect(parseStoreUrl("sqlite:/data/graph.db")).toBe("/data/graph.db");
  });
});

describe("the file", () => {
  test("is made with its directory, and only its owner may read it or what lies beside it", async () => {
    file = join(directory, "new", "deep", "graph.db");
    await fill(open(), "a");
    for (const suffix of ["", "-wal", "-shm"]) {
      expect(statSync(file + suffix).mode & 0o777).toBe(0o600);
    }
    expect(statSync(join(directory, "new")).mode & 0o777).toBe(0o700);
  });

  test("keeps everything when it is closed and opened again", async () => {
    const before = open();
    await fill(before, "a", "b");
    await before.close();
    expect(await open().get(table, ["b", "a"])).toEqual(["value of b", "value of a"]);
  });

  test("of a newer format is left alone, and the error says so", () => {
    const newer = new DatabaseSync(file);
    newer.exec("PRAGMA user_version = 2");
    newer.close();
    expect(() => open()).toThrow(StoreError);
    expect(() => open()).toThrow(/has format 2; this version reads up to 1/);
    expect(existsSync(`${file}-wal`)).toBe(false);
  });

  test("that is no database is a StoreError", () => {
    writeFileSync(file, "phone,name\n".repeat(100));
    expect(() => open()).toThrow(StoreError);
  });

  test("is not needed: a store in memory holds what it is given", async () => {
    const store = openSqliteStore("sqlite::memory:", "default");
    await fill(store, "a");
    expect(await store.get(table, ["a"])).toEqual(["value of a"]);
    await store.close();
  });

  test("cannot be used once the store is closed, which may be closed twice", async () => {
    const store = open();
    await store.close();
    await store.close();
    await expect(store.get(table, ["a"])).rejects.toThrow(StoreError);
    await expect(store.commit([{ table, key: "a", becomes: "1" }])).rejects.toThrow(StoreError);
  });
});

describe("reading", () => {
  test("gives values in the order of the keys that were asked for, null for what is not there", async () => {
    const store = open();
    await fill(store, "a", "b");
    expect(await store.get(table, ["b", "none", "a", "b"])).toEqual(["value of b", null, "value of a", "value of b"]);
  });

  test("sees no row of another account or another table", async () => {
    const mine = open("mine");
    const yours = open("yours");
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
    const store = open();
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
    const store = openSqliteStore("sqlite::memory:", "default");
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
    await store.close();
  });

  test("finds the end of a long table as fast as its beginning", async () => {
    const store = open();
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
    const store = open();
    await fill(store, "a");
    const changes = [
      { table, key: "b", was: null, becomes: "new" },
      { table, key: "a", was: "something else", becomes: "new" },
    ] as const;
    expect(await store.commit(changes)).toBe(false);
    expect(await store.get(table, ["a", "b"])).toEqual(["value of a", null]);
  });

  test("compares every key with what it held before the commit", async () => {
    const store = open();
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
    const [first, second] = [open(), open()];
    const outcomes = await Promise.all(
      [first, second].map((store, index) => store.commit([{ table, key: "a", was: null, becomes: `${index}` }])),
    );
    expect(outcomes.filter(Boolean)).toHaveLength(1);
    expect(await first.get(table, ["a"])).toEqual(await second.get(table, ["a"]));
  });

  test("of several processes that open and write a new file at once loses no update", async () => {
    const program = `
      import { openSqliteStore } from ${JSON.stringify(new URL("../src/store/sqlite.ts", import.meta.url).href)};
      const store = openSqliteStore(${JSON.stringify(`sqlite:${file}`)}, "default");
      for (let done = 0; done < 150; ) {
        const [was] = await store.get("${table}", ["sum"]);
        const change = { table: "${table}", key: "sum", was, becomes: String(Number(was) + 1) };
        done += Number(await store.commit([change]));
      }`;
    const run = () => promisify(execFile)(process.execPath, ["--input-type=module", "-e", program]);
    const ended = await Promise.all([run(), run(), run(), run()]);
    expect(ended.map(({ stderr }) => stderr)).toEqual(["", "", "", ""]);
    expect(await open().get(table, ["sum"])).toEqual(["600"]);
  });

  test("waits for another process without holding up the event loop", async () => {
    const store = open();
    const other = new DatabaseSync(file);
    other.exec("BEGIN IMMEDIATE");
    let settled = false;
    const commit = store.commit([{ table, key: "a", becomes: "1" }]).finally(() => {
      settled = true;
    });
    await nextTurn();
    expect(settled).toBe(false);
    expect(await store.get(table, ["a"])).toEqual([null]);
    other.exec("COMMIT");
    other.close();
    expect(await commit).toBe(true);
  });

  test("gives up on a file that stays locked", async () => {
    const store = open("default", { busyMilliseconds: 20 });
    const other = new DatabaseSync(file);
    other.exec("BEGIN IMMEDIATE");
    await expect(store.commit([{ table, key: "a", becomes: "1" }])).rejects.toThrow(/locked/);
    other.close();
    expect(await store.commit([{ table, key: "a", becomes: "1" }])).toBe(true);
  });

  test("reaches the disk before it returns where that is asked, and only there", async () => {
    const store = open();
    const statements: string[] = [];
    const listen = (message: unknown) => {
      if (typeof message === "object" && message !== null && "sql" in message) {
        statements.push(String(message.sql));
      }
    };
    subscribe("sqlite.db.query", listen);
    try {
      await store.commit([{ table, key: "a", becomes: "1" }], { durable: true });
      await store.commit([{ table, key: "a", was: "2", becomes: "3" }], { durable: true });
      await store.commit([{ table, key: "a", becomes: "4" }]);
    } finally {
      unsubscribe("sqlite.db.query", listen);
    }
    const levels = statements.filter((sql) => /^(PRAGMA|BEGIN|COMMIT)/.test(sql));
    const durable = ["PRAGMA synchronous = FULL", "BEGIN IMMEDIATE", "COMMIT", "PRAGMA synchronous = NORMAL"];
    expect(levels).toEqual([...durable, ...durable, "BEGIN IMMEDIATE", "COMMIT"]);
  });
});
