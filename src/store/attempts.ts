import { randomUUID } from "node:crypto";
import { setImmediate as yieldToEventLoop } from "node:timers/promises";
import { type Change, type Entry, QUICK, type Store } from "./store.ts";
import { createUpdate, type Draft, decodeRow } from "./update.ts";

type AttemptState = "IN_PROGRESS" | "ACCEPTED" | "REFUSED" | "UNKNOWN";

/** The record of an idempotency key. */
export interface AttemptRecord {
  readonly key: string;
  /** The mutation's name in the graph. */
  readonly mutation: string;
  readonly state: AttemptState;
  readonly startedAt: Date;
  /** When the outcome was recorded; null while in progress. */
  readonly settledAt: Date | null;
  /** The platform's own words, or why the outcome is unknown. */
  readonly message: string | null;
  /** Who made the attempt: the id of a caller. */
  readonly caller: string;
}

/** One use of a key. */
export interface Attempt {
  readonly key: string;
  readonly mutation: string;
  /** Fingerprint of the normalised input: equal for equal inputs. */
  readonly fingerprint: string;
}

interface Claim {
  readonly caller: string;
  readonly leaseMilliseconds: number;
  readonly outcomeIfConfirmed: string;
}

/** The outcome of an attempt. */
export type Settlement = { readonly message: string | null } & (
  | { readonly state: "REFUSED" | "UNKNOWN" }
  /** `outcome`: what the call returned, as JSON, so that a replay can return it again. */
  | { readonly state: "ACCEPTED"; readonly outcome: string }
);

/** Writes further rows into the draft of a settlement. */
type Alongside = (draft: Draft) => Promise<void>;

/** The outcomes that a person may set. */
type SetByPerson = "ACCEPTED" | "REFUSED";

/** The right to settle the attempt that `begin` started. */
export interface AttemptHandle {
  readonly key: string;
  readonly owner: string;
  readonly leaseEndsAt: Date;
}

/** Why a key is not free for an attempt. */
export type KeyInUse =
  /** The same mutation and input were accepted before; `outcome` is the call's result as JSON. */
  | { readonly kind: "replay"; readonly outcome: string }
  /** The key was used with another mutation or input, and not refused. */
  | { readonly kind: "reused" }
  /** The same input was tried before, and its outcome is unknown. */
  | { readonly kind: "unknown" }
  /** Another request with this key is running. */
  | { readonly kind: "in-progress" };

/** The platform may be called only after `started`. */
type Begun = { readonly kind: "started"; readonly handle: AttemptHandle } | KeyInUse;

/**
 * Idempotency keys of one account: at most one write for each key, whoever uses it and if several processes share the
 * store. Not one for each caller: a client that retries with a new credential must not send again. Attempts
 * are kept for 72 hours after they were settled; those of unknown outcome are kept until a person settles them. The first
 * reader of an attempt whose lease has ended records that its outcome is unknown. Every method throws StoreError if the
 * store fails.
 */
export interface Attempts {
  /** Why the key cannot be used for the attempt; null if it is free. Claims nothing. */
  look(attempt: Attempt): Promise<KeyInUse | null>;
  /**
   * Claims a free key, durably, before anything is sent. `presumed`: the part of the outcome that is known now, as
   * JSON, in case a person later settles the attempt as accepted.
   */
  begin(attempt: Attempt & Claim): Promise<Begun>;
  /** Milliseconds until the lease ends. After that a person may free the key, so the call must have ended by then. */
  leaseLeft(handle: AttemptHandle): number;
  /**
   * Records the outcome, durably. REFUSED frees the key. If the attempt was marked UNKNOWN in the meantime, this outcome
   * replaces that; an outcome set by a person is not overwritten. Returns that outcome if it is another one, else null.
   * `alongside` is committed with it.
   */
  settle(handle: AttemptHandle, settlement: Settlement, alongside?: Alongside): Promise<SetByPerson | null>;
  /** Null if the key was never used or its attempt was deleted. */
  find(key: string): Promise<AttemptRecord | null>;
  /** Unknown attempts, the oldest first. */
  unknown(): Promise<AttemptRecord[]>;
  /** Records a person's decision on an attempt of unknown outcome; false if the key has none. */
  resolve(key: string, state: SetByPerson): Promise<boolean>;
  /** Deletes attempts that were settled more than 72 hours ago. */
  sweep(): Promise<void>;
}

/** A row of `attempt`. Times are milliseconds since 1970. */
interface Row extends Attempt, Pick<AttemptRecord, "state" | "message" | "caller"> {
  /** Different for each use of the key. */
  readonly owner: string;
  readonly startedAt: number;
  readonly leaseEndsAt: number;
  readonly settledAt: number | null;
  /** What the call returned, as JSON; until that is known, `outcomeIfConfirmed`. */
  readonly outcome: string;
}

const KEPT_MS = 72 * 3_600_000;
const BATCH = 200;
const DURABLE = { durable: true };

/** `onAbandoned` runs when `find` is the first to see that a process died while it carried out an attempt. */
export function createAttempts(
  store: Store,
  now: () => Date,
  onAbandoned: () => Promise<void> = async () => undefined,
): Attempts {
  const update = createUpdate(store, "An attempt");

  /** The attempt as it counts now: none if it is too old, and with an unknown outcome if its lease has ended. */
  async function readCurrent(draft: Draft, key: string): Promise<Row | null> {
    const row = await readRow(draft, key);
    if (row === null || isForgotten(row)) {
      return null;
    }
    return isAbandoned(row) ? revise(draft, row, abandoned()) : row;
  }

  function isAbandoned({ state, leaseEndsAt }: Row): boolean {
    return state === "IN_PROGRESS" && leaseEndsAt <= now().getTime();
  }

  function isForgotten({ state, settledAt }: Row): boolean {
    return state !== "UNKNOWN" && settledAt !== null && settledAt + KEPT_MS <= now().getTime();
  }

  function abandoned(): Partial<Row> {
    const message = "The server was stopped, or did not get an answer in time, before the outcome was recorded.";
    return { state: "UNKNOWN", settledAt: now().getTime(), message };
  }

  async function* batches(): AsyncGenerator<Entry[]> {
    let after: string | undefined;
    do {
      const entries: Entry[] = await store.range("attempt", { ...(after && { after }), limit: BATCH });
      yield entries;
      after = entries.at(-1)?.key;
      await yieldToEventLoop();
    } while (after !== undefined);
  }

  const find = (key: string) => update((draft) => readCurrent(draft, key), DURABLE);

  return {
    look: async (attempt) => keyInUse(await find(attempt.key), attempt),

    begin: ({ key, mutation, fingerprint, caller, leaseMilliseconds, outcomeIfConfirmed }) =>
      update(async (draft) => {
        const inUse = keyInUse(await readCurrent(draft, key), { key, mutation, fingerprint });
        if (inUse !== null) {
          return inUse;
        }
        const startedAt = now().getTime();
        const claim: Row = {
          key,
          mutation,
          fingerprint,
          caller,
          state: "IN_PROGRESS",
          owner: randomUUID(),
          startedAt,
          leaseEndsAt: startedAt + leaseMilliseconds,
          settledAt: null,
          message: null,
          outcome: outcomeIfConfirmed,
        };
        draft.write("attempt", rowKey(key), claim);
        return { kind: "started", handle: { key, owner: claim.owner, leaseEndsAt: new Date(claim.leaseEndsAt) } };
      }, DURABLE),

    leaseLeft: ({ leaseEndsAt }) => leaseEndsAt.getTime() - now().getTime(),

    settle: ({ key, owner }, settlement, alongside) =>
      update(async (draft) => {
        await alongside?.(draft);
        const row = await readRow(draft, key);
        const unlessEqual = (state: SetByPerson) =>
          settlement.state === "UNKNOWN" || settlement.state === state ? null : state;
        if (row?.owner !== owner) {
          // The key is in use again: a person set REFUSED, which freed it.
          return unlessEqual("REFUSED");
        }
        if (row.state !== "IN_PROGRESS" && row.state !== "UNKNOWN") {
          return unlessEqual(row.state);
        }
        revise(draft, row, { ...settlement, settledAt: now().getTime() });
        return null;
      }, DURABLE),

    find: async (key) => {
      const [text = null] = await store.get("attempt", [rowKey(key)], QUICK);
      const row = decodeRow<Row>(text);
      const isNewlyAbandoned = row !== null && isAbandoned(row);
      const current = isNewlyAbandoned ? await find(key) : row;
      if (isNewlyAbandoned) {
        await onAbandoned();
      }
      return current === null || isForgotten(current) ? null : toRecord(current);
    },

    unknown: async () => {
      const records: AttemptRecord[] = [];
      for await (const entries of batches()) {
        const rows = entries.map(({ value }) => decodeRow<Row>(value));
        for (const { key } of rows.filter((row) => row.state === "UNKNOWN" || isAbandoned(row))) {
          const row = await find(key);
          if (row?.state === "UNKNOWN") {
            records.push(toRecord(row));
          }
        }
      }
      return records.sort((a, b) => a.startedAt.getTime() - b.startedAt.getTime());
    },

    resolve: (key, state) =>
      update(async (draft) => {
        const row = await readCurrent(draft, key);
        if (row?.state !== "UNKNOWN") {
          return false;
        }
        const message = "Settled by an operator of this server.";
        revise(draft, row, { state, message, settledAt: now().getTime() });
        return true;
      }, DURABLE),

    sweep: async () => {
      for await (const entries of batches()) {
        const old = entries.filter(({ value }) => isForgotten(decodeRow<Row>(value)));
        // False if one of the keys is used again at this moment. The next sweep deletes the others.
        await store.commit(old.map(({ key, value }): Change => ({ table: "attempt", key, was: value, becomes: null })));
      }
    },
  };
}

async function readRow(draft: Draft, key: string): Promise<Row | null> {
  const [row = null] = await draft.read<Row>("attempt", [rowKey(key)]);
  return row;
}

function revise(draft: Draft, row: Row, changes: Partial<Row>): Row {
  const revised = { ...row, ...changes };
  draft.write("attempt", rowKey(row.key), revised);
  return revised;
}

function keyInUse(row: Row | null, { mutation, fingerprint }: Attempt): KeyInUse | null {
  if (row === null || row.state === "REFUSED") {
    return null;
  }
  if (row.mutation !== mutation || row.fingerprint !== fingerprint) {
    return { kind: "reused" };
  }
  switch (row.state) {
    case "ACCEPTED":
      return { kind: "replay", outcome: row.outcome };
    case "UNKNOWN":
      return { kind: "unknown" };
    case "IN_PROGRESS":
      return { kind: "in-progress" };
    default:
      return row.state satisfies never;
  }
}

function toRecord({ key, mutation, state, startedAt, settledAt, message, caller = "anonymous" }: Row): AttemptRecord {
  return {
    key,
    mutation,
    state,
    startedAt: new Date(startedAt),
    settledAt: settledAt === null ? null : new Date(settledAt),
    message,
    caller,
  };
}

/** As a JSON string: a caller's key may hold NUL and lone surrogates, a store's key may not. */
function rowKey(key: string): string {
  return JSON.stringify(key);
}
