export interface BreakerOptions {
  /** Milliseconds of a clock that never goes back. */
  readonly now: () => number;
  /** Jitter, 0 to 1. */
  readonly random: () => number;
}

/** What a call may do: go out, go out as the one that finds out whether the platform works again, or stay. */
export type Admission = "call" | "probe" | "refused";

const WINDOW_MS = 10_000;
const SLICES = 10;
const LEAST_CALLS = 20;
const OPEN_FROM = 0.5;
const PROBE_AFTER_MS = 5_000;

/**
 * A circuit breaker: opens when half of at least 20 calls within 10 seconds have failed, and lets one probe out every 5
 * seconds (with up to a second of jitter, so that replicas do not probe in step) until one succeeds. A failure is a
 * timeout, a broken connection or a 5xx: what a platform refuses by its rules says that it works.
 */
export class Breaker {
  readonly #options: BreakerOptions;
  /** Calls and failures by slice of the window; `at` says which slice the counts are of. */
  readonly #slices = Array.from({ length: SLICES }, () => ({ at: -1, calls: 0, failures: 0 }));
  #probeAt: number | null = null;
  #isProbing = false;

  constructor(options: BreakerOptions) {
    this.#options = options;
  }

  get isOpen(): boolean {
    return this.#probeAt !== null;
  }

  /** Milliseconds until the next probe; 0 while calls go out. */
  get retryAfterMilliseconds(): number {
    return this.#probeAt === null ? 0 : Math.max(0, this.#probeAt - this.#options.now());
  }

  /** Whoever is admitted must report with `settle`. */
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

  /** `outcome`: null if the call says nothing about the platform, since nobody waited for its end. */
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
    // A call that went out before the breaker opened says nothing new.
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
    if (calls >= LEAST_CALLS && failures >= calls * OPEN_FROM) {
      this.#open();
    }
  }

  #open(): void {
    this.#probeAt = this.#options.now() + PROBE_AFTER_MS + this.#options.random() * 1_000;
  }

  #close(): void {
    this.#probeAt = null;
    for (const slice of this.#slices) {
      slice.at = -1;
    }
  }
}
