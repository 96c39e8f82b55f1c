import { mkdtempSync, rmSync } from "node:fs";
import { request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createClient as createSocketClient } from "graphql-ws";
import { afterEach, beforeEach, expect, test } from "vitest";
import { WebSocket } from "ws";
import { addApiKey, removeApiKey } from "../src/access/api-keys.ts";
import type { Scope } from "../src/access/scopes.ts";
import { readConfig } from "../src/config.ts";
import { ConfigError } from "../src/environment.ts";
import { SECRET } from "./events.ts";
import { ON_TEXT } from "./subscribers.ts";
import { type Stage, startStage } from "./support.ts";

let folder: string;
let path: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "access-"));
  path = join(folder, "keys.json");
});

afterEach(() => rmSync(folder, { recursive: true }));

function add(name: string, scopes: readonly Scope[], expires: Date | null = null): string {
  return addApiKey(path, { name, scopes, expires, callsPerMinute: null, recipientsPerMinute: null });
}

function start(env: Record<string, string> = {}, now?: () => Date): Promise<Stage> {
  return startStage({
    simulator: { people: 5 },
    env: { API_KEYS_FILE: path, WEBHOOK_SECRET: SECRET, ...env },
    ...(now && { app: { now } }),
  });
}

const PREVIEW = '{ messagePreview(text: "Hi") { segmentCount } }';

test("a good key is taken from either header", async () => {
  const key = add("console", []);
  await using stage = await start();

  const headers = [{ "x-api-key": key }, { authorization: `Bearer ${key}` }, { authorization: `bearer  ${key} ` }];
  for (const each of headers) {
    expect(await stage.query(PREVIEW, {}, each)).toMatchObject({ status: 200, data: { messagePreview: {} } });
  }
});

test("a missing, wrong, ended or doubled credential is refused alike, and nothing is called", async () => {
  const key = add("console", ["platform:status"]);
  const ended = add("old", ["platform:status"], new Date("2020-01-01T00:00:00Z"));
  await using stage = await start();

  const credentials: Record<string, string>[] = [
    {},
    { "x-api-key": "tg_wrong" },
    { "x-api-key": ended },
    { authorization: "Basic dGVzdDp0ZXN0" },
    { authorization: `Bearer ${key}x` },
    { authorization: "Bearer a.b.c" },
    { "x-api-key": key, authorization: `Bearer ${key}` },
    { "x-api-key": `${key},${key}` },
  ];
  for (const headers of credentials) {
    const response = await fetch(stage.app.url, {
      method: "POST",
      headers: { "content-type": "application/json", ...headers },
      body: JSON.stringify({ query: "{ platformStatus { isAuthorized } }" }),
    });
    expect(response.status).toBe(401);
    expect(response.headers.get("www-authenticate")).toBe("Bearer");
    expect(await response.json()).toEqual({
      errors: [
        {
          message:
            "A valid credential is needed: send an API key as x-api-key, or a key or token as authorization: Bearer.",
          extensions: { code: "UNAUTHENTICATED", retryable: false },
        },
      ],
    });
  }
  expect(stage.calls()).toEqual([]);
});

test("health, readiness, the page and the webhooks need no credential; the schema's text does", async () => {
  add("console", []);
  await using stage = await start();
  const statusOf = async (where: string, init?: RequestInit) =>
    (await fetch(new URL(where, stage.app.url), init)).status;

  expect(await statusOf("/health")).toBe(200);
  expect(await statusOf("/ready")).toBe(200);
  expect(await statusOf("/", { headers: { accept: "text/html" } })).toBe(200);
  expect(await statusOf(`/webhooks/pidj/${SECRET}?message=Hello&from=%2B12015550123`)).toBe(200);
  expect(await statusOf("/graphql?query=%7B__typename%7D", { headers: { accept: "text/html" } })).toBe(401);
  expect(await statusOf("/schema.graphql")).toBe(401);
});

/** Connects, and resolves with the code by which the socket is closed. */
function closeCodeOf(url: string, params: Record<string, unknown> | undefined, headers: Record<string, string> = {}) {
  return new Promise<number>((resolve) => {
    const socket = new WebSocket(url.replace("http", "ws"), "graphql-transport-ws", { headers });
    socket.on("open", () => socket.send(JSON.stringify({ type: "connection_init", payload: params })));
    socket.on("message", (data) => {
      if (JSON.parse(String(data)).type === "connection_ack") {
        socket.close(1000);
      }
    });
    socket.on("close", resolve);
  });
}

test("a socket takes its credential from connection_init, or from the upgrade's headers, else it is closed with 4403", async () => {
  const key = add("console", []);
  await using stage = await start();
  const { url } = stage.app;

  expect(await closeCodeOf(url, { apiKey: key })).toBe(1000);
  expect(await closeCodeOf(url, { authorization: `Bearer ${key}` })).toBe(1000);
  expect(await closeCodeOf(url, undefined, { "x-api-key": key })).toBe(1000);
  expect(await closeCodeOf(url, undefined)).toBe(4403);
  expect(await closeCodeOf(url, { apiKey: "tg_wrong" })).toBe(4403);
  expect(await closeCodeOf(url, { apiKey: 7 }, { "x-api-key": key })).toBe(4403);
});

test("a key that is revoked closes its sockets with 4403 and ends its event streams; others stay", async () => {
  const key = add("inbox", ["messages:read"]);
  const other = add("other", ["messages:read"]);
  await using stage = await start();
  const closed = Promise.withResolvers<number>();
  const connect = (apiKey: string, onClosed: (event: unknown) => void) =>
    createSocketClient({
      url: stage.app.url.replace("http", "ws"),
      webSocketImpl: WebSocket,
      connectionParams: { apiKey },
      retryAttempts: 0,
      lazy: false,
      onNonLazyError: () => undefined,
      on: { closed: onClosed },
    });
  const mine = connect(key, (event) => closed.resolve((event as CloseEvent).code));
  const theirs = connect(other, () => closed.reject(new Error("the other one was closed")));
  mine.subscribe({ query: ON_TEXT }, { next: () => undefined, error: () => undefined, complete: () => undefined });
  theirs.subscribe({ query: ON_TEXT }, { next: () => undefined, error: () => undefined, complete: () => undefined });
  const stream = await fetch(`${stage.app.url}?query=${encodeURIComponent(ON_TEXT)}`, {
    headers: { accept: "text/event-stream", "x-api-key": key },
  });

  removeApiKey(path, "inbox");

  expect(await closed.promise).toBe(4403);
  expect(await stream.text()).toContain('"code":"UNAUTHENTICATED"');
  void theirs.dispose();
});

test("a key that ends while a socket is open closes it", async () => {
  let time = new Date("2026-05-01T00:00:00Z");
  const key = add("inbox", ["messages:read"], new Date("2026-05-01T00:01:00Z"));
  await using stage = await start({}, () => time);
  const closed = new Promise<number>((resolve) => {
    const socket = new WebSocket(stage.app.url.replace("http", "ws"), "graphql-transport-ws");
    socket.on("open", () => socket.send(JSON.stringify({ type: "connection_init", payload: { apiKey: key } })));
    socket.on("message", () => {
      time = new Date("2026-05-01T00:01:00Z");
    });
    socket.on("close", resolve);
  });

  expect(await closed).toBe(4403);
});

test("it may be called by loopback names, by PUBLIC_URL's and by ALLOWED_HOSTS alone, in any letter case", async () => {
  const key = add("console", []);
  await using stage = await start({
    PUBLIC_URL: "https://texts.example.org",
    ALLOWED_HOSTS: "graph.internal, other.test",
  });
  const port = new URL(stage.app.url).port;
  const statusFor = (host: string) =>
    new Promise<number | undefined>((resolve, reject) => {
      const headers = { host, "content-type": "application/json", "x-api-key": key };
      request({ port, method: "POST", path: "/graphql", headers }, (response) => {
        resolve(response.resume().statusCode);
      })
        .on("error", reject)
        .end(JSON.stringify({ query: PREVIEW }));
    });

  for (const host of [
    "localhost",
    "texts.example.org",
    "TEXTS.example.org.:443",
    "graph.internal:4000",
    "other.test",
  ]) {
    expect([host, await statusFor(host)]).toEqual([host, 200]);
  }
  for (const host of ["evil.example", "texts.example.org.evil.example", "example.org"]) {
    expect([host, await statusFor(host)]).toEqual([host, 403]);
  }
});

test.each([
  [{ HOST: "0.0.0.0" }, "HOST must be a loopback address while authentication is off: set API_KEYS_FILE"],
  [{ HOST: "0.0.0.0", AUTH: "off", API_KEYS_FILE: "keys.json" }, "HOST must be a loopback address"],
  [{ AUTH: "on" }, "AUTH is on: set API_KEYS_FILE"],
  [{ JWT_ISSUER: "https://id.example.org/" }, "JWT_AUDIENCE is not set"],
  [{ JWT_ISSUER: "https://id.example.org/", JWT_AUDIENCE: "textgraph" }, "JWKS_URL is not set"],
  [{ JWT_ISSUER: "i", JWT_AUDIENCE: "a", JWKS_URL: "http://id.example.org/keys" }, "JWKS_URL must be an https URL"],
])("a configuration that would let everybody in, or nobody, stops the start: %j", (env, sentence) => {
  expect(() => readConfig(env)).toThrow(ConfigError);
  expect(() => readConfig(env)).toThrow(sentence);
});

test("with keys it listens at any address; on a loopback address authentication is off if nothing is set, or AUTH says so", () => {
  expect(readConfig({ HOST: "0.0.0.0", API_KEYS_FILE: "keys.json" })).toMatchObject({
    host: "0.0.0.0",
    access: { keysFile: "keys.json", tokens: null },
  });
  expect(readConfig({}).access).toBeNull();
  expect(readConfig({ API_KEYS_FILE: "keys.json", AUTH: "off" }).access).toBeNull();
});

test("equal queries of two callers are not answered together", async () => {
  const [may, mayNot] = [add("may", ["groups:read"]), add("may-not", [])];
  await using stage = await start({ NODE_ENV: "production" });
  const ask = (key: string) => stage.query("{ pidjGroups { totalCount } }", {}, { "x-api-key": key });

  const answers = await Promise.all([ask(may), ask(mayNot), ask(may), ask(mayNot)]);

  expect(answers.map(({ data }) => data.pidjGroups === null)).toEqual([false, true, false, true]);
});

test("attempt shows a caller its own keys; a key is one for all callers, so that a new credential sends nothing twice", async () => {
  const [mine, other] = [add("mine", ["messages:send"]), add("other", ["messages:send"])];
  await using stage = await start();
  const [group] = [...stage.simulator.world.pidjGroups.values()];
  const input = {
    from: { groupId: group?.id },
    recipient: { phoneNumber: "+12015550123" },
    text: "Hi",
    idempotencyKey: "k",
  };
  const send = (key: string) =>
    stage.query(
      "mutation ($input: SendMessageInput!) { sendMessage(input: $input) { isReplay userErrors { code } } }",
      { input },
      { "x-api-key": key },
    );
  const look = async (key: string) =>
    (await stage.query('{ attempt(idempotencyKey: "k") { state } }', {}, { "x-api-key": key })).data.attempt;

  expect((await send(mine)).data.sendMessage).toEqual({ isReplay: false, userErrors: [] });
  expect((await send(other)).data.sendMessage).toEqual({ isReplay: true, userErrors: [] });
  expect(stage.calls()).toEqual(["PIDJ POST /send"]);
  expect(await look(mine)).toEqual({ state: "ACCEPTED" });
  expect(await look(other)).toBeNull();
});
