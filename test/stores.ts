import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { Client } from "pg";
import { describe } from "vitest";

/** Where a store is; what it is kept in is removed when it is disposed. */
export interface StorePlace extends AsyncDisposable {
  readonly url: string;
}

/** A kind of store; `isHere` is false if this machine has none. */
export interface StoreKind {
  readonly name: string;
  readonly isHere: boolean;
  make(): Promise<StorePlace>;
}

/** Of tests; the tests that need it are skipped, with its name in their title, where it is not set. */
export const TEST_POSTGRES_URL = process.env["TEST_POSTGRES_URL"]?.trim() ?? "";

export const SQLITE: StoreKind = {
  name: "SQLite",
  isHere: true,
  make: async () => {
    const folder = mkdtempSync(join(tmpdir(), "textgraph-store-"));
    return {
      url: `sqlite:${join(folder, "graph.db")}`,
      [Symbol.asyncDispose]: async () => rmSync(folder, { recursive: true }),
    };
  },
};

/** In a schema of its own. */
export const POSTGRES: StoreKind = {
  name: "PostgreSQL (TEST_POSTGRES_URL)",
  isHere: TEST_POSTGRES_URL !== "",
  make: () => makePostgres(TEST_POSTGRES_URL),
};

/** Deletes every row, as a mistaken operator might. */
export async function emptyStore(url: string): Promise<void> {
  if (url.startsWith("sqlite:")) {
    const database = new DatabaseSync(url.slice("sqlite:".length));
    database.exec("DELETE FROM entry");
    database.close();
  } else {
    await runSql(url, `TRUNCATE ${new URL(url).searchParams.get("schema")}.entry`);
  }
}

/** Runs the same tests on each kind of store; they are skipped, with its name in their title, where it is not here. */
export function onEachStore(tests: (make: StoreKind["make"]) => void): void {
  for (const { name, isHere, make } of [SQLITE, POSTGRES]) {
    describe.skipIf(!isHere)(name, () => tests(make));
  }
}

/** A schema's name in a database, which the server makes when it starts. */
export async function makePostgres(database: string): Promise<StorePlace & { readonly schema: string }> {
  const schema = `test_${randomBytes(6).toString("hex")}`;
  const url = new URL(database);
  url.searchParams.set("schema", schema);
  return {
    url: url.href,
    schema,
    [Symbol.asyncDispose]: () => runSql(database, `DROP SCHEMA IF EXISTS ${schema} CASCADE`).then(() => undefined),
  };
}

/** Runs statements in a connection of its own, as an operator would. */
export async function runSql(database: string, sql: string): Promise<Record<string, unknown>[]> {
  const client = new Client({ connectionString: database });
  await client.connect();
  try {
    const { rows } = await client.query(sql);
    return rows;
  } finally {
    await client.end();
  }
}
