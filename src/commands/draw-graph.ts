import { readFile, writeFile } from "node:fs/promises";
import { Graphviz } from "@hpcc-js/wasm-graphviz";
import { runProgram } from "../program.ts";
import { writeMarkdown, writePage } from "./graph-pages.ts";
import { drawOverview, drawPrices, readPicture } from "./graph-picture.ts";

const fileOf = (name: string) => new URL(`../../${name}`, import.meta.url);

/** The files that are not those of the schema as it is. */
export async function findOldPictures(): Promise<string[]> {
  const drawn = [...(await drawGraph())];
  const kept = await Promise.all(drawn.map(([name]) => readFile(fileOf(name), "utf8").catch(() => null)));
  return drawn.filter(([, text], at) => kept[at] !== text).map(([name]) => name);
}

/** Everything that `npm run picture` writes, by file from the top of the checkout. */
async function drawGraph(): Promise<ReadonlyMap<string, string>> {
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
    if (process.argv.includes("--check")) {
      const old = await findOldPictures();
      process.stderr.write(
        old.length === 0
          ? ""
          : `The schema or its prices have changed: npm run picture draws ${old.join(", ")} anew.\n`,
      );
      return old.length === 0 ? 0 : 1;
    }
    for (const [name, text] of await drawGraph()) {
      await writeFile(fileOf(name), text);
      process.stdout.write(`${name} written\n`);
    }
    return 0;
  });
}
