export interface BreakerOptions {
  /** Milliseconds of a clock that never goes back. */
  readonly now: () => number;
  /** Jitter, 0 to 1. */
  readonly random: () => number;
}

/** When a breaker opens, and for how long no call goes out then. */
export interface BreakerLimits {
  /** False: it never opens. */
  readonly isOn: boolean;
  /** It does not open before so many calls within 10 seconds. */
  readonly leastCalls: number;
  /** The share of those calls that must have failed. */
  readonly failurePercent: number;
  readonly pauseMilliseconds: number;
}

/** Whether a call may be made, may be made as a probe of whether the platform works again, or must not be made. */
export type Admission = "call" | "probe" | "refused";

/** `HALF_OPEN`: the next call is the probe, or the probe is under way. */
export type BreakerState = "CLOSED" | "OPEN" | "HALF_OPEN";

const WINDOW_MS = 10_000;
const SLICES = 10;
/** Up to a fifth longer, so that replicas do not probe together. */
const JITTER = 0.2;

/**
 * A circuit breaker. It opens when half of at least 20 calls within 10 seconds failed, and then lets one probe through
 * every 5 to 6 seconds until one succeeds; these are the defaults of `BreakerLimits`. Failures are timeouts, broken
 * connections and 5xx. A refusal by the platform's rules shows that the platform works.
 *
 * Not cockatiel (3.2.1): there the next call is the probe, and a send must never be one; the calls beside a probe wait for
 * it, where ours are refused at once; and its time is `Date.now()`, so that a clock that is set back keeps it open.
 */
export class Breaker {
  readonly #options: BreakerOptions;
  readonly #limits: BreakerLimits;
  /** Calls and failures in each slice of the window; `at` is the slice that the counts belong to. */
  readonly #slices = Array.from({ length: SLICES }, () => ({ at: -1, calls: 0, failures: 0 }));
  #probeAt: number | null = null;
  #isProbing = false;

  constructor(options: BreakerOptions, limits: BreakerLimits) {
    this.#options = options;
    this.#limits = limits;
  }

  get isOpen(): boolean {
    return this.#probeAt !== null;
  }

  get state(): BreakerState {
    if (this.#probeAt === null) {
      return "CLOSED";
    }
    return this.#isProbing || this.#options.now() >= this.#probeAt ? "HALF_OPEN" : "OPEN";
  }

  /** Milliseconds until the next probe; 0 while the breaker is closed. */
  get retryAfterMilliseconds(): number {
    return this.#probeAt === null ? 0 : Math.max(0, this.#probeAt - this.#options.now());
  }

  /** Every admitted call must call `settle` at its end. */
  admit(): Admission {
    if (this.#probeAt === null) {
      return "call";
    }
    if (this.#isProbing || this.#options.now() < this.#probeAt) {
      return "refused";
    }
    this.#isProbing = true;
    return "probe";
  }

  /** `outcome`: null if the call was aborted and so says nothing about the platform. */
  settle(admission: Exclude<Admission, "refused">, outcome: "success" | "failure" | null): void {
    if (admission === "probe") {
      this.#isProbing = false;
      if (outcome === "success") {
        this.#close();
      } else if (outcome === "failure") {
        this.#open();
      }
      return;
    }
    // A call from before the breaker opened does not count.
    if (outcome !== null && this.#probeAt === null) {
      this.#count(outcome === "failure");
    }
  }

  #count(isFailure: boolean): void {
    const at = Math.floor((this.#options.now() * SLICES) / WINDOW_MS);
    const slice = this.#slices[at % SLICES];
    if (slice === undefined) {
      return;
    }
    if (slice.at !== at) {
      slice.at = at;
      slice.calls = 0;
      slice.failures = 0;
    }
    slice.calls += 1;
    if (!isFailure) {
      return;
    }
    slice.failures += 1;
    const recent = this.#slices.filter((each) => each.at > at - SLICES);
    const calls = recent.reduce((sum, each) => sum + each.calls, 0);
    const failures = recent.reduce((sum, each) => sum + each.failures, 0);
    const { isOn, leastCalls, failurePercent } = this.#limits;
    if (isOn && calls >= leastCalls && failures * 100 >= calls * failurePercent) {
      this.#open();
    }
  }

  #open(): void {
    const { pauseMilliseconds } = this.#limits;
    this.#probeAt = this.#options.now() + pauseMilliseconds * (1 + this.#options.random() * JITTER);
  }

  #close(): void {
    this.#probeAt = null;
    for (const slice of this.#slices) {
      slice.at = -1;
    }
  }
}
