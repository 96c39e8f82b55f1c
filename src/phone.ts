declare const brand: unique symbol;

/** A telephone number in E.164 (ITU-T): `+`, a first digit 1-9, 7 to 15 digits in all. */
export type E164 = string & { readonly [brand]: "E164" };

const E164_FORM = /^\+[1-9][0-9]{6,14}$/;

/** The number if it is exactly E.164, else null. Nothing is stripped, added or guessed. */
export function parseE164(text: string): E164 | null {
  return E164_FORM.test(text) ? (text as E164) : null;
}

/**
 * Reads a number as Textizen writes it: digits with the country code and no plus (docs/platforms.md T-16). Ten digits or
 * fewer may be a local number or a short code and are not read as E.164, and neither are masked numbers (`*******1212`).
 */
export function parseTextizenNumber(text: string): E164 | null {
  return /^[1-9][0-9]{10,14}$/.test(text) ? (`+${text}` as E164) : parseE164(text);
}

/** A number in the form that Textizen takes: without the plus. */
export function toTextizenNumber(number: E164): string {
  return number.slice(1);
}
