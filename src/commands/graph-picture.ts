import type { Graphviz } from "@hpcc-js/wasm-graphviz";
import {
  type GraphQLField,
  type GraphQLSchema,
  getNamedType,
  isAbstractType,
  isInterfaceType,
  isObjectType,
} from "graphql";
import { NO_COST, readCosts } from "../operations/costs.ts";
import { CALLS_OF, type CallName } from "../operations/routes.ts";
import { buildSchema, readTypeDefs } from "../operations/schema.ts";

/** A field that leads to records of a type. */
export interface Link {
  /** The type that has the field: `Query` for a way in. */
  readonly from: string;
  readonly field: string;
  readonly to: string;
  /** `free`, `1 once`, `2 each`, `1 once + 1 each`: see `PRICES`. */
  readonly price: string;
  readonly calls: readonly CallName[];
}

/** The types that have an id, and all fields that lead to one of them. */
export interface Picture {
  readonly types: readonly PicturedType[];
  readonly links: readonly Link[];
}

interface PicturedType {
  readonly name: string;
  /** Where its records are: at a platform, at both, or in this server's own store. */
  readonly home: "pidj" | "textizen" | "both" | "own";
}

/** What the words of a price mean. */
export const PRICES = [
  ["free", "no platform call"],
  ["1 once", "one call in the whole operation, and none while the list is kept"],
  ["1 each", "one call for each object that is asked"],
] as const;

/** What the colors mean. */
export const HOMES = [
  ["pidj", "Pidj"],
  ["textizen", "Textizen"],
  ["both", "a phone number on both"],
  ["own", "kept here"],
] as const;

/** Reads what is drawn from the schema, its costs and the calls of its fields. */
export function readPicture(): Picture {
  const schema = buildSchema();
  const node = schema.getType("Node");
  const query = schema.getQueryType();
  if (!isInterfaceType(node) || !query) {
    throw new Error("a schema without Node or Query");
  }
  const costs = readCosts(readTypeDefs());
  const types = schema.getPossibleTypes(node);
  const names = new Set(types.map(({ name }) => name));
  const links = [query, ...types].flatMap((type) =>
    Object.values(type.getFields()).flatMap((field): Link[] => {
      if (typeof field.deprecationReason === "string") {
        return [];
      }
      return [...targetsOf(schema, field, names)].map((to) => {
        const { calls, isShared } = costs.get(`${type.name}.${field.name}`) ?? NO_COST;
        const ofObject = (costs.get(to) ?? NO_COST).calls;
        const price = priceOf(isShared ? calls : 0, (isShared ? 0 : calls) + ofObject);
        const made = [...(CALLS_OF.get(`${type.name}.${field.name}`) ?? []), ...(CALLS_OF.get(to) ?? [])];
        return { from: type.name, field: field.name, to, price, calls: price === "free" ? [] : [...new Set(made)] };
      });
    }),
  );
  return { types: types.map(({ name }) => ({ name, home: homeOf(name, links) })), links };
}

/**
 * The types with an id that a field leads to: its own, those of a union or an interface, or those within what has no id,
 * such as a connection's `nodes`. `Node` is every type, and so is no link.
 */
function targetsOf(
  schema: GraphQLSchema,
  { type }: GraphQLField<unknown, unknown>,
  names: ReadonlySet<string>,
  seen = new Set<string>(),
): ReadonlySet<string> {
  const named = getNamedType(type);
  if (names.has(named.name)) {
    return new Set([named.name]);
  }
  if (seen.has(named.name) || named.name === "Node") {
    return new Set();
  }
  seen.add(named.name);
  if (isAbstractType(named)) {
    return new Set(schema.getPossibleTypes(named).flatMap(({ name }) => (names.has(name) ? [name] : [])));
  }
  const within = isObjectType(named) ? Object.values(named.getFields()) : [];
  return new Set(within.flatMap((field) => [...targetsOf(schema, field, names, seen)]));
}

function priceOf(once: number, each: number): string {
  const parts = [once > 0 ? `${once} once` : "", each > 0 ? `${each} each` : ""];
  return parts.filter((part) => part !== "").join(" + ") || "free";
}

/** By the platforms that the ways in ask, but for those to several types. What asks none is in this server's own store. */
function homeOf(name: string, links: readonly Link[]): PicturedType["home"] {
  const ways = links.filter(({ from, field, to }) => {
    const leadsTo = links.filter((link) => link.from === from && link.field === field).length;
    return from === "Query" && to === name && leadsTo === 1;
  });
  const platforms = new Set(ways.flatMap(({ calls }) => calls.map((call) => call.split(" ")[0])));
  if (platforms.size === 0) {
    return "own";
  }
  return platforms.size > 1 ? "both" : platforms.has("PIDJ") ? "pidj" : "textizen";
}

/** Draws the types and which of them are linked: small, for the beginning of a page. */
export function drawOverview(graphviz: Graphviz, { types, links }: Picture): string {
  const pairs = new Map(
    links.filter(({ from }) => from !== "Query").map(({ from, to }) => [[from, to].sort().join(" "), [from, to]]),
  );
  const lines = [
    ...types.map(({ name, home }) => `${name} [class="${home}" label=<${box(name, [], 3)}>];`),
    ...Array.from(pairs.values(), ([from, to]) => `${from} -> ${to} [dir=none];`),
  ];
  return finish(graphviz, lines, "nodesep=0.12; ranksep=0.3; pad=0.1;", {
    title: "The types of the graph and the links between them",
    describe: describeLinks(links),
    legend: HOMES,
  });
}

/** Draws the types with their ways in, and the links with their prices. */
export function drawPrices(graphviz: Graphviz, { types, links }: Picture): string {
  const lines = types.map(({ name, home }) => {
    const ways = links.filter(({ from, to }) => from === "Query" && to === name);
    return `${name} [class="${home}" label=<${box(
      name,
      ways.map(({ field, price }) => `${field}: ${price}`),
      5,
    )}>];`;
  });
  lines.push(alone({ types, links }));
  // One line for both directions.
  const pairs = Map.groupBy(
    links.filter(({ from }) => from !== "Query"),
    ({ from, to }) => [from, to].sort().join(" "),
  );
  for (const [first, ...more] of pairs.values()) {
    if (first !== undefined) {
      const both = [first, ...more];
      const label = both.map(({ from, field, price }) => ` ${from}.${field}: ${price}\\l`).join("");
      const goesBack = more.some(({ from }) => from !== first.from);
      lines.push(
        `${first.from} -> ${first.to} [label="${label}" dir=${goesBack ? "both" : "forward"} class="${lineOf(both)}"];`,
      );
    }
  }
  return finish(graphviz, lines, "nodesep=0.12; ranksep=0.4; pad=0.15;", {
    title: "The types of the graph, the links between them, and what each link costs",
    describe: describeLinks(links),
    legend: [...HOMES, ...PRICES],
  });
}

/** Types that no link leads to or from go to the bottom, where there is room. */
function alone({ types, links }: Picture): string {
  const linked = new Set(links.filter(({ from }) => from !== "Query").flatMap(({ from, to }) => [from, to]));
  return `{ rank=max; ${types
    .filter(({ name }) => !linked.has(name))
    .map(({ name }) => `${name};`)
    .join(" ")} }`;
}

/** A link that costs something in one of its directions is drawn in full. */
function lineOf(links: readonly Link[]): string {
  return links.every(({ price }) => price === "free") ? "free" : "paid";
}

function box(name: string, rows: readonly string[], padding: number): string {
  const ways = rows.map((row) => `<tr><td align="left"><font point-size="11">${row}</font></td></tr>`).join("");
  return `<table border="1" cellborder="0" cellspacing="0" cellpadding="${padding}" style="rounded" bgcolor="white"><tr><td><b>${name}</b></td></tr>${ways}</table>`;
}

/** Every link in words, for who does not see the picture. */
function describeLinks(links: readonly Link[]): string {
  return `${links
    .filter(({ from }) => from !== "Query")
    .map(({ from, field, to, price }) => `${from}.${field} leads to ${to}: ${price}.`)
    .join(" ")}`;
}

interface Words {
  readonly title: string;
  readonly describe: string;
  readonly legend: readonly (readonly [string, string])[];
}

// The layout reckons with characters a little wider than those shown, because readers' fonts differ.
const STYLE = `
  svg { font-family: Arial, Helvetica, "Liberation Sans", sans-serif; }
  .card { fill: #f8fafc; }
  .edge text { font-size: 10px; fill: #0f172a; paint-order: stroke; stroke: #f8fafc; stroke-width: 3px; stroke-linejoin: round; }
  .node text { font-size: 13px; fill: #0f172a; }
  .node text + text { font-size: 10px; }
  .node path { stroke-width: 1.2; stroke: #475569; fill: #fff; }
  .pidj path { fill: #e0f2fe; stroke: #0369a1; }
  .textizen path { fill: #fef3c7; stroke: #a16207; }
  .both path { fill: #ede9fe; stroke: #6d28d9; }
  .own path { fill: #dcfce7; stroke: #15803d; }
  .edge path { stroke: #475569; stroke-width: 1.2; }
  .edge polygon { stroke: #475569; fill: #475569; }
  .edge.free path { stroke-dasharray: 4 3; }
  .legend { font-size: 11px; fill: #334155; }
  .legend rect { stroke-width: 1.2; }
  .legend .pidj { fill: #e0f2fe; stroke: #0369a1; }
  .legend .textizen { fill: #fef3c7; stroke: #a16207; }
  .legend .both { fill: #ede9fe; stroke: #6d28d9; }
  .legend .own { fill: #dcfce7; stroke: #15803d; }
  @media (prefers-color-scheme: dark) {
    .card { fill: #0f172a; }
    .node text { fill: #f1f5f9; }
    .pidj path, .legend .pidj { fill: #0c4a6e; stroke: #38bdf8; }
    .textizen path, .legend .textizen { fill: #713f12; stroke: #facc15; }
    .both path, .legend .both { fill: #4c1d95; stroke: #a78bfa; }
    .own path, .legend .own { fill: #14532d; stroke: #4ade80; }
    .edge path { stroke: #94a3b8; }
    .edge polygon { stroke: #94a3b8; fill: #94a3b8; }
    .edge text { fill: #f1f5f9; stroke: #0f172a; }
    .legend { fill: #cbd5e1; }
  }
`;

/** Lays out, and makes of it a picture with a title, a description, a legend, and colors for light and dark pages. */
function finish(graphviz: Graphviz, lines: readonly string[], spaces: string, words: Words): string {
  const dot = `digraph { ${spaces}
node [shape=plain fontname="Arial" fontsize=14.5];
edge [fontname="Arial" fontsize=11 arrowsize=0.6];
${lines.join("\n")}
}`;
  const svg = graphviz.layout(dot, "svg", "dot");
  const [, width = "", height = "", body = ""] =
    /viewBox="0.00 0.00 ([\d.]+) ([\d.]+)"[^>]*>([\s\S]*)<\/svg>/.exec(svg) ?? [];
  const isWide = Number(width) > 1_000;
  const rows = isWide ? [words.legend] : halves(words.legend);
  const [right, bottom] = [Math.ceil(Number(width)), Math.ceil(Number(height)) + 12 + 22 * rows.length];
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${right} ${bottom}" width="${right}" height="${bottom}" role="img" aria-labelledby="graph-title" aria-describedby="graph-links">
<title id="graph-title">${words.title}</title>
<desc id="graph-links">${words.describe}</desc>
<style>${STYLE}</style>
<rect class="card" width="100%" height="100%" rx="10"/>
${body
  .replaceAll(/<!--[\s\S]*?-->\n/g, "")
  .replaceAll(/<title>[\s\S]*?<\/title>\n/g, "")
  .replace(/<polygon fill="white" stroke="none"[^>]*\/>\n/, "")
  .replaceAll(/ (?:id|font-family|font-size|xml:space|text-decoration)="[^"]*"/g, "")
  .trim()}
${legend(rows, right, Math.ceil(Number(height)) + 14)}
</svg>
`;
}

function halves<Item>(items: readonly Item[]): readonly (readonly Item[])[] {
  const middle = Math.ceil(items.length / 2);
  return [items.slice(0, middle), items.slice(middle)];
}

function legend(rows: readonly Words["legend"][], width: number, top: number): string {
  const colors: ReadonlySet<string> = new Set(HOMES.map(([home]) => home));
  const lines = rows.map((row, line) => {
    const entries = row.map(([word, meaning]) =>
      colors.has(word) ? { color: word, text: meaning } : { text: `${word}: ${meaning}` },
    );
    // About as wide as its text is long.
    const all = entries.reduce((sum, { text }) => sum + text.length + 5, 0);
    let used = 0;
    return entries
      .map(({ color, text }) => {
        const x = Math.round(16 + (used / all) * (width - 32));
        used += text.length + 5;
        const y = top + 22 * line;
        const swatch =
          color === undefined ? "" : `<rect class="${color}" x="${x}" y="${y - 9}" width="12" height="12" rx="3"/>`;
        return `${swatch}<text x="${color === undefined ? x : x + 18}" y="${y + 1}">${text}</text>`;
      })
      .join("\n");
  });
  return `<g class="legend">\n${lines.join("\n")}\n</g>`;
}
