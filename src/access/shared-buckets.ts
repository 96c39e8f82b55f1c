import type { Change, Store } from "../store/store.ts";
import { createUpdate, decodeRow } from "../store/update.ts";
import { type Bucket, type BucketLimits, takeFrom } from "./buckets.ts";

const HOUR_MS = 3_600_000;
/** However much more than its capacity was taken from a bucket, it is full again. */
const FULL_MS = 30 * 24 * HOUR_MS;
const BATCH = 100;

/** Buckets that all processes on a store take from: exact, with one read and one commit for each take. */
export class SharedBuckets {
  readonly #update: ReturnType<typeof createUpdate>;
  readonly #now: () => Date;

  constructor(store: Store, now: () => Date) {
    this.#update = createUpdate(store, "A rate limit");
    this.#now = now;
  }

  /** Like `Buckets.take`. Throws StoreError. */
  take(caller: string, amount: number, limits: BucketLimits): Promise<number> {
    const key = JSON.stringify(caller);
    return this.#update(async (draft) => {
      const now = this.#now().getTime();
      const [kept = null] = await draft.read<Bucket>("bucket", [key]);
      const bucket = kept ?? { left: limits.atOnce, countedAt: now };
      const wait = takeFrom(bucket, now, amount, limits);
      if (wait === 0) {
        draft.write("bucket", key, bucket);
      }
      return wait;
    });
  }
}

/** Deletes the rows of buckets that are full again, because nobody has taken from them for long. Throws StoreError. */
export async function forgetFullBuckets(store: Store, now: Date): Promise<void> {
  let after: string | undefined;
  do {
    const entries = await store.range("bucket", { ...(after !== undefined && { after }), limit: BATCH });
    const full = entries.filter(({ value }) => {
      const { left, countedAt } = decodeRow<Bucket>(value);
      return now.getTime() - countedAt > (left >= 0 ? HOUR_MS : FULL_MS);
    });
    // False if one of them was taken from at this moment. The next sweep deletes the others.
    await store.commit(full.map(({ key, value }): Change => ({ table: "bucket", key, was: value, becomes: null })));
    after = entries.at(-1)?.key;
  } while (after !== undefined);
}
