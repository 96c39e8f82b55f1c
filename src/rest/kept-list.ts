import { type Platform, PlatformError, type PlatformErrorReason } from "../errors.ts";
import type { KeptListName, Stamp, Versions } from "../freshness/versions.ts";
import { ReadScope } from "./calls.ts";
import { endOfScope, type Route } from "./exchange.ts";
import { orEndOfScope, withinTime } from "./waiting.ts";

export interface KeptListOptions<Index> {
  readonly name: KeptListName;
  readonly platform: Platform;
  readonly route: Route;
  /** Makes the platform call and indexes its answer. */
  readonly read: (scope: ReadScope) => Promise<Index>;
  readonly versions: Versions;
  /** How long a read list is served, in milliseconds; 0 keeps nothing beyond the operation that read it. */
  readonly snapshotMilliseconds: number;
  /** How long a read list is served while its platform fails, in milliseconds. */
  readonly staleMilliseconds: number;
  /** Whether reads of the platform are refused for a while because it keeps failing. */
  readonly isSuspended: () => boolean;
}

/** A list that is served to an operation. */
export interface Served<Index> {
  readonly index: Index;
  /** The age of the list in milliseconds if it was kept; null if it was read just now. */
  readonly age: number | null;
}

/** The outcome of the last read of a list. */
export interface LastRead {
  /** When it ended. */
  readonly at: number;
  readonly milliseconds: number;
  /** `no-answer`: the platform gave no usable answer. `refused`: it refused, or was not asked. */
  readonly outcome: "read" | "no-answer" | "refused";
}

interface KeptIndex<Index> {
  readonly index: Index;
  readonly stamp: Stamp;
}

interface Refresh<Index> {
  readonly result: Promise<Index>;
  readonly stamp: Stamp;
}

/** The least time between two refreshes of a list while its platform fails and an old one is served. */
const FAILING_PAUSE_MS = 1_000;
const NEVER = new AbortController().signal;

/**
 * One list of one platform, shared by all operations: read once and indexed once. It is served for the snapshot time,
 * at most once that longer while it is being read again, and for longer only while its platform fails to answer. A list
 * from before a change is never served.
 */
export class KeptList<Index> {
  readonly platform: Platform;
  readonly route: Route;
  readonly #options: KeptListOptions<Index>;
  #kept: KeptIndex<Index> | null = null;
  #refresh: Refresh<Index> | null = null;
  #lastRead: LastRead | null = null;
  #pausesUntil = 0;

  constructor(options: KeptListOptions<Index>) {
    this.#options = options;
    this.platform = options.platform;
    this.route = options.route;
  }

  /** Null until a read has ended. */
  get lastRead(): LastRead | null {
    return this.#lastRead;
  }

  /** The kept list if nothing has changed since its read, however old it is. */
  get kept(): Index | null {
    return this.#current()?.index ?? null;
  }

  /** Milliseconds since the kept list was read; null if none is kept. */
  get ageMilliseconds(): number | null {
    const kept = this.#current();
    return kept && this.#age(kept);
  }

  /** True if `get` would wait for no platform call. */
  isAtHand(): boolean | Promise<boolean> {
    const look = () => {
      const kept = this.#current();
      return kept !== null && (this.#age(kept) < 2 * this.#options.snapshotMilliseconds || this.#isFailing);
    };
    const confirming = this.#options.versions.confirm();
    return confirming === null ? look() : confirming.then(look);
  }

  /** The list. If the scope is fresh, it is read by a call of this operation's own. */
  async get(scope: ReadScope): Promise<Served<Index>> {
    const { versions, snapshotMilliseconds } = this.#options;
    await versions.confirm();
    if (scope.signal.aborted) {
      throw endOfScope(this.platform, this.route, scope.signal, false);
    }
    if (scope.isFresh) {
      return { index: await this.#wait(this.#start(scope), scope), age: null };
    }
    const kept = this.#current();
    if (kept === null) {
      return { index: await this.#wait(this.#join(scope), scope), age: null };
    }
    if (this.#age(kept) >= snapshotMilliseconds && !this.#isPausing) {
      const refresh = this.#join(scope);
      if (this.#age(kept) >= 2 * snapshotMilliseconds && !this.#isFailing) {
        return await this.#waitOrServe(refresh, scope);
      }
      // No operation waits for this read. If it fails, `#lastRead` records it.
      refresh.result.catch(() => undefined);
    }
    return this.#serve(kept);
  }

  #serve(kept: KeptIndex<Index>): Served<Index> {
    return { index: kept.index, age: this.#age(kept) };
  }

  /**
   * Waits for a new list. Serves the kept one if the platform fails or has not answered in half of the reader's time.
   */
  async #waitOrServe(refresh: Refresh<Index>, scope: ReadScope): Promise<Served<Index>> {
    try {
      const index = await withinTime(this.#wait(refresh, scope), scope.timeLeft() / 2);
      if (index !== null) {
        return { index, age: null };
      }
    } catch (error) {
      if (!isPlatformFailing(error)) {
        throw error;
      }
      const kept = this.#current();
      if (kept === null) {
        throw error;
      }
      return this.#serve(kept);
    }
    const kept = this.#current();
    return kept === null ? { index: await this.#wait(this.#join(scope), scope), age: null } : this.#serve(kept);
  }

  /** The kept list if its version is current and it is not too old for a failing platform. */
  #current(): KeptIndex<Index> | null {
    const { versions, snapshotMilliseconds, staleMilliseconds } = this.#options;
    const longest = Math.max(2 * snapshotMilliseconds, staleMilliseconds);
    const kept = this.#kept;
    return kept !== null && versions.mayServeKept(kept.stamp) && this.#age(kept) < longest ? kept : null;
  }

  #age({ stamp }: KeptIndex<Index>): number {
    return this.#options.versions.now() - stamp.at;
  }

  get #isFailing(): boolean {
    // While reads are suspended, the next one may be the probe, which may take as long as a call.
    return this.#lastRead?.outcome === "no-answer" || this.#options.isSuspended();
  }

  get #isPausing(): boolean {
    return this.#isFailing && this.#options.versions.now() < this.#pausesUntil;
  }

  #wait({ result }: Refresh<Index>, { signal }: ReadScope): Promise<Index> {
    return orEndOfScope(result, signal, this.platform, this.route);
  }

  /** The running read if it began under the current versions; else a new one. */
  #join(scope: ReadScope): Refresh<Index> {
    const refresh = this.#refresh;
    if (refresh === null || !this.#options.versions.isCurrent(refresh.stamp)) {
      return this.#start(scope);
    }
    scope.join(this.platform, this.route);
    return refresh;
  }

  #start({ deadline, record }: ReadScope): Refresh<Index> {
    const { name, read, versions } = this.#options;
    const stamp = versions.stamp(name);
    // Its signal never aborts, because later operations need the list even if the one that began the read has ended. It
    // is a call of its own, so that it is as new as its stamp says.
    const result = read(new ReadScope({ signal: NEVER, deadline: () => deadline, isFresh: true, record }));
    const refresh = { result, stamp };
    const end = (outcome: LastRead["outcome"]) => {
      const at = versions.now();
      this.#lastRead = { at, milliseconds: at - stamp.at, outcome };
      if (this.#refresh === refresh) {
        this.#refresh = null;
      }
    };
    result.then(
      (index) => {
        end("read");
        const isNewest = this.#kept === null || this.#kept.stamp.at <= stamp.at;
        if (this.#options.snapshotMilliseconds > 0 && isNewest) {
          this.#kept = { index, stamp };
        }
      },
      (error: unknown) => {
        const asked = error instanceof PlatformError ? (error.retryAfterSeconds ?? 0) * 1_000 : 0;
        this.#pausesUntil = versions.now() + Math.max(FAILING_PAUSE_MS, asked);
        end(isPlatformFailing(error) ? "no-answer" : "refused");
      },
    );
    this.#refresh = refresh;
    return refresh;
  }
}

function isPlatformFailing(error: unknown): boolean {
  return error instanceof PlatformError && IS_NO_ANSWER[error.reason];
}

/** True if the platform gave no usable answer; false if it refused, or if waiting for it is pointless. */
const IS_NO_ANSWER: Readonly<Record<PlatformErrorReason, boolean>> = {
  timeout: true,
  "not-asked": true,
  unreachable: true,
  shape: true,
  refused: false,
  unauthorized: false,
  "rate-limited": true,
  "not-configured": false,
  suspended: true,
  overloaded: true,
  cancelled: false,
};
