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

interface ScopeOptions {
  /** Aborts when nobody waits any more, or when the operation's deadline has come. */
  readonly signal: AbortSignal;
  /** When the answer is due, on `performance.now()`'s clock; Infinity if nobody waits for it by a certain time. */
  readonly deadline: () => number;
  /** Is told of every exchange when it has ended, with success or not. */
  readonly record: (call: CallRecord) => void;
}

interface ReadScopeOptions extends ScopeOptions {
  /** True if the read must be a call of its own: it joins no equal read that is under way. */
  readonly isFresh: boolean;
}

/**
 * What making a write twice means. `send` (texts people or makes work for them) and `creation`: it is done twice.
 * `change`: the second time changes nothing more.
 */
export type WriteKind = "send" | "creation" | "change";

interface WriteScopeOptions extends ScopeOptions {
  readonly kind: WriteKind;
  /**
   * Milliseconds until others may take the write for abandoned; Infinity for a write without a lease. It is asked right
   * before the first byte of every attempt goes out.
   */
  readonly leaseLeft: () => number;
  /**
   * Runs before every attempt. Throws if the write must not be made; that the attempt was not made is then certain.
   */
  readonly checkBeforeAttempt: () => Promise<void>;
}

/** On whose behalf reads are made. It ends them when its signal aborts. */
export class ReadScope {
  readonly signal: AbortSignal;
  readonly isFresh: boolean;
  readonly record: (call: CallRecord) => void;
  // Private members also make TypeScript refuse anything that the constructor did not make, a spread of a scope included.
  readonly #deadline: () => number;

  constructor({ signal, deadline, isFresh, record }: ReadScopeOptions) {
    this.signal = signal;
    this.isFresh = isFresh;
    this.record = record;
    this.#deadline = deadline;
  }

  get deadline(): number {
    return this.#deadline();
  }

  /** Milliseconds. */
  timeLeft(): number {
    return this.#deadline() - performance.now();
  }
}

/** On whose behalf one write is made. Its signal keeps the write from being begun, and never ends one that has begun. */
export class WriteScope {
  readonly kind: WriteKind;
  readonly signal: AbortSignal;
  readonly record: (call: CallRecord) => void;
  readonly checkBeforeAttempt: () => Promise<void>;
  readonly #deadline: () => number;
  readonly #leaseLeft: () => number;

  constructor({ kind, signal, deadline, leaseLeft, checkBeforeAttempt, record }: WriteScopeOptions) {
    this.kind = kind;
    this.signal = signal;
    this.record = record;
    this.checkBeforeAttempt = checkBeforeAttempt;
    this.#deadline = deadline;
    this.#leaseLeft = leaseLeft;
  }

  /** Milliseconds in which the write must have ended. */
  timeLeft(): number {
    return Math.min(this.#deadline() - performance.now(), this.#leaseLeft());
  }
}

export type CallScope = ReadScope | WriteScope;

/** What a list read gives: the rows that have an id, and how many had none. */
export interface Rows<Row> {
  readonly rows: readonly Row[];
  readonly skipped: number;
}
