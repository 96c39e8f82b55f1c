import { Client } from "pg";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { StoreError } from "../src/errors.ts";
import { openStore } from "../src/store/open.ts";
import { listenForEvents } from "../src/store/postgres-listener.ts";
import { parsePostgresUrl } from "../src/store/postgres-url.ts";
import type { Store } from "../src/store/store.ts";
import { makePostgres, POSTGRES, runSql, TEST_POSTGRES_URL } from "./stores.ts";

const table = "event-state";

describe("the address of a database", () => {
  test.each([
    ["postgres://", /^STORE_URL must be postgres:/],
    ["postgres://user:secret@host", /^STORE_URL must be postgres:/],
    ["postgres://user:secret@host/db?schema=A-b", /^The schema of STORE_URL/],
    ["postgres://user:secret@host/db?sslmode=prefer", /^The sslmode of STORE_URL/],
  ])("%j is refused with a sentence that names the variable and repeats nothing", async (url, expected) => {
    const error = await openStore(url, "default").catch((each: unknown) => each);
    expect(error).toBeInstanceOf(StoreError);
    expect((error as Error).message).toMatch(expected);
    expect((error as Error).message).not.toMatch(/secret@/);
  });

  test("shows neither user nor password, and takes sslmode as every other program does", () => {
    const address = parsePostgresUrl("postgresql://user:secret@host:5433/db?schema=one&sslmode=require");
    expect(address.shown).toBe("postgres://host:5433/db (schema one)");
    expect(address.connectionString).toBe("postgresql://user:secret@host:5433/db?sslmode=require&uselibpqcompat=true");
  });
});

describe.skipIf(!POSTGRES.isHere)("in PostgreSQL (TEST_POSTGRES_URL)", () => {
  let place: Awaited<ReturnType<typeof makePostgres>>;
  let opened: Store[];

  beforeEach(async () => {
    place = await makePostgres(TEST_POSTGRES_URL);
    opened = [];
  });

  afterEach(async () => {
    await Promise.all(opened.map((store) => store.close()));
    await place[Symbol.asyncDispose]();
  });

  async function open(options: Parameters<typeof openStore>[2] = {}): Promise<Store> {
    const store = await openStore(place.url, "default", options);
    opened.push(store);
    return store;
  }

  test("ten servers that start at once make one schema", async () => {
    const stores = await Promise.all(Array.from({ length: 10 }, () => open({ connections: 2 })));
    expect(await runSql(TEST_POSTGRES_URL, `SELECT version FROM ${place.schema}.format`)).toEqual([{ version: 1 }]);
    const outcomes = await Promise.all(
      stores.map((store, at) => store.commit([{ table, key: "a", was: null, becomes: String(at) }])),
    );
    expect(outcomes.filter(Boolean)).toHaveLength(1);
  });

  test("a newer format is left alone, and the error says so", async () => {
    await open();
    await runSql(TEST_POSTGRES_URL, `UPDATE ${place.schema}.format SET version = 2`);
    await expect(open()).rejects.toThrow(/has format 2; this version reads up to 1/);
  });

  test("whoever owns the schema needs no right on the database, and whoever owns neither is told so", async () => {
    const role = `owner_${place.schema}`;
    await runSql(TEST_POSTGRES_URL, `CREATE ROLE ${role} LOGIN; CREATE SCHEMA ${place.schema} AUTHORIZATION ${role}`);
    try {
      const own = Object.assign(new URL(place.url), { username: role }).href;
      const store = await openStore(own, "default");
      expect(await store.commit([{ table, key: "a", was: null, becomes: "1" }])).toBe(true);
      await store.close();
      await expect(openStore(`${own}x`, "default")).rejects.toThrow(/GRANT CREATE ON DATABASE/);
    } finally {
      await runSql(TEST_POSTGRES_URL, `DROP OWNED BY ${role} CASCADE; DROP ROLE ${role}`);
    }
  });

  test("a schema with another program's tables is left alone, and the error does not blame the network", async () => {
    await runSql(TEST_POSTGRES_URL, `CREATE SCHEMA ${place.schema}; CREATE TABLE ${place.schema}.format (name text)`);
    await expect(open()).rejects.toThrow(/refuses with error 42703 of PostgreSQL: .*STORE_URL/);
  });

  test("a listener at another database is told that it will hear nothing", async () => {
    await open();
    const other = new URL(TEST_POSTGRES_URL);
    other.pathname = "/template1";
    const warnings: string[] = [];
    const listener = listenForEvents({
      url: other.href,
      storeUrl: place.url,
      account: "default",
      onEvents: () => undefined,
      onNews: () => undefined,
      warn: (message) => warnings.push(message),
    });
    await expect.poll(() => warnings, { timeout: 10_000 }).toHaveLength(1);
    expect(warnings[0]).toMatch(/^no news come from the database: STORE_LISTEN_URL leads .* another database/);
    await listener.stop();
  });

  test("a program that needs a store makes none", async () => {
    await expect(open({ mustExist: true })).rejects.toThrow(/^There is no store in postgres:.*STORE_URL/);
  });

  test.each([
    [{ port: "1" }, /cannot be reached \(ECONNREFUSED\)/],
    [{ pathname: "/nowhere_at_all" }, /does not exist/],
    [{ username: "nobody_at_all" }, /refuses the user or the password/],
  ])("%j: the start says what is wrong, and no password", async (change, expected) => {
    const url = Object.assign(new URL(place.url), { password: "hunter2", ...change });
    const error: unknown = await openStore(url.href, "default").catch((each: unknown) => each);
    expect(error).toBeInstanceOf(StoreError);
    expect((error as Error).message).toMatch(expected);
    expect((error as Error).message).toContain("STORE_URL");
    expect((error as Error).message).not.toContain("hunter2");
  });

  test("what is asked for by key in one turn is one statement", async () => {
    const store = await open();
    await store.commit([{ table, key: "a", becomes: "1" }]);
    const query = vi.spyOn(Client.prototype, "query");
    const reads = await Promise.all([
      store.get(table, ["a", "b"]),
      store.get("opt-out", ["a"]),
      store.get(table, ["a", "a"]),
    ]);
    expect(reads).toEqual([["1", null], [null], ["1", "1"]]);
    expect(query).toHaveBeenCalledTimes(1);
    query.mockRestore();
  });

  test("commits on the same rows in any order lose nothing and lock up nowhere", async () => {
    const stores = await Promise.all([open(), open()]);
    const keys = ["a", "b", "c", "d", "e"];
    let done = 0;
    const work = async (store: Store, at: number) => {
      for (let turn = 0; turn < 25; turn += 1) {
        const mine = keys.filter((_, place) => (place + at + turn) % 3 !== 0).sort(() => (at % 2 ? 1 : -1));
        const was = await store.get(table, mine);
        const changes = mine.map((key, place) => {
          return { table, key, was: was[place] ?? null, becomes: String(Number(was[place]) + 1) } as const;
        });
        const isDone = await store.commit(changes);
        done += isDone ? changes.length : 0;
      }
    };
    await Promise.all(stores.flatMap((store) => [0, 1, 2, 3].map((at) => work(store, at))));
    const sums = await stores[0]?.get(table, keys);
    expect(sums?.reduce((sum, each) => sum + Number(each), 0)).toBe(done);
  });

  test("a wait for a row that stays locked ends, and the commit is not carried out later", async () => {
    const store = await open({ milliseconds: 300 });
    await store.commit([{ table, key: "a", becomes: "1" }]);
    const blocking = runSql(
      TEST_POSTGRES_URL,
      `BEGIN; UPDATE ${place.schema}.entry SET value = '2'; SELECT pg_sleep(1); COMMIT`,
    );
    await expect.poll(() => store.get(table, ["a"])).toEqual(["1"]);
    await expect
      .poll(() => store.commit([{ table, key: "a", was: "1", becomes: "3" }]).then(() => "written", String))
      .toMatch(/StoreError/);
    await blocking;
    expect(await store.get(table, ["a"])).toEqual(["2"]);
    expect(await store.commit([{ table, key: "a", was: "2", becomes: "4" }])).toBe(true);
  });

  test("whoever finds no free connection in time is told so, and takes none later", async () => {
    const store = await open({ milliseconds: 600, connections: 2 });
    const blocker = runSql(
      TEST_POSTGRES_URL,
      `CREATE TABLE ${place.schema}.held (); BEGIN; LOCK TABLE ${place.schema}.entry; SELECT pg_sleep(2); COMMIT`,
    );
    await expect.poll(() => store.count(table).then(() => "free", String)).toMatch(/StoreError/);
    const waiting = Array.from({ length: 8 }, (_, at) =>
      store.commit([{ table, key: `late ${at}`, was: null, becomes: "1" }]).then(() => "written", String),
    );
    for (const outcome of await Promise.all(waiting)) {
      expect(outcome).toMatch(/StoreError/);
    }
    await blocker;
    await expect.poll(() => store.count(table).catch(String)).toBe(0);
  });
});
