import type { JobId } from "../ids.ts";
import { decisionOn } from "./job-decisions.ts";
import { createJobLeases, type JobLeases, leaseKey } from "./job-leases.ts";
import { JobListeners, type JobNews, writeNews } from "./job-news.ts";
import {
  COUNTED,
  type JobClaim,
  type JobOutcome,
  type JobRecord,
  type JobRowRecord,
  jobKey,
  needsWork,
} from "./job-records.ts";
import { createJobRows, dueKey, type JobRows, rowKey } from "./job-rows.ts";
import type { Change, Range, Store } from "./store.ts";
import { createUpdate, type Draft, decodeRow } from "./update.ts";

export type { JobKind, JobRecord, JobText, JobWait, NumberedRow, QuietHours } from "./job-records.ts";
export { needsWork, parseRowKey, rowKeyOf, rowsUnderWay } from "./job-records.ts";

/** What became of a claimed row: its outcome, or when its turn comes again. */
export type RowResult =
  | { readonly number: number; readonly outcome: JobOutcome }
  /** `isQuiet`: because of quiet hours, which the row shows. */
  | { readonly number: number; readonly dueAt: number; readonly isQuiet: boolean };

/**
 * The jobs of one account. Keys of `job`: `job <id>` is the job, `made <time> <id>` its place among all, and `active <id>`
 * is there while a process must work on it; `lease <id>` says which. A job's counts change in the same commit as its rows.
 * Every method throws StoreError if the store fails.
 */
export interface Jobs extends JobLeases {
  readonly rows: JobRows;
  /** Makes the job, on disk when this returns; the earlier one if there is one of the same id. */
  create(job: JobRecord): Promise<{ readonly job: JobRecord; readonly isNew: boolean }>;
  find(id: JobId): Promise<JobRecord | null>;
  /** Newest first. `after` and `before` are places. */
  list(range: JobRange): Promise<readonly PlacedJob[]>;
  /** The jobs that a process must work on. */
  active(): Promise<JobRecord[]>;
  /** Changes the job as `change` says; null if there is no such job. `change` returns null to change nothing. */
  change(id: JobId, change: (job: JobRecord) => JobRecord | null): Promise<JobRecord | null>;
  /** Marks rows as under way: those `due`, and all up to before `next`. */
  claim(id: JobId, claim: NewClaim): Promise<JobRecord | null>;
  /**
   * Records what became of claimed rows, and with it why the job waits. Of a claim that another process has ended since,
   * only outcomes are recorded. A part leaves the claim with its other rows.
   */
  settle(id: JobId, settled: SettledClaim): Promise<JobRecord | null>;
  /** Calls back when the job may have changed, whichever process changed it, until the returned function is called. */
  onChange(id: JobId, listener: () => void): () => void;
  /** Calls back in the same way when a process may have to begin to work on some job. */
  onWork(listener: () => void): () => void;
  /** Takes what another process told; null: something may have been missed. */
  hear(news: string | null): void;
  /** News may be lost between processes: whoever waits for them looks at least so often. */
  readonly lookMilliseconds: number;
  /** Deletes jobs that ended long enough ago, and sets of rows that no job was made of within a day. */
  sweep(): Promise<void>;
}

export interface NewClaim extends JobClaim {
  readonly due: readonly { readonly number: number; readonly at: number }[];
  readonly next: number;
}

export interface SettledClaim {
  readonly claimId: string;
  readonly results: readonly RowResult[];
  readonly waits: JobRecord["waits"];
  readonly isPart?: boolean;
}

export interface JobRange {
  readonly after?: string;
  readonly before?: string;
  readonly limit: number;
  readonly reverse?: boolean;
}

export interface PlacedJob {
  readonly place: string;
  readonly job: JobRecord;
}

const DAY_MS = 86_400_000;
const MOST_ACTIVE = 1_000;
/** Rows of a dead process are recovered from what its attempts say. */
const PROGRESS = { durable: false, isWork: false };

const activeKey = (id: JobId) => `active ${id}`;
const madeKey = ({ createdAt, id }: JobRecord) => `made ${String(createdAt).padStart(14, "0")} ${id}`;

export interface JobsOptions {
  readonly now: () => Date;
  /** How long jobs are kept after their end. */
  readonly keptMilliseconds: number;
  readonly lookMilliseconds: number;
}

export function createJobs(store: Store, { now, keptMilliseconds, lookMilliseconds }: JobsOptions): Jobs {
  const update = createUpdate(store, "A job");
  const rows = createJobRows(store);
  const listeners = new JobListeners();

  /** Commits by `write`, and tells of it: others with the commit, this process after it. */
  async function telling<Result>(news: JobNews, write: (news: string) => Promise<Result>): Promise<Result> {
    const result = await write(writeNews(news));
    listeners.tell(news);
    return result;
  }

  async function readJobs(ids: readonly JobId[]): Promise<JobRecord[]> {
    const texts = await store.get("job", ids.map(jobKey));
    return texts.flatMap((text) => decodeRow<JobRecord>(text) ?? []);
  }

  /** Writes the job, and whether it needs work. */
  function write(draft: Draft, job: JobRecord): JobRecord {
    draft.write("job", jobKey(job.id), job);
    draft.write("job", activeKey(job.id), needsWork(job) ? 1 : null);
    return job;
  }

  const revise = (
    id: JobId,
    change: (job: JobRecord, draft: Draft) => Promise<JobRecord | null> | JobRecord | null,
    { durable, isWork }: { readonly durable: boolean; readonly isWork: boolean },
  ) =>
    telling({ id, isWork }, (news) =>
      update(
        async (draft) => {
          const [job = null] = await draft.read<JobRecord>("job", [jobKey(id)]);
          if (job === null) {
            return null;
          }
          const changed = await change(job, draft);
          return changed === null ? job : write(draft, changed);
        },
        { durable, news },
      ),
    );

  return {
    rows,

    create: (job) =>
      telling({ id: job.id, isWork: true }, (news) =>
        update(
          async (draft) => {
            const [earlier = null] = await draft.read<JobRecord>("job", [jobKey(job.id)]);
            if (earlier !== null) {
              return { job: earlier, isNew: false };
            }
            draft.write("job", madeKey(job), 1);
            return { job: write(draft, job), isNew: true };
          },
          { durable: true, news },
        ),
      ),

    find: async (id) => (await readJobs([id]))[0] ?? null,

    list: async ({ after, before, limit, reverse = false }) => {
      // The newest job is the last key, so that the list's order is the keys' backwards.
      const range: Range = {
        prefix: "made ",
        limit,
        reverse: !reverse,
        ...(before !== undefined && { after: before }),
        ...(after !== undefined && { before: after }),
      };
      const places = (await store.range("job", range)).map(({ key }) => key);
      const jobs = await readJobs(places.map((place) => place.split(" ").at(-1) as JobId));
      const byId = new Map(jobs.map((job) => [madeKey(job), job]));
      return places.flatMap((place) => {
        const job = byId.get(place);
        return job === undefined ? [] : [{ place, job }];
      });
    },

    active: async () => {
      const entries = await store.range("job", { prefix: "active ", limit: MOST_ACTIVE });
      return entries.length === 0 ? [] : readJobs(entries.map(({ key }) => key.slice("active ".length) as JobId));
    },

    change: (id, change) => revise(id, (job) => change(job), { durable: true, isWork: true }),

    ...createJobLeases(store, now),

    claim: (id, { due, next, ...claim }) =>
      revise(
        id,
        (job, draft) => {
          if (job.state !== "RUNNING" || job.claim !== null) {
            return null;
          }
          for (const row of due) {
            draft.write("job-due", dueKey(job.set, row.at, row.number), null);
          }
          return { ...job, waits: null, next, claim };
        },
        PROGRESS,
      ),

    settle: (id, { claimId, results, waits, isPart = false }) =>
      revise(
        id,
        async (job, draft) => {
          const isOwn = job.claim?.id === claimId;
          const numbers = results.map(({ number }) => number);
          const keys = numbers.map((number) => rowKey(job.set, number));
          const stored = await draft.read<JobRowRecord>("job-row", keys);
          const counts = { ...job.counts };
          for (const [at, result] of results.entries()) {
            const row = stored[at];
            const key = keys[at];
            if (!row || key === undefined || row.outcome !== undefined) {
              continue;
            }
            const { dueAt: _, ...rest } = row;
            if ("outcome" in result) {
              // A person may have been quicker than the rest of the rows.
              const decision =
                result.outcome.state === "UNKNOWN"
                  ? await decisionOn(draft, job, result.number, now().getTime())
                  : null;
              const outcome = decision ?? result.outcome;
              draft.write("job-row", key, { ...rest, outcome });
              counts.waiting -= 1;
              counts[COUNTED[outcome.state]] += 1;
            } else if (isOwn) {
              draft.write("job-row", key, result.isQuiet ? { ...rest, dueAt: result.dueAt } : rest);
              draft.write("job-due", dueKey(job.set, result.dueAt, result.number), 1);
            }
          }
          const isOver = !isPart && job.state !== "CANCELLED" && counts.waiting === 0;
          const left = isPart ? withoutRows(job.claim, numbers) : null;
          return {
            ...job,
            counts,
            claim: isOwn ? left : job.claim,
            waits: isOver || job.state !== "RUNNING" ? null : isOwn ? waits : job.waits,
            ...(isOver && { state: "COMPLETED", endedAt: now().getTime() }),
          } satisfies JobRecord;
        },
        PROGRESS,
      ),

    onChange: (id, listener) => listeners.onChange(id, listener),
    onWork: (listener) => listeners.onWork(listener),
    hear: (news) => listeners.hear(news),
    lookMilliseconds,

    sweep: async () => {
      const time = now().getTime();
      const kept = new Set<string>();
      let after = "";
      for (;;) {
        const entries = await store.range("job", { prefix: "job ", after, limit: 200 });
        for (const job of entries.map(({ value }) => decodeRow<JobRecord>(value))) {
          if (job.endedAt !== null && job.endedAt < time - keptMilliseconds && !needsWork(job)) {
            await rows.delete(job.set);
            const keys = [madeKey(job), jobKey(job.id), leaseKey(job.id)];
            await store.commit(keys.map((key): Change => ({ table: "job", key, becomes: null })));
          } else {
            kept.add(job.set);
          }
        }
        const last = entries.at(-1);
        if (last === undefined) {
          break;
        }
        after = last.key;
      }
      for (const set of (await rows.startedBefore(time - DAY_MS)).filter((each) => !kept.has(each))) {
        await rows.delete(set);
      }
    },
  };
}

function withoutRows(claim: JobClaim | null, numbers: readonly number[]): JobClaim | null {
  const gone = new Set(numbers);
  return claim && { ...claim, rows: claim.rows.filter((number) => !gone.has(number)) };
}
