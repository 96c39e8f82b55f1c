/** How a number of records can be had: one by one, or all of a list at once. */
export interface ReadChoice {
  /** Whether one list read is the better way to so many records, where the list is not held already. */
  prefersList(records: number): boolean;
  /** Told how long a read by id took, in milliseconds. */
  sawDetail(milliseconds: number): void;
  /** Told how long a list read took, indexed and all, in milliseconds. */
  sawList(milliseconds: number): void;
}

/** Reads by id under way at once. */
export const DETAIL_READS_AT_ONCE = 16;

// Fewer reads by id than this go out together and are back in one round trip, which no list read can beat. From here on
// the list is tried where nothing is known, so that something becomes known.
const LIST_FROM = 5;
// What was measured so long ago says nothing about a list any more, which may have grown or shrunk.
const FORGET_AFTER_MS = 10 * 60_000;
/** The weight of what was just measured against all before it. */
const NEWEST = 0.25;

/**
 * Chooses by what both ways were measured to take: k reads by id go out 16 at a time, a list read is one, however long.
 * Both include the network, so that a slow network speaks for the list and a long list against it.
 */
export class MeasuredCosts implements ReadChoice {
  readonly #now: () => number;
  #detail: number | null = null;
  #list: { readonly milliseconds: number; readonly at: number } | null = null;

  /** `now`: milliseconds of a clock that never goes back. */
  constructor(now: () => number) {
    this.#now = now;
  }

  prefersList(records: number): boolean {
    if (records < LIST_FROM) {
      return false;
    }
    const list = this.#list !== null && this.#now() - this.#list.at < FORGET_AFTER_MS ? this.#list.milliseconds : null;
    return list === null || this.#detail === null || list < Math.ceil(records / DETAIL_READS_AT_ONCE) * this.#detail;
  }

  sawDetail(milliseconds: number): void {
    this.#detail = blend(this.#detail, milliseconds);
  }

  sawList(milliseconds: number): void {
    this.#list = { milliseconds: blend(this.#list?.milliseconds ?? null, milliseconds), at: this.#now() };
  }
}

/** For records that are few: their list is always the better read. */
export const ALWAYS_LIST: ReadChoice = {
  prefersList: () => true,
  sawDetail: () => undefined,
  sawList: () => undefined,
};

function blend(before: number | null, newest: number): number {
  return before === null ? newest : before + (newest - before) * NEWEST;
}
