import { setImmediate as yieldToEventLoop } from "node:timers/promises";
import type { AttemptRecord } from "./attempt-record.ts";
import { type Row, rowKeyAt, toRecord, unknownPlace } from "./attempt-rows.ts";
import { type Entry, QUICK, type Range, type Store } from "./store.ts";
import { type Draft, decodeRow, type Update } from "./update.ts";

/** An attempt with its place in the list. */
interface PlacedAttempt {
  readonly place: string;
  readonly record: AttemptRecord;
}

/** The attempts of unknown outcome, which wait for a person. Every method throws StoreError if the store fails. */
export interface UnknownAttempts {
  /** All of them, the oldest first. Reads all attempts. */
  unknown(): Promise<AttemptRecord[]>;
  /** A part of the list, which begins with the newest. `after` and `before` are places. */
  listUnknown(range: Omit<Range, "prefix">): Promise<readonly PlacedAttempt[]>;
  countUnknown(): Promise<number>;
}

interface UnknownOptions {
  readonly update: Update;
  readonly now: () => Date;
  /** The attempt as it counts now. */
  readonly readCurrent: (draft: Draft, key: string) => Promise<Row | null>;
  /** Whether a process died while it carried out the attempt. */
  readonly isAbandoned: (row: Row) => boolean;
}

const BATCH = 200;
/** While somebody reads the list, what processes that died have left is looked for so often: that reads all attempts. */
const SEARCH_EVERY_MS = 60_000;

export function createUnknownAttempts(store: Store, options: UnknownOptions): UnknownAttempts {
  const { update, now, readCurrent, isAbandoned } = options;
  let latest: { readonly at: number; readonly search: Promise<unknown> } | null = null;

  async function searchAll(): Promise<AttemptRecord[]> {
    const records: AttemptRecord[] = [];
    for await (const entries of batchesOf(store)) {
      const rows = entries.map(({ value }) => decodeRow<Row>(value));
      for (const { key } of rows.filter((row) => row.state === "UNKNOWN" || isAbandoned(row))) {
        const row = await update((draft) => readListed(draft, key), { durable: true });
        if (row !== null) {
          records.push(toRecord(row));
        }
      }
    }
    return records.sort((a, b) => a.startedAt.getTime() - b.startedAt.getTime());
  }

  /** Null unless its outcome is unknown. An earlier version of this server listed none. */
  async function readListed(draft: Draft, key: string): Promise<Row | null> {
    const row = await readCurrent(draft, key);
    if (row?.state !== "UNKNOWN") {
      return null;
    }
    const [listed = null] = await draft.read("unknown-attempt", [unknownPlace(row)]);
    if (listed === null) {
      draft.write("unknown-attempt", unknownPlace(row), 1);
    }
    return row;
  }

  async function searchIfDue(): Promise<void> {
    const at = now().getTime();
    if (latest === null || Math.abs(at - latest.at) >= SEARCH_EVERY_MS) {
      const search = searchAll();
      latest = { at, search };
      search.catch(() => {
        latest = null;
      });
    }
    await latest.search;
  }

  return {
    unknown: searchAll,

    listUnknown: async ({ after, before, limit, reverse = false }) => {
      await searchIfDue();
      // The newest is the last place, so that the list's order is the places' backwards.
      const entries = await store.range("unknown-attempt", {
        limit,
        reverse: !reverse,
        ...(before !== undefined && { after: before }),
        ...(after !== undefined && { before: after }),
      });
      const places = entries.map(({ key }) => key);
      const texts = places.length === 0 ? [] : await store.get("attempt", places.map(rowKeyAt), QUICK);
      return places.flatMap((place, at) => {
        const row = decodeRow<Row>(texts[at] ?? null);
        return row?.state === "UNKNOWN" ? [{ place, record: toRecord(row) }] : [];
      });
    },

    countUnknown: async () => {
      await searchIfDue();
      return store.count("unknown-attempt", QUICK);
    },
  };
}

/** All attempts. */
export async function* batchesOf(store: Store): AsyncGenerator<Entry[]> {
  let after: string | undefined;
  do {
    const entries: Entry[] = await store.range("attempt", { ...(after && { after }), limit: BATCH });
    yield entries;
    after = entries.at(-1)?.key;
    await yieldToEventLoop();
  } while (after !== undefined);
}
