import { createHash } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createClient } from "graphql-ws";
import fetch from "node-fetch";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { WebSocket } from "ws";
import { startApp } from "../src/app.ts";
import { configFor, type Stage, startStage } from "./support.ts";

const TEXT = "query Surveys($first: Int) { surveys(first: $first) { nodes { id } } }";
const MUTATION =
  'mutation OptOut { setOptOut(input: { phoneNumber: "+12015550123", isOptedOut: true }) { __typename } }';
const EVENTS = "subscription Texts { messageReceived { cursor } }";
const idOf = (text: string) => createHash("sha256").update(text).digest("hex");
const operations = [TEXT, EVENTS].map((body) => ({ id: idOf(body), name: "Any", type: "query", body }));
const APOLLO = { format: "apollo-persisted-query-manifest", version: 1, operations };
const JSON_TYPE = { "content-type": "application/json" };
const persisted = (text: string) => ({ extensions: { persistedQuery: { version: 1, sha256Hash: idOf(text) } } });

let folder: string;
let stage: Stage;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "trusted-"));
  stage = await startStage({ simulator: { people: 3 }, env: { TRUSTED_DOCUMENTS: fileOf(APOLLO) } });
});
afterAll(async () => {
  await stage[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true });
});

function fileOf(content: unknown): string {
  const path = join(folder, `${Math.random()}.json`);
  writeFileSync(path, typeof content === "string" ? content : JSON.stringify(content));
  return path;
}

async function post(body: object, url = stage.app.url) {
  const response = await fetch(url, { method: "POST", headers: JSON_TYPE, body: JSON.stringify(body) });
  // biome-ignore lint/suspicious/noExplicitAny: what a test asked for is known to the test alone.
  return { status: response.status, type: response.headers.get("content-type"), ...((await response.json()) as any) };
}

const SERVED = { data: { surveys: { nodes: [{ id: expect.any(String) }] } } };
const refused = (code: string) => ({ errors: [{ extensions: { code, retryable: false } }] });

describe("a trusted document runs by its id,", () => {
  const variables = { first: 1 };
  test.each<[string, object]>([
    ["as Apollo Client sends it", persisted(TEXT)],
    ["as documentId", { documentId: idOf(TEXT) }],
    ["as documentId with the hash's name", { documentId: `sha256:${idOf(TEXT)}` }],
    ["as id", { id: idOf(TEXT) }],
    ["whatever text is beside it", { ...persisted(TEXT), query: "{ eventCursor }" }],
  ])("%s", async (_name, body) => {
    // Twice: from the second on, Apollo Server is asked nothing.
    for (let times = 0; times < 2; times += 1) {
      const answer = await post({ ...body, variables });
      expect(answer).toMatchObject({ status: 200, type: expect.stringContaining("json"), ...SERVED });
    }
  });

  test("by GET, unless any page could have sent it", async () => {
    const url = `${stage.app.url}?variables=${encodeURIComponent('{"first":1}')}&extensions=${encodeURIComponent(JSON.stringify(persisted(TEXT).extensions))}`;
    const served = await fetch(url, { headers: { "apollo-require-preflight": "true" } });
    expect(await served.json()).toMatchObject(SERVED);
    const forgeable = await fetch(url);
    expect(await forgeable.json()).toMatchObject(refused("BAD_USER_INPUT"));
  });

  test("over an event stream", async () => {
    const headers = { ...JSON_TYPE, accept: "text/event-stream" };
    const body = JSON.stringify({ ...persisted(TEXT), variables });
    const text = await (await fetch(stage.app.url, { method: "POST", headers, body })).text();
    expect(JSON.parse(/^data: (\{.*)$/m.exec(text)?.[1] ?? "")).toMatchObject(SERVED);
  });

  test("over a WebSocket", async () => {
    const client = createClient({ url: stage.app.url.replace("http", "ws"), webSocketImpl: WebSocket });
    const read = async (payload: object) => (await client.iterate({ query: "", ...payload }).next()).value;
    expect(await read({ ...persisted(TEXT), variables })).toMatchObject(SERVED);
    await expect(read({ query: TEXT, variables })).rejects.toMatchObject([
      { extensions: { code: "PERSISTED_QUERY_ID_REQUIRED" } },
    ]);
    await client.dispose();
  });
});

describe("nothing else runs:", () => {
  test.each<[string, object, string]>([
    ["a text", { query: TEXT }, "PERSISTED_QUERY_ID_REQUIRED"],
    ["a mutation's text", { query: MUTATION }, "PERSISTED_QUERY_ID_REQUIRED"],
    ["introspection", { query: "{ __schema { types { name } } }" }, "PERSISTED_QUERY_ID_REQUIRED"],
    ["an automatic persisted query", { query: MUTATION, ...persisted(MUTATION) }, "PERSISTED_QUERY_NOT_IN_LIST"],
    ["an unknown id", { documentId: idOf(MUTATION) }, "PERSISTED_QUERY_NOT_IN_LIST"],
    ["an id of every object", { documentId: "constructor" }, "PERSISTED_QUERY_NOT_IN_LIST"],
  ])("%s", async (_name, body, code) => {
    stage.calls();
    for (let times = 0; times < 2; times += 1) {
      expect(await post(body)).toMatchObject({ status: 400, ...refused(code) });
    }
    const headers = { ...JSON_TYPE, accept: "text/event-stream" };
    const stream = await fetch(stage.app.url, { method: "POST", headers, body: JSON.stringify(body) });
    expect(await stream.text()).toContain(code);
    expect(stage.calls()).toEqual([]);
  });
});

test("in production, an error about the variables of a trusted document suggests no names, on any transport", async () => {
  const filtered = "query Filtered($filter: PollFilter) { polls(filter: $filter) { totalCount } }";
  const path = fileOf({ ...APOLLO, operations: [{ id: idOf(filtered), name: "Any", type: "query", body: filtered }] });
  const env = { TRUSTED_DOCUMENTS: path, NODE_ENV: "production" };
  await using production = await startStage({ simulator: { people: 0, polls: 0 }, env });
  const { url } = production.app;
  const body = { ...persisted(filtered), variables: { filter: { titel: "parks" } } };
  const parameters = new URLSearchParams(Object.entries(body).map(([name, value]) => [name, JSON.stringify(value)]));
  const client = createClient({ url: url.replace("http", "ws"), webSocketImpl: WebSocket, retryAttempts: 0 });
  const texts = [
    JSON.stringify(await post(body, url)),
    await (
      await fetch(url, {
        method: "POST",
        headers: { ...JSON_TYPE, accept: "text/event-stream" },
        body: JSON.stringify(body),
      })
    ).text(),
    await (await fetch(`${url}?${parameters}`, { headers: { "apollo-require-preflight": "true" } })).text(),
    JSON.stringify(
      await client
        .iterate({ query: "", ...body })
        .next()
        .catch((errors: unknown) => errors),
    ),
  ];
  await client.dispose();
  for (const text of texts) {
    expect(text).toContain("BAD_USER_INPUT");
    expect(text).not.toContain("Did you mean");
  }
});

test("codegen's format is read too, and the manifest is no use to a server without the setting", async () => {
  const app = await startApp(configFor(stage.simulator, { TRUSTED_DOCUMENTS: fileOf({ short: TEXT }) }));
  expect(await post({ documentId: "short", variables: { first: 1 } }, app.url)).toMatchObject(SERVED);
  await app.close();
  const free = await startApp(configFor(stage.simulator));
  expect(await post({ documentId: "short" }, free.url)).toMatchObject({ status: 400, ...refused("BAD_USER_INPUT") });
  await free.close();
});

test.each<[string, unknown, RegExp]>([
  ["is no JSON", "{", /must be a file with JSON/],
  ["is a list", [], /must be \{"format"/],
  ["has another version", { ...APOLLO, version: 2 }, /must be \{"format"/],
  ["has an operation without a body", { ...APOLLO, operations: [{ id: "1" }] }, /must be \{"format"/],
  ["has one id twice", { ...APOLLO, operations: operations.map((each) => ({ ...each, id: "1" })) }, /two documents/],
  ["does not fit the schema", { one: "{ polsl { id } }" }, /its document one is not valid: Cannot query field/],
])("a manifest that %s stops the start", async (_name, content, message) => {
  const start = startApp(configFor(stage.simulator, { TRUSTED_DOCUMENTS: fileOf(content) }));
  await expect(start).rejects.toThrow(message);
  await expect(start).rejects.toThrow(/^TRUSTED_DOCUMENTS /);
});
