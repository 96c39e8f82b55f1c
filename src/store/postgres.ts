import { StoreError } from "../errors.ts";
import { codeOf, PostgresPool } from "./postgres-pool.ts";
import { COMMITTED, channelOf, LOST_RACE, newsOf, TOO_LATE } from "./postgres-schema.ts";
import type { PostgresAddress } from "./postgres-url.ts";
import type { Change, CommitOptions, Entry, Range, ReadOptions, Store, Table } from "./store.ts";

export interface PostgresOptions {
  readonly address: PostgresAddress;
  /** Every row carries it. */
  readonly account: string;
  /** The most connections. */
  readonly connections: number;
  /** The longest time of a call. */
  readonly milliseconds: number;
}

/** Greater than every key: a noncharacter, and the last of all code points. */
const LAST = "\u{10FFFF}";
/** A server on the network and its connections need longer than a file, whatever a hurried read asks for. */
const LEAST_READ_MS = 500;
/** Errors after which the database has undone a commit, which may be tried again: deadlock, serialization. */
const TRY_AGAIN = ["40P01", "40001"];
const TRIES = 5;
const FIRST_ANALYZED = 256;

interface Wanted {
  readonly table: Table;
  readonly keys: readonly string[];
  readonly resolve: (values: (string | null)[]) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * The store of several servers: a table of a PostgreSQL database, whose schema is there (`prepareSchema`). Every call is
 * one statement. What is asked for by key in one turn of the event loop is asked for together.
 */
export function createPostgresStore({ address, account, connections, milliseconds }: PostgresOptions): Store {
  const pool = new PostgresPool({ address, most: connections, statementMilliseconds: milliseconds });
  const entry = `${address.schema}.entry`;
  const bounds = `collection = $1 AND account = $2 AND key >= $3 AND key < least($4 COLLATE "C", $5 COLLATE "C")`;
  const getText = `SELECT collection, key, value FROM unnest($2::text[], $3::text[]) w(c, k)
    JOIN ${entry} ON collection = w.c AND key = w.k WHERE account = $1`;
  const commitText = `SELECT done, at FROM ${address.schema}.commit($1, $2, $3, $4, $5, $6, $7, $8)`;
  // One statement is one transaction: the news are told if the commit is done, and not before.
  const tellingText = commitText.replace("at FROM", `at, CASE done WHEN ${COMMITTED} THEN pg_notify($9, $10) END FROM`);
  const countText = `SELECT count(*) AS size FROM ${entry} WHERE collection = $1 AND account = $2`;
  const rangeText = (behind: string, order: "ASC" | "DESC") =>
    `SELECT key, value FROM ${entry} WHERE ${bounds}${behind} ORDER BY key ${order} LIMIT $6`;
  // Refused with a warning, and without harm, if the role does not own the table.
  const analyzeText = `ANALYZE (SKIP_LOCKED) ${entry}`;
  let written = 0;
  let analyzedNext = FIRST_ANALYZED;
  const waiting = { hurried: [] as Wanted[], patient: [] as Wanted[] };

  function limitsOf({ withinMilliseconds }: ReadOptions = {}) {
    return withinMilliseconds === undefined
      ? { milliseconds }
      : { milliseconds: Math.max(withinMilliseconds, LEAST_READ_MS), isHurried: true };
  }

  async function readWaiting(kind: keyof typeof waiting, options: ReadOptions | undefined): Promise<void> {
    const all = waiting[kind].splice(0);
    const pairs = new Map(all.flatMap(({ table, keys }) => keys.map((key) => [nameOf(table, key), { table, key }])));
    const wanted = [...pairs.values()];
    try {
      const { rows } = await pool.run<{ collection: Table; key: string; value: string }>(
        {
          text: getText,
          values: [account, wanted.map(({ table }) => table), wanted.map(({ key }) => key)],
        },
        limitsOf(options),
      );
      const found = new Map(rows.map(({ collection, key, value }) => [nameOf(collection, key), value]));
      for (const { table, keys, resolve } of all) {
        resolve(keys.map((key) => found.get(nameOf(table, key)) ?? null));
      }
    } catch (error) {
      for (const { reject } of all) {
        reject(error);
      }
    }
  }

  async function commitOnce(
    changes: readonly Merged[],
    { durable = false, news }: CommitOptions,
    ends: number,
  ): Promise<boolean> {
    const { rows } = await pool.run<{ done: number; at: number }>(
      (millisecondsLeft) => ({
        text: news === undefined ? commitText : tellingText,
        values: [
          account,
          changes.map(({ table }) => table),
          changes.map(({ key }) => key),
          changes.map(({ was }) => was !== undefined),
          changes.map(({ was }) => was ?? null),
          changes.map(({ becomes }) => becomes),
          durable,
          pool.databaseNow + millisecondsLeft,
          ...(news === undefined ? [] : [channelOf(address.schema), newsOf(account, news)]),
        ],
      }),
      { milliseconds: ends - performance.now() },
    );
    const { done, at } = rows[0] ?? { done: TOO_LATE, at: pool.databaseNow };
    pool.setClock(at);
    if (done === TOO_LATE) {
      throw new StoreError("The database was reached too late: nothing was written", null);
    }
    return done === COMMITTED;
  }

  /**
   * The database keeps the plans that it made when the table was small, which read all of it. It makes them anew when the
   * table is analyzed, as it is each time that so much was written again; a database may not do so by itself.
   */
  function noteWritten(rows: number): void {
    written += rows;
    if (written >= analyzedNext) {
      analyzedNext = 2 * written;
      pool.run({ text: analyzeText, values: [] }, { milliseconds }).catch(() => undefined);
    }
  }

  return {
    get: (table: Table, keys: readonly string[], options?: ReadOptions) =>
      new Promise((resolve, reject) => {
        const kind = options?.withinMilliseconds === undefined ? "patient" : "hurried";
        if (waiting[kind].push({ table, keys, resolve, reject }) === 1) {
          setImmediate(() => void readWaiting(kind, options));
        }
      }),

    range: async (
      table: Table,
      { prefix = "", after, before = LAST, limit, reverse = false }: Range,
      options?: ReadOptions,
    ) => {
      const behind = after === undefined ? "" : " AND key > $7";
      const { rows } = await pool.run<Entry>(
        {
          text: rangeText(behind, reverse ? "DESC" : "ASC"),
          values: [table, account, prefix, prefix + LAST, before, limit, ...(after === undefined ? [] : [after])],
        },
        limitsOf(options),
      );
      return rows;
    },

    count: async (table: Table, options?: ReadOptions) => {
      const { rows } = await pool.run<{ size: string }>(
        {
          text: countText,
          values: [table, account],
        },
        limitsOf(options),
      );
      return Number(rows[0]?.size ?? 0);
    },

    commit: async (changes: readonly Change[], options: CommitOptions = {}) => {
      const merged = merge(changes);
      const ends = performance.now() + milliseconds;
      for (let tries = 1; merged !== null; tries += 1) {
        try {
          const isDone = await commitOnce(merged, options, ends);
          noteWritten(isDone ? merged.length : 0);
          return isDone;
        } catch (error) {
          const code = error instanceof StoreError ? codeOf(error.cause) : null;
          if (code === LOST_RACE) {
            return false;
          }
          if (code === null || !TRY_AGAIN.includes(code) || tries === TRIES) {
            throw error;
          }
        }
      }
      return false;
    },

    close: () => pool.close(),
  };
}

type Merged = Pick<Change, "table" | "key" | "becomes"> & { readonly was: string | null | undefined };

/** One change for each key: the last one, if the key was as all of them say. Null if they say different things. */
function merge(changes: readonly Change[]): Merged[] | null {
  const byName = new Map<string, Merged>();
  for (const { table, key, was, becomes } of changes) {
    const name = nameOf(table, key);
    const before = byName.get(name)?.was;
    if (was !== undefined && before !== undefined && was !== before) {
      return null;
    }
    byName.set(name, { table, key, was: was === undefined ? before : was, becomes });
  }
  return [...byName.values()];
}

function nameOf(table: Table, key: string): string {
  return `${table} ${key}`;
}
