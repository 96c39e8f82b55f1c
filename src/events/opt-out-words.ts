import { foldCase } from "../names.ts";

/** The request of a text that consists of a single keyword. */
export type Keyword = "stop" | "start" | "yes";

const START_WORDS = ["START", "UNSTOP"];
/** YES is also a usual answer to "Reply YES", so it only undoes an opt-out that was texted. */
const YES_WORDS = ["YES"];

/**
 * Returns the function that finds a text's keyword. It returns null for any other text, also for a sentence that
 * contains a keyword. `stopWords` wins if a word is in several lists.
 */
export function createKeywordReader(stopWords: readonly string[]): (text: string) => Keyword | null {
  const keywords = new Map<string, Keyword>([
    ...YES_WORDS.map((word) => [bare(word), "yes"] as const),
    ...START_WORDS.map((word) => [bare(word), "start"] as const),
    ...stopWords.map((word) => [bare(word), "stop"] as const),
  ]);
  // A word of punctuation only would turn every text of punctuation into a keyword.
  keywords.delete("");
  return (text) => keywords.get(bare(text)) ?? null;
}

/** The text's letters and digits, case folded, without accents. Marks that are vowels, as in Hindi and Thai, stay. */
function bare(text: string): string {
  const withoutAccents = text.normalize("NFKD").replace(/[\u0300-\u036f]+/g, "");
  return foldCase(withoutAccents.replace(/[^\p{L}\p{N}\p{M}]+|\p{Default_Ignorable_Code_Point}+|\p{Me}+/gu, ""));
}
