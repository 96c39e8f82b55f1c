import { readdirSync, readFileSync } from "node:fs";

const ROOT = new URL("..", import.meta.url);

/** An example in the documentation, as its reader copies it. */
export interface Snippet {
  /** The page from the top of the checkout: `docs/send.md`. */
  readonly page: string;
  /** The line of the page that the example begins at, to name it. */
  readonly line: number;
  /** What the page says it is: `graphql`, `json`, `sh`, `ts` … */
  readonly language: string;
  readonly text: string;
}

/** The README and the pages of `docs/`, from the top of the checkout. */
export function pageNames(): string[] {
  const names = readdirSync(new URL("docs/", ROOT)).filter((name) => name.endsWith(".md"));
  return ["README.md", ...names.map((name) => `docs/${name}`)];
}

/** All examples of a page, in its order. */
export function snippetsOf(page: string): Snippet[] {
  const text = readFileSync(new URL(page, ROOT), "utf8");
  return Array.from(text.matchAll(/^( *)```([a-z]+)\n(.*?)^\1```$/gms), (match) => {
    const [, indent = "", language = "", body = ""] = match;
    const line = text.slice(0, match.index).split("\n").length + 1;
    return { page, line, language, text: body.replaceAll(new RegExp(`^${indent}`, "gm"), "") };
  });
}
