import type { E164 } from "../phone.ts";
import type { JobText } from "../store/job-records.ts";
import { allowedAt, isNever } from "./quiet-hours.ts";
import { zonesOfNumber } from "./zones.ts";

/** Counts the rows that wait for the end of quiet hours if they are begun now, by what is known without a platform call. */
export class QuietRows {
  count = 0;
  readonly #now: Date;
  readonly #send: JobText;
  /** By the array that `zonesOfNumber` gives: 100,000 rows have a few hundred different ones at most. */
  readonly #allowedAt = new Map<readonly string[] | null, number>();
  #lastEnd = 0;

  constructor(now: Date, send: JobText) {
    this.#now = now;
    this.#send = send;
  }

  /** When the last of the counted rows may be carried out; null if none was counted. */
  get endsAt(): Date | null {
    return this.count === 0 ? null : new Date(this.#lastEnd);
  }

  /** Adds the row of a number; of null if the row names a contact, whose number and zone only the platform knows. */
  add(number: E164 | null): void {
    if (isNever(this.#send.quietHours)) {
      return;
    }
    const zones = number === null ? null : zonesOfNumber(number);
    let at = this.#allowedAt.get(zones);
    if (at === undefined) {
      at = allowedAt(this.#now, zones ?? [], this.#send).getTime();
      this.#allowedAt.set(zones, at);
    }
    if (at > this.#now.getTime()) {
      this.count += 1;
      this.#lastEnd = Math.max(this.#lastEnd, at);
    }
  }
}
