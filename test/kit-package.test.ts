import { execFile } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { mkdir, symlink, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { parse, validate } from "graphql";
import { afterAll, beforeAll, expect, test } from "vitest";
import { buildSchema } from "../src/operations/schema.ts";
import { snippetsOf } from "./snippets.ts";

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

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "localhost");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return port;
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
import { adviceOnError, adviceOnUserError, CreateSendJobDocument, FindPersonDocument, type ErrorCode, type Person, type UserErrorCode } from "@textgraph/client";
import { startTextgraph } from "@textgraph/client/testing";
import { cacheExchange } from "@urql/exchange-graphcache";
import { fileURLToPath } from "node:url";
import trustedDocuments from "@textgraph/client/trusted-documents.json" with { type: "json" };

const code: ErrorCode = "PLATFORM_TIMEOUT";
const userCode: UserErrorCode = "OUTCOME_UNKNOWN";
const number: Person["phoneNumber"] = "+12015554821";
await using graph = await startTextgraph({ people: 50 });
const client = createTextgraphClient({ url: graph.url, webSocketImpl: WebSocket });
const { data } = await client.query({ query: FindPersonDocument, variables: { phoneNumber: graph.phoneNumber } });
// In Thailand and in Peru, whose clocks are twelve hours apart: one of them is always asleep.
const rows = [{ phoneNumber: "+66212345678" }, { phoneNumber: "+5112345678" }];
const quietHours = { start: "00:00", end: "12:00" };
const input = { from: { phoneNumber: "+18885552000" }, text: "Hello", recipients: { rows }, quietHours, isDryRun: true, idempotencyKey: "check" };
const checked = await client.mutate({ mutation: CreateSendJobDocument, variables: { input } });
client.stop();
const { client: urql, close } = createUrqlClient({ url: graph.url, cache: cacheExchange(graphcacheOptions), webSocketImpl: WebSocket });
const answer = await urql.query(FindPersonDocument, { phoneNumber: graph.phoneNumber });
close();
// The kit's own operations, by their ids, to a server that runs no other.
const manifest = fileURLToPath(import.meta.resolve("@textgraph/client/trusted-documents.json"));
await using closed = await startTextgraph({ people: 50, env: { TRUSTED_DOCUMENTS: manifest } });
const byId = createTextgraphClient({ url: closed.url, trustedDocuments, webSocketImpl: WebSocket });
const known = await byId.query({ query: FindPersonDocument, variables: { phoneNumber: closed.phoneNumber } });
byId.stop();
const urqlById = createUrqlClient({ url: closed.url, trustedDocuments, webSocketImpl: WebSocket });
const knownToo = await urqlById.client.query(FindPersonDocument, { phoneNumber: closed.phoneNumber });
urqlById.close();
const name: string | null | undefined = data?.person?.displayName;
console.log(JSON.stringify([name, answer.data?.person.displayName, known.data?.person?.displayName, knownToo.data?.person.displayName, adviceOnError(code).retry, adviceOnUserError(userCode).retry, number, graph.calls().length, checked.data?.createSendJob?.check?.quietCount]));
`;

/** Uses the examples of docs/kit.md, each found by a part of it. */
const EXAMPLES = `
import { fileURLToPath } from "node:url";
import { startTextgraph } from "@textgraph/client/testing";
import { createTextgraphClient } from "@textgraph/client/apollo";
import { FindPersonDocument } from "@textgraph/client";
import { client as apollo } from "{sessionStorage}";
import { client as urql, close } from "{graphcacheOptions}";
import { client as trusting } from "{trustedDocuments }"
import { openForm } from "{openForm}";
import { send } from "{sendWithRetries<}";
import { advice } from "{adviceOnUserError(}";
import { openList } from "{openList}";
import { openInbox } from "{openInbox}";
import { textsAPersonOnce } from "{textsAPersonOnce}";

const manifest = fileURLToPath(import.meta.resolve("@textgraph/client/trusted-documents.json"));
const seen: Record<string, unknown> = {};
const groupId = (graph: { simulator: { world: { pidjGroups: ReadonlyMap<string, { id: string; phone_number: string | null }> } } }) =>
  [...graph.simulator.world.pidjGroups.values()].find(({ phone_number }) => phone_number !== null)?.id ?? "";
{
  await using graph = await startTextgraph({ people: 50 });
  const client = createTextgraphClient({ url: graph.url, webSocketImpl: WebSocket });
  const sendOnce = openForm(client);
  await sendOnce(groupId(graph), graph.phoneNumber, "Hello");
  const again = await sendOnce(groupId(graph), graph.phoneNumber, "Hello");
  seen["sent"] = [graph.sent().length, again.data?.sendMessage?.isReplay];
  seen["advice"] = advice(await openForm(client)(groupId(graph), "+1", "Hello")).map(({ retry }) => retry);

  const { list, more } = openList(client);
  const shown = list.subscribe(() => undefined);
  while (list.getCurrentResult().loading) await new Promise((resolve) => setTimeout(resolve, 10));
  await more();
  const rows = () => list.getCurrentResult().data?.participants?.nodes?.length ?? 0;
  while (rows() <= 20) await new Promise((resolve) => setTimeout(resolve, 10));
  seen["rows"] = rows();
  shown.unsubscribe();

  const texts: unknown[] = [];
  await graph.receiveText({ from: graph.phoneNumber, message: "before" });
  const open = await openInbox(client, (text) => void texts.push(text));
  await graph.receiveText({ from: graph.phoneNumber, message: "after" });
  while (texts.length < 2) await new Promise((resolve) => setTimeout(resolve, 10));
  seen["texts"] = texts;
  open.unsubscribe();
  client.stop();
}
await textsAPersonOnce(async (url, phoneNumber) => {
  const groups = await fetch(url, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ query: "{ pidjGroups { nodes { id phoneNumber } } }" }),
  }).then((response) => response.json());
  const from = groups.data.pidjGroups.nodes.find((group: { phoneNumber: string | null }) => group.phoneNumber !== null);
  await send(url, { from: { groupId: from.id }, recipient: { phoneNumber }, text: "Hello", idempotencyKey: "one" });
});
const PORT = process.env["PORT"] ?? "";
{
  await using graph = await startTextgraph({ people: 50, env: { PORT } });
  const variables = { phoneNumber: graph.phoneNumber };
  const names = [
    (await apollo.query({ query: FindPersonDocument, variables })).data?.person?.displayName,
    (await urql.query(FindPersonDocument, variables)).data?.person.displayName,
  ];
  apollo.stop();
  close();
  await graph.close();
  await using _trusted = await startTextgraph({ people: 50, env: { PORT, TRUSTED_DOCUMENTS: manifest } });
  names.push((await trusting.query({ query: FindPersonDocument, variables })).data?.person?.displayName);
  trusting.stop();
  seen["names"] = names;
}
console.log(JSON.stringify(seen));
`;
const EXPECTED = {
  sent: [1, true],
  advice: ["person"],
  rows: 33,
  texts: ["before", "after"],
  names: [expect.any(String), expect.any(String), expect.any(String)],
};

function compile(file: string, ...options: string[]): Promise<string> {
  const strict = ["--strict", "--noEmit", "--exactOptionalPropertyTypes", "--noUncheckedIndexedAccess"];
  const target = ["--target", "esnext", "--types", "node", "--ignoreConfig"];
  const compiler = join(ROOT, "node_modules/typescript/bin/tsc");
  return run(process.execPath, compiler, ...strict, ...target, ...options, file);
}

const NODE_NEXT = ["--module", "nodenext"];
const BUNDLER = ["--resolveJsonModule", "--module", "esnext", "--moduleResolution", "bundler"];

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
  const [name, ...more] = JSON.parse(output);
  expect(name).toMatch(/^\S+ \S+/);
  expect(more.splice(0, 3)).toEqual([name, name, name]);
  expect(more).toEqual(["program", "never", "+12015554821", 6, 1]);
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

test("every example of its page compiles, and works against its own graph", { timeout: TIMEOUT_MS }, async () => {
  const port = await freePort();
  const examples = snippetsOf("docs/kit.md").filter(({ language }) => language === "ts");
  const files = await Promise.all(
    examples.map(async ({ line, text }) => {
      await writeFile(join(project, `kit-${line}.ts`), text.replace("localhost:4000", `localhost:${port}`));
      return { file: `./kit-${line}.ts`, text };
    }),
  );
  const nameOf = (mark: string) => files.find(({ text }) => text.includes(mark))?.file ?? `an example with ${mark}`;
  const program = EXAMPLES.replaceAll(/from "\{(.+?)\}"/g, (_, mark) => `from "${nameOf(mark)}"`);
  await writeFile(join(project, "examples.ts"), program);
  await writeFile(join(project, "port.env"), `PORT=${port}\n`);
  await writeFile(join(project, "all.ts"), files.map(({ file }) => `import "${file}";`).join("\n"));
  for (const file of ["all.ts", "examples.ts"]) {
    await compile(file, "--skipLibCheck", "--allowImportingTsExtensions", ...BUNDLER);
  }
  expect(JSON.parse(await run(process.execPath, `--env-file=port.env`, "examples.ts"))).toEqual(EXPECTED);
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
  for (const name of ["fastify", "@apollo/server", "graphql", "@faker-js/faker", "libphonenumber-geo-carrier"]) {
    expect(licences).toMatch(new RegExp(`^${name} \\d`, "m"));
  }
});
