import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import type { Services } from "../context.ts";
import { PlatformError, RateLimitedError, StoreError } from "../errors.ts";
import type { JobOutcome } from "../store/job-records.ts";
import { type JobRecord, type NumberedRow, type RowResult, rowKeyOf } from "../store/jobs.ts";

/** How the rows of one job are carried out. */
export interface WorkOptions {
  readonly services: Pick<Services, "jobs" | "attempts" | "now" | "warn">;
  /** Rows that are carried out at once. */
  readonly rowsAtOnce: number;
  readonly carryOut: CarryOutRow;
  /** Whether no further row of the job may be begun, whatever its state. */
  readonly mustHalt: (job: JobRecord) => boolean;
}

/**
 * Carries out a row. It asks `mayWrite` when all is read that the row needs, right before its write, and returns null if
 * that says no: the row was not begun.
 */
type CarryOutRow = (job: JobRecord, row: NumberedRow, mayWrite: () => Promise<boolean>) => Promise<RowResult | null>;

/** What a step came to: another step may follow at once, or the job has nothing to do for now. */
export type Step = "more" | "idle";

const FIRST_ROWS = 16;
const MOST_ROWS = 400;
/** A step is meant to take about so long. One that takes longer, because a platform is slow, records what is done so often. */
const STEP_MS = 500;
const FIRST_WAIT_MS = 5_000;
const LONGEST_WAIT_MS = 120_000;
/** Attempts are kept for 72 hours: after nearly as long, a missing one says nothing. */
const ATTEMPTS_KEPT_MS = 71 * 3_600_000;

/** One process's work on one job, while it has the lease. */
export class Work {
  readonly #options: WorkOptions;
  #rowsAtOneStep = FIRST_ROWS;
  #failures = 0;

  constructor(options: WorkOptions) {
    this.#options = options;
  }

  /** Carries out some rows. Throws StoreError: what was under way then is found by the next step. */
  async step(job: JobRecord): Promise<Step> {
    const { jobs } = this.#options.services;
    if (job.claim !== null) {
      await this.#recover(job, job.claim);
      return "more";
    }
    if (job.state !== "RUNNING" || (job.waits !== null && job.waits.until > this.#time())) {
      return "idle";
    }
    const { due, fresh } = await this.#nextRows(job);
    const rows = [...due.rows, ...fresh];
    if (rows.length === 0 && due.keys.length === 0) {
      return this.#wait(job);
    }
    // Rows that were refused when the job was made are passed over.
    const waiting = rows.filter(({ outcome }) => outcome === undefined);
    const atOnce = this.#options.rowsAtOnce;
    const claim = { id: randomUUID(), rows: waiting.map(({ number }) => number), atOnce, at: this.#time() };
    const next = (fresh.at(-1)?.number ?? job.next - 1) + 1;
    const claimed = await jobs.claim(job.id, { ...claim, due: due.keys, next });
    if (claimed?.claim?.id !== claim.id) {
      return "more";
    }
    const startedAt = performance.now();
    const { results, waits } = await this.#carryOutAll(claimed, waiting, claim.id);
    await jobs.settle(job.id, { claimId: claim.id, results, waits });
    const isSlow = performance.now() - startedAt > STEP_MS;
    const rowsNow = this.#rowsAtOneStep;
    this.#rowsAtOneStep = isSlow ? Math.max(FIRST_ROWS / 2, rowsNow / 2) : Math.min(MOST_ROWS, rowsNow * 2);
    return "more";
  }

  #time(): number {
    return this.#options.services.now().getTime();
  }

  /** Rows whose turn has come again, then those that were never looked at. */
  async #nextRows(job: JobRecord) {
    const { rows } = this.#options.services.jobs;
    const keys = await rows.due(job.set, this.#time(), this.#rowsAtOneStep);
    const dueRows = await rows.get(
      job.set,
      keys.map(({ number }) => number),
    );
    const limit = this.#rowsAtOneStep - keys.length;
    const fresh = limit > 0 ? await rows.read(job.set, { after: job.next - 1, limit }) : [];
    return { due: { keys, rows: dueRows.filter((row) => row !== null) }, fresh };
  }

  /** Notes until when no row's turn comes. */
  async #wait(job: JobRecord): Promise<Step> {
    const { jobs, warn } = this.#options.services;
    const until = await jobs.rows.nextDue(job.set);
    if (until === null) {
      warn("a job has rows without an outcome that cannot be found", null);
      await jobs.change(job.id, (current) => ({ ...current, state: "PAUSED", pauseReason: "ROWS_MISSING" }));
      return "idle";
    }
    const [first] = await jobs.rows.due(job.set, until, 1);
    const [row = null] = first === undefined ? [] : await jobs.rows.get(job.set, [first.number]);
    const reason = row?.dueAt === undefined ? "PLATFORM" : "QUIET_HOURS";
    await jobs.change(job.id, (current) =>
      current.state === "RUNNING" ? { ...current, waits: { for: reason, until } } : null,
    );
    return "idle";
  }

  /** Returns the results that are not recorded yet. */
  async #carryOutAll(job: JobRecord, rows: readonly NumberedRow[], claimId: string) {
    const { jobs } = this.#options.services;
    const results: RowResult[] = [];
    let waits: JobRecord["waits"] = null;
    let isHalted = false;
    const waiting = [...rows];
    const untouched = (number: number): RowResult => ({ number, dueAt: this.#time(), isQuiet: false });
    const mayWrite = async () => {
      isHalted ||= await this.#mustHalt(job);
      return !isHalted;
    };
    const next = async (): Promise<void> => {
      for (let row = waiting.shift(); row !== undefined; row = waiting.shift()) {
        try {
          isHalted ||= this.#options.mustHalt(job);
          const result = isHalted ? null : await this.#options.carryOut(job, row, mayWrite);
          results.push(result ?? untouched(row.number));
          this.#failures = 0;
        } catch (error) {
          isHalted = true;
          const reason = this.#reasonToWait(error);
          waits ??= reason;
          const dueAt = error instanceof RateLimitedError ? this.#time() : reason.until;
          results.push({ number: row.number, dueAt, isQuiet: false });
        }
      }
    };
    let recorded = 0;
    const over = new AbortController();
    const recording = repeat(STEP_MS, over.signal, async () => {
      const done = results.slice(recorded);
      if (done.length > 0) {
        const part = { claimId, results: done, waits: null, isPart: true };
        // If it fails, the next part has them too: recording twice changes nothing.
        const isRecorded = await jobs.settle(job.id, part).then(
          () => true,
          () => false,
        );
        recorded += isRecorded ? done.length : 0;
      }
    });
    await Promise.all(Array.from({ length: this.#options.rowsAtOnce }, next));
    over.abort();
    await recording;
    return { results: results.slice(recorded), waits };
  }

  /**
   * Whether the job was paused or cancelled, or no row may be begun. The store is asked for each row, and no message is
   * trusted, because a lost one would text people after `cancelJob` has answered that no further row is begun. It costs one
   * read, which rows under way at the same time share; a row's write costs two durable commits and a platform call.
   */
  async #mustHalt(job: JobRecord): Promise<boolean> {
    return this.#options.mustHalt(job) || (await this.#options.services.jobs.find(job.id))?.state !== "RUNNING";
  }

  #reasonToWait(error: unknown): NonNullable<JobRecord["waits"]> {
    if (error instanceof RateLimitedError) {
      // What rows have read that come too early is read again, so few are begun until the limit has room.
      this.#rowsAtOneStep = 1;
      return { for: "RATE_LIMIT", until: this.#time() + 1_000 * error.retryAfterSeconds };
    }
    if (!(error instanceof PlatformError) && !(error instanceof StoreError)) {
      this.#options.services.warn("a row of a job failed", error);
    }
    const own = Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** this.#failures);
    this.#failures += 1;
    const asked = error instanceof PlatformError ? 1_000 * (error.retryAfterSeconds ?? 0) : 0;
    return { for: "PLATFORM", until: this.#time() + Math.max(own, asked) };
  }

  /** Finds out what became of rows that a process had under way when it died or lost its lease. */
  async #recover({ id, set, kind, groupIds = [] }: JobRecord, claim: NonNullable<JobRecord["claim"]>): Promise<void> {
    const { jobs, attempts } = this.#options.services;
    const rows = (await jobs.rows.get(set, claim.rows)).filter((row) => row !== null && row.outcome === undefined);
    const results: RowResult[] = [];
    const hasMore = kind === "IMPORT_PARTICIPANTS" && groupIds.length > 0;
    for (const row of rows) {
      const number = row?.number ?? 0;
      const attempt = await attempts.find(rowKeyOf(id, number));
      // A participant who was created may not be in the groups yet: the row's further keys say how far it came.
      const isOpen = attempt === null || (hasMore && attempt.state === "ACCEPTED");
      const outcome = isOpen ? this.#outcomeOfMissing(claim.at) : outcomeOfAttempt(attempt, this.#time());
      results.push(outcome === null ? { number, dueAt: this.#time(), isQuiet: false } : { number, outcome });
    }
    await jobs.settle(id, { claimId: claim.id, results, waits: null });
  }

  /** A row without an attempt was not begun, or not to its end, unless its attempts were deleted since. */
  #outcomeOfMissing(claimedAt: number): JobOutcome | null {
    const at = this.#time();
    const message = "The server stopped while the row was under way, and came back after its record was deleted.";
    return at - claimedAt < ATTEMPTS_KEPT_MS ? null : { state: "UNKNOWN", code: "OUTCOME_UNKNOWN", message, at };
  }
}

/** Does the work again and again, so many milliseconds after the last time, until the signal aborts. */
async function repeat(milliseconds: number, signal: AbortSignal, work: () => Promise<void>): Promise<void> {
  for (;;) {
    await sleep(milliseconds, undefined, { signal }).catch(() => undefined);
    if (signal.aborted) {
      return;
    }
    await work();
  }
}

/** Null if the row may be tried again: with the same key, it is not carried out twice. */
function outcomeOfAttempt(
  {
    state,
    message,
    settledAt,
  }: { readonly state: string; readonly message: string | null; readonly settledAt: Date | null },
  now: number,
): JobOutcome | null {
  const at = settledAt?.getTime() ?? now;
  switch (state) {
    case "ACCEPTED":
      return { state, code: null, message: null, at };
    case "UNKNOWN":
      return { state, code: "OUTCOME_UNKNOWN", message, at };
    default:
      return null;
  }
}
