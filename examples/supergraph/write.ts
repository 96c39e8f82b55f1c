import { readFileSync, writeFileSync } from "node:fs";
import { byGuild } from "./compose.ts";

const USAGE = "npm --prefix examples/supergraph run compose -- supergraph.graphql NAME=URL=SDL-FILE …";

// Writes a supergraph for a router that runs elsewhere.
const [, , target, ...given] = process.argv;
const subgraphs = given.map((each) => {
  const [, name = "", url = "", file = ""] = /^(\w+)=(\S+)=([^=]+)$/.exec(each) ?? [];
  return { name, url, file };
});
if (target === undefined || subgraphs.length === 0 || subgraphs.some(({ name }) => name === "")) {
  process.stderr.write(`${USAGE}\n`);
  process.exit(1);
}
const { supergraph, errors } = byGuild(
  subgraphs.map(({ name, url, file }) => ({ name, url, sdl: readFileSync(file, "utf8") })),
);
if (supergraph === null) {
  process.stderr.write(`${errors.join("\n")}\n`);
  process.exit(1);
}
writeFileSync(target, supergraph);
process.stdout.write(`${target} written\n`);
