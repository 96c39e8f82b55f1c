import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { runDoctor } from "../src/commands/doctor.ts";
import { credentialsOf } from "../src/simulator/credentials.ts";
import { startSimulator } from "../src/simulator/simulator.ts";
import { Program } from "./program.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "textgraph-doctor-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

async function examine(environment: Record<string, string>) {
  let table = "";
  const code = await runDoctor(environment, { write: (text) => (table += text) });
  return { code, table, line: (what: string) => new RegExp(`^(\\S+) +${what} .*(\\n +→ .*)?`, "m").exec(table)?.[0] };
}

async function serve(listener: RequestListener) {
  const server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      server.close();
    },
  };
}

const store = () => `sqlite:${join(folder, "graph.db")}`;
const KEY = `[{"name":"console","sha256":"${"0".repeat(64)}","scopes":["contacts:read"]}]`;

test("with everything in order it says so line by line, and asks each platform one harmless question", async () => {
  await using simulator = await startSimulator({ people: 0, polls: 0 });
  await using issuer = await serve((_request, response) => response.end('{"keys":[{}]}'));
  const file = join(folder, "keys.json");
  writeFileSync(file, KEY, { mode: 0o600 });

  const { code, table, line } = await examine({
    ...credentialsOf(simulator),
    STORE_URL: store(),
    API_KEYS_FILE: file,
    JWT_ISSUER: "https://id.example.org",
    JWT_AUDIENCE: "textgraph",
    JWKS_URL: issuer.url,
  });

  expect(line("Pidj")).toMatch(/^ok +Pidj +takes our credentials, in \d+ ms$/);
  expect(line("Textizen")).toMatch(/^ok +Textizen +takes our credentials/);
  expect(line("clock")).toMatch(/^ok/);
  expect(line("store")).toMatch(/^ok +store +can be read and written$/);
  expect(line("callers")).toMatch(/^ok +callers +valid keys: 1, expired: 0$/);
  expect(line("tokens")).toMatch(/^ok +tokens +keys of the issuer: 1$/);
  expect(line("webhooks")).toMatch(/^note.* no STOP is heard\n +→ Set WEBHOOK_SECRET/);
  expect(code).toBe(0);
  expect(table).toMatch(/Nothing is wrong\.\n$/);
  const calls = simulator.journal.map(({ platform, route }) => `${platform} ${route}`);
  expect(calls.filter((call) => call.includes("/authorization-check") || call.includes("/api/")).sort()).toEqual([
    "PIDJ GET /authorization-check",
    "TEXTIZEN GET /api/user",
    "TEXTIZEN POST /api/users/sign_in",
  ]);
});

test("what is wrong is named with what to do, and no secret is shown", async () => {
  await using simulator = await startSimulator({ people: 0, polls: 0 });
  await using late = await serve((_request, response) => {
    response.setHeader("date", new Date(Date.now() - 600_000).toUTCString());
    response.writeHead(200, { "content-type": "text/html" }).end("<h1>Welcome</h1>");
  });
  const file = join(folder, "keys.json");
  writeFileSync(file, KEY);
  chmodSync(file, 0o666);
  const taken = join(folder, "taken");
  writeFileSync(taken, "This is a file, and no database.".repeat(100));

  const { code, table, line } = await examine({
    ...credentialsOf(simulator),
    PIDJ_BASE_URL: late.url,
    TEXTIZEN_PASSWORD: "hunter2",
    STORE_URL: `sqlite:${taken}`,
    API_KEYS_FILE: file,
    JWT_ISSUER: "https://id.example.org",
    JWT_AUDIENCE: "textgraph",
    JWKS_URL: late.url,
    WEBHOOK_SECRET: "0123456789abcdef-secret",
    PUBLIC_URL: "http://127.0.0.1:1",
    TRUSTED_DOCUMENTS: taken,
  });

  expect(line("Pidj")).toMatch(/^WRONG +Pidj .*cannot be read \(HTTP 200\): check PIDJ_BASE_URL.*\n +→ Check PIDJ_ACC/);
  expect(line("Textizen")).toMatch(/^WRONG +Textizen .*\n +→ Check TEXTIZEN_EMAIL and TEXTIZEN_PASSWORD/);
  expect(line("clock")).toMatch(/^WRONG +clock +600 s away.*\n +→ Set it by NTP/);
  expect(line("store")).toMatch(/^WRONG +store .*is not an SQLite database/);
  expect(line("callers")).toMatch(/^WRONG +callers +every user can add a key\n +→ chmod o-w/);
  expect(line("tokens")).toMatch(/^WRONG +tokens .*\n +→ Check JWKS_URL/);
  expect(line("webhooks")).toMatch(/^WRONG +webhooks +no platform can reach this server\n +→ Set PUBLIC_URL/);
  expect(line("documents")).toMatch(/^WRONG +documents .*must be a file with JSON/);
  expect(code).toBe(1);
  expect(table).toMatch(/8 to mend\.\n$/);
  expect(table).not.toMatch(/hunter2|abcdef-secret/);
});

test("a variable that stops the start is said alone", async () => {
  const { code, table } = await examine({ PORT: "many" });
  expect(table).toMatch(/^WRONG +configuration +the server does not start\n +→ PORT must be a whole number/);
  expect(code).toBe(1);
});

test("the server starts with credentials that are refused, and says so in one line for each platform", async () => {
  await using simulator = await startSimulator({ people: 0, polls: 0 });
  const env = { ...credentialsOf(simulator), PIDJ_TOKEN: "hunter2", TEXTIZEN_PASSWORD: "hunter3", STORE_URL: store() };
  await using program = new Program(folder, env);
  const url = await program.url();

  await expect.poll(() => program.stderr.split("\n").length, { timeout: 10_000 }).toBe(3);

  expect(program.stderr).toMatch(/^Pidj does not work yet: .* npm run doctor says more\.$/m);
  expect(program.stderr).toMatch(/^Textizen does not work yet: .* npm run doctor says more\.$/m);
  expect(program.stderr).not.toMatch(/hunter/);
  expect((await fetch(new URL("/health", url))).status).toBe(200);
});
