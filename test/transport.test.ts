import { setImmediate as nextTurn } from "node:timers/promises";
import { gzipSync } from "node:zlib";
import { expect, test } from "vitest";
import { COMMON_HEADERS, type PlatformRequest } from "../src/rest/transport.ts";
import { connect, READ, SEND } from "./calls.ts";
import {
  closedUrl,
  createScope,
  createWriteScope,
  failureOf,
  sendJson,
  startRawUpstream,
  startUpstream,
} from "./upstream.ts";

test("frames a GET's body by Content-Length and keeps the connection for the next call", async () => {
  await using upstream = await startRawUpstream((socket, soFar) => {
    if (soFar.endsWith("}")) {
      socket.write("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}");
    }
  });
  await using transport = connect(upstream.url);
  const call = { ...READ, headers: [...COMMON_HEADERS, "content-type", "application/json"], body: '{"é":1}' };
  await transport.read(call, createScope());
  await nextTurn();
  await transport.read(call, createScope());
  const host = upstream.url.slice("http://".length);
  const request = `GET /things/7 HTTP/1.1\r\nhost: ${host}\r\nconnection: keep-alive\r\nuser-agent: textgraph\r\naccept-encoding: identity\r\ncontent-type: application/json\r\ncontent-length: 8\r\n\r\n{"é":1}`;
  expect(upstream.received).toEqual([request + request]);
});

test("puts the path behind the base URL's, and escapes what stands in for the id, all but its colon", async () => {
  await using upstream = await startUpstream((_request, response) => sendJson(response, {}));
  await using transport = connect(`${upstream.url}/api/2020/`);
  await transport.read({ ...READ, id: "co:a/../b?c#d é\ud800" }, createScope());
  expect(upstream.requests[0]?.path).toBe("/api/2020/things/co:a%2F..%2Fb%3Fc%23d%20%C3%A9%EF%BF%BD");
});

test("tells the scope of every exchange, with its route, status and left out rows", async () => {
  await using upstream = await startUpstream((_request, response) => sendJson(response, {}, 201));
  await using transport = connect(upstream.url);
  const scope = createScope();
  const decode: PlatformRequest<unknown>["decode"] = (answer) => {
    answer.skippedRows = 3;
  };
  await transport.read({ ...READ, decode }, scope);
  expect(scope.calls).toEqual([
    { platform: "PIDJ", route: "GET /things/{id}", milliseconds: expect.any(Number), status: 201, skippedRows: 3 },
  ]);
});

test("opens no more than 64 connections", async () => {
  await using upstream = await startUpstream(async (_request, response) => {
    await nextTurn();
    sendJson(response, {});
  });
  await using transport = connect(upstream.url);
  await Promise.all(Array.from({ length: 160 }, (_, id) => transport.read({ ...READ, id: String(id) }, createScope())));
  expect(upstream.requests).toHaveLength(160);
  expect(upstream.connections).toBeLessThanOrEqual(64);
});

test("gives up on a silent platform after the read's time, and tries three times in all", async () => {
  await using upstream = await startUpstream(() => undefined);
  await using transport = connect(upstream.url, { timeouts: { readMilliseconds: 20 } });
  const scope = createScope();
  const error = await failureOf(transport.read(READ, scope));
  expect(error).toMatchObject({ reason: "timeout", status: null, mayHaveTaken: true });
  expect(scope.calls).toHaveLength(3);
  expect(upstream.requests).toHaveLength(3);
});

test("gives up on a send after its own time, once, and does not know what became of it", async () => {
  await using upstream = await startUpstream(() => undefined);
  await using transport = connect(upstream.url, { timeouts: { readMilliseconds: 1, sendMilliseconds: 40 } });
  const scope = createWriteScope();
  const error = await failureOf(transport.write(SEND, scope));
  expect(error).toMatchObject({ reason: "timeout", mayHaveTaken: true });
  expect(upstream.requests).toHaveLength(1);
  expect(scope.calls[0]?.milliseconds).toBeGreaterThanOrEqual(39);
});

test("takes an answer in an encoding that it did not ask for for none, without reading it as text", async () => {
  await using upstream = await startUpstream((_request, response) => {
    response.writeHead(200, { "content-type": "application/json", "content-encoding": "gzip" }).end(gzipSync("{}"));
  });
  await using transport = connect(upstream.url);
  const error = await failureOf(transport.read(READ, createScope()));
  expect(error).toMatchObject({ reason: "shape", message: expect.stringContaining("identity") });
});

test("counts the body into the time of an attempt", async () => {
  await using upstream = await startUpstream((_request, response) => {
    response.writeHead(200, { "content-type": "application/json" });
    response.write('{"half":');
  });
  await using transport = connect(upstream.url, { timeouts: { sendMilliseconds: 300 } });
  expect(await failureOf(transport.write(SEND, createWriteScope()))).toMatchObject({ reason: "timeout", status: 200 });
});

test.each([
  ["a refused connection", closedUrl],
  ["a name that does not exist", async () => "http://platform.invalid"],
])("proves by %s that a send was not taken", async (_name, urlOf) => {
  await using transport = connect(await urlOf());
  const error = await failureOf(transport.write(SEND, createWriteScope()));
  expect(error).toMatchObject({ reason: "unreachable", status: null, mayHaveTaken: false });
});

test("proves by a TLS failure that a send was not taken", async () => {
  await using upstream = await startUpstream((_request, response) => sendJson(response, {}));
  await using transport = connect(upstream.url.replace("http:", "https:"));
  const error = await failureOf(transport.write(SEND, createWriteScope()));
  expect(error).toMatchObject({ reason: "unreachable", mayHaveTaken: false });
});

test("proves by the time to connect that a send was not taken", async () => {
  await using upstream = await startRawUpstream(() => undefined);
  // TLS that is never answered: the connection is not there before its handshake is.
  await using transport = connect(upstream.url.replace("http:", "https:"), { timeouts: { connectMilliseconds: 30 } });
  const error = await failureOf(transport.write(SEND, createWriteScope()));
  expect(error).toMatchObject({ reason: "unreachable", mayHaveTaken: false });
});

test("does not know what became of a send whose connection was reset", async () => {
  await using upstream = await startUpstream((_request, response) => {
    response.socket?.resetAndDestroy();
  });
  await using transport = connect(upstream.url);
  expect(await failureOf(transport.write(SEND, createWriteScope()))).toMatchObject({
    reason: "unreachable",
    mayHaveTaken: true,
  });
  expect(upstream.requests).toHaveLength(1);
});

test.each([
  ["shorter than announced", "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 20\r\n\r\n{}"],
  [
    "without its last chunk",
    "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n",
  ],
])("never uses a body that is %s", async (_name, answer) => {
  await using upstream = await startRawUpstream((socket) => socket.end(answer));
  await using transport = connect(upstream.url);
  const error = await failureOf(transport.write(SEND, createWriteScope()));
  expect(error).toMatchObject({ reason: "unreachable", status: 200, mayHaveTaken: true });
});

test("judges a refusal by its status where its body is cut", async () => {
  await using upstream = await startRawUpstream((socket) =>
    socket.end('HTTP/1.1 422 No\r\nContent-Type: application/json\r\nContent-Length: 20\r\n\r\n{"a":'),
  );
  await using transport = connect(upstream.url);
  const answer = transport.write({ ...SEND, decode: ({ status, body }) => ({ status, body }) }, createWriteScope());
  expect(await answer).toEqual({ status: 422, body: undefined });
});

test.each([
  ["HTML", "text/html", "<html>{}</html>"],
  ["a JSON text under another type", "text/plain", '"Jane Doe"'],
  ["JSON that is malformed", "application/json", '{"name":"Jane Doe'],
])("takes %s for no answer, once, and quotes nothing of it", async (_name, type, body) => {
  await using upstream = await startUpstream((_request, response) => {
    response.writeHead(200, { "content-type": type }).end(body);
  });
  await using transport = connect(upstream.url);
  const error = await failureOf(transport.read(READ, createScope()));
  expect(error).toMatchObject({ reason: "shape", status: 200, mayHaveTaken: true });
  expect(error.cause).toBeUndefined();
  expect(upstream.requests).toHaveLength(1);
});

test("takes bytes that are not HTTP for no answer, and quotes nothing of them", async () => {
  await using upstream = await startRawUpstream((socket) => socket.end("Jane Doe, +14155551212\r\n\r\n"));
  await using transport = connect(upstream.url);
  const error = await failureOf(transport.write(SEND, createWriteScope()));
  expect(error).toMatchObject({ reason: "shape", mayHaveTaken: true });
  expect(error.cause).toBeUndefined();
});

test.each(["application/json; charset=utf-8", "application/problem+json", "Application/JSON", undefined])(
  "reads JSON of content type %s, a byte order mark before it or not",
  async (type) => {
    await using upstream = await startUpstream((_request, response) => {
      response.writeHead(200, type === undefined ? {} : { "content-type": type }).end('\ufeff{"a":1}');
    });
    await using transport = connect(upstream.url);
    expect(await transport.read(READ, createScope())).toEqual({ a: 1 });
  },
);

test.each([
  [204, ""],
  [200, ""],
  [200, " "],
])("gives a success of status %i with the body %j as one without a value", async (status, body) => {
  await using upstream = await startUpstream((_request, response) => {
    response.writeHead(status, { "content-type": "text/html" }).end(body);
  });
  await using transport = connect(upstream.url);
  expect(await transport.read(READ, createScope())).toBeUndefined();
});

test("never follows a redirect, and so carries no credential away", async () => {
  await using elsewhere = await startUpstream((_request, response) => sendJson(response, {}));
  await using upstream = await startUpstream((_request, response) => {
    response.writeHead(302, { location: `${elsewhere.url}/things/7` }).end();
  });
  await using transport = connect(upstream.url);
  const call = { ...READ, headers: ["authorization", "Basic c2VjcmV0"] };
  expect(await failureOf(transport.read(call, createScope()))).toMatchObject({ reason: "shape", status: 302 });
  expect(elsewhere.requests).toHaveLength(0);
});

test.each([
  ["announced", true],
  ["not announced", false],
])("refuses a body beyond the limit of its size, %s", async (_name, isAnnounced) => {
  const body = JSON.stringify("x".repeat(2_000));
  await using upstream = await startUpstream((_request, response) => {
    const length = isAnnounced ? { "content-length": String(body.length) } : {};
    response.writeHead(200, { "content-type": "application/json", ...length });
    response.write(body);
    if (isAnnounced) {
      response.end();
    }
  });
  await using transport = connect(upstream.url, { bodyLimits: { recordBytes: 1_000, listBytes: 3_000 } });
  expect(await failureOf(transport.read(READ, createScope()))).toMatchObject({ reason: "shape" });
  if (isAnnounced) {
    expect(await transport.read({ ...READ, size: "list" }, createScope())).toHaveLength(2_000);
  }
});

test("lets the calls under way end before it closes", async () => {
  const { promise: asked, resolve: onAsked } = Promise.withResolvers<void>();
  const { promise: mayAnswer, resolve: answerNow } = Promise.withResolvers<void>();
  await using upstream = await startUpstream(async (_request, response) => {
    onAsked();
    await mayAnswer;
    sendJson(response, { ok: true });
  });
  const transport = connect(upstream.url);
  const call = transport.write(SEND, createWriteScope());
  await asked;
  const closed = transport.close();
  answerNow();
  expect(await call).toEqual({ ok: true });
  await closed;
});
