import { execFile } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { promisify } from "node:util";
import fetch from "node-fetch";
import { afterAll, beforeAll, expect, test } from "vitest";
import { addApiKey } from "../src/access/api-keys.ts";
import { HAS_BROWSER, launchBrowser } from "./browser.ts";
import { pageNames, snippetsOf } from "./snippets.ts";
import { forward, startListening } from "./subscribers.ts";
import { startStage } from "./support.ts";

const ROOT = fileURLToPath(new URL("..", import.meta.url));
/** The kit's examples are parts of components, and its own tests compile whole ones. */
const PROGRAMS = pageNames()
  .filter((page) => page !== "docs/kit.md")
  .flatMap(snippetsOf)
  .filter(({ language }) => language === "ts");

let folder = "";

// The programs lie in a folder of test/, where they find the same packages as a test.
beforeAll(async () => {
  folder = await mkdtemp(join(ROOT, "test/.snippets-"));
  for (const { page, line, text } of PROGRAMS) {
    const moved = text.replaceAll('"../src/', '"../../src/').replaceAll('"./support.ts"', '"../support.ts"');
    await writeFile(join(folder, fileName(page, line)), moved);
  }
  await writeFile(join(folder, "tsconfig.json"), '{ "extends": "../../tsconfig.json", "include": ["*.ts"] }');
});
afterAll(() => rm(folder, { recursive: true, force: true }));

function fileName(page: string, line: number): string {
  return `${page.replace("docs/", "").replace(".md", "")}-${line}.ts`;
}

/** What the program of a page exports that contains `mark`. */
async function programOf<Exports>(page: string, mark: string): Promise<Exports> {
  const found = PROGRAMS.find((program) => program.page === page && program.text.includes(mark));
  if (found === undefined) {
    throw new Error(`${page} has no example with ${mark}.`);
  }
  return (await import(pathToFileURL(join(folder, fileName(page, found.line))).href)) as Exports;
}

test("every program in the documentation compiles under the strictest settings", { timeout: 60_000 }, async () => {
  expect(PROGRAMS.length).toBeGreaterThan(7);
  await expect(promisify(execFile)("npx", ["tsc", "--project", folder], { cwd: ROOT })).resolves.toMatchObject({
    stdout: "",
  });
});

test("the retry loop texts a person once, whatever fails, and says so if nobody can know", async () => {
  await using stage = await startStage({ simulator: { people: 6, pidjGroups: 2 } });
  const { sendOnce } = await programOf<{
    sendOnce(graph: string, input: object): Promise<{ readonly state: string; readonly message: string }>;
  }>("docs/idempotency.md", "sendOnce");
  const send = (idempotencyKey: string, phoneNumber = "+12025550144") =>
    sendOnce(stage.app.url, {
      from: { phoneNumber: "+18885552000" },
      recipient: { phoneNumber },
      text: "Hello",
      idempotencyKey,
    });
  const sent = () => stage.calls().filter((call) => call === "PIDJ POST /send").length;

  stage.simulator.fault({
    platform: "PIDJ",
    route: "POST /send",
    kind: "status",
    status: 429,
    headers: { "retry-after": "1" },
    times: 1,
  });
  expect({ outcome: (await send("asked to wait")).state, sent: sent() }).toEqual({ outcome: "sent", sent: 2 });
  expect({ outcome: (await send("asked to wait")).state, sent: sent() }).toEqual({ outcome: "sent", sent: 0 });

  stage.simulator.fault({ platform: "PIDJ", route: "POST /send", kind: "reset-after-request", times: 1 });
  expect({ outcome: (await send("lost")).state, sent: sent() }).toEqual({ outcome: "unknown", sent: 1 });
  expect({ outcome: (await send("lost")).state, sent: sent() }).toEqual({ outcome: "unknown", sent: 0 });

  await stage.query(
    'mutation { setOptOut(input: { phoneNumber: "+12025550145", isOptedOut: true, reason: "asked" }) { userErrors { code } } }',
  );
  expect({ outcome: (await send("said STOP", "+12025550145")).state, sent: sent() }).toEqual({
    outcome: "refused",
    sent: 0,
  });
});

test("pages are read by each client's own means", async () => {
  await using stage = await startStage({ simulator: { people: 400 } });
  const { data } = await stage.query("{ participants { totalCount } }");
  const total: number = data.participants.totalCount;
  expect(total).toBeGreaterThan(100);

  const plain = await programOf<{ readParticipants(graph: string): AsyncIterable<{ readonly id: string }> }>(
    "docs/paging.md",
    "readParticipants",
  );
  const ids = (await Array.fromAsync(plain.readParticipants(stage.app.url))).map(({ id }) => id);
  expect({ read: ids.length, different: new Set(ids).size }).toEqual({ read: total, different: total });

  const apollo = await programOf<{
    createApollo(graph: string): { stop(): void };
    readTwoPages(client: object): Promise<number>;
  }>("docs/paging.md", "readTwoPages");
  const client = apollo.createApollo(stage.app.url);
  expect(await apollo.readTwoPages(client)).toBe(100);
  client.stop();

  const urql = await programOf<{
    createUrql(graph: string): object;
    readPage(client: object, after: null): Promise<number>;
  }>("docs/paging.md", "readPage");
  expect(await urql.readPage(urql.createUrql(stage.app.url), null)).toBe(50);
});

test("Apollo Client and urql hear of a text as the page about the inbox sets them up", async () => {
  await using stage = await startListening();
  const { data } = await stage.query("{ eventCursor }");
  const since: string = data.eventCursor;
  await forward(stage.app.url, "Hello");

  const apollo = await programOf<{
    createApollo(graph: string): { stop(): void };
    watchInbox(client: object, since: string, show: (text: string) => void): () => void;
  }>("docs/live-inbox.md", "watchInbox");
  const client = apollo.createApollo(stage.app.url);
  const seen = Promise.withResolvers<string>();
  const stop = apollo.watchInbox(client, since, seen.resolve);
  expect(await seen.promise).toBe("Hello");
  stop();
  client.stop();

  interface Result {
    readonly data?: { readonly messageReceived: { readonly message: { readonly text: string } } };
  }
  const urql = await programOf<{
    createUrql(graph: string): {
      subscription(
        query: string,
        variables: object,
      ): { subscribe(show: (result: Result) => void): { unsubscribe(): void } };
    };
  }>("docs/live-inbox.md", "createUrql");
  const heard = Promise.withResolvers<Result>();
  const subscription = urql
    .createUrql(stage.app.url)
    .subscription("subscription ($since: String) { messageReceived(since: $since) { message { text } } }", { since })
    .subscribe(heard.resolve);
  expect((await heard.promise).data?.messageReceived.message.text).toBe("Hello");
  subscription.unsubscribe();
});

// Without a browser there is no EventSource; `.ci/run` installs one.
test.skipIf(!HAS_BROWSER)("a browser's EventSource hears of a text", { timeout: 60_000 }, async () => {
  await using stage = await startListening();
  const { data } = await stage.query("{ eventCursor }");
  const script = snippetsOf("docs/live-inbox.md").find(({ language }) => language === "js")?.text ?? "";
  const query = "subscription ($since: String) { messageReceived(since: $since) { cursor message { text } } }";
  const browser = await launchBrowser();
  const page = await browser.newPage();
  const frontend = createServer((_request, response) => response.end("<!doctype html>")).listen(0, "localhost");
  await once(frontend, "listening");
  await page.goto(`http://localhost:${(frontend.address() as AddressInfo).port}`);
  await forward(stage.app.url, "Hello");
  const heard = await page.evaluate(`new Promise((show) => {
    const query = ${JSON.stringify(query)};
    const eventCursor = ${JSON.stringify(data.eventCursor)};
    ${script.replace("http://127.0.0.1:4000/graphql", stage.app.url)}
  })`);
  expect(heard).toMatchObject({ data: { messageReceived: { message: { text: "Hello" } } } });
  await browser.close();
  frontend.closeAllConnections();
  frontend.close();
});

test("the backend for a frontend lets in its own pages with a session, and nobody else", async () => {
  const keys = join(await mkdtemp(join(tmpdir(), "textgraph-keys-")), "keys.json");
  const key = addApiKey(keys, {
    name: "console",
    scopes: ["groups:read"],
    expires: null,
    callsPerMinute: null,
    recipientsPerMinute: null,
  });
  await using stage = await startStage({ env: { API_KEYS_FILE: keys } });
  const { createBackend } = await programOf<{
    createBackend(graph: string, keyOf: (cookies: string) => string | null): Server;
  }>("docs/authentication.md", "createBackend");
  const backend = createBackend(stage.app.url, (cookies) => (cookies === "session=1" ? key : null)).listen(
    0,
    "127.0.0.1",
  );
  await once(backend, "listening");
  const { port } = backend.address() as AddressInfo;
  const post = (headers: Record<string, string>) =>
    fetch(`http://127.0.0.1:${port}/graphql`, {
      method: "POST",
      headers: { "content-type": "application/json", ...headers },
      body: '{"query":"{ pidjGroups { totalCount } }"}',
    });

  const asked = await post({ "sec-fetch-site": "same-origin", cookie: "session=1" });
  expect(await asked.json()).toMatchObject({ data: { pidjGroups: { totalCount: 8 } } });
  expect((await post({ "sec-fetch-site": "cross-site", cookie: "session=1" })).status).toBe(403);
  expect((await post({ cookie: "session=1" })).status).toBe(403);
  expect((await post({ "sec-fetch-site": "same-origin" })).status).toBe(401);
  backend.close();
});

test("every command in the documentation is a script, with flags and variables that exist", () => {
  const { scripts } = JSON.parse(readFileSync(`${ROOT}package.json`, "utf8")) as { scripts: Record<string, string> };
  const variables = readFileSync(`${ROOT}docs/configuration.md`, "utf8");
  const commands = pageNames()
    .flatMap(snippetsOf)
    .filter(({ language }) => language === "sh")
    .flatMap(({ page, text }) => text.split("\n").map((line) => ({ page, line: line.replace(/ +#.*/, "") })));
  expect(commands.length).toBeGreaterThan(30);
  const wrong = commands.flatMap(({ page, line }) => {
    const [, script, rest = ""] = /^[^#]*?npm run (?:-s )?([a-z:]+)(?: --(.*))?$/.exec(line) ?? [];
    const source = script === undefined ? "" : sourceOf(scripts[script] ?? "");
    return [
      ...(script !== undefined && !(script in scripts) ? [`${page}: npm run ${script}`] : []),
      ...Array.from(rest.matchAll(/--([a-z-]+)/g), ([, flag = ""]) => flag)
        .filter((flag) => !source.includes(flag))
        .map((flag) => `${page}: ${script} --${flag}`),
      ...Array.from(line.matchAll(/^([A-Z][A-Z0-9]*_[A-Z0-9_]+)=|^([A-Z][A-Z0-9_]+)=.* npm start/g))
        .map(([, set, given]) => set ?? given ?? "")
        .filter((name) => !variables.includes(`\`${name}\``) && !/^(?:TEXTGRAPH_URL|POSTGRES_PASSWORD)$/.test(name))
        .map((name) => `${page}: ${name}`),
    ];
  });
  expect(wrong).toEqual([]);
});

/** The text of the program that a script runs; its flags are written there. */
function sourceOf(script: string): string {
  const file = /\bnode (?:--\S+ )*(\S+\.ts)/.exec(script)?.[1];
  return file === undefined ? "" : readFileSync(ROOT + file, "utf8");
}
