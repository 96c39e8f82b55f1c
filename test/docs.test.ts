import { existsSync, readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import fetch from "node-fetch";
import { expect, test } from "vitest";
import { SCOPES } from "../src/access/scopes.ts";
import { CURSOR_FAILURES, FAILURES, PLATFORM_FAILURES, tooCostly } from "../src/operations/failures.ts";

const ROOT = fileURLToPath(new URL("..", import.meta.url));
const PAGE = readFileSync(`${ROOT}docs/platforms.md`, "utf8");
/** The pages of `docs/`, by file name. */
const PAGES = readdirSync(`${ROOT}docs`).filter((name) => name.endsWith(".md"));
const HEADINGS = Array.from(PAGE.matchAll(/^#{2,3} (.+)$/gm), ([, heading = ""]) => heading);
const NUMBERS = HEADINGS.flatMap((heading) => /^[PT]-\d+(?=: )/.exec(heading) ?? []);

/** Every file that people write, with its text; a sentence that a comment breaks over two lines is whole again. */
const FILES = ["src", "test", "schema", "bench", "examples", "docs", "kit"]
  .flatMap((folder) =>
    readdirSync(`${ROOT}${folder}`, { recursive: true, encoding: "utf8" }).map((name) => `${folder}/${name}`),
  )
  .filter(
    (name) =>
      /\.(?:ts|md|graphql|html|ya?ml)$/.test(name) &&
      !/node_modules|\.snippets|\b(?:generated|dist|cache)\b/.test(name),
  )
  .concat("README.md", "codegen.yml")
  .map((name) => ({ name, text: readFileSync(ROOT + name, "utf8").replace(/\s*\n\s*(?:(?:\/\/|\*|#) ?)?/g, " ") }));

test("decisions about the platforms are numbered without a gap, each number once", () => {
  for (const letter of ["P", "T"]) {
    const numbers = NUMBERS.filter((number) => number.startsWith(letter));
    expect(numbers.length).toBeGreaterThan(25);
    expect(numbers).toEqual(numbers.map((_, at) => `${letter}-${at + 1}`));
  }
});

test("nothing points to documents that are not in the repository", () => {
  const outside = /(?:pidj|textizen)-api\.txt|ambig[u]ities|(?:architecture|reliability|style|words)\.md/;
  expect(
    FILES.flatMap(({ name, text }) => (outside.test(text) ? [`${name}: ${outside.exec(text)?.[0]}`] : [])),
  ).toEqual([]);
});

test("what a comment says of docs/platforms.md is a heading or a number there", () => {
  const unknown = FILES.flatMap(({ name, text }) =>
    Array.from(
      text.matchAll(/docs\/platforms\.md(?:, (?<place>.{1,60})| (?<numbers>[PT]-\d+(?:(?:, | and | to )[PT]-\d+)*))/g),
    )
      .filter(({ groups = {} }) => {
        const { place, numbers } = groups;
        return place === undefined
          ? !numbers?.match(/[PT]-\d+/g)?.every((number) => NUMBERS.includes(number))
          : !HEADINGS.some((heading) => place.startsWith(heading));
      })
      .map(([reference]) => `${name}: ${reference}`),
  );
  expect(unknown).toEqual([]);
});

test("links inside the documentation lead to a heading", () => {
  const slugs = (text: string) =>
    Array.from(text.matchAll(/^#+ (.+)$/gm), ([, heading = ""]) =>
      heading
        .toLowerCase()
        .replace(/[^\p{L}\p{N} _-]/gu, "")
        .replaceAll(" ", "-"),
    );
  const read = (url: URL) => readFileSync(url, "utf8");
  for (const name of ["README.md", ...PAGES.map((page) => `docs/${page}`)]) {
    const page = new URL(`../${name}`, import.meta.url);
    const links = Array.from(read(page).matchAll(/\]\(((?![a-z]+:)[^)#]*)(?:#([^)]+))?\)/g));
    const broken = links.filter(([, file = "", slug]) => {
      const target = file === "" ? page : new URL(file, page);
      return slug === undefined ? !existsSync(target) : !slugs(read(target)).includes(slug);
    });
    expect({ name, broken: broken.map(([link]) => link) }).toEqual({ name, broken: [] });
  }
});

test("the README is a front door of at most 150 lines, and it and the index lead to every page", () => {
  const readme = readFileSync(`${ROOT}README.md`, "utf8");
  const index = readFileSync(`${ROOT}docs/index.md`, "utf8");
  const pages = PAGES.filter((page) => page !== "index.md");
  expect(pages.length).toBeGreaterThan(19);
  expect(readme.split("\n").length).toBeLessThanOrEqual(150);
  expect(pages.filter((page) => !readme.includes(`](docs/${page})`) || !index.includes(`](${page})`))).toEqual([]);
});

test("the table of scopes has each, and no other", () => {
  const page = readFileSync(`${ROOT}docs/authentication.md`, "utf8");
  const rows = Array.from(page.matchAll(/^\| (`[^|]+) \|/gm), ([, cell = ""]) => cell);
  expect(rows.flatMap((cell) => cell.match(/[a-z-]+:[a-z]+/g) ?? []).sort()).toEqual([...SCOPES].sort());
});

test("the layout names every file and folder of src", () => {
  const layout =
    /^```\nschema\/[^`]*(?:`[^`]+`[^`]*)*?^```$/m.exec(readFileSync(`${ROOT}docs/contribute.md`, "utf8"))?.[0] ?? "";
  const names = readdirSync(`${ROOT}src`, { withFileTypes: true }).map((entry) =>
    entry.isDirectory() ? `${entry.name}/` : entry.name,
  );
  expect(names.length).toBeGreaterThan(20);
  expect(
    names.filter((name) => !new RegExp(`(?:^|\\s)${name.replaceAll(".", "\\.")}(?:\\s|$)`, "m").test(layout)),
  ).toEqual([]);
});

test("the table of variables has each that the server reads and no other, with the number that is its default", () => {
  const rows = readFileSync(`${ROOT}docs/configuration.md`, "utf8").matchAll(
    /^\| (`[A-Z][A-Z0-9_`, ]+) \| ([^|]+) \|/gm,
  );
  const table = new Map(
    Array.from(rows).flatMap(([, names = "", defaults = ""]) =>
      names.split(", ").map((name, at) => [name.replaceAll("`", ""), defaults.split(", ")[at] ?? defaults] as const),
    ),
  );
  const code = FILES.filter(({ name }) => /^src\/[^/]+\.ts$/.test(name)).map(({ text }) => text);
  const reads = /\benv\.(\w+)\(\s*"([A-Z][A-Z0-9_]+)"(?:, ([\d_]+),)?/g;
  const variables = Array.from(code.join("\n").matchAll(reads), ([, , name = "", number]) => [name, number] as const);
  expect(variables.length).toBeGreaterThan(40);
  expect(variables.filter(([name]) => !table.has(name))).toEqual([]);
  const named = new Set(code.join("\n").match(/(?<=")[A-Z][A-Z0-9_]+(?=")|(?<=env\.)[A-Z_]+/g));
  expect([...table.keys()].filter((name) => !named.has(name))).toEqual([]);
  const wrong = variables.filter(([name, number]) => {
    const stated = table.get(name)?.replaceAll("`", "");
    return number !== undefined && stated !== "–" && stated !== number.replaceAll("_", "");
  });
  expect(wrong).toEqual([]);
});

test("the table of packages has each of package.json, and no other", () => {
  const named = rowsOf("contribute", "package").flatMap(codes).sort();
  const { dependencies, devDependencies, optionalDependencies } = JSON.parse(
    readFileSync(`${ROOT}package.json`, "utf8"),
  ) as Record<string, Record<string, string>>;
  expect(named).toEqual(Object.keys({ ...dependencies, ...devDependencies, ...optionalDependencies }).sort());
});

test("node-fetch refuses a GET with a body, as the page for contributors says", async () => {
  expect(readFileSync(`${ROOT}docs/contribute.md`, "utf8").replaceAll("\n", " ")).toContain(
    "Request with GET/HEAD method cannot have body",
  );
  await expect(fetch("http://127.0.0.1:9", { method: "GET", body: "{}" })).rejects.toThrow(
    "Request with GET/HEAD method cannot have body",
  );
});

test("the page of errors has each code that an answer can have, and no other, and says what to show a person", () => {
  const fixed = [...Object.values(FAILURES), ...Object.values(CURSOR_FAILURES), tooCostly("")].map(
    ({ extensions }) => extensions.code,
  );
  const codesOfAnswers = [
    ...fixed,
    ...Object.values(PLATFORM_FAILURES).map(({ code }) => code),
    // Of documents: graphql's own failures, and Apollo Server's answer to an unknown hash.
    ...["GRAPHQL_PARSE_FAILED", "GRAPHQL_VALIDATION_FAILED", "PERSISTED_QUERY_NOT_FOUND"],
  ];
  expect(rowsOf("errors", "code").flatMap(codes).sort()).toEqual([...new Set(codesOfAnswers)].sort());
});

test("the page of user errors has each code of the schema, and no other", () => {
  const schema = readFileSync(`${ROOT}schema/schema.graphql`, "utf8");
  const [, members = ""] = /^enum MessagingUserErrorCode \{(.*?)^\}/ms.exec(schema) ?? [];
  const values = members.match(/^ {2}[A-Z_]+$/gm)?.map((value) => value.trim()) ?? [];
  expect(values.length).toBeGreaterThan(10);
  expect(rowsOf("user-errors", "code").flatMap(codes).sort()).toEqual(values.sort());
});

/** The first cell of each row of the table that begins with `heading`; all cells of these rows must hold something. */
function rowsOf(page: string, heading: string): string[] {
  const text = readFileSync(`${ROOT}docs/${page}.md`, "utf8");
  const [, , rows = ""] = new RegExp(`^\\| ${heading} (.*)\\n\\|(?: --- \\|)+\\n((?:\\|.*\\n)+)`, "m").exec(text) ?? [];
  const cells = rows
    .trimEnd()
    .split("\n")
    .map((row) => row.split(" | "));
  expect(cells.flat().filter((cell) => /^[|\s]*$/.test(cell))).toEqual([]);
  return cells.map(([first = ""]) => first);
}

/** What stands in backticks. */
function codes(text: string): string[] {
  return Array.from(text.matchAll(/`([^`]+)`/g), ([, code = ""]) => code);
}

test("the table of imports has for each room what the linter allows", () => {
  const rows = readFileSync(`${ROOT}docs/contribute.md`, "utf8").matchAll(/^\| `([a-z]+)` \| (.+) \|$/gm);
  const table = new Map(Array.from(rows, ([, room = "", text = ""]) => [room, namesIn(text)]));
  const rules = importRules();
  expect(rules.size).toBeGreaterThan(12);
  for (const [room, allowed] of rules) {
    expect({ room, allowed: table.get(room) }).toEqual({ room, allowed: allowed.sort() });
  }
});

function namesIn(text: string): string[] {
  return Array.from(text.matchAll(/`([a-z]+)`/g), ([, name = ""]) => name).sort();
}

/** The rooms, and the two files that count as rooms, that each room may import. */
function importRules(): Map<string, string[]> {
  const { overrides } = JSON.parse(readFileSync(`${ROOT}biome.json`, "utf8")) as {
    readonly overrides: readonly { readonly includes: readonly string[]; readonly linter: unknown }[];
  };
  return new Map(
    overrides.flatMap(({ includes, linter }) => {
      const room = /^src\/([a-z]+)\/\*\*$/.exec(includes[0] ?? "")?.[1];
      const patterns = JSON.stringify(linter).matchAll(/"!\.\.\/(?:([a-z]+)\/\*\*|(context|config)\.ts)"/g);
      const allowed = Array.from(patterns, ([, folder, file]) => folder ?? file ?? "");
      return room === undefined ? [] : [[room, allowed] as const];
    }),
  );
}
