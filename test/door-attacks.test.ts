import { mkdtempSync, rmSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { addApiKey } from "../src/access/api-keys.ts";
import { SECRET } from "./events.ts";
import { RawSocket } from "./raw-socket.ts";
import { type Stage, startStage } from "./support.ts";

const BODY = JSON.stringify({ query: "{ __typename }" });

let folder: string;
let path: string;
let key: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "door-"));
  path = join(folder, "keys.json");
  const limits = { expires: null, callsPerMinute: null, recipientsPerMinute: null };
  key = addApiKey(path, { name: "console", scopes: [], ...limits });
});

afterEach(() => rmSync(folder, { recursive: true }));

/** Sends bytes, and returns all statuses that come back before the connection ends. */
function send(stage: Stage, bytes: string): Promise<number[]> {
  return new Promise((resolve, reject) => {
    const socket = connect(Number(new URL(stage.app.url).port), "127.0.0.1", () => socket.end(bytes));
    let answer = "";
    socket.on("data", (data) => {
      answer += data;
    });
    socket.on("error", reject);
    socket.on("close", () =>
      resolve(Array.from(answer.matchAll(/^HTTP\/1\.1 (\d+)/gm), ([, status]) => Number(status))),
    );
  });
}

async function statusOf(stage: Stage, headers: readonly string[], line = "POST /graphql HTTP/1.1"): Promise<number> {
  const all = [
    line,
    ...headers,
    "content-type: application/json",
    `content-length: ${BODY.length}`,
    "connection: close",
  ];
  const [status = 0] = await send(stage, `${all.join("\r\n")}\r\n\r\n${BODY}`);
  return status;
}

test("headers that are sent twice are no host name and no credential, whichever comes first", async () => {
  await using stage = await startStage({ env: { API_KEYS_FILE: path } });
  const [host, good, wrong] = ["host: localhost", `authorization: Bearer ${key}`, "authorization: Bearer wrong"];

  expect(await statusOf(stage, [host, good])).toBe(200);
  expect(await statusOf(stage, [host, good, wrong])).toBe(401);
  expect(await statusOf(stage, [host, wrong, good])).toBe(401);
  expect(await statusOf(stage, [host, good, good])).toBe(401);
  expect(await statusOf(stage, [host, `x-api-key: ${key}`, `x-api-key: ${key}`])).toBe(401);
  expect(await statusOf(stage, [host, good, `x-api-key: ${key}`])).toBe(401);
  expect(await statusOf(stage, [host, "host: evil.example", good])).toBe(403);
});

test("no credential is read from a URL, a cookie or another scheme", async () => {
  await using stage = await startStage({ env: { API_KEYS_FILE: path } });
  const basic = Buffer.from(`console:${key}`).toString("base64");
  const line = `POST /graphql?x-api-key=${key}&apiKey=${key}&access_token=${key} HTTP/1.1`;

  expect(await statusOf(stage, ["host: localhost"], line)).toBe(401);
  expect(await statusOf(stage, ["host: localhost", `authorization: Basic ${basic}`])).toBe(401);
  expect(await statusOf(stage, ["host: localhost", `authorization: ${key}`])).toBe(401);
  expect(await statusOf(stage, ["host: localhost", `cookie: x-api-key=${key}; authorization=Bearer ${key}`])).toBe(401);
});

test("what two servers could read as different requests is refused, and nothing behind it is read", async () => {
  await using stage = await startStage();
  const hidden = "GET /health HTTP/1.1\r\nhost: localhost\r\n\r\n";
  const head = "POST /graphql HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n";

  for (const lengths of [
    "content-length: 5\r\ntransfer-encoding: chunked\r\n",
    "transfer-encoding: chunked\r\ncontent-length: 5\r\n",
    "content-length: 5\r\ntransfer-encoding: xchunked\r\n",
    "transfer-encoding: chunked, identity\r\n",
    "content-length: 5\r\ncontent-length: 60\r\n",
    "content-length: 5, 60\r\n",
    "content-length: +5\r\n",
    "content-length : 5\r\n",
    "x: y\n content-length: 5\r\n",
  ]) {
    expect([lengths, await send(stage, `${head}${lengths}\r\n0\r\n\r\n${hidden}`)]).toEqual([lengths, [400]]);
  }
  // A body of a GET belongs to it, and is not the next request.
  const get = `GET /health HTTP/1.1\r\nhost: localhost\r\ncontent-length: ${hidden.length}\r\n\r\n${hidden}`;
  expect(await send(stage, get)).toEqual([200]);
});

test("x-forwarded-host is believed from a trusted proxy alone", async () => {
  const forwarded = ["host: evil.example", "x-forwarded-host: graph.example", `x-api-key: ${key}`];
  const env = { API_KEYS_FILE: path, ALLOWED_HOSTS: "graph.example" };
  for (const [proxies, status] of [
    ["", 403],
    ["10.0.0.1", 403],
    ["10.0.0.1, 127.0.0.0/8", 200],
  ] as const) {
    await using stage = await startStage({ env: { ...env, TRUST_PROXY: proxies } });
    expect([proxies, await statusOf(stage, forwarded)]).toEqual([proxies, status]);
  }
});

test("while authentication is off, no request of another machine is answered, and no name opens the server", async () => {
  await using stage = await startStage({
    env: { PUBLIC_URL: "https://texts.example.org", WEBHOOK_SECRET: SECRET, TRUST_PROXY: "127.0.0.1" },
  });
  const local = "host: localhost";

  for (const header of [
    "x-forwarded-for: 203.0.113.7",
    "x-forwarded-for: 127.0.0.1, 203.0.113.7",
    "x-forwarded-for: 2001:db8::1",
    "forwarded: for=203.0.113.7;proto=https",
    'forwarded: for=127.0.0.1, for="[2001:db8::1]:4711"',
    "forwarded: for=unknown",
  ]) {
    expect([header, await statusOf(stage, [local, header])]).toEqual([header, 403]);
    const headers = Object.fromEntries([header.split(/: (.*)/s).slice(0, 2)]);
    expect([header, (await new RawSocket(stage, { headers }).closed)[0]]).toEqual([header, 403]);
  }
  expect(await statusOf(stage, ["host: texts.example.org"])).toBe(403);
  // A development server on this machine passes requests on too.
  expect(await statusOf(stage, [local, "x-forwarded-for: ::1, 127.0.0.1, ::ffff:127.0.0.1"])).toBe(200);
  expect(await statusOf(stage, [local, 'forwarded: for="[::1]:4000"'])).toBe(200);
  expect(
    await statusOf(stage, ["host: texts.example.org", "x-forwarded-for: 203.0.113.7"], "GET /health HTTP/1.1"),
  ).toBe(200);
});
