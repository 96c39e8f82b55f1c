import { foldCase } from "../names.ts";

/** What a text asks for if it consists of one keyword alone. */
export type Keyword = "stop" | "start" | "yes";

const START_WORDS = ["START", "UNSTOP"];
/** People also answer YES to "Reply YES" and ask for nothing: it only takes back a STOP that was texted. */
const YES_WORDS = ["YES"];

/**
 * Returns the function that finds the keyword that a text consists of; it returns null for any other text, a sentence
 * with a keyword in it included. `stopWords` wins if a word is in several lists.
 */
export function createKeywordReader(stopWords: readonly string[]): (text: string) => Keyword | null {
  const keywords = new Map<string, Keyword>([
    ...YES_WORDS.map((word) => [bare(word), "yes"] as const),
    ...START_WORDS.map((word) => [bare(word), "start"] as const),
    ...stopWords.map((word) => [bare(word), "stop"] as const),
  ]);
  // A word that is nothing but punctuation would make every text of punctuation a keyword.
  keywords.delete("");
  return (text) => keywords.get(bare(text)) ?? null;
}

/** Letters and digits alone, case folded, accents removed. Marks that are vowels, as in Hindi and Thai, stay. */
function bare(text: string): string {
  const withoutAccents = text.normalize("NFKD").replace(/[\u0300-\u036f]+/g, "");
  return foldCase(withoutAccents.replace(/[^\p{L}\p{N}\p{M}]+|\p{Default_Ignorable_Code_Point}+|\p{Me}+/gu, ""));
}
