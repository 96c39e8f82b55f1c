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
   * a platform asks (`Retry-After`) makes sense. The signal alone ends anything.
   */
  readonly deadline?: number | undefined;
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
