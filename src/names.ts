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
