import { createHmac, randomBytes, randomUUID } from "node:crypto";
import { setImmediate as yieldToEventLoop } from "node:timers/promises";
import type { Change, Entry, Store } from "./store.ts";
import { createUpdate, type Draft, decodeRow } from "./update.ts";

/** A write that was carried out, refused, or may have been either. */
export interface AuditedWrite {
  /** Who wrote: the id of a caller. */
  readonly caller: string;
  /** The mutation's name in the graph. */
  readonly mutation: string;
  readonly outcome: "ACCEPTED" | "REFUSED" | "UNKNOWN";
  readonly idempotencyKey: string | null;
  /** The records and numbers that the write names: they are kept as hashes. */
  readonly targets: readonly string[];
}

/** One line of the audit log. */
export interface AuditEntry extends Pick<AuditedWrite, "caller" | "mutation" | "outcome"> {
  readonly at: Date;
  /** Keyed hash of the idempotency key; null if there was none. */
  readonly keyHash: string | null;
  /** Keyed hashes of the targets. */
  readonly targetHashes: readonly string[];
}

/**
 * Who wrote what and when, of one account. Entries are appended, and deleted when they are too old; nothing changes
 * them. Idempotency keys and targets are kept as HMAC-SHA256, with a key that this store alone has: a plain hash of a
 * phone number could be found by trying all numbers.
 */
export interface AuditLog {
  /** Writes an entry into a draft, to be committed with the outcome that it is about. */
  draft(draft: Draft, write: AuditedWrite): Promise<void>;
  /** Appends an entry, and makes nobody wait for it. */
  append(write: AuditedWrite): void;
  /** Resolves when all appended entries are stored, or could not be. */
  idle(): Promise<void>;
  /** The oldest first, from then on. */
  entries(since?: Date): AsyncGenerator<AuditEntry>;
  /** The hash under which an idempotency key or a target is kept. */
  hashOf(value: string): Promise<string>;
  /** Deletes entries that are too old. */
  sweep(): Promise<void>;
}

export interface AuditOptions {
  readonly now: () => Date;
  readonly keptMilliseconds: number;
  readonly warn: (message: string, error: unknown) => void;
}

/** A row of `audit`. Its key begins with the time, so that rows are in order. */
interface Row extends Pick<AuditedWrite, "caller" | "mutation" | "outcome"> {
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly keyHash: string | null;
  readonly targetHashes: readonly string[];
}

const BATCH = 200;
const KEY_BYTES = 32;
/** 128 bits tell all values apart. */
const HASH_CHARACTERS = 32;
/** Of one write: a mailing may name very many numbers. */
const MOST_TARGETS = 1_000;

export function createAuditLog(store: Store, { now, keptMilliseconds, warn }: AuditOptions): AuditLog {
  const update = createUpdate(store, "The audit log");
  const appending = new Set<Promise<void>>();

  /** The hash key, made with the first entry. */
  async function readHashKey(draft: Draft): Promise<string> {
    const [known = null] = await draft.read<string>("audit-key", ["hmac"]);
    if (known !== null) {
      return known;
    }
    const made = randomBytes(KEY_BYTES).toString("base64");
    draft.write("audit-key", "hmac", made);
    return made;
  }

  async function draftEntry(draft: Draft, write: AuditedWrite, at = now().getTime()): Promise<void> {
    const hashKey = await readHashKey(draft);
    const row: Row = {
      at,
      caller: write.caller,
      mutation: write.mutation,
      outcome: write.outcome,
      keyHash: write.idempotencyKey === null ? null : hash(write.idempotencyKey, hashKey),
      targetHashes: [...new Set(write.targets)].slice(0, MOST_TARGETS).map((target) => hash(target, hashKey)),
    };
    draft.write("audit", `${beginningOf(at)} ${randomUUID()}`, row);
  }

  async function* batches(bounds: { readonly after?: string; readonly before?: string }): AsyncGenerator<Entry[]> {
    let { after } = bounds;
    do {
      const entries: Entry[] = await store.range("audit", { ...bounds, ...(after && { after }), limit: BATCH });
      yield entries;
      after = entries.at(-1)?.key;
      await yieldToEventLoop();
    } while (after !== undefined);
  }

  return {
    draft: (draft, write) => draftEntry(draft, write),

    append: (write) => {
      // Not the time of a later try.
      const at = now().getTime();
      const appended = update((draft) => draftEntry(draft, write, at))
        .catch((error: unknown) => warn("a write could not be put into the audit log", error))
        .finally(() => appending.delete(appended));
      appending.add(appended);
    },

    idle: async () => {
      await Promise.all(appending);
    },

    entries: async function* (since) {
      for await (const entries of batches(since === undefined ? {} : { after: beginningOf(since.getTime()) })) {
        for (const { value } of entries) {
          const { at, ...entry } = decodeRow<Row>(value);
          yield { at: new Date(at), ...entry };
        }
      }
    },

    hashOf: async (value) => hash(value, await update(readHashKey)),

    sweep: async () => {
      for await (const entries of batches({ before: beginningOf(now().getTime() - keptMilliseconds) })) {
        await store.commit(entries.map(({ key }): Change => ({ table: "audit", key, becomes: null })));
      }
    },
  };
}

function beginningOf(milliseconds: number): string {
  return String(Math.max(0, milliseconds)).padStart(15, "0");
}

function hash(value: string, key: string): string {
  return createHmac("sha256", Buffer.from(key, "base64")).update(value).digest("hex").slice(0, HASH_CHARACTERS);
}
