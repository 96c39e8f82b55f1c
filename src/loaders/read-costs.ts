/** How a number of records can be had: one by one, or all of a list at once. */
export interface ReadChoice {
  /** Whether one list read is the better way to so many records, where the list is not held already. */
  prefersList(records: number): boolean;
  /** Told how long so many reads by id took together, in milliseconds. */
  sawDetails(records: number, milliseconds: number): void;
  /** Told how long a list read took, indexed and all, in milliseconds. */
  sawList(milliseconds: number): void;
}

/** Reads by id under way at once. */
export const DETAIL_READS_AT_ONCE = 16;

// Fewer reads by id than this go out together and are back in one round trip, which no list read can beat. From here on
// a way of which nothing is known is tried, so that something becomes known.
const LIST_FROM = 5;
// When one way has taken so many times what the other is thought to take, the other is tried again: a list may have
// grown or shrunk, and the first read of all is a slow one. Trying costs a twentieth of the whole at most.
const TRY_AGAIN_AFTER = 20;
/** The weight of what was just measured against all before it: nothing is faster than it can be, but slower it may be. */
const FASTER = 0.5;
const SLOWER = 0.25;

/**
 * Chooses by what both ways were measured to take, network included, so that a slow network speaks for the list and a
 * long list against it. A list read is one, however long. Reads by id go out 16 at a time: what they take is so much for
 * every round, and so much for every 16 records, since each keeps this process and the platform busy.
 */
export class MeasuredCosts implements ReadChoice {
  #list: number | null = null;
  #details: { readonly round: number; readonly records: number } | null = null;
  /** Milliseconds that each way has taken since the other was last tried. */
  #spentOnDetails = 0;
  #spentOnLists = 0;

  prefersList(records: number): boolean {
    if (records < LIST_FROM) {
      return false;
    }
    const [list, details] = [this.#list, this.#expected(records)];
    if (list === null || details === null) {
      return list === null;
    }
    return list < details
      ? this.#spentOnLists < details * TRY_AGAIN_AFTER
      : this.#spentOnDetails > list * TRY_AGAIN_AFTER;
  }

  sawDetails(records: number, milliseconds: number): void {
    const [rounds, share] = partsOf(records);
    const { round, records: each } = this.#details ?? { round: 0, records: 0 };
    // Both terms give way towards what would have been right, each by its part in it.
    const step = correction(this.#expected(records), milliseconds) / (rounds * rounds + share * share);
    this.#details = { round: Math.max(0, round + step * rounds), records: Math.max(0, each + step * share) };
    if (records >= LIST_FROM) {
      this.#spentOnDetails += milliseconds;
      this.#spentOnLists = 0;
    }
  }

  sawList(milliseconds: number): void {
    this.#list = (this.#list ?? 0) + correction(this.#list, milliseconds);
    this.#spentOnLists += milliseconds;
    this.#spentOnDetails = 0;
  }

  #expected(records: number): number | null {
    const [rounds, share] = partsOf(records);
    return this.#details && rounds * this.#details.round + share * this.#details.records;
  }
}

/** For records that are few: their list is always the better read. */
export const ALWAYS_LIST: ReadChoice = {
  prefersList: () => true,
  sawDetails: () => undefined,
  sawList: () => undefined,
};

function partsOf(records: number): readonly [rounds: number, share: number] {
  const share = records / DETAIL_READS_AT_ONCE;
  return [Math.ceil(share), share];
}

/** How far an expectation moves. One slow read among many, during a collection of garbage say, moves it by little. */
function correction(expected: number | null, seen: number): number {
  if (expected === null) {
    return seen;
  }
  return seen < expected ? (seen - expected) * FASTER : Math.min(seen - expected, expected) * SLOWER;
}
