// The unit is a thousandth of a retry, so that all amounts are integers.
const RETRY = 1_000;
const PER_CALL = 200;
const PER_MILLISECOND = 3;
/** The most that can be saved: after a quiet hour, a burst of failures is retried no more often than after a minute. */
const MOST = 30 * RETRY;

/**
 * Limits retries to a fifth of the calls and three a second, so that retries do not add to the load of a failing
 * platform. The three a second let a quiet server retry too.
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

  /** Counts a first call. */
  deposit(): void {
    this.#left = Math.min(MOST, this.#left + PER_CALL);
  }

  /** Takes one retry from the budget; false if there is none. */
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
