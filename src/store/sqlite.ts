import { closeSync, existsSync, openSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { DatabaseSync, type SQLInputValue } from "node:sqlite";
import { setTimeout as sleep } from "node:timers/promises";
import { StoreError } from "../errors.ts";
import { createFolders } from "./folders.ts";
import { GroupCommit } from "./group-commit.ts";
import type { Change, Entry, Range, ReadOptions, Store, Table } from "./store.ts";

const SCHEMA_VERSION = 1;
const MEMORY = ":memory:";
// sqlite.org/rescode.html
const SQLITE_BUSY = 5;
const SQLITE_READONLY = 8;
const SQLITE_CANTOPEN = 14;
const SQLITE_NOTADB = 26;

// A range is one scan of the primary key: `key` is compared with constants only. SQLite compares the bounds itself,
// because UTF-8 bytes and JavaScript's strings order some characters differently.
const RANGE = `SELECT key, value FROM entry
  WHERE collection = ? AND account = ? AND key >= max(?, ?) AND key < min(?, ?) ORDER BY key`;

/** Greater than every key: a noncharacter, and the last of all code points. */
const LAST = "\u{10FFFF}";

/**
 * The absolute path of the file in a STORE_URL, or `:memory:`. Throws a StoreError that names the variable and says
 * what was expected. It does not repeat the value, which may be another store's URL with a password.
 */
export function parseStoreUrl(url: string): string {
  const path = /^sqlite:(.+)$/s.exec(url)?.[1];
  // sqlite://data/x.db looks like a relative path and means /data/x.db, so it is refused.
  if (path === undefined || path.trim() !== path || path.endsWith("/") || /^\/\/[^/]/.test(path)) {
    throw new StoreError(
      "STORE_URL must be sqlite: and the path of a file (sqlite:./data/textgraph.db), sqlite::memory:, or postgres://host:5432/database",
      null,
    );
  }
  return path === MEMORY ? path : resolve(path);
}

/** True if no other process can share the store. */
export function isMemoryStore(url: string): boolean {
  return url === `sqlite:${MEMORY}`;
}

/**
 * The embedded store: one SQLite file, which several processes of one machine may share, or `sqlite::memory:`. The file
 * and its directory are created, readable by their owner only, because they contain people's numbers. Every row carries
 * the account. `busyMilliseconds`: how long a call waits for other processes' commits; the event loop is free
 * meanwhile.
 *
 * Throws StoreError if the URL is wrong, if the file cannot be used or comes from a newer version, and, with
 * `mustExist`, if there is no such file.
 */
export function openSqliteStore(
  url: string,
  account: string,
  { busyMilliseconds = 5_000, mustExist = false } = {},
): Store {
  const path = parseStoreUrl(url);
  try {
    if (mustExist && !existsSync(path)) {
      const where = path === MEMORY ? "A store in memory is the server's alone" : `There is no store at ${path}`;
      throw new StoreError(`${where}: set STORE_URL to what the server has, and run this in the same folder.`, null);
    }
    return serve(openDatabase(path, busyMilliseconds), account, busyMilliseconds);
  } catch (cause) {
    throw cause instanceof StoreError ? cause : new StoreError(explainOpening(path, cause), cause);
  }
}

/** Why the file cannot be opened, and what to do. */
function explainOpening(path: string, cause: unknown): string {
  const where = `The store ${path} (STORE_URL)`;
  const code = cause instanceof Error && "code" in cause ? cause.code : null;
  const errcode = cause instanceof Error && "errcode" in cause && typeof cause.errcode === "number" ? cause.errcode : 0;
  if (
    ["EACCES", "EPERM", "EROFS"].includes(String(code)) ||
    [SQLITE_READONLY, SQLITE_CANTOPEN].includes(errcode & 0xff)
  ) {
    return `${where} is not writable: let the user that runs this program write to the file and its folder, or set STORE_URL to another file.`;
  }
  if (code === "EISDIR" || code === "ENOTDIR" || code === "EEXIST") {
    return `${where} is a folder, or lies below a file: set STORE_URL to the path of a file.`;
  }
  if (errcode === SQLITE_NOTADB) {
    return `${where} is not an SQLite database: set STORE_URL to another file, which may be a new one.`;
  }
  const why = cause instanceof Error ? cause.message : String(cause);
  return `${where} cannot be opened (${why}): set STORE_URL to a file in a folder where this user may write.`;
}

function openDatabase(path: string, busyMilliseconds: number): DatabaseSync {
  if (path !== MEMORY) {
    createFolders(dirname(path));
    // SQLite would use 0644; the files that it puts beside this one take over its mode.
    closeSync(openSync(path, "a", 0o600));
  }
  const database = new DatabaseSync(path, { timeout: busyMilliseconds });
  try {
    prepareFile(database, path);
    // From here on a busy file is waited for without holding the event loop: see whenFree.
    database.exec("PRAGMA busy_timeout = 0");
    return database;
  } catch (error) {
    database.close();
    throw error;
  }
}

function prepareFile(database: DatabaseSync, path: string): void {
  const version = Number(database.prepare("PRAGMA user_version").get()?.["user_version"]);
  if (version > SCHEMA_VERSION) {
    throw new StoreError(`The store ${path} has format ${version}; this version reads up to ${SCHEMA_VERSION}`, null);
  }
  // NORMAL in WAL mode loses no consistency in a power cut, only the latest commits; what must not be lost asks for
  // FULL (sqlite.org/pragma.html#pragma_synchronous). fullfsync is what FULL needs on macOS to reach the disk.
  database.exec("PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA fullfsync = ON");
  if (version < SCHEMA_VERSION) {
    inTransaction(database, "BEGIN IMMEDIATE", () => {
      database.exec(`CREATE TABLE IF NOT EXISTS entry (
        collection TEXT NOT NULL, account TEXT NOT NULL, key TEXT NOT NULL, value TEXT NOT NULL,
        PRIMARY KEY (collection, account, key)) STRICT, WITHOUT ROWID;
        PRAGMA user_version = ${SCHEMA_VERSION}`);
    });
  }
}

function serve(database: DatabaseSync, account: string, busyMilliseconds: number): Store {
  const select = database.prepare("SELECT value FROM entry WHERE collection = ? AND account = ? AND key = ?");
  const insert = database.prepare(`INSERT INTO entry (collection, account, key, value) VALUES (?, ?, ?, ?)
    ON CONFLICT DO UPDATE SET value = excluded.value`);
  const remove = database.prepare("DELETE FROM entry WHERE collection = ? AND account = ? AND key = ?");
  const forward = database.prepare(`${RANGE} ASC LIMIT ?`);
  const backward = database.prepare(`${RANGE} DESC LIMIT ?`);
  const size = database.prepare("SELECT count(*) AS size FROM entry WHERE collection = ? AND account = ?");

  async function whenFree<Result>(work: () => Result, { withinMilliseconds }: ReadOptions = {}): Promise<Result> {
    const deadline = performance.now() + Math.min(busyMilliseconds, withinMilliseconds ?? busyMilliseconds);
    for (;;) {
      try {
        return work();
      } catch (cause) {
        if (!isBusy(cause) || performance.now() >= deadline) {
          throw new StoreError(isBusy(cause) ? "The store stayed locked" : "The store failed", cause);
        }
      }
      await sleep(1 + Math.random() * 9);
    }
  }

  function present(table: Table, key: string): string | null {
    const row = select.get(table, account, key);
    return row === undefined ? null : String(row["value"]);
  }

  function apply(changes: readonly Change[]): boolean {
    if (changes.some(({ table, key, was }) => was !== undefined && present(table, key) !== was)) {
      return false;
    }
    for (const { table, key, becomes } of changes) {
      if (becomes === null) {
        remove.run(table, account, key);
      } else {
        insert.run(table, account, key, becomes);
      }
    }
    return true;
  }

  const commits = new GroupCommit((batch, durable) =>
    whenFree(() => {
      const write = () => inTransaction(database, "BEGIN IMMEDIATE", () => batch.map(apply));
      if (!durable) {
        return write();
      }
      // Takes effect outside of transactions only.
      database.exec("PRAGMA synchronous = FULL");
      try {
        return write();
      } finally {
        database.exec("PRAGMA synchronous = NORMAL");
      }
    }),
  );

  return {
    get: (table: Table, keys: readonly string[], options?: ReadOptions) =>
      whenFree(() => inTransaction(database, "BEGIN", () => keys.map((key) => present(table, key))), options),

    range: (
      table: Table,
      { prefix = "", after, before = LAST, limit, reverse = false }: Range,
      options?: ReadOptions,
    ) =>
      whenFree(() => {
        const behind = after === undefined ? "" : `${after}\0`;
        const bounds: SQLInputValue[] = [table, account, prefix, behind, prefix + LAST, before, limit];
        return (reverse ? backward : forward).all(...bounds).map(toEntry);
      }, options),

    count: (table: Table, options?: ReadOptions) => whenFree(() => Number(size.get(table, account)?.["size"]), options),

    commit: (changes: readonly Change[], { durable = false } = {}) => commits.add(changes, durable),

    close: async () => {
      await commits.idle();
      if (database.isOpen) {
        database.close();
      }
    },
  };
}

function toEntry(row: Record<string, unknown>): Entry {
  return { key: String(row["key"]), value: String(row["value"]) };
}

/** IMMEDIATE takes the write lock before anything is read, so that what was compared is still so when it is written. */
function inTransaction<Result>(database: DatabaseSync, begin: "BEGIN" | "BEGIN IMMEDIATE", work: () => Result): Result {
  database.exec(begin);
  try {
    const result = work();
    database.exec("COMMIT");
    return result;
  } catch (error) {
    if (database.isTransaction) {
      database.exec("ROLLBACK");
    }
    throw error;
  }
}

/** SQLITE_BUSY and its extended codes, whose low byte it is (sqlite.org/rescode.html). */
function isBusy(error: unknown): boolean {
  return (
    error instanceof Error &&
    "errcode" in error &&
    typeof error.errcode === "number" &&
    (error.errcode & 0xff) === SQLITE_BUSY
  );
}
