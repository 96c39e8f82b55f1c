import { randomUUID } from "node:crypto";
import { LRUCache } from "lru-cache";
import type { Store } from "../store/store.ts";
import { createUpdate } from "../store/update.ts";
import {
  type Bucket,
  type BucketLimits,
  type CallerBuckets,
  MOST_CALLERS,
  refill,
  takeFrom,
  waitFor,
} from "./buckets.ts";

/** Share of what can be taken at once that a replica takes without asking the others: what it has not reported yet. */
const SLICE = 0.1;
/** The longest wait for the database. */
const MOMENT_MS = 500;
/** The least time between two looks for a caller who has too little. */
const LOOK_MS = 250;
/** The least time between two tries while no look succeeds. */
const RETRY_MS = 1_000;
/** After so long without an operation, what a caller took here and was not reported is forgotten. */
const FORGOTTEN_MS = 60_000;

/** A row of `bucket`: what the replicas have reported, and when each of them last did (milliseconds since 1970). */
interface Row extends Bucket {
  readonly replicas: Readonly<Record<string, number>>;
}

/** What a replica knows of a caller. */
interface Account {
  /** The shared bucket as last seen, less what was taken here since. */
  readonly view: Bucket;
  /** What was taken here and is not in the shared bucket yet; negative for what was given back. */
  unreported: number;
  /** Replicas that served the caller within the last minute, this one included. */
  replicas: number;
  lookedAt: number;
  usedAt: number;
  isLooking: boolean;
  waiting: Waiting[];
}

/** An amount that the shared bucket decides about. */
interface Waiting {
  readonly amount: number;
  readonly resolve: (retryAfter: number) => void;
  /** True if the share of this replica has decided, because the database did not answer in time. */
  isAnswered: boolean;
}

interface ReportedBucketsOptions {
  readonly store: Store;
  /** What is counted: each has buckets of its own. */
  readonly unit: "calls" | "objects";
  readonly now: () => Date;
  /** Milliseconds of a clock that never goes back. */
  readonly clock: () => number;
}

/**
 * Buckets that all replicas take from, without a statement for each operation: a replica lets a caller take a slice by
 * itself, a tenth of what can be taken at once, and reports it to the shared bucket behind the operations. Larger amounts,
 * and all where too little is left, are decided by the shared bucket. So with n replicas a caller can take at most
 * n + 1 slices more than with one bucket.
 *
 * If the database does not answer, each replica goes on with its share: the limit divided by the replicas that served
 * the caller when it last did.
 */
export class ReportedBuckets implements CallerBuckets {
  readonly #options: ReportedBucketsOptions;
  readonly #update: ReturnType<typeof createUpdate>;
  readonly #replica = randomUUID();
  readonly #byCaller = new LRUCache<string, Account>({ max: MOST_CALLERS });
  /** As last read, for callers of whom nothing was read yet. */
  #replicas = 1;
  /** True if the last look failed or took too long. */
  #isCutOff = false;
  #triedAt = Number.NEGATIVE_INFINITY;

  constructor(options: ReportedBucketsOptions) {
    this.#options = options;
    this.#update = createUpdate(options.store, "A rate limit");
  }

  /** Like `Buckets.take`; at once where nobody needs to be asked. Never throws. */
  take(caller: string, amount: number, limits: BucketLimits): number | Promise<number> {
    const account = this.#account(caller, limits);
    const now = this.#options.clock();
    account.usedAt = now;
    if (this.#isCutOff) {
      this.#tryAgain(caller, account, limits);
      return this.#takeShare(account, amount, limits);
    }
    const wait = waitFor(account.view, amount, limits);
    if (wait === 0 && (amount === 0 || account.unreported + amount <= SLICE * limits.atOnce)) {
      account.view.left -= amount;
      account.unreported += amount;
      return 0;
    }
    if (wait > 0 && now - account.lookedAt < LOOK_MS) {
      return wait;
    }
    return new Promise((resolve) => {
      account.waiting.push({ amount, resolve, isAnswered: false });
      this.#look(caller, account, limits);
    });
  }

  /** Like `Buckets.giveBack`. */
  giveBack(caller: string, amount: number, limits: BucketLimits): void {
    const account = this.#account(caller, limits);
    account.view.left = Math.min(limits.atOnce, account.view.left + amount);
    account.unreported -= amount;
    if (this.#mustReport(account, limits)) {
      this.#look(caller, account, limits);
    }
  }

  /** Like `Buckets.left`, as far as this replica knows. */
  left(caller: string, limits: BucketLimits): number {
    return Math.max(0, Math.floor(this.#account(caller, limits).view.left));
  }

  #account(caller: string, limits: BucketLimits): Account {
    const now = this.#options.clock();
    let account = this.#byCaller.get(caller);
    if (account === undefined || (now - account.usedAt > FORGOTTEN_MS && !account.isLooking)) {
      account = {
        view: { left: limits.atOnce, countedAt: now },
        unreported: 0,
        replicas: this.#replicas,
        lookedAt: Number.NEGATIVE_INFINITY,
        usedAt: now,
        isLooking: false,
        waiting: [],
      };
      this.#byCaller.set(caller, account);
    }
    refill(account.view, now, this.#isCutOff ? shareOf(limits, account) : limits);
    return account;
  }

  /** Reports, and lets the shared bucket decide about who waits. One look at a time; the next one takes who came meanwhile. */
  #look(caller: string, account: Account, limits: BucketLimits): void {
    if (!account.isLooking) {
      account.isLooking = true;
      void this.#lookUntilDone(caller, account, limits);
    }
  }

  async #lookUntilDone(caller: string, account: Account, limits: BucketLimits): Promise<void> {
    do {
      const waiting = account.waiting;
      account.waiting = [];
      const late = setTimeout(() => this.#fail(account, [...waiting, ...account.waiting], limits), MOMENT_MS).unref();
      try {
        await this.#lookOnce(caller, account, limits, waiting);
      } catch {
        this.#fail(account, [...waiting, ...account.waiting], limits);
        account.waiting = [];
      } finally {
        clearTimeout(late);
      }
    } while (account.waiting.length > 0 || this.#mustReport(account, limits));
    account.isLooking = false;
  }

  #mustReport({ unreported }: Account, { atOnce }: BucketLimits): boolean {
    return !this.#isCutOff && Math.abs(unreported) > (SLICE * atOnce) / 2;
  }

  async #lookOnce(caller: string, account: Account, limits: BucketLimits, waiting: readonly Waiting[]): Promise<void> {
    const { unreported } = account;
    const { left, replicas, waits } = await this.#settle(caller, limits, unreported, waiting);
    const now = this.#options.clock();
    this.#isCutOff = false;
    this.#replicas = replicas;
    account.replicas = replicas;
    account.lookedAt = now;
    account.unreported -= unreported;
    for (const [at, { amount, isAnswered, resolve }] of waiting.entries()) {
      const wait = waits[at] ?? 0;
      if (isAnswered && wait === 0) {
        // It was not waited for: whoever got it has it from the share.
        account.unreported -= amount;
      }
      resolve(wait);
    }
    account.view.left = Math.min(limits.atOnce, left - account.unreported);
    account.view.countedAt = now;
  }

  /** Applies to the shared bucket what was taken here, and takes from it for those who wait. Throws StoreError. */
  #settle(caller: string, limits: BucketLimits, unreported: number, waiting: readonly Waiting[]) {
    const key = JSON.stringify([this.#options.unit, caller]);
    return this.#update(async (draft) => {
      const now = this.#options.now().getTime();
      const [kept = null] = await draft.read<Row>("bucket", [key]);
      const bucket: Bucket = { left: kept?.left ?? limits.atOnce, countedAt: kept?.countedAt ?? now };
      refill(bucket, now, limits);
      bucket.left = Math.min(limits.atOnce, bucket.left - Math.min(0, unreported));
      const isGiven = waiting.map(({ amount }) => takeFrom(bucket, now, amount, limits) === 0);
      // Only now, so that a caller who was told by another replica when to come is served here when it comes.
      bucket.left -= Math.max(0, unreported);
      const recent = Object.entries(kept?.replicas ?? {}).filter(([, at]) => now - at < FORGOTTEN_MS);
      const replicas = { ...Object.fromEntries(recent), [this.#replica]: now };
      draft.write("bucket", key, { ...bucket, replicas } satisfies Row);
      return {
        left: bucket.left,
        replicas: Object.keys(replicas).length,
        waits: waiting.map(({ amount }, at) => (isGiven[at] ? 0 : takeFrom(bucket, now, amount, limits))),
      };
    });
  }

  /** Nobody waits any longer for a database that does not answer. */
  #fail(account: Account, waiting: readonly Waiting[], limits: BucketLimits): void {
    this.#isCutOff = true;
    this.#triedAt = this.#options.clock();
    for (const each of waiting) {
      if (!each.isAnswered) {
        each.isAnswered = true;
        each.resolve(this.#takeShare(account, each.amount, limits));
      }
    }
  }

  #tryAgain(caller: string, account: Account, limits: BucketLimits): void {
    const now = this.#options.clock();
    if (now - this.#triedAt >= RETRY_MS) {
      this.#triedAt = now;
      this.#look(caller, account, limits);
    }
  }

  #takeShare(account: Account, amount: number, limits: BucketLimits): number {
    const wait = takeFrom(account.view, this.#options.clock(), amount, shareOf(limits, account));
    if (wait === 0) {
      // Of a long time without the database, no more is reported later than at any other time.
      account.unreported = Math.min(account.unreported + amount, SLICE * limits.atOnce);
    }
    return wait;
  }
}

function shareOf({ perMinute, atOnce }: BucketLimits, { replicas }: Account): BucketLimits {
  return { perMinute: perMinute / replicas, atOnce: atOnce / replicas };
}
