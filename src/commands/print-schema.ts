import { writeFile } from "node:fs/promises";
import { buildSchema, printSdl } from "../operations/schema.ts";
import { runProgram } from "../program.ts";

// `npm run schema:print`: the SDL that clients download, the same as at GET /schema.graphql.
runProgram(async () => {
  const file = process.argv[2] ?? "schema.graphql";
  await writeFile(file, printSdl(buildSchema()));
  process.stdout.write(`${file} written\n`);
  return 0;
});
