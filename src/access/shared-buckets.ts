import type { Store } from "../store/store.ts";
import { createUpdate } from "../store/update.ts";
import { type Bucket, type BucketLimits, takeFrom } from "./buckets.ts";

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
