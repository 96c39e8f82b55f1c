import { type Field, valueOrNull } from "./errors.ts";

const ASCII = /^[\0-\x7f]*$/;

/**
 * Folds a text, so that texts are equal if they differ only in letter case or in Unicode encoding: NFKC and full case
 * folding. `STRASSE` equals `Straße`, and a composed `é` equals a decomposed one.
 */
export function foldCase(text: string): string {
  if (ASCII.test(text)) {
    return text.toLowerCase();
  }
  // Upper case first, which turns ß into SS and ı into I. Without the dot of İ, all four letters i become one.
  const upper = text.normalize("NFKC").replaceAll("ẞ", "SS").toUpperCase();
  return upper.toLowerCase().replaceAll("ς", "σ").replaceAll("i\u0307", "i").normalize("NFKC");
}

/** A name as filters, orders and searches for equal names compare it: case folded, without outer blanks. */
export function foldName(name: string): string {
  return foldCase(name).trim();
}

/** Letters that no Unicode decomposition turns into a base letter. */
const BASE_LETTERS: Readonly<Record<string, string>> = {
  ł: "l",
  ø: "o",
  đ: "d",
  ð: "d",
  ħ: "h",
  æ: "ae",
  œ: "oe",
  þ: "th",
  ı: "i",
};
const SPECIAL = new RegExp(`[${Object.keys(BASE_LETTERS).join("")}]`, "g");
const MOST_WORDS = 8;
const LONGEST_WORD = 40;

/**
 * The words of a name as searches compare them: case folded, without accents (`Łódź` becomes `lodz`), each once. At most
 * eight, of 40 characters each.
 */
export function searchWords(text: string): string[] {
  const folded = foldCase(text);
  const plain = ASCII.test(folded)
    ? folded
    : folded
        .normalize("NFKD")
        .replace(/\p{M}/gu, "")
        .replace(SPECIAL, (letter) => BASE_LETTERS[letter] ?? letter);
  const words = plain.split(/[^\p{L}\p{N}]+/u).filter((word) => word !== "");
  return [...new Set(words.map((word) => word.slice(0, LONGEST_WORD)))].slice(0, MOST_WORDS);
}

/** Whether each of the wanted words is the beginning of one of the others. */
export function beginWords(wanted: readonly string[], words: readonly string[]): boolean {
  return wanted.every((begin) => words.some((word) => word.startsWith(begin)));
}

/** The fields of a contact that name it; undefined where it was read in a way that does not say. */
export interface ContactNames {
  readonly displayName?: Field<string> | undefined;
  readonly firstName?: Field<string> | undefined;
  readonly lastName?: Field<string> | undefined;
  readonly businessName?: Field<string> | undefined;
}

/** A contact's name: its display name, else first and last name, else the name of its business. */
export function contactName({ displayName, firstName, lastName, businessName }: ContactNames): string | null {
  const names = [valueOrNull(firstName), valueOrNull(lastName)].filter((name) => name !== null);
  return valueOrNull(displayName) ?? (names.length > 0 ? names.join(" ") : valueOrNull(businessName));
}
