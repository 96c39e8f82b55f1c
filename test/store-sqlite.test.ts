import { subscribe, unsubscribe } from "node:diagnostics_channel";
import { existsSync, mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { setImmediate as nextTurn } from "node:timers/promises";
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

describe("a commit", () => {
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
