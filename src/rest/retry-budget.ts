// The unit is a thousandth of a retry, so that all amounts are integers.
const RETRY = 1_000;
/** What is there at the start. */
const FIRST = 10 * RETRY;
/** The most that can be saved: after a quiet hour, a burst of failures is retried no more often than after a minute. */
const MOST = 30 * RETRY;

/** How many calls may be repeated. */
export interface RetryLimits {
  /** A share of the calls that are made for the first time. */
  readonly percent: number;
  /** So many each second besides, so that a quiet server retries too. */
  readonly perSecond: number;
}

/**
 * By default, limits retries to a fifth of the calls and three a second, so that retries do not add to the load of a failing
 * platform. The three a second let a quiet server retry too.
 */
export class RetryBudget {
  readonly #now: () => number;
  readonly #perCall: number;
  readonly #perMillisecond: number;
  #left: number;
  #countedAt: number;

  /** `now`: milliseconds of a clock that never goes back. */
  constructor(now: () => number, { percent, perSecond }: RetryLimits) {
    this.#now = now;
    this.#perCall = (percent * RETRY) / 100;
    this.#perMillisecond = (perSecond * RETRY) / 1_000;
    this.#left = percent + perSecond > 0 ? FIRST : 0;
    this.#countedAt = now();
  }

  /** Counts a first call. */
  deposit(): void {
    this.#left = Math.min(MOST, this.#left + this.#perCall);
  }

  /** Takes one retry from the budget; false if there is none. */
  withdraw(): boolean {
    const now = this.#now();
    this.#left = Math.min(MOST, this.#left + (now - this.#countedAt) * this.#perMillisecond);
    this.#countedAt = now;
    if (this.#left < RETRY) {
      return false;
    }
    this.#left -= RETRY;
    return true;
  }
}
