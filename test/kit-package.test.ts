import { execFile } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { mkdir, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { parse, validate } from "graphql";
import { afterAll, beforeAll, expect, test } from "vitest";
import { buildSchema } from "../src/operations/schema.ts";

const ROOT = fileURLToPath(new URL("..", import.meta.url));
// Build, pack and install, each a process of its own.
const TIMEOUT_MS = 120_000;
const PEERS = ["@apollo/client", "@urql/core", "@urql/exchange-graphcache", "graphql", "graphql-ws", "wonka"];
const AROUND = ["rxjs", "@types/node", "undici-types", "ws"];

const project = mkdtempSync(join(tmpdir(), "textgraph-kit-"));
const execute = promisify(execFile);

/** What a program prints; rejects with it if the program fails. */
async function run(program: string, ...options: string[]): Promise<string> {
  try {
    return (await execute(program, options, { cwd: project, timeout: TIMEOUT_MS })).stdout;
  } catch (error) {
    const { stdout, stderr } = error as { stdout: string; stderr: string };
    throw new Error(`${stdout}${stderr}`);
  }
}

beforeAll(async () => {
  await execute(process.execPath, ["kit/build/build.ts"], { cwd: ROOT, timeout: TIMEOUT_MS });
  await writeFile(join(project, "package.json"), JSON.stringify({ private: true, type: "module" }));
  const packed = await run("npm", "pack", "--silent", join(ROOT, "dist/kit"));
  await run("npm", "install", "--offline", "--no-audit", "--no-fund", `./${packed.trim()}`);
  // In place of `npm install` from a registry: the same packages as here.
  for (const name of [...PEERS, ...AROUND]) {
    const path = join(project, "node_modules", name);
    await mkdir(dirname(path), { recursive: true });
    await symlink(join(ROOT, "node_modules", name), path);
  }
}, TIMEOUT_MS);

afterAll(() => rmSync(project, { recursive: true }));

const PROGRAM = `
import { createTextgraphClient } from "@textgraph/client/apollo";
import { createTextgraphClient as createUrqlClient } from "@textgraph/client/urql";
import { graphcacheOptions } from "@textgraph/client/graphcache";
import { adviceOnError, adviceOnUserError, FindPersonDocument, type ErrorCode, type Person, type UserErrorCode } from "@textgraph/client";
import { startTextgraph } from "@textgraph/client/testing";
import { cacheExchange } from "@urql/exchange-graphcache";

const code: ErrorCode = "PLATFORM_TIMEOUT";
const userCode: UserErrorCode = "OUTCOME_UNKNOWN";
const number: Person["phoneNumber"] = "+12015554821";
await using graph = await startTextgraph({ people: 50 });
const client = createTextgraphClient({ url: graph.url, webSocketImpl: WebSocket });
const { data } = await client.query({ query: FindPersonDocument, variables: { phoneNumber: graph.phoneNumber } });
client.stop();
const { client: urql, close } = createUrqlClient({ url: graph.url, cache: cacheExchange(graphcacheOptions), webSocketImpl: WebSocket });
const answer = await urql.query(FindPersonDocument, { phoneNumber: graph.phoneNumber });
close();
const name: string | null | undefined = data?.person?.displayName;
console.log(JSON.stringify([name, answer.data?.person.displayName, adviceOnError(code).retry, adviceOnUserError(userCode).retry, number, graph.calls().length]));
`;

function compile(file: string, ...options: string[]): Promise<string> {
  const strict = ["--strict", "--noEmit", "--exactOptionalPropertyTypes", "--noUncheckedIndexedAccess"];
  const target = ["--target", "esnext", "--types", "node", "--ignoreConfig"];
  const compiler = join(ROOT, "node_modules/typescript/bin/tsc");
  return run(process.execPath, compiler, ...strict, ...target, ...options, file);
}

const NODE_NEXT = ["--module", "nodenext"];
const BUNDLER = ["--module", "esnext", "--moduleResolution", "bundler"];

test("the package installs into an empty project, compiles there and runs against its own graph", {
  timeout: TIMEOUT_MS,
}, async () => {
  await writeFile(join(project, "program.ts"), PROGRAM);
  await compile("program.ts", "--skipLibCheck", ...NODE_NEXT);
  await compile("program.ts", "--skipLibCheck", ...BUNDLER);
  // The package's own declarations, without those of Apollo Client, which are not as strict.
  const own = ["", "/testing", "/graphcache"].map(
    (name, at) => `export * as part${at} from "@textgraph/client${name}";`,
  );
  await writeFile(join(project, "own.ts"), own.join("\n"));
  await compile("own.ts", ...NODE_NEXT);
  const output = await run(process.execPath, "program.ts");
  const [name, sameName, ...more] = JSON.parse(output);
  expect(name).toMatch(/^\S+ \S+/);
  expect(sameName).toBe(name);
  expect(more).toEqual(["program", "never", "+12015554821", 6]);
});

test("a wrong field, a wrong variable and an unknown code do not compile", { timeout: TIMEOUT_MS }, async () => {
  const wrong = {
    "field.ts": PROGRAM.replace("person?.displayName", "person?.displayNam"),
    "variable.ts": PROGRAM.replace("variables: { phoneNumber:", "variables: { number:"),
    "code.ts": PROGRAM.replace('"OUTCOME_UNKNOWN"', '"OUTCOME_UNKNOW"'),
  };
  for (const [file, program] of Object.entries(wrong)) {
    await writeFile(join(project, file), program);
    await expect(compile(file, "--skipLibCheck", ...NODE_NEXT)).rejects.toThrow(
      new RegExp(`^${file.replace(".", "\\.")}\\(.*error TS`),
    );
  }
});

test("nothing in the package is typed any, and its files are what the schema allows", () => {
  const read = (name: string) => readFileSync(join(project, "node_modules/@textgraph/client", name), "utf8");
  for (const name of ["generated/documents.d.ts", "generated/schema.d.ts", "client/index.d.ts", "client/apollo.d.ts"]) {
    expect(read(name)).not.toMatch(/\bany\b(?=[;,>)\]|])/);
  }
  const schema = buildSchema();
  const { operations } = JSON.parse(read("trusted-documents.json")) as { operations: { body: string; name: string }[] };
  expect(operations.map(({ name }) => name)).toEqual(expect.arrayContaining(["FindPerson", "SendMessage", "Inbox"]));
  expect(operations.flatMap(({ body }) => validate(schema, parse(body)))).toEqual([]);
  expect(read("schema.graphql")).toContain("type Person implements Node");
  const licences = read("testing/THIRD-PARTY-LICENSES.txt");
  for (const name of ["fastify", "@apollo/server", "graphql", "@faker-js/faker"]) {
    expect(licences).toMatch(new RegExp(`^${name} \\d`, "m"));
  }
});
