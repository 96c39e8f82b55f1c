import { type Platform, PlatformError } from "../errors.ts";
import { type Admission, Breaker, type BreakerLimits, type BreakerOptions, type BreakerState } from "./breaker.ts";
import { Bulkhead, type BulkheadLimits } from "./bulkhead.ts";
import type { StopSignal } from "./calls.ts";
import { endOfScope, type Route } from "./exchange.ts";
import type { CallKind } from "./repeats.ts";
import { RetryBudget, type RetryLimits } from "./retry-budget.ts";

export interface GuardOptions extends BreakerOptions {
  readonly platform: Platform;
  readonly bulkhead: BulkheadLimits;
  readonly breaker: BreakerLimits;
  readonly retries: RetryLimits;
  /** A call that changes nothing, to find out whether writes would succeed. Throws if it fails. */
  readonly probe: () => Promise<unknown>;
}

/** A breaker as it is whenever it is looked at. */
export interface BreakerView {
  readonly state: BreakerState;
  /** Milliseconds until the next call is tried; 0 unless the breaker is open. */
  readonly retryAfterMilliseconds: number;
}

/** What the guard lets through now. */
export interface PlatformState {
  /** True if reads are refused, or if one of them is the probe. */
  readonly suspendsReads: boolean;
  readonly suspendsWrites: boolean;
  readonly readBreaker: BreakerView;
  readonly writeBreaker: BreakerView;
  /** Running calls, and calls that wait for a place. */
  readonly inFlight: number;
  readonly waiting: number;
  /** Another read would be refused. */
  readonly isFull: boolean;
}

/** An admitted call. It must be ended. */
class Entry {
  readonly #bulkhead: Bulkhead;
  readonly #breaker: Breaker;
  readonly #admission: "call" | "probe";

  constructor(bulkhead: Bulkhead, breaker: Breaker, admission: "call" | "probe") {
    this.#bulkhead = bulkhead;
    this.#breaker = breaker;
    this.#admission = admission;
  }

  /** `error`: why it failed; null if it succeeded. */
  end(error: unknown): void {
    this.#bulkhead.leave();
    this.#breaker.settle(this.#admission, outcomeOf(error));
  }
}

const OVERLOAD_RETRY_SECONDS = 1;

/**
 * Keeps a failing platform from affecting everything else: a breaker for reads and one for writes, a bulkhead, and a
 * retry budget. There is one guard for each platform. It is not a library, because a write must never be a breaker's
 * probe, and a call that must not be made has to be refused before its first byte, as proof that nothing was sent.
 */
export class Guard {
  readonly #options: GuardOptions;
  readonly #reads: Breaker;
  readonly #writes: Breaker;
  readonly #bulkhead: Bulkhead;
  readonly #budget: RetryBudget;

  constructor(options: GuardOptions) {
    this.#options = options;
    this.#reads = new Breaker(options, options.breaker);
    this.#writes = new Breaker(options, options.breaker);
    this.#bulkhead = new Bulkhead(options.bulkhead);
    this.#budget = new RetryBudget(options.now, options.retries);
  }

  get state(): PlatformState {
    const { inFlight, waiting, isFull } = this.#bulkhead;
    return {
      suspendsReads: this.#reads.isOpen,
      suspendsWrites: this.#writes.isOpen,
      readBreaker: this.#reads,
      writeBreaker: this.#writes,
      inFlight,
      waiting,
      isFull,
    };
  }

  /** Whether the budget allows another repeat. Each first call adds a fifth of a repeat to it. */
  mayRepeat(): boolean {
    return this.#budget.withdraw();
  }

  /**
   * Throws PlatformError `suspended` or `overloaded` if the call must not go out now, and `timeout` or `cancelled` if the
   * signal aborts while the call waits for a place.
   */
  enter(route: Route, kind: CallKind, isFirst: boolean, signal: StopSignal): Entry | Promise<Entry> {
    const isRead = kind === "read" || kind === "read-by-post";
    const breaker = isRead ? this.#reads : this.#writes;
    const admission = this.#admit(breaker, route);
    if (admission === "probe" && !isRead) {
      return this.#probeForWrites(route).then(() => this.#takePlace(route, breaker, "call", isFirst, signal));
    }
    return this.#takePlace(route, breaker, admission, isFirst, signal);
  }

  #takePlace(
    route: Route,
    breaker: Breaker,
    admission: "call" | "probe",
    isFirst: boolean,
    signal: StopSignal,
  ): Entry | Promise<Entry> {
    const place = this.#bulkhead.enter(signal, breaker === this.#reads ? "read" : "write");
    if (place === true) {
      return this.#begin(breaker, admission, isFirst);
    }
    return Promise.resolve(place).then((hasPlace) => {
      if (hasPlace) {
        return this.#begin(breaker, admission, isFirst);
      }
      breaker.settle(admission, null);
      throw signal.aborted
        ? endOfScope(this.#options.platform, route, signal, false)
        : this.#error("overloaded", `${route}: too many calls are under way`, OVERLOAD_RETRY_SECONDS);
    });
  }

  #begin(breaker: Breaker, admission: "call" | "probe", isFirst: boolean): Entry {
    if (isFirst) {
      // A call that is refused asks nothing of the platform, so it allows no repeat.
      this.#budget.deposit();
    }
    return new Entry(this.#bulkhead, breaker, admission);
  }

  #admit(breaker: Breaker, route: Route): Exclude<Admission, "refused"> {
    const admission = breaker.admit();
    if (admission === "refused") {
      throw this.#error("suspended", `${route}: the platform keeps failing`, breaker.retryAfterMilliseconds / 1_000);
    }
    return admission;
  }

  async #probeForWrites(route: Route): Promise<void> {
    try {
      await this.#options.probe();
    } catch (error) {
      // A probe that was refused in this process says nothing: the next write tries again.
      this.#writes.settle("probe", error instanceof PlatformError ? outcomeOf(error) : "failure");
      throw this.#error(
        "suspended",
        `${route}: the platform keeps failing`,
        this.#writes.retryAfterMilliseconds / 1_000,
      );
    }
    this.#writes.settle("probe", "success");
  }

  #error(reason: "suspended" | "overloaded", message: string, seconds: number): PlatformError {
    const retryAfterSeconds = Math.max(1, Math.ceil(seconds));
    return new PlatformError(this.#options.platform, reason, message, { mayHaveTaken: false, retryAfterSeconds });
  }
}

/**
 * Timeouts, broken connections and 5xx count as failures of the platform; aborted calls and calls that were not made do
 * not count.
 */
function outcomeOf(error: unknown): "success" | "failure" | null {
  if (!(error instanceof PlatformError)) {
    return error === null ? "success" : null;
  }
  switch (error.reason) {
    case "timeout":
    case "unreachable":
      return "failure";
    case "shape":
    case "refused":
    case "unauthorized":
    case "rate-limited":
      return "success";
    default:
      return null;
  }
}
