import type { Field } from "../errors.ts";
import { searchWords } from "../names.ts";
import type { E164 } from "../phone.ts";
import { forEachInSlices } from "../rest/slices.ts";

/** What a search looks for: beginnings of a name's words, all of them, or beginnings of a number, one of them. */
export type SearchText = { readonly words: readonly string[] } | { readonly beginnings: readonly string[] };

interface SearchedShape<Row> {
  readonly nameOf?: (row: Row) => Field<string> | undefined;
  readonly numberOf?: (row: Row) => E164 | null;
}

/** Finds rows of a list by beginnings of words or numbers. The words of all names are made when they are first needed. */
export class ListSearch<Row> {
  readonly #rows: readonly Row[];
  readonly #shape: SearchedShape<Row>;
  #words: Promise<readonly string[]> | null = null;

  constructor(rows: readonly Row[], shape: SearchedShape<Row>) {
    this.#rows = rows;
    this.#shape = shape;
  }

  /** The first rows that match, at most so many, and whether these are all. */
  async find(
    wanted: SearchText,
    most: number,
  ): Promise<{ readonly rows: readonly Row[]; readonly isComplete: boolean }> {
    const matches = "words" in wanted ? await this.#byWords(wanted.words) : this.#byBeginning(wanted.beginnings);
    const found: Row[] = [];
    await forEachInSlices(this.#rows.length, (at) => {
      if (found.length <= most && matches(at)) {
        found.push(this.#rows[at] as Row);
      }
    });
    return { rows: found.slice(0, most), isComplete: found.length <= most };
  }

  async #byWords(wanted: readonly string[]): Promise<(at: number) => boolean> {
    this.#words ??= this.#readWords();
    const words = await this.#words;
    return (at) => {
      const own = words[at] ?? "";
      return wanted.every((begin) => own.startsWith(begin) || own.includes(` ${begin}`));
    };
  }

  /** The words of each row in one text: 100,000 rows have no need for as many arrays. */
  async #readWords(): Promise<readonly string[]> {
    const words: string[] = [];
    await forEachInSlices(this.#rows.length, (at) => {
      const name = this.#shape.nameOf?.(this.#rows[at] as Row);
      words.push(typeof name === "string" ? searchWords(name).join(" ") : "");
    });
    return words;
  }

  #byBeginning(beginnings: readonly string[]): (at: number) => boolean {
    return (at) => {
      const number = this.#shape.numberOf?.(this.#rows[at] as Row) ?? null;
      return number !== null && beginnings.some((beginning) => number.startsWith(beginning));
    };
  }
}
