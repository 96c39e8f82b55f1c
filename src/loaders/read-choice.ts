import type { LastRead } from "../rest/kept-list.ts";

/** Reads by id under way at once. */
export const DETAIL_READS_AT_ONCE = 16;
/** If a list cannot be read, this many of its records, and no more, are read by id in its place. */
export const MOST_IN_PLACE_OF_LIST = 100;
/** Fewer reads by id than this take one round trip, which no list read beats. */
const LIST_FROM = 5;
/** What was measured earlier says nothing any more. A list that failed is tried again after this. */
const MEASURED_MS = 60_000;

/**
 * Chooses between one read of a list and reads of its records by id, by what each last took. Reads by id go out 16 at a
 * time, so a slow network speaks for the list, and a long list against it. A way that was not measured is tried.
 */
export class ReadChoice {
  readonly #list: { readonly lastRead: LastRead | null };
  readonly #now: () => number;
  readonly #isShort: boolean;
  /** Milliseconds of 16 reads by id at once, and when that was measured. */
  #round: { readonly milliseconds: number; readonly at: number } | null = null;

  /** `isShort`: the list is the better way to any number of its records, unless it fails. */
  constructor(list: { readonly lastRead: LastRead | null }, now: () => number, isShort = false) {
    this.#list = list;
    this.#now = now;
    this.#isShort = isShort;
  }

  prefersList(records: number): boolean {
    const list = this.#recent(this.#list.lastRead);
    if (list !== null && list.outcome !== "read" && records <= MOST_IN_PLACE_OF_LIST) {
      return false;
    }
    if (this.#isShort || records < LIST_FROM) {
      return this.#isShort;
    }
    const round = this.#recent(this.#round);
    return list === null || (round !== null && roundsOf(records) * round.milliseconds > list.milliseconds);
  }

  /** So many reads by id took so long together. */
  recordDetails(records: number, milliseconds: number): void {
    if (records >= LIST_FROM) {
      this.#round = { milliseconds: milliseconds / roundsOf(records), at: this.#now() };
    }
  }

  #recent<Measured extends { readonly at: number }>(measured: Measured | null): Measured | null {
    return measured !== null && this.#now() - measured.at < MEASURED_MS ? measured : null;
  }
}

function roundsOf(records: number): number {
  return Math.ceil(records / DETAIL_READS_AT_ONCE);
}
