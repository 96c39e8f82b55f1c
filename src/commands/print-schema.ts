import { writeFileSync } from "node:fs";
import { buildSchema, printSdl } from "../operations/schema.ts";

// `npm run schema:print`: the SDL that clients download, the same as at GET /schema.graphql.
const file = process.argv[2] ?? "schema.graphql";
writeFileSync(file, printSdl(buildSchema()));
process.stdout.write(`${file} written\n`);
