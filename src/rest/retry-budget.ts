// In thousandths of a retry, so that a fifth is a whole number.
const RETRY = 1_000;
const PER_CALL = 200;
const PER_MILLISECOND = 3;
/** What may gather while nothing is retried: a burst of faults after a quiet hour is retried no more than after a minute. */
const MOST = 30 * RETRY;

/**
 * Bounds retries by what is asked anyway, so that a platform in trouble is not hit harder because it is in trouble: a
 * fifth of the calls, and three a second besides, so that a quiet server retries too.
 */
export class RetryBudget {
  readonly #now: () => number;
  #left = 10 * RETRY;
  #countedAt: number;

  /** `now`: milliseconds of a clock that never goes back. */
  constructor(now: () => number) {
    this.#now = now;
    this.#countedAt = now();
  }

  /** A call is made for the first time. */
  deposit(): void {
    this.#left = Math.min(MOST, this.#left + PER_CALL);
  }

  /** Whether one more retry fits; if so, it is spent. */
  withdraw(): boolean {
    const now = this.#now();
    this.#left = Math.min(MOST, this.#left + (now - this.#countedAt) * PER_MILLISECOND);
    this.#countedAt = now;
    if (this.#left < RETRY) {
      return false;
    }
    this.#left -= RETRY;
    return true;
  }
}
