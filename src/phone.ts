import {
  AsYouType,
  type CountryCode,
  isSupportedCountry,
  parseIncompletePhoneNumber,
  parsePhoneNumberFromString,
} from "libphonenumber-js/min";

declare const brand: unique symbol;

/** A telephone number in E.164 (ITU-T): `+`, a first digit 1-9, 7 to 15 digits in all. */
export type E164 = string & { readonly [brand]: "E164" };

const E164_FORM = /^\+[1-9][0-9]{6,14}$/;

/** The number if it is exactly E.164, else null. Nothing is stripped, added or guessed. */
export function parseE164(text: string): E164 | null {
  return E164_FORM.test(text) ? (text as E164) : null;
}

/**
 * A number as a platform, its webhook or a person's import writes it: E.164, or the same without the plus. Fewer than
 * eleven digits may as well be a local number or a short code, so they are nobody's E.164; nor are masked numbers
 * (`*******1212`) or numbers with blanks and dashes inside. Outer blanks and a byte order mark do not count.
 */
export function parseWrittenNumber(text: string): E164 | null {
  const written = text.trim();
  return parseE164(/^[1-9][0-9]{10}/.test(written) ? `+${written}` : written);
}

/**
 * A number as people write it into a list: with blanks, dashes, dots and parentheses between its groups, and perhaps the
 * apostrophe by which spreadsheets mark texts. Its country code must be there, with a plus or as in `parseWrittenNumber`.
 * Null for a number that a spreadsheet has made a decimal of (`14155551212.0`), and for `(0)`, which is left out when dialed
 * from abroad. With a region, a number without a plus is read as people of that country dial it, if it is a number there:
 * `(415) 555-1212`. Null too if it is one, and with a plus before it would be another.
 */
export function parseListedNumber(text: string, region: Region | null = null): E164 | null {
  const written = text.trim().replace(/^'/, "").replace(/^tel:/i, "");
  if (/^\d+[.,]\d*$/.test(written) || /\(0\)/.test(written) || !/^\+?\(?\d[\d\s().\u2010-\u2015-]*$/.test(written)) {
    return null;
  }
  const digits = written.replace(/[\s().\u2010-\u2015-]/g, "");
  const international = parseWrittenNumber(digits);
  const national = region === null || digits.startsWith("+") ? null : parseNational(digits, region);
  return national === null || international === null || national === international ? (national ?? international) : null;
}

function parseNational(digits: string, region: Region): E164 | null {
  const parsed = parsePhoneNumberFromString(digits, region);
  return parsed?.isPossible() && parsed.isValid() ? parseE164(parsed.number) : null;
}

/**
 * The same number without the prefix that is dialed within its country alone: `+442079460958` for `+4402079460958`. Both
 * would reach one telephone.
 */
export function withoutTrunkPrefix(number: E164): E164 {
  // Most numbers, which need no table: no area code of +1 begins with its prefix.
  if (/^\+1[2-9]\d{9}$/.test(number)) {
    return number;
  }
  return parseE164(parsePhoneNumberFromString(number)?.number ?? "") ?? number;
}

/** A number in the form that Textizen takes: without the plus. */
export function toTextizenNumber(number: E164): string {
  return number.slice(1);
}

/** A country whose national form of numbers is read: ISO 3166-1 alpha-2, such as `US`. */
export type Region = CountryCode;

export function isRegion(text: string): text is Region {
  return isSupportedCountry(text);
}

/** What somebody typed to find a number. */
export interface TypedNumber {
  /** The number if all of it was typed. */
  readonly whole: E164 | null;
  /** How the number may begin, in E.164: what was typed may be a country code's beginning or a national number's. */
  readonly beginnings: readonly string[];
}

/** So many digits are needed: fewer begin too many numbers. */
const FEWEST_DIGITS = 3;

/**
 * Reads a number as people write or paste it, `+1 201-555-4821` as well as `(201) 555-4821` of the region, or the beginning
 * of one: with any script's digits and dashes, and with the invisible marks that address books put around numbers. Null if
 * the text is no number. A search may guess so; who is texted is never guessed.
 */
export function readTypedNumber(text: string, region: Region): TypedNumber | null {
  const typed = text
    .normalize("NFKC")
    .replace(/\p{Cf}/gu, "")
    .trim();
  if (!/^\+?[\p{Nd}\p{Pd}\s()./]+$/u.test(typed)) {
    return null;
  }
  const digits = parseIncompletePhoneNumber(typed).replace("+", "");
  if (digits.length < FEWEST_DIGITS) {
    return null;
  }
  const parsed = parsePhoneNumberFromString(typed, region);
  const whole = parsed?.isValid() ? parseE164(parsed.number) : null;
  // Without the prefixes that are dialed within the region, or out of it, and with the zero that Italy's numbers keep.
  const asYouType = new AsYouType(region);
  asYouType.input(typed);
  const national = asYouType.getNumberValue() ?? "";
  const isInternational = typed.startsWith("+") || national.length <= FEWEST_DIGITS;
  return { whole, beginnings: isInternational ? [`+${digits}`] : [`+${digits}`, national] };
}
