import { randomBytes } from "node:crypto";
import type { ParticipantId } from "../ids.ts";
import type { JobRowRecord, NumberedRow } from "./job-records.ts";
import type { Change, Range, Store, Table } from "./store.ts";
import { createUpdate, decodeRow } from "./update.ts";

const BATCH = 500;
/** As many digits as the largest number of a row, and the latest time, have. */
const NUMBER_DIGITS = 6;
const TIME_DIGITS = 14;

/** What is kept of a set besides its rows: how it was uploaded. */
export interface SetRecord {
  readonly createdAt: number;
  /** Number of rows; null while they are being written. */
  readonly rowCount: number | null;
}

/**
 * Sets of rows. A set is written once, under a name of its own, before a job is made of it; so two requests that make the
 * same job at one time never write into each other's rows. Keys: `<set> <number>` of `job-row`, and `<set> <time> <number>`
 * of `job-due` for rows whose turn comes again. Every method throws StoreError if the store fails.
 */
export interface JobRows {
  /** A new, empty set. It is deleted after a day unless a job or an upload keeps it. */
  create(now: number): Promise<string>;
  /** Writes rows of a new set. */
  write(set: string, rows: readonly NumberedRow[]): Promise<void>;
  /** Marks the set as complete: an upload. */
  finish(set: string, record: SetRecord): Promise<void>;
  find(set: string): Promise<SetRecord | null>;
  /** Rows of these numbers, in their order; null for one that is not there. */
  get(set: string, numbers: readonly number[]): Promise<(NumberedRow | null)[]>;
  /** Rows by number: those after and before, forwards or backwards. */
  read(set: string, range: RowRange): Promise<NumberedRow[]>;
  /** Rows whose turn has come again, in the order of their times. */
  due(set: string, now: number, limit: number): Promise<{ readonly number: number; readonly at: number }[]>;
  /** When the next row's turn comes; null if none waits for one. */
  nextDue(set: string): Promise<number | null>;
  /** Takes a number for a row: 0, or the row that has it already. */
  takeNumber(set: string, phoneNumber: string, row: number): Promise<number>;
  /** Keeps who was created for a row that is not done yet. */
  keepParticipant(set: string, number: number, participantId: ParticipantId): Promise<void>;
  /** Deletes the set and everything about it. */
  delete(set: string): Promise<void>;
  /** Sets that were begun before this time. */
  startedBefore(time: number): Promise<string[]>;
}

interface RowRange {
  readonly after?: number;
  readonly before?: number;
  readonly limit: number;
  readonly reverse?: boolean;
}

export function rowKey(set: string, number: number): string {
  return `${set} ${String(number).padStart(NUMBER_DIGITS, "0")}`;
}

export function dueKey(set: string, at: number, number: number): string {
  return `${set} ${String(at).padStart(TIME_DIGITS, "0")} ${String(number).padStart(NUMBER_DIGITS, "0")}`;
}

/** A set's own row among the jobs. */
function setKey(set: string): string {
  return `set ${set}`;
}

export function createJobRows(store: Store): JobRows {
  const update = createUpdate(store, "A row of a job");

  async function deleteAll(table: Table, prefix: string): Promise<void> {
    for (;;) {
      const entries = await store.range(table, { prefix, limit: BATCH });
      if (entries.length === 0) {
        return;
      }
      await store.commit(entries.map(({ key }): Change => ({ table, key, becomes: null })));
    }
  }

  return {
    create: async (now) => {
      const set = randomBytes(12).toString("base64url");
      const record: SetRecord = { createdAt: now, rowCount: null };
      await store.commit([{ table: "job", key: setKey(set), was: null, becomes: JSON.stringify(record) }]);
      return set;
    },

    write: async (set, rows) => {
      for (let start = 0; start < rows.length; start += BATCH) {
        await store.commit(
          rows.slice(start, start + BATCH).map(({ number, ...row }): Change => {
            return { table: "job-row", key: rowKey(set, number), becomes: JSON.stringify(row) };
          }),
        );
      }
    },

    finish: async (set, record) => {
      await store.commit([{ table: "job", key: setKey(set), becomes: JSON.stringify(record) }]);
    },

    find: async (set) => decodeRow<SetRecord>((await store.get("job", [setKey(set)]))[0] ?? null),

    get: async (set, numbers) => {
      const texts = await store.get(
        "job-row",
        numbers.map((number) => rowKey(set, number)),
      );
      return numbers.map((number, at) => {
        const row = decodeRow<JobRowRecord>(texts[at] ?? null);
        return row && { ...row, number };
      });
    },

    read: async (set, { after, before, limit, reverse = false }) => {
      const range: Range = {
        prefix: `${set} `,
        limit,
        reverse,
        ...(after !== undefined && { after: rowKey(set, after) }),
        ...(before !== undefined && { before: rowKey(set, before) }),
      };
      const entries = await store.range("job-row", range);
      return entries.map(({ key, value }) => ({
        ...decodeRow<JobRowRecord>(value),
        number: Number(key.slice(-NUMBER_DIGITS)),
      }));
    },

    due: async (set, now, limit) => {
      const entries = await store.range("job-due", { prefix: `${set} `, before: dueKey(set, now + 1, 0), limit });
      return entries.map(({ key }) => partsOf(set, key));
    },

    nextDue: async (set) => {
      const [first] = await store.range("job-due", { prefix: `${set} `, limit: 1 });
      return first === undefined ? null : partsOf(set, first.key).at;
    },

    takeNumber: async (set, phoneNumber, row) => {
      const key = `${set} ${phoneNumber}`;
      if (await store.commit([{ table: "job-number", key, was: null, becomes: String(row) }])) {
        return 0;
      }
      const holder = Number((await store.get("job-number", [key]))[0] ?? 0);
      return holder === row ? 0 : holder;
    },

    keepParticipant: (set, number, participantId) =>
      update(async (draft) => {
        const [row = null] = await draft.read<JobRowRecord>("job-row", [rowKey(set, number)]);
        if (row !== null) {
          draft.write("job-row", rowKey(set, number), { ...row, participantId });
        }
      }),

    delete: async (set) => {
      for (const table of ["job-due", "job-number", "job-row"] as const) {
        await deleteAll(table, `${set} `);
      }
      await store.commit([{ table: "job", key: setKey(set), becomes: null }]);
    },

    startedBefore: async (time) => {
      const entries = await store.range("job", { prefix: setKey(""), limit: 10_000 });
      return entries
        .filter(({ value }) => decodeRow<SetRecord>(value).createdAt < time)
        .map(({ key }) => key.slice(setKey("").length));
    },
  };
}

function partsOf(set: string, key: string): { readonly number: number; readonly at: number } {
  const start = set.length + 1;
  return { at: Number(key.slice(start, start + TIME_DIGITS)), number: Number(key.slice(-NUMBER_DIGITS)) };
}
