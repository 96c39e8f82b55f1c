import { readdirSync, readFileSync } from "node:fs";

const page = (text: string, name: string) => ({ text, link: `/${name}` });
const docs = new URL("..", import.meta.url);

/** The groups of index.md (`**Run it**: [Configuration](configuration.md) · …`), so that one list has all pages. */
const tasks = Array.from(
  readFileSync(new URL("index.md", docs), "utf8").matchAll(/^\*\*(.+?)\*\*:((?:.+\n)+)/gm),
  ([, text = "", links = ""]) => ({
    text,
    items: Array.from(links.matchAll(/\[([^\]]+)\]\(([a-z-]+)\.md\)/g), ([, title = "", name = ""]) =>
      page(title, name),
    ),
  }),
);

/** One page for each file of `schema/`, made by `reference.ts` before the site is built. */
const reference = readdirSync(new URL("schema/", docs))
  .filter((name) => name.endsWith(".md") && name !== "index.md")
  .map((name) => name.replace(".md", ""))
  .sort()
  .map((name) => page(name.replaceAll("-", " "), `schema/${name}`));

/** The anchor of a heading, as code hosts make it: links lead to the same place there and on the site. */
const slugify = (heading: string) =>
  heading
    .toLowerCase()
    .replace(/[^\p{L}\p{N} _-]/gu, "")
    .replaceAll(" ", "-");

/** The part of markdown-it's tokens that is changed here. */
interface Token {
  type: string;
  tag: string;
  content: string;
  children: Token[] | null;
  attrGet(name: string): string | null;
  attrSet(name: string, value: string): void;
}

/** Files of the checkout that are no pages (`../examples/…`) are named, not linked: the site does not have them. */
function nameFilesOfCheckout({ tokens }: { readonly tokens: Token[] }): void {
  for (const { children } of tokens) {
    let isOutside = false;
    for (const token of children ?? []) {
      if (token.type === "link_open") {
        isOutside = token.attrGet("href")?.startsWith("../") ?? false;
      }
      if (isOutside && (token.type === "link_open" || token.type === "link_close")) {
        token.type = "text";
        token.content = "";
      }
    }
  }
}

/** The empty corner of a table is no header: a screen reader would read it as one. */
function emptyCorners({ tokens }: { readonly tokens: Token[] }): void {
  for (const [at, token] of tokens.entries()) {
    if (token.type === "th_open" && tokens[at + 1]?.content === "") {
      for (const end of [token, tokens[at + 2]]) {
        if (end !== undefined) {
          end.tag = "td";
        }
      }
    }
  }
}

/** Braces in code are shown as they are: otherwise Vue takes them for an expression. */
function keepBraces({ tokens }: { readonly tokens: Token[] }): void {
  for (const token of tokens.flatMap(({ children }) => children ?? [])) {
    if (token.type === "code_inline") {
      token.attrSet("v-pre", "");
    }
  }
}

interface Markdown {
  readonly core: { readonly ruler: { push(name: string, rule: (state: { readonly tokens: Token[] }) => void): void } };
}

function configure({ core }: Markdown): void {
  core.ruler.push("files-of-checkout", nameFilesOfCheckout);
  core.ruler.push("empty-corners", emptyCorners);
  core.ruler.push("keep-braces", keepBraces);
}

export default {
  title: "textgraph",
  description: "One GraphQL graph over two text messaging platforms, Pidj and Textizen",
  lang: "en",
  cleanUrls: true,
  // Addresses of a reader's own machine.
  ignoreDeadLinks: [/^https?:\/\/(?:127\.0\.0\.1|localhost)/],
  markdown: { config: configure, anchor: { slugify } },
  themeConfig: {
    search: {
      provider: "local",
      options: {
        miniSearch: {
          options: {
            // An error code is one word, and its parts are words too.
            tokenize: (text: string) =>
              text
                .split(/[^\p{L}\p{N}_]+/u)
                .flatMap((word) => (word.includes("_") ? [word, ...word.split("_")] : [word])),
          },
          // What explains a task comes before what lists fields.
          searchOptions: { boostDocument: (id: string) => (id.includes("/schema/") ? 0.3 : 1) },
        },
      },
    },
    outline: { level: [2, 3] },
    sidebar: [...tasks, { text: "Schema", collapsed: true, items: [page("All types", "schema/"), ...reference] }],
  },
};
