import { writeFileSync } from "node:fs";
import { printSchema } from "graphql";
import { buildSchema } from "./server/schema.ts";

// `npm run schema:print`: the SDL that clients download, the same as at GET /schema.graphql.
const file = process.argv[2] ?? "schema.graphql";
writeFileSync(file, `${printSchema(buildSchema())}\n`);
process.stdout.write(`${file} written\n`);
