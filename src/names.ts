const ASCII = /^[\0-\x7f]*$/;

/**
 * The form of a text that is equal for texts that differ only in letter case or in how Unicode encodes them: NFKC with
 * full case folding. `STRASSE` equals `Straße`, and a composed `é` equals a decomposed one.
 */
export function foldCase(text: string): string {
  if (ASCII.test(text)) {
    return text.toLowerCase();
  }
  // Upper case first: it writes ß as SS, and ı as I. The dot of İ goes, so that all four letters i are one.
  const upper = text.normalize("NFKC").replaceAll("ẞ", "SS").toUpperCase();
  return upper.toLowerCase().replaceAll("ς", "σ").replaceAll("i\u0307", "i").normalize("NFKC");
}

/** A name as filters, orders and searches for equal names compare it: case folded, without outer blanks. */
export function foldName(name: string): string {
  return foldCase(name).trim();
}
