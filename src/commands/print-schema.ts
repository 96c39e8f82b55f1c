import { writeFile } from "node:fs/promises";
import { parseArgs } from "node:util";
import { buildSchema, printSdl, readTypeDefs } from "../operations/schema.ts";
import { printSubgraph } from "../operations/subgraph.ts";
import { runProgram } from "../program.ts";

// `npm run schema:print`: the SDL that clients download, the same as at GET /schema.graphql. With --subgraph: the SDL that
// a router's supergraph is composed of, the same as `{ _service { sdl } }`.
runProgram(async () => {
  const { values, positionals } = parseArgs({ allowPositionals: true, options: { subgraph: { type: "boolean" } } });
  const [file = values.subgraph ? "subgraph.graphql" : "schema.graphql"] = positionals;
  await writeFile(file, values.subgraph ? printSubgraph(readTypeDefs()) : printSdl(buildSchema()));
  process.stdout.write(`${file} written\n`);
  return 0;
});
