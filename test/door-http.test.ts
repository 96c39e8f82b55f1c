import { connect } from "node:net";
import { gzipSync } from "node:zlib";
import fetch, { type RequestInit } from "node-fetch";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { SECRET } from "./events.ts";
import { newestCursor, ON_TEXT, startListening } from "./subscribers.ts";
import type { Stage } from "./support.ts";

const JSON_TYPE = { "content-type": "application/json" };
const PREFLIGHTED = { "apollo-require-preflight": "yes" };
const STREAM = { accept: "text/event-stream" };

let stage: Stage;
beforeAll(async () => {
  stage = await startListening();
});
afterAll(() => stage[Symbol.asyncDispose]());

async function send(path: string, init: RequestInit) {
  const response = await fetch(new URL(path, stage.app.url), init);
  return { status: response.status, headers: response.headers, text: await response.text() };
}

function refusalIn(text: string) {
  return JSON.parse(text).errors[0];
}

describe("a method that the graph does not take", () => {
  test.each(["PUT", "PATCH", "DELETE"])("%s is 405, and Allow says which it takes", async (method) => {
    for (const path of ["/graphql", "/"]) {
      const { status, headers, text } = await send(path, { method });
      expect({ status, allow: headers.get("allow") }).toEqual({ status: 405, allow: "GET, POST" });
      expect(refusalIn(text)).toEqual({
        message: "The graph takes GET and POST.",
        extensions: { code: "BAD_USER_INPUT", retryable: false },
      });
    }
  });

  test("a mutation by GET is 405, and Allow says POST", async () => {
    for (const headers of [PREFLIGHTED, STREAM]) {
      const answer = await send(`/graphql?query=${encodeURIComponent("mutation { __typename }")}`, { headers });
      expect({ status: answer.status, allow: answer.headers.get("allow") }).toEqual({ status: 405, allow: "POST" });
    }
  });
});

test("a body with a content encoding is 415, and the answer says what is taken", async () => {
  const body = gzipSync(JSON.stringify({ query: "{ __typename }" }));
  for (const encoding of ["gzip", "br", "GZIP"]) {
    const headers = { ...JSON_TYPE, "content-encoding": encoding };
    const answer = await send("/graphql", { method: "POST", headers, body });
    expect(answer.status).toBe(415);
    expect(answer.headers.get("accept-encoding")).toBe("identity");
    expect(refusalIn(answer.text).extensions).toEqual({ code: "BAD_USER_INPUT", retryable: false });
  }
  const headers = { ...JSON_TYPE, "content-encoding": "identity" };
  const plain = await send("/graphql", { method: "POST", headers, body: JSON.stringify({ query: "{ __typename }" }) });
  expect(JSON.parse(plain.text).data).toEqual({ __typename: "Query" });
});

describe("parameters of a GET that are empty are as if absent", () => {
  const query = encodeURIComponent("{ __typename }");
  test.each([
    `?query=${query}&operationName=&variables=&extensions=`,
    `?operationName=&query=${query}`,
    `?variables=&extensions=&query=${query}&operationName=`,
  ])("%s", async (search) => {
    const single = await send(`/graphql${search}`, { headers: PREFLIGHTED });
    expect({ status: single.status, body: JSON.parse(single.text).data }).toEqual({
      status: 200,
      body: { __typename: "Query" },
    });
    const streamed = await send(`/graphql${search}`, { headers: STREAM });
    expect(streamed.text).toContain('"data":{"__typename":"Query"}');
  });

  test("those that are not empty count", async () => {
    const document = encodeURIComponent("query A { a: __typename } query B { b: __typename }");
    const answer = await send(`/graphql?query=${document}&operationName=B&variables=`, { headers: PREFLIGHTED });
    expect(JSON.parse(answer.text).data).toEqual({ b: "Query" });
    const broken = await send(`/graphql?query=${query}&variables=%7B`, { headers: PREFLIGHTED });
    expect(broken.status).toBe(400);
  });
});

describe("an Accept that names text/event-stream among others", () => {
  const URQL = "application/graphql-response+json, application/json, text/event-stream, multipart/mixed";
  const post = (accept: string, query: string, variables = {}) =>
    fetch(stage.app.url, {
      method: "POST",
      headers: { ...JSON_TYPE, accept },
      body: JSON.stringify({ query, variables }),
    });

  test.each([URQL, "text/event-stream, */*", "application/json, TEXT/EVENT-STREAM"])(
    "streams a subscription, and answers a query as usual (%s)",
    async (accept) => {
      const since = await newestCursor(stage);
      const stream = await post(accept, ON_TEXT, { since });
      expect(stream.headers.get("content-type")).toBe("text/event-stream; charset=utf-8");
      (stream.body as unknown as { destroy(): void }).destroy();
      const usual = await post(accept, "{ __typename }");
      expect(usual.headers.get("content-type")).toMatch(/json/);
      expect(await usual.json()).toMatchObject({ data: { __typename: "Query" } });
    },
  );
});

test("a forwarded text of 80 kB in the URL is taken", async () => {
  const since = await newestCursor(stage);
  // 1,600 characters at twelve bytes each, and more in parameters that nobody reads.
  const message = "😀".repeat(1_600);
  const more = "x".repeat(80_000 - 12 * 1_600);
  const values = new URLSearchParams({ message, from: "+12025550101", to: "+18885552000", group_id: "gr:1", more });
  const { status } = await send(`/webhooks/pidj/${SECRET}?${values}`, {});
  expect(status).toBe(200);
  const { data } = await stage.query(
    "query ($before: String) { receivedMessages(last: 1, before: $before) { nodes { text } } }",
    { before: since },
  );
  expect(data.receivedMessages.nodes).toEqual([{ text: message }]);
});

test.each([
  ["that is no HTTP", 400, "hello\r\n\r\n"],
  [
    "of more than 96 kB of headers",
    431,
    `GET /graphql HTTP/1.1\r\nhost: localhost\r\nx: ${"x".repeat(100_000)}\r\n\r\n`,
  ],
])("a request %s is refused in GraphQL's shape (%i)", async (_name, status, bytes) => {
  const socket = connect(Number(new URL(stage.app.url).port), "127.0.0.1").setEncoding("utf8");
  socket.write(bytes);
  let answer = "";
  for await (const chunk of socket) {
    answer += chunk;
  }
  const [head = "", body = ""] = answer.split("\r\n\r\n");
  expect(head).toMatch(new RegExp(`^HTTP/1.1 ${status} `));
  expect(refusalIn(body)).toEqual({
    message: expect.any(String),
    extensions: { code: "BAD_USER_INPUT", retryable: false },
  });
});
