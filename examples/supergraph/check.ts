import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { byApollo, byGuild } from "./compose.ts";
import { CRM_SDL } from "./crm.ts";
import { pricesIn } from "./prices.ts";

const CHECKOUT = fileURLToPath(new URL("../..", import.meta.url));

/** The SDL of the graph in this checkout. A file's name in the arguments is taken in its place. */
function readSubgraph(): string {
  const [, , file] = process.argv;
  if (file !== undefined) {
    return readFileSync(file, "utf8");
  }
  const folder = mkdtempSync(join(tmpdir(), "textgraph-subgraph-"));
  try {
    const made = join(folder, "subgraph.graphql");
    execFileSync(process.execPath, ["src/commands/print-schema.ts", "--subgraph", made], { cwd: CHECKOUT });
    return readFileSync(made, "utf8");
  } finally {
    rmSync(folder, { recursive: true });
  }
}

// `npm run subgraph:check`: fails if the graph and the CRM cannot be composed, or only with hints, or if a price gets lost.
const subgraphs = [
  { name: "textgraph", url: "http://127.0.0.1:4000/graphql", sdl: readSubgraph() },
  { name: "crm", url: "http://127.0.0.1:4001/", sdl: CRM_SDL },
];
const prices = [...new Set(subgraphs.flatMap(({ sdl }) => [...pricesIn(sdl)]))];
for (const [name, { supergraph, errors, hints }] of Object.entries({
  "@apollo/composition": byApollo(subgraphs),
  "@theguild/federation-composition": byGuild(subgraphs),
})) {
  const kept = supergraph === null ? null : pricesIn(supergraph);
  const lost = kept === null ? [] : prices.filter((price) => !kept.has(price));
  const complaints = [
    ...errors.map((error) => `error: ${error}`),
    ...hints.map((hint) => `hint: ${hint}`),
    ...lost.map((price) => `a router will not see: ${price}`),
  ];
  for (const line of complaints) {
    process.stderr.write(`${name}: ${line}\n`);
    process.exitCode = 1;
  }
  if (complaints.length === 0) {
    process.stdout.write(`${name}: composed without errors and hints, with ${prices.length} prices\n`);
  }
}
