import { writeFile } from "node:fs/promises";
import { Graphviz } from "@hpcc-js/wasm-graphviz";
import { runProgram } from "../program.ts";
import { writeMarkdown, writePage } from "./graph-pages.ts";
import { drawOverview, drawPrices, readPicture } from "./graph-picture.ts";

/** Everything that `npm run picture` writes, by file from the top of the checkout. */
export async function drawGraph(): Promise<ReadonlyMap<string, string>> {
  const graphviz = await Graphviz.load();
  const picture = readPicture();
  const prices = drawPrices(graphviz, picture);
  return new Map([
    ["docs/graph.svg", drawOverview(graphviz, picture)],
    ["docs/graph-prices.svg", prices],
    ["docs/graph.md", writeMarkdown(picture)],
    ["src/server/browser/graph.html", writePage(picture, prices)],
  ]);
}

if (import.meta.main) {
  runProgram(async () => {
    for (const [name, text] of await drawGraph()) {
      await writeFile(new URL(`../../${name}`, import.meta.url), text);
      process.stdout.write(`${name} written\n`);
    }
    return 0;
  });
}
