declare const brand: unique symbol;

/** A telephone number as ITU-T E.164 writes it: `+`, a first digit 1-9, 7 to 15 digits in all. */
export type E164 = string & { readonly [brand]: "E164" };

const E164_FORM = /^\+[1-9][0-9]{6,14}$/;

/** The number itself where it is E.164 to the letter, else null. Nothing is stripped, added or guessed. */
export function parseE164(text: string): E164 | null {
  return E164_FORM.test(text) ? (text as E164) : null;
}

/**
 * Textizen writes numbers as digits with the country code and no plus (textizen-api.txt:138). Fewer than eleven digits
 * may as well be a local number or a short code, so they are nobody's E.164; masked numbers (`*******1212`) neither.
 */
export function parseTextizenNumber(text: string): E164 | null {
  return /^[1-9][0-9]{10,14}$/.test(text) ? (`+${text}` as E164) : parseE164(text);
}

/** A number as Textizen takes it: without the plus. */
export function toTextizenNumber(number: E164): string {
  return number.slice(1);
}
