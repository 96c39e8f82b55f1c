import { randomUUID } from "node:crypto";
import { type AttemptRecord, isFinal, SETTLED_BY_PERSON } from "./attempt-record.ts";
import {
  type Attempt,
  type KeyInUse,
  keyInUse,
  type Row,
  readRow,
  revise,
  rowKey,
  toRecord,
  writeRow,
} from "./attempt-rows.ts";
import type { AuditLog } from "./audit.ts";
import { draftRowOfAttempt } from "./job-decisions.ts";
import { writeNews } from "./job-news.ts";
import { parseRowKey } from "./job-records.ts";
import type { OutgoingDetails } from "./outgoing-records.ts";
import { type Change, type CommitOptions, QUICK, type Store } from "./store.ts";
import { StoreMark } from "./store-mark.ts";
import { batchesOf, createUnknownAttempts, type UnknownAttempts } from "./unknown-attempts.ts";
import { createUpdate, type Draft, decodeRow } from "./update.ts";

export type { AttemptRecord } from "./attempt-record.ts";
export type { Attempt, KeyInUse } from "./attempt-rows.ts";

interface Claim {
  readonly caller: string;
  readonly leaseMilliseconds: number;
  readonly outcomeIfConfirmed: string;
  /** The text that it sends; left out if the server does not know one. */
  readonly outgoing?: OutgoingDetails | undefined;
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

/** What a person has found out about an attempt. */
interface Decision {
  readonly state: SetByPerson;
  /** Who decides, for the audit log. */
  readonly by: string;
  /** The attempt that the person looked at: a later use of its key is not settled. Left out: whichever has the key. */
  readonly startedAt?: Date;
}

/** `record`: the attempt as it is afterwards. Only one of unknown outcome is settled. */
type Resolution =
  | { readonly kind: "settled" | "not-unknown"; readonly record: AttemptRecord }
  | { readonly kind: "missing" };

/** The right to settle the attempt that `begin` started. */
export interface AttemptHandle {
  readonly claim: Row;
}

/** The platform may be called only after `started`. */
type Begun = { readonly kind: "started"; readonly handle: AttemptHandle } | KeyInUse;

/**
 * Idempotency keys of one account: at most one write for each key, whoever uses it and if several processes share the
 * store. Not one for each caller: a client that retries with a new credential must not send again. Attempts
 * are kept for 72 hours after they were settled; those of unknown outcome are kept until a person settles them. The first
 * reader of an attempt whose lease has ended records that its outcome is unknown. Every method throws StoreError if the
 * store fails.
 */
export interface Attempts extends UnknownAttempts {
  /**
   * Remembers which store this is. If it is emptied or exchanged later, no key can be looked up or claimed any more: a
   * key that has no record may have been used all the same.
   */
  open(): Promise<void>;
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
   * `alongside` is committed with it. A record that was lost meanwhile is written again.
   */
  settle(handle: AttemptHandle, settlement: Settlement, alongside?: Alongside): Promise<SetByPerson | null>;
  /** Null if the key was never used or its attempt was deleted. */
  find(key: string): Promise<AttemptRecord | null>;
  /**
   * Records a person's decision on an attempt of unknown outcome, and with it what it means for the row of a job that made
   * the attempt.
   */
  resolve(key: string, decision: Decision): Promise<Resolution>;
  /** Deletes attempts that were settled more than 72 hours ago, and records outcomes that processes that died left open. */
  sweep(): Promise<void>;
}

const KEPT_MS = 72 * 3_600_000;
const DURABLE = { durable: true };

export interface AttemptsOptions {
  readonly now: () => Date;
  /** Is told of outcomes that `settle` does not record: of a process that died, and those that a person sets. */
  readonly audit: Pick<AuditLog, "draft">;
  /** Called when more is known of a text that goes out. */
  readonly onNews?: () => void;
  /** Called with news of a job, a row of which a decision has changed, as other processes hear it. */
  readonly onJobNews?: (news: string) => void;
  /** Runs when `find` is the first to see that a process died while it carried out an attempt. */
  readonly onAbandoned?: () => Promise<void>;
}

export function createAttempts(
  store: Store,
  {
    now,
    audit,
    onNews = () => undefined,
    onJobNews = () => undefined,
    onAbandoned = async () => undefined,
  }: AttemptsOptions,
): Attempts {
  const update = createUpdate(store, "An attempt");
  const mark = new StoreMark(store);

  /** The attempt as it counts now: none if it is too old, and with an unknown outcome if its lease has ended. */
  async function readCurrent(draft: Draft, key: string): Promise<Row | null> {
    // In one turn, so that one statement asks for both.
    const [row] = await Promise.all([readRow(draft, key), mark.confirmIn(draft)]);
    if (row === null || isForgotten(row)) {
      return null;
    }
    if (!isAbandoned(row)) {
      return row;
    }
    await recordAbandoned(draft, row);
    return revise(draft, row, abandoned());
  }

  function recordAbandoned(draft: Draft, { key, mutation, caller }: Row): Promise<void> {
    // Whom it named, only the process knew that carried it out: the entry is found by its key.
    return audit.draft(draft, { caller, mutation, outcome: "UNKNOWN", idempotencyKey: key, targets: [] });
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

  /** Records an outcome. */
  async function settling<Result>(
    change: (draft: Draft) => Promise<Result>,
    options: CommitOptions = {},
  ): Promise<Result> {
    const result = await update(change, { ...DURABLE, ...options });
    onNews();
    return result;
  }

  async function decide(draft: Draft, key: string, { state, by, startedAt }: Decision): Promise<Resolution> {
    const row = await readCurrent(draft, key);
    if (row === null || (startedAt !== undefined && row.startedAt !== startedAt.getTime())) {
      return { kind: "missing" };
    }
    if (row.state !== "UNKNOWN") {
      return { kind: "not-unknown", record: toRecord(row) };
    }
    await audit.draft(draft, {
      caller: by,
      mutation: "settleAttempt",
      outcome: state,
      idempotencyKey: key,
      targets: [],
    });
    const settledAt = now().getTime();
    const settled = revise(draft, row, { state, message: SETTLED_BY_PERSON, settledAt });
    await draftRowOfAttempt(draft, key, settledAt);
    return { kind: "settled", record: toRecord(settled) };
  }

  const find = (key: string) => update((draft) => readCurrent(draft, key), DURABLE);

  return {
    open: () => mark.remember(update),

    look: async (attempt) => keyInUse(await find(attempt.key), attempt),

    begin: async ({ key, mutation, fingerprint, caller, leaseMilliseconds, outcomeIfConfirmed, outgoing }) => {
      // The start could not, if the store was read-only then.
      await mark.remember(update);
      return update(async (draft) => {
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
          outgoing,
        };
        writeRow(draft, claim);
        return { kind: "started", handle: { claim } };
      }, DURABLE);
    },

    leaseLeft: ({ claim }) => claim.leaseEndsAt - now().getTime(),

    settle: ({ claim }, settlement, alongside) =>
      settling(async (draft) => {
        await alongside?.(draft);
        const row = (await readRow(draft, claim.key)) ?? claim;
        const unlessEqual = (state: SetByPerson) =>
          settlement.state === "UNKNOWN" || settlement.state === state ? null : state;
        if (row.owner !== claim.owner) {
          // The key is in use again: a person set REFUSED, which freed it.
          return unlessEqual("REFUSED");
        }
        if (row.state !== "IN_PROGRESS" && row.state !== "UNKNOWN") {
          return unlessEqual(row.state);
        }
        revise(draft, row, { ...settlement, settledAt: now().getTime() });
        if (row.state === "UNKNOWN" && isFinal(settlement.state)) {
          await draftRowOfAttempt(draft, row.key, now().getTime());
        }
        return null;
      }),

    find: async (key) => {
      const [[text = null]] = await Promise.all([store.get("attempt", [rowKey(key)], QUICK), mark.confirm()]);
      const row = decodeRow<Row>(text);
      const isNewlyAbandoned = row !== null && isAbandoned(row);
      const current = isNewlyAbandoned ? await find(key) : row;
      if (isNewlyAbandoned) {
        await onAbandoned();
      }
      return current === null || isForgotten(current) ? null : toRecord(current);
    },

    ...createUnknownAttempts(store, { update, now, readCurrent, isAbandoned }),

    resolve: async (key, decision) => {
      const ofJob = parseRowKey(key);
      const news = ofJob && writeNews({ id: ofJob.id, isWork: false });
      const resolution = await settling((draft) => decide(draft, key, decision), news === null ? {} : { news });
      if (news !== null) {
        onJobNews(news);
      }
      return resolution;
    },

    sweep: async () => {
      for await (const entries of batchesOf(store)) {
        for (const row of entries.map(({ value }) => decodeRow<Row>(value)).filter(isAbandoned)) {
          await find(row.key);
        }
        const old = entries.filter(({ value }) => isForgotten(decodeRow<Row>(value)));
        // False if one of the keys is used again at this moment. The next sweep deletes the others.
        await store.commit(old.map(({ key, value }): Change => ({ table: "attempt", key, was: value, becomes: null })));
      }
    },
  };
}
