/** What a text asks for, beside whatever else it says. */
export type Wish = "stop" | "start" | null;

/** Who is texted "Reply YES" and answers so has asked for nothing: only whoever had stopped takes it back by this word. */
const START_WORDS: ReadonlySet<string> = new Set(["START", "UNSTOP", "YES"]);

/**
 * Gives the function that reads a text's wish: one of the words, alone, letter case and outer blanks and punctuation
 * ignored. `stopWords` wins where a word is in both lists.
 */
export function createWishReader(stopWords: readonly string[]): (text: string) => Wish {
  const stop = new Set(stopWords.map(bare).filter((word) => word !== ""));
  return (text) => {
    const word = bare(text);
    return stop.has(word) ? "stop" : START_WORDS.has(word) ? "start" : null;
  };
}

/** Full-width letters and invisible characters are what keyboards and copying make of a plain word. */
function bare(text: string): string {
  return text
    .normalize("NFKC")
    .replace(/^[\p{P}\p{S}\p{Z}\p{C}]+|[\p{P}\p{S}\p{Z}\p{C}]+$/gu, "")
    .toUpperCase();
}
