import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { cp, mkdtemp, readFile, rm, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { addApiKey } from "../src/access/api-keys.ts";
import type { Scope } from "../src/access/scopes.ts";
import { startStage } from "./support.ts";

const root = new URL("..", import.meta.url);
// Codegen, the compiler and the program, each a process of its own.
const TIMEOUT_MS = 40_000;

/** What `npm run` prints for a script, by default `npm run example`; rejects with it if the script fails. */
function run(url: string, cwd: URL | string = root, script = "example", key = ""): Promise<string> {
  const options = { cwd, env: { ...process.env, TEXTGRAPH_URL: url, TEXTGRAPH_KEY: key }, timeout: TIMEOUT_MS };
  return new Promise((resolve, reject) => {
    execFile("npm", ["run", script], options, (error, stdout, stderr) =>
      error === null ? resolve(stdout) : reject(new Error(`${stdout}${stderr}`)),
    );
  });
}

/** A copy of an example in a folder of its own; disposed by scope. */
async function copyOf(example: string): Promise<{ readonly path: string } & AsyncDisposable> {
  const path = await mkdtemp(join(tmpdir(), "textgraph-example-"));
  const made = ["node_modules", "generated", "schema.graphql"];
  await cp(new URL(`examples/${example}`, root), path, {
    recursive: true,
    filter: (source) => !made.some((name) => source.endsWith(name)),
  });
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true }) };
}

test("the example makes its types from the schema file and runs against a graph that it starts", {
  timeout: TIMEOUT_MS,
}, async () => {
  const output = await run("");

  expect(output).toMatch(/^Asking http:\/\/127\.0\.0\.1:\d+\/graphql$/m);
  expect(output).toMatch(/^ {2}PIDJ: authorized$/m);
  expect(output).toMatch(/^ {2}TEXTIZEN: authorized$/m);
  // Four pages of participants, for one list call.
  const pages = [...output.matchAll(/^ {2}50 of 200, \d+ with a known contact \(platform calls: (\d+)\)$/gm)];
  expect(pages.map(([, calls]) => calls)).toEqual(["1", "0", "0", "0"]);
  expect(output).toMatch(/^Person \+1\d{10} \(platform calls: 3\)\n {2}.+: LINKED, IMPORTED$/m);
  expect(output).toMatch(/^ {2}Pidj: co:\S+, \S+@\S+, tags .+\n {2}Textizen: participant:\d+$/m);
  expect(output).toContain('data: {"unknown":null,"wrong":null}\n  BAD_USER_INPUT at wrong: ');
});

test("the example asks the graph that TEXTGRAPH_URL names", { timeout: TIMEOUT_MS }, async () => {
  await using stage = await startStage({ simulator: { people: 30, polls: 1, responsesPerPoll: 3 } });

  const output = await run(stage.app.url);

  expect(output).toContain(`Asking ${stage.app.url}\n`);
  expect(stage.calls()).toEqual(
    expect.arrayContaining([
      "PIDJ GET /authorization-check",
      "TEXTIZEN GET /api/user",
      "TEXTIZEN GET /api/participants",
    ]),
  );
});

test("a copy of the typed client elsewhere takes everything from the graph that TEXTGRAPH_URL names, or says what to set", {
  timeout: TIMEOUT_MS,
}, async () => {
  await using stage = await startStage({ simulator: { people: 30, polls: 1, responsesPerPoll: 3 } });
  await using copy = await copyOf("typed-client");
  // In place of `npm install`: the same packages, the Node that comes along among them.
  await symlink(new URL("node_modules", root), join(copy.path, "node_modules"));

  await expect(run("", copy.path, "start")).rejects.toThrow("TEXTGRAPH_URL is not set: set it to a graph's address");
  await expect(run("http://127.0.0.1:9/graphql", copy.path, "start")).rejects.toThrow(
    "No graph answers at http://127.0.0.1:9/graphql (TEXTGRAPH_URL): start it, or set another address.",
  );
  const output = await run(stage.app.url, copy.path, "start");

  expect(output).toContain(`Asking ${stage.app.url}\n`);
  expect(output).toMatch(/^ {2}TEXTIZEN: authorized$/m);
});

test("the typed client sends the API key in TEXTGRAPH_KEY, and says if there is none that the graph accepts", {
  timeout: TIMEOUT_MS,
}, async () => {
  await using copy = await copyOf("typed-client");
  await symlink(new URL("node_modules", root), join(copy.path, "node_modules"));
  const path = join(copy.path, "keys.json");
  const scopes: Scope[] = ["contacts:read", "participants:read", "groups:read", "polls:read", "platform:status"];
  const key = addApiKey(path, {
    name: "client",
    scopes,
    expires: null,
    callsPerMinute: null,
    recipientsPerMinute: null,
  });
  await using stage = await startStage({ simulator: { people: 30 }, env: { API_KEYS_FILE: path } });

  await expect(run(stage.app.url, copy.path, "start")).rejects.toThrow("set TEXTGRAPH_KEY to one.");
  expect(await run(stage.app.url, copy.path, "start", key)).toMatch(/^ {2}TEXTIZEN: authorized$/m);
});

test("a copy of the live inbox elsewhere serves its page", async () => {
  await using copy = await copyOf("live-inbox");
  const server = spawn(process.execPath, [join(copy.path, "main.mjs"), "0"], { stdio: ["ignore", "pipe", "inherit"] });
  const [line] = await once(server.stdout, "data");
  const page = await fetch(String(line).trim());
  expect(await page.text()).toBe(await readFile(new URL("examples/live-inbox/index.html", root), "utf8"));
  server.kill();

  const wrong = spawn(process.execPath, [join(copy.path, "main.mjs"), "nowhere"], {
    stdio: ["ignore", "inherit", "pipe"],
  });
  const [sentence] = await once(wrong.stderr, "data");
  expect(String(sentence)).toBe("The port must be a number from 0 to 65535, as in: node main.mjs 8080\n");
});

test("the typed client brings the same Node as this project", async () => {
  const manifest = async (path: string) => JSON.parse(await readFile(new URL(path, root), "utf8"));
  const ours = await manifest("package.json");
  const example = await manifest("examples/typed-client/package.json");
  expect(example.optionalDependencies).toEqual(ours.optionalDependencies);
  expect(example.engines).toEqual(ours.engines);
});
