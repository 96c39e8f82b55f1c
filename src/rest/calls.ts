import type { Platform } from "../errors.ts";

/** One HTTP exchange with a platform, as `extensions.platforms` and the logs tell it: no URL, no header, no body. */
export interface CallRecord {
  readonly platform: Platform;
  /** Method and route template, as the documents write it: `GET /contact/{id}`. */
  readonly route: string;
  readonly milliseconds: number;
  /** HTTP status, null where no answer came. */
  readonly status: number | null;
  /** Rows of a list that were left out because they had no usable id. */
  readonly skippedRows: number;
}

/** On whose behalf calls are made: one per operation. */
export interface CallScope {
  /** Aborts when nobody waits any more, or when the operation's deadline has come. */
  readonly signal: AbortSignal;
  /**
   * When the answer is due, on `performance.now()`'s clock, where that is known: it decides whether waiting as long as
   * a platform asks (`Retry-After`) makes sense, and for how long a write may be under way, which the signal does not
   * end once it has begun.
   */
  readonly deadline?: number | undefined;
  /**
   * Milliseconds for which whoever writes still has the right to: asked right before a write's first byte goes out,
   * whatever was waited for since. Left out: nothing limits it.
   */
  readonly leaseLeft?: (() => number) | undefined;
  /**
   * Asked before every attempt at a write, whatever was waited for since: throws why it must not be made, which proves
   * that this attempt was not. Left out: nothing forbids it.
   */
  readonly mayGo?: (() => Promise<void>) | undefined;
  /** True: a read that is under way already, begun by others, is not good enough. */
  readonly isFresh?: boolean | undefined;
  /** Told of every exchange when it has ended, however it ended. */
  readonly record: (call: CallRecord) => void;
}

/** What a list read gives: the rows that have an id, and how many had none. */
export interface Rows<Row> {
  readonly rows: readonly Row[];
  readonly skipped: number;
}
