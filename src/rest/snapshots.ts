import { ReadScope } from "./calls.ts";

/** How long list reads are kept. */
export interface SnapshotTimes {
  /** For how long an index is simply served, in milliseconds; 0 keeps nothing beyond the operation that read it. */
  readonly freshMilliseconds: number;
  /** For how long behind that it is still served while a new read is under way. */
  readonly staleMilliseconds: number;
  /** Milliseconds of a clock that never goes back. */
  readonly now: () => number;
}

interface Held<Index> {
  readonly index: Index;
  /** When its read began: what it shows is at most this old. */
  readonly since: number;
}

/**
 * One list of one platform, shared by all operations: read once, indexed once, dropped by the writes that touch it.
 * One refresh runs at a time; what is held is served meanwhile. A read that began before a `drop` is neither joined nor
 * kept by what comes after it, so that nobody sees a list from before a write of their own.
 */
export class Snapshot<Index> {
  readonly #read: (scope: ReadScope) => Promise<Index>;
  readonly #times: SnapshotTimes;
  #held: Held<Index> | null = null;
  #refresh: Promise<Index> | null = null;
  #epoch = 0;

  /** `read` makes the platform call and indexes its answer. */
  constructor(read: (scope: ReadScope) => Promise<Index>, times: SnapshotTimes) {
    this.#read = read;
    this.#times = times;
  }

  /** True where a `get` would cost no platform call. */
  get isFresh(): boolean {
    return this.#held !== null && this.#age(this.#held) < this.#times.freshMilliseconds;
  }

  /** The index. `fresh` passes over what is held. */
  async get(scope: ReadScope, options: { readonly fresh: boolean }): Promise<Index> {
    scope.signal.throwIfAborted();
    const held = options.fresh ? null : this.#held;
    const age = held === null ? Number.POSITIVE_INFINITY : this.#age(held);
    if (held !== null && age < this.#times.freshMilliseconds) {
      return held.index;
    }
    const refresh = (options.fresh ? null : this.#refresh) ?? this.#start(scope);
    if (held !== null && age < this.#times.freshMilliseconds + this.#times.staleMilliseconds) {
      // Nobody waits for this one: if it fails, the next operation tries again.
      refresh.catch(() => undefined);
      return held.index;
    }
    return await orAborted(refresh, scope.signal);
  }

  /** Forgets what is held and what is being read: called before a write that touches the list goes out, and when it has settled. */
  drop(): void {
    this.#epoch += 1;
    this.#held = null;
    this.#refresh = null;
  }

  /** Forgets likewise what is held where it fails the test, and what is being read where nothing is held to be tested. */
  dropUnless(isGood: (index: Index) => boolean): void {
    if (this.#held === null || !isGood(this.#held.index)) {
      this.drop();
    }
  }

  #age(held: Held<Index>): number {
    return this.#times.now() - held.since;
  }

  #start(scope: ReadScope): Promise<Index> {
    const epoch = this.#epoch;
    const since = this.#times.now();
    // Whoever started it may leave: the others, and the next operations, want it all the same.
    const { deadline, isFresh, record } = scope;
    const signal = new AbortController().signal;
    const refresh = this.#read(new ReadScope({ signal, deadline: () => deadline, isFresh, record }));
    const settle = () => {
      if (this.#refresh === refresh) {
        this.#refresh = null;
      }
    };
    refresh.then((index) => {
      const isNewest = this.#held === null || this.#held.since <= since;
      if (this.#epoch === epoch && this.#times.freshMilliseconds > 0 && isNewest) {
        this.#held = { index, since };
      }
      settle();
    }, settle);
    this.#refresh = refresh;
    return refresh;
  }
}

/** The promise's outcome, or the signal's reason if that comes first. */
function orAborted<Value>(promise: Promise<Value>, signal: AbortSignal): Promise<Value> {
  return new Promise((resolve, reject) => {
    const leave = () => reject(signal.reason);
    signal.addEventListener("abort", leave, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener("abort", leave));
  });
}
