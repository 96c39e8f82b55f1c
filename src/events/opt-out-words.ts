/** What a text asks for, beside whatever else it says. */
export type Wish = "stop" | "start" | "yes" | null;

const START_WORDS: ReadonlySet<string> = new Set(["START", "UNSTOP"]);
/** Who is texted "Reply YES" and answers so has asked for nothing: only whoever had texted STOP takes it back by this word. */
const YES = "YES";

/**
 * Gives the function that reads a text's wish: one of the words, alone, letter case and outer blanks and punctuation
 * ignored. `stopWords` wins where a word is in both lists.
 */
export function createWishReader(stopWords: readonly string[]): (text: string) => Wish {
  const stop = new Set(stopWords.map(bare).filter((word) => word !== ""));
  return (text) => {
    const word = bare(text);
    if (stop.has(word)) {
      return "stop";
    }
    return START_WORDS.has(word) ? "start" : word === YES ? "yes" : null;
  };
}

/**
 * From the first letter to the last, with the marks that belong to the last one: those of an emoji go with it. One pass,
 * however many blanks a text is made of.
 */
const CORE = /[^\p{P}\p{S}\p{Z}\p{C}\p{M}](?:.*[^\p{P}\p{S}\p{Z}\p{C}\p{M}])?[\p{M}--\p{Variation_Selector}]*/sv;

/** Full-width letters and invisible characters are what keyboards and copying make of a plain word. */
function bare(text: string): string {
  return (CORE.exec(text.normalize("NFKC"))?.[0] ?? "").toUpperCase();
}
