import type { JobId } from "../ids.ts";
import { writeNews } from "./job-news.ts";
import type { Change, Store } from "./store.ts";
import { decodeRow } from "./update.ts";

/** A process's right to work on a job. */
interface JobLease {
  readonly id: JobId;
  readonly owner: string;
}

export interface JobLeases {
  /** Takes the right to work on a job, or keeps it, for so many milliseconds; false if another process has it. */
  lease(lease: JobLease, milliseconds: number): Promise<boolean>;
  /** Gives the right back. `tells`: other processes hear of it, because there is work left. */
  release(lease: JobLease, options: { readonly tells: boolean }): Promise<void>;
}

/** A row of `lease`. */
interface LeaseRow {
  readonly owner: string;
  readonly endsAt: number;
}

export function leaseKey(id: JobId): string {
  return `lease ${id}`;
}

export function createJobLeases(store: Store, now: () => Date): JobLeases {
  return {
    lease: async ({ id, owner }, milliseconds) => {
      const key = leaseKey(id);
      const [text = null] = await store.get("job", [key]);
      const row = decodeRow<LeaseRow>(text);
      const time = now().getTime();
      // A lease that ends later than any could was taken by a clock that was put back since.
      if (row !== null && row.owner !== owner && row.endsAt > time && row.endsAt <= time + 2 * milliseconds) {
        return false;
      }
      const becomes = JSON.stringify({ owner, endsAt: time + milliseconds } satisfies LeaseRow);
      return store.commit([{ table: "job", key, was: text, becomes }]);
    },

    release: async ({ id, owner }, { tells }) => {
      const [text = null] = await store.get("job", [leaseKey(id)]);
      if (decodeRow<LeaseRow>(text)?.owner === owner) {
        const change: Change = { table: "job", key: leaseKey(id), was: text, becomes: null };
        await store.commit([change], tells ? { news: writeNews({ id, isWork: true }) } : {});
      }
    },
  };
}
