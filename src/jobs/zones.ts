import { timezones } from "libphonenumber-geo-carrier";
import { parsePhoneNumberFromString } from "libphonenumber-js/min";
import { LRUCache } from "lru-cache";
import type { E164 } from "../phone.ts";
import { isTimeZone } from "../time-zones.ts";

/** Google's table, which the package has, tells numbers apart by at most so many digits. */
const TELLING_DIGITS = 9;
const known = new LRUCache<string, Promise<readonly string[]>>({ max: 20_000 });

/**
 * The time zones in which the owner of a number may be, by its country and area code: several where the number does not
 * tell them apart. None if it tells nothing.
 */
export function zonesOfNumber(phoneNumber: E164): Promise<readonly string[]> {
  const beginning = phoneNumber.slice(0, 1 + TELLING_DIGITS);
  let zones = known.get(beginning);
  if (zones === undefined) {
    const parsed = parsePhoneNumberFromString(phoneNumber);
    zones = (parsed === undefined ? Promise.resolve(null) : timezones(parsed)).then((found) =>
      (found ?? []).filter(isTimeZone),
    );
    known.set(beginning, zones);
  }
  return zones;
}
