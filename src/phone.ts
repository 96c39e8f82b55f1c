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

/** A number in the form that Textizen takes: without the plus. */
export function toTextizenNumber(number: E164): string {
  return number.slice(1);
}
