import { once } from "node:events";
import { connect, createServer, type Socket } from "node:net";
import { text } from "node:stream/consumers";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { refuseUnreadable } from "../src/server/raw-failure.ts";
import { SECRET } from "./events.ts";
import { startListening } from "./subscribers.ts";
import type { GraphqlError, Stage } from "./support.ts";

let stage: Stage;
beforeAll(async () => {
  stage = await startListening({ env: { SUBSCRIBER_CONNECTIONS: "0" } });
});
afterAll(() => stage[Symbol.asyncDispose]());

const BODY = '{"query":"{ __typename }"}';
const HOST = "host: localhost\r\n";
const JSON_TYPE = "content-type: application/json\r\n";
const UPGRADE = `${HOST}connection: upgrade\r\nupgrade: websocket\r\nsec-websocket-version: 13\r\n`;

/** The only answer to these bytes. */
async function answerTo(bytes: string) {
  const socket = connect(Number(new URL(stage.app.url).port), "127.0.0.1");
  socket.on("error", () => undefined);
  socket.write(bytes, "latin1");
  setTimeout(() => socket.end(), 2_000).unref();
  return read(await text(socket));
}

function read(answer: string) {
  const [head = "", body = ""] = answer.split("\r\n\r\n", 2);
  const [line = "", ...headers] = head.split("\r\n");
  const { errors } = JSON.parse(body.replace(/^[0-9a-f]+\r\n/, "")) as { errors: GraphqlError[] };
  return {
    status: Number(line.split(" ")[1]),
    headers: Object.fromEntries(headers.map((header) => header.toLowerCase().split(/: (.*)/s) as [string, string])),
    errors,
  };
}

function requireShape({ headers, errors }: ReturnType<typeof read>): void {
  expect(headers).toMatchObject({
    "content-type": expect.stringMatching(/^application\/json/),
    "cache-control": "no-store",
    "x-content-type-options": "nosniff",
  });
  expect(errors).toEqual([
    {
      message: expect.stringMatching(/^[A-Z].+\.$/),
      extensions: expect.objectContaining({ code: expect.any(String) }),
    },
  ]);
  expect(JSON.stringify(errors)).not.toMatch(/FST_|HPE_|hunter2|node_modules/);
}

const END = "connection: close\r\n";
const cases: readonly [name: string, status: number, bytes: string][] = [
  ["no HTTP", 400, "hunter2\r\n\r\n"],
  ["HTTP/2 without asking", 400, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"],
  ["TLS", 400, "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n"],
  ["a method that nobody knows", 400, `HUNTER2 /graphql HTTP/1.1\r\n${HOST}\r\n`],
  ["a method that is not taken", 405, `PATCH /graphql HTTP/1.1\r\n${HOST}${END}content-length: 0\r\n\r\n`],
  ["no host", 400, `GET /graphql HTTP/1.1\r\n${END}\r\n`],
  ["another host", 403, `GET /graphql HTTP/1.1\r\nhost: hunter2.example\r\n${END}\r\n`],
  ["a header with a control character", 400, `GET /graphql HTTP/1.1\r\n${HOST}x: hunter2\x00\r\n\r\n`],
  ["a header that is folded", 400, `GET /graphql HTTP/1.1\r\n${HOST}x: a\r\n hunter2\x01\r\n\r\n`],
  ["a blank before the colon", 400, `GET /graphql HTTP/1.1\r\nhost : localhost\r\n\r\n`],
  ["two lengths", 400, `POST /graphql HTTP/1.1\r\n${HOST}content-length: 3\r\ncontent-length: 4\r\n\r\nabcd`],
  ["a length that is no number", 400, `POST /graphql HTTP/1.1\r\n${HOST}content-length: hunter2\r\n\r\n`],
  ["a length below zero", 400, `POST /graphql HTTP/1.1\r\n${HOST}content-length: -1\r\n\r\n`],
  [
    "a length and chunks",
    400,
    `POST /graphql HTTP/1.1\r\n${HOST}content-length: 3\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n`,
  ],
  [
    "a chunk whose length is no number",
    400,
    `POST /graphql HTTP/1.1\r\n${HOST}${JSON_TYPE}transfer-encoding: chunked\r\n\r\nxyz\r\nhunter2\r\n0\r\n\r\n`,
  ],
  ["an expectation", 417, `POST /graphql HTTP/1.1\r\n${HOST}expect: hunter2\r\ncontent-length: 3\r\n\r\nabc`],
  ["a URL that cannot be decoded", 400, `GET /%zzhunter2 HTTP/1.1\r\n${HOST}${END}\r\n`],
  [
    "a part of a URL that is too long",
    414,
    `POST /webhooks/pidj/${SECRET}${"x".repeat(5_000)} HTTP/1.1\r\n${HOST}${END}content-length: 0\r\n\r\n`,
  ],
  ["a URL of 100 kB", 431, `GET /graphql?query=${"x".repeat(100_000)} HTTP/1.1\r\n${HOST}\r\n`],
  ["headers of 100 kB in many lines", 431, `GET /graphql HTTP/1.1\r\n${HOST}${"x: hunter2\r\n".repeat(10_000)}\r\n`],
  [
    "a body without its type",
    415,
    `POST /graphql HTTP/1.1\r\n${HOST}${END}content-length: ${BODY.length}\r\n\r\n${BODY}`,
  ],
  [
    "a type that is no type",
    415,
    `POST /graphql HTTP/1.1\r\n${HOST}${END}content-type: hunter2\r\ncontent-length: ${BODY.length}\r\n\r\n${BODY}`,
  ],
  [
    "a body that is encoded",
    415,
    `POST /graphql HTTP/1.1\r\n${HOST}${END}${JSON_TYPE}content-encoding: hunter2\r\ncontent-length: 3\r\n\r\nabc`,
  ],
  [
    "a length of more than 256 kB",
    413,
    `POST /graphql HTTP/1.1\r\n${HOST}${END}${JSON_TYPE}content-length: 300000\r\n\r\n`,
  ],
  [
    "chunks of more than 256 kB",
    413,
    `POST /graphql HTTP/1.1\r\n${HOST}${END}${JSON_TYPE}transfer-encoding: chunked\r\n\r\n${`10000\r\n${" ".repeat(65_536)}\r\n`.repeat(5)}0\r\n\r\n`,
  ],
  ["no body", 400, `POST /graphql HTTP/1.1\r\n${HOST}${END}${JSON_TYPE}content-length: 0\r\n\r\n`],
  [
    "bytes that are no UTF-8",
    400,
    `POST /graphql HTTP/1.1\r\n${HOST}${END}${JSON_TYPE}content-length: 4\r\n\r\n"\xff\xfe"`,
  ],
  ["a path that is not there", 404, `GET /hunter2 HTTP/1.1\r\n${HOST}${END}\r\n`],
  ["a WebSocket elsewhere", 404, `GET /hunter2 HTTP/1.1\r\n${UPGRADE}\r\n`],
  ["a WebSocket of another host", 403, `GET /graphql HTTP/1.1\r\n${UPGRADE.replace("localhost", "evil.example")}\r\n`],
  ["a WebSocket of another site", 403, `GET /graphql HTTP/1.1\r\n${UPGRADE}origin: https://evil.example\r\n\r\n`],
  ["a WebSocket that finds no room", 503, `GET /graphql HTTP/1.1\r\n${UPGRADE}sec-websocket-key: a\r\n\r\n`],
  [
    "an event stream that finds no room",
    503,
    `GET /graphql?query={__typename} HTTP/1.1\r\n${HOST}${END}accept: text/event-stream\r\n\r\n`,
  ],
];

test.each(cases)("%s: is refused with %i, in GraphQL's shape, and quotes nothing", async (_name, status, bytes) => {
  const answer = await answerTo(bytes);
  expect([answer.status, answer.errors[0]?.message]).toEqual([status, expect.any(String)]);
  requireShape(answer);
  // RFC 9110 §10.2.3: a client that is told to come again is told when.
  expect(answer.headers["retry-after"]).toBe(status === 503 ? "1" : undefined);
});

describe("a request that does not arrive in time", () => {
  async function refused(code: string) {
    const server = createServer((socket: Socket) => refuseUnreadable({ code }, socket)).listen(0, "127.0.0.1");
    await once(server, "listening");
    const { port } = server.address() as { port: number };
    const answer = await text(connect(port, "127.0.0.1"));
    server.close();
    return answer;
  }

  test("is refused with 408, and may be sent again", async () => {
    const answer = read(await refused("ERR_HTTP_REQUEST_TIMEOUT"));
    expect(answer.status).toBe(408);
    requireShape(answer);
    expect(answer.errors[0]?.extensions).toEqual({ code: "BAD_USER_INPUT", retryable: true });
  });

  test("is not answered if its connection is gone", async () => {
    expect(await refused("ECONNRESET")).toBe("");
  });
});
