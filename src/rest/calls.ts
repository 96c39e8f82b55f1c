import type { Platform } from "../errors.ts";

/**
 * One HTTP exchange with a platform, as shown in `extensions.platforms` and the logs: without URL, headers and body.
 */
export interface CallRecord {
  readonly platform: Platform;
  /** Method and route template, as the documents write it: `GET /contact/{id}`. */
  readonly route: string;
  readonly milliseconds: number;
  /** HTTP status; null if there was no answer. */
  readonly status: number | null;
  /** Rows of a list that were left out because they had no usable id. */
  readonly skippedRows: number;
}

/** Says that something is over. An AbortSignal is one too. */
export interface StopSignal {
  readonly aborted: boolean;
  readonly reason: unknown;
  addEventListener(type: "abort", listener: StopListener): void;
  removeEventListener(type: "abort", listener: StopListener): void;
}

type StopListener = (() => void) | { handleEvent(): void };

/** A signal, and what aborts it: for every operation and every call, for which an AbortController costs too much. */
export class Stop implements StopSignal {
  aborted = false;
  reason: unknown = undefined;
  #listeners: StopListener[] | null = null;

  abort(reason: unknown): void {
    if (this.aborted) {
      return;
    }
    this.aborted = true;
    this.reason = reason;
    const listeners = this.#listeners ?? [];
    this.#listeners = null;
    for (const listener of listeners) {
      typeof listener === "function" ? listener() : listener.handleEvent();
    }
  }

  addEventListener(_type: "abort", listener: StopListener): void {
    if (this.#listeners === null) {
      this.#listeners = [listener];
    } else {
      this.#listeners.push(listener);
    }
  }

  removeEventListener(_type: "abort", listener: StopListener): void {
    const at = this.#listeners?.indexOf(listener) ?? -1;
    if (at >= 0) {
      this.#listeners?.splice(at, 1);
    }
  }
}

interface ScopeOptions {
  /** Aborts when nobody waits any more, or at the operation's deadline. */
  readonly signal: StopSignal;
  /** The deadline of the answer on the clock of `performance.now()`; Infinity if there is none. */
  readonly deadline: () => number;
  /** Called with every exchange when it has ended, successfully or not. */
  readonly record: (call: CallRecord) => void;
}

/** A read that was under way already, and that an operation waited for instead of making a call of its own. */
export interface SharedRecord extends Pick<CallRecord, "platform" | "route"> {
  readonly shared: true;
}

interface ReadScopeOptions extends ScopeOptions {
  /** True if the read must be a call of its own and join no equal running read. */
  readonly isFresh: boolean;
  /** Called when it joins a running read; undefined if nobody wants to know. */
  readonly onShared?: ((read: SharedRecord) => void) | undefined;
}

/**
 * What happens if a write is made twice. `send` (texts people or makes work for them) and `creation`: it is done twice.
 * `change`: the second time changes nothing more.
 */
export type WriteKind = "send" | "creation" | "change";

interface WriteScopeOptions extends ScopeOptions {
  readonly kind: WriteKind;
  /**
   * Milliseconds until the write's lease ends; Infinity for a write without a lease. Called right before the first byte
   * of every attempt is sent.
   */
  readonly leaseLeft: () => number;
  /** Runs before every attempt. If it throws, the attempt is not made. */
  readonly checkBeforeAttempt: () => Promise<void>;
}

/** The scope of a call: who waits for it, and until when. */
abstract class Scope {
  readonly signal: StopSignal;
  readonly record: (call: CallRecord) => void;
  // Because of the private members, TypeScript accepts only what the constructor made, and no spread of a scope.
  readonly #deadline: () => number;

  constructor({ signal, deadline, record }: ScopeOptions) {
    this.signal = signal;
    this.record = record;
    this.#deadline = deadline;
  }

  get deadline(): number {
    return this.#deadline();
  }

  /** Milliseconds within which the call must end. */
  timeLeft(): number {
    return this.#deadline() - performance.now();
  }
}

/** The scope of reads. They end when its signal aborts. */
export class ReadScope extends Scope {
  readonly isFresh: boolean;
  readonly #onShared: ReadScopeOptions["onShared"];

  constructor(options: ReadScopeOptions) {
    super(options);
    this.isFresh = options.isFresh;
    this.#onShared = options.onShared;
  }

  /** Says that it waits for a running read. */
  join(platform: Platform, route: string): void {
    this.#onShared?.({ platform, route, shared: true });
  }
}

/** The scope of one write. An aborted signal prevents the write from beginning, and never ends one that has begun. */
export class WriteScope extends Scope {
  readonly kind: WriteKind;
  readonly checkBeforeAttempt: () => Promise<void>;
  readonly #leaseLeft: () => number;

  constructor(options: WriteScopeOptions) {
    super(options);
    this.kind = options.kind;
    this.checkBeforeAttempt = options.checkBeforeAttempt;
    this.#leaseLeft = options.leaseLeft;
  }

  override timeLeft(): number {
    return Math.min(super.timeLeft(), this.#leaseLeft());
  }
}

export type CallScope = ReadScope | WriteScope;

/** The result of a list read: the rows with an id, and how many had none. */
export interface Rows<Row> {
  readonly rows: readonly Row[];
  readonly skipped: number;
}
