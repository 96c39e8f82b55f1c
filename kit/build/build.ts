import { execFileSync } from "node:child_process";
import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { buildSchema, printSdl } from "../../src/operations/schema.ts";
import { bundleServer } from "./server.ts";

// `npm run kit [-- FOLDER]`: writes the npm package @textgraph/client to dist/kit, or to another folder.

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const KIT = join(ROOT, "kit");
const OUT = resolve(process.env["INIT_CWD"] ?? ".", process.argv[2] ?? join(ROOT, "dist/kit"));
// Other packages may bring a tsc of their own into node_modules/.bin.
const TSC = join(ROOT, "node_modules/typescript/bin/tsc");

rmSync(OUT, { recursive: true, force: true });
mkdirSync(OUT, { recursive: true });
run(TSC, "--project", KIT, "--outDir", OUT);
writeFileSync(join(OUT, "schema.graphql"), printSdl(buildSchema()));
run(
  join(ROOT, "src/commands/extract-documents.ts"),
  join(KIT, "operations"),
  "--out",
  join(OUT, "trusted-documents.json"),
);
for (const name of ["operations", "package.json", "README.md", "relay.config.json"]) {
  cpSync(join(KIT, name), join(OUT, name), { recursive: true });
}
cpSync(join(ROOT, "LICENSE"), join(OUT, "LICENSE"));
await bundleServer({ root: ROOT, out: join(OUT, "testing") });
run(TSC, "--project", join(KIT, "build/tsconfig.json"), "--outDir", join(OUT, "testing"));
writeFileSync(
  join(OUT, "testing/index.d.ts"),
  `import type { StartTextgraph } from "./kit/testing/textgraph.ts";
export * from "./kit/testing/textgraph.ts";
export declare const startTextgraph: StartTextgraph;
`,
);
for (const name of readdirSync(OUT, { recursive: true, encoding: "utf8" }).filter((path) => path.endsWith(".d.ts"))) {
  const path = join(OUT, name);
  const declarations = readFileSync(path, "utf8")
    // The compiler rewrites the extension in programs only.
    .replaceAll(/(from "\.[^"]*)\.ts"/g, '$1.js"')
    // No test makes a world of its own, so none needs the package that the simulator makes it with.
    .replace('import type { Faker } from "@faker-js/faker";', "type Faker = unknown;");
  writeFileSync(path, declarations);
}
process.stdout.write(`${OUT} written: npm pack makes a file of it that npm install takes.\n`);

function run(program: string, ...options: string[]): void {
  execFileSync(process.execPath, [program, ...options], { cwd: ROOT, stdio: ["ignore", 2, 2] });
}
