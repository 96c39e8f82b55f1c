import { LRUCache } from "lru-cache";
import { RateLimitedError } from "../errors.ts";
import type { Caller } from "./caller.ts";

export interface BucketLimits {
  /** Amount that is restored in a minute. */
  readonly perMinute: number;
  /** The most that can be taken at once. */
  readonly atOnce: number;
}

export interface Bucket {
  left: number;
  countedAt: number;
}

/** What callers' calls and objects are taken from. */
export interface CallerBuckets {
  /**
   * Takes an amount and returns 0. If there is too little, takes nothing and returns the seconds until there is enough.
   * An amount beyond the capacity is taken from a full bucket, which then takes longer to refill.
   */
  take(caller: string, amount: number, limits: BucketLimits): number | Promise<number>;
  /** Returns what was taken and not used. A negative amount was used in addition to what was taken. */
  giveBack(caller: string, amount: number, limits: BucketLimits): void;
  /** What can be taken now; never less than 0. */
  left(caller: string, limits: BucketLimits): number;
}

/** The most callers that are remembered. A forgotten one has a full bucket again. */
export const MOST_CALLERS = 10_000;

/** This share of a bucket may be missing, because sums of small amounts are not exact. */
const INEXACT = 1e-9;

/** A token bucket for each caller: it is refilled steadily, up to its capacity. */
export class Buckets implements CallerBuckets {
  readonly #now: () => number;
  readonly #byCaller = new LRUCache<string, Bucket>({ max: MOST_CALLERS });

  /** `now`: milliseconds. If its clock goes back, no time passes until it is where it was. */
  constructor(now: () => number) {
    this.#now = now;
  }

  take(caller: string, amount: number, limits: BucketLimits): number {
    const bucket = this.#bucket(caller, limits);
    return takeFrom(bucket, bucket.countedAt, amount, limits);
  }

  giveBack(caller: string, amount: number, limits: BucketLimits): void {
    const bucket = this.#bucket(caller, limits);
    bucket.left = Math.min(limits.atOnce, bucket.left + amount);
  }

  left(caller: string, limits: BucketLimits): number {
    return Math.max(0, Math.floor(this.#bucket(caller, limits).left));
  }

  #bucket(caller: string, limits: BucketLimits): Bucket {
    const now = this.#now();
    let bucket = this.#byCaller.get(caller);
    if (bucket === undefined) {
      bucket = { left: limits.atOnce, countedAt: now };
      this.#byCaller.set(caller, bucket);
    }
    refill(bucket, now, limits);
    return bucket;
  }
}

/** Takes an amount from a bucket: see `CallerBuckets.take`. */
export function takeFrom(bucket: Bucket, now: number, amount: number, limits: BucketLimits): number {
  refill(bucket, now, limits);
  const wait = waitFor(bucket, amount, limits);
  if (wait === 0) {
    bucket.left -= amount;
  }
  return wait;
}

/** Seconds until the amount can be taken from a bucket that has just been refilled; 0 if it can now. */
export function waitFor({ left }: Bucket, amount: number, { atOnce, perMinute }: BucketLimits): number {
  const missing = Math.min(amount, atOnce) - left;
  return missing > INEXACT * atOnce ? Math.max(1, Math.ceil((missing * 60) / perMinute)) : 0;
}

/** Adds what is restored until now. */
export function refill(bucket: Bucket, now: number, { perMinute, atOnce }: BucketLimits): void {
  if (now > bucket.countedAt) {
    bucket.left += ((now - bucket.countedAt) * perMinute) / 60_000;
    bucket.countedAt = now;
  }
  bucket.left = Math.min(atOnce, bucket.left);
}

/** Share of a minute's recipients that a caller may text at once. */
const RECIPIENTS_AT_ONCE = 0.25;

/**
 * Returns the function that counts the people whom a caller is about to text, against its own limit or else
 * `perMinute`. It throws RateLimitedError if they are too many for now, and what the buckets throw. While authentication
 * is off there is no limit.
 */
export function createRecipientLimit(
  perMinute: number,
  buckets: Pick<CallerBuckets, "take">,
): (caller: Caller, count: number) => Promise<void> {
  return async ({ id, isAnonymous, recipientsPerMinute }, count) => {
    if (isAnonymous || count === 0) {
      return;
    }
    const own = recipientsPerMinute ?? perMinute;
    const retryAfter = await buckets.take(id, count, { perMinute: own, atOnce: own * RECIPIENTS_AT_ONCE });
    if (retryAfter > 0) {
      throw new RateLimitedError("recipients", retryAfter);
    }
  };
}
