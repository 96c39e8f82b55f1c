import type { LastRead } from "../rest/kept-list.ts";
import { FIRST_WIDTH } from "./detail-width.ts";

/** If a list cannot be read, at most this many of its records are read by id instead. */
export const MOST_IN_PLACE_OF_LIST = 100;
/** Fewer reads by id than this take one round trip, and no list read is faster. */
const LIST_FROM = 5;
/** Older measurements are ignored. A list that failed is tried again after this time. */
const MEASURED_MS = 60_000;
/** A slow way is tried again less often, so that trying takes at most a hundredth of the time. */
const LEAST_TIMES_BETWEEN = 100;

interface Measured {
  readonly milliseconds: number;
  /** When it was measured. */
  readonly at: number;
}

/**
 * Chooses between one read of a list and reads of its records by id, by how long each took the last time. Reads by id
 * are made so many at a time, so a slow network favours the list, and a long list favours reads by id. A way that was not
 * measured is tried.
 */
export class ReadChoice {
  readonly #list: { readonly lastRead: LastRead | null };
  readonly #now: () => number;
  readonly #isShort: boolean;
  readonly #atOnce: { readonly width: number };
  /** Milliseconds that one round of simultaneous reads by id took, and when that was measured. */
  #round: Measured | null = null;

  /** `isShort`: the list is always cheaper, unless it fails. `atOnce`: how many reads by id make a round. */
  constructor(
    list: { readonly lastRead: LastRead | null },
    now: () => number,
    isShort = false,
    atOnce: { readonly width: number } = { width: FIRST_WIDTH },
  ) {
    this.#list = list;
    this.#now = now;
    this.#isShort = isShort;
    this.#atOnce = atOnce;
  }

  prefersList(records: number): boolean {
    const { lastRead } = this.#list;
    const hasFailed = lastRead !== null && lastRead.outcome !== "read";
    if (hasFailed && records <= MOST_IN_PLACE_OF_LIST && this.#now() - lastRead.at < MEASURED_MS) {
      return false;
    }
    if (this.#isShort || records < LIST_FROM) {
      return this.#isShort;
    }
    const list = hasFailed ? null : this.#recent(lastRead);
    const round = this.#recent(this.#round);
    return list === null || (round !== null && this.#roundsOf(records) * round.milliseconds > list.milliseconds);
  }

  /** Records how long so many reads by id took together. */
  recordDetails(records: number, milliseconds: number): void {
    if (records >= LIST_FROM) {
      this.#round = { milliseconds: milliseconds / this.#roundsOf(records), at: this.#now() };
    }
  }

  #recent(measured: Measured | null): Measured | null {
    if (measured === null) {
      return null;
    }
    const age = this.#now() - measured.at;
    return age < Math.max(MEASURED_MS, measured.milliseconds * LEAST_TIMES_BETWEEN) ? measured : null;
  }

  #roundsOf(records: number): number {
    return Math.ceil(records / this.#atOnce.width);
  }
}
