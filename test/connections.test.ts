import { once } from "node:events";
import { type IncomingMessage, request } from "node:http";
import fetch from "node-fetch";
import { describe, expect, test } from "vitest";
import { WebSocket } from "ws";
import { INIT, RawSocket, subscribe } from "./raw-socket.ts";
import { forward, newestCursor, ON_TEXT, openSubscriber, startListening } from "./subscribers.ts";
import type { Stage } from "./support.ts";

const STREAM = { accept: "text/event-stream" };

/** The status of a request for an event stream, and what it says where it is refused. */
async function askStream({ app }: Pick<Stage, "app">, init: object, path = "/graphql") {
  const response = await fetch(new URL(path, app.url), init);
  const error = response.status === 200 ? null : (JSON.parse(await response.text()) as { errors: unknown[] });
  response.body?.resume();
  return { status: response.status, errors: error?.errors };
}

describe("who may connect", () => {
  const own = (host: string) => `http://${host}`;
  test.each<[origin: (host: string) => string | undefined, development: boolean, production: boolean]>([
    [() => undefined, true, true],
    [own, true, true],
    [() => "http://localhost:5173", true, false],
    [() => "https://studio.apollographql.com", true, false],
    [() => "https://evil.example", false, false],
    [() => "http://localhost.evil.example", false, false],
    [() => "null", false, false],
  ])("a page from %s: in development %s, in production %s", async (originOf, development, production) => {
    for (const [env, isLetIn] of [
      [{}, development],
      [{ NODE_ENV: "production" }, production],
    ] as const) {
      await using stage = await startListening({ env });
      const origin = originOf(new URL(stage.app.url).host);
      const headers: Record<string, string> = origin === undefined ? {} : { origin };
      const raw = new RawSocket(stage, { headers });
      await Promise.race([once(raw.socket, "open"), raw.closed]);
      expect(raw.socket.readyState === WebSocket.OPEN).toBe(isLetIn);
      raw.socket.terminate();
      const body = JSON.stringify({ query: "{ __typename }" });
      const init = { method: "POST", headers: { ...STREAM, ...headers, "content-type": "application/json" }, body };
      expect((await askStream(stage, init)).status).toBe(isLetIn ? 200 : 403);
    }
  });

  test("a page of this server itself, however the Host header is written", async () => {
    await using stage = await startListening({ env: { NODE_ENV: "production" } });
    const { port } = new URL(stage.app.url);
    for (const host of [`LOCALHOST:${port}`, `localhost.:${port}`]) {
      const raw = new RawSocket(stage, { headers: { host, origin: `http://localhost:${port}` } });
      await Promise.race([once(raw.socket, "open"), raw.closed]);
      expect(raw.socket.readyState).toBe(WebSocket.OPEN);
      raw.socket.terminate();
    }
  });

  test("nobody under another name, at another path, with another protocol", async () => {
    await using stage = await startListening();
    expect(await new RawSocket(stage, { headers: { host: "evil.example" } }).closed).toEqual([403, ""]);
    expect(await new RawSocket(stage, { path: "/health" }).closed).toEqual([404, ""]);
    expect(await new RawSocket(stage, { protocol: "graphql-ws" }).closed).toEqual([1006, ""]);
  });

  test("a request that offers HTTP/2 on the side is answered as ever", async () => {
    await using stage = await startListening();
    const offering = request(new URL("/health", stage.app.url), {
      headers: { connection: "Upgrade, HTTP2-Settings", upgrade: "h2c", "http2-settings": "AAMAAABkAAQAAP__" },
    }).end();
    const [response] = (await once(offering, "response")) as [IncomingMessage];
    expect(response.statusCode).toBe(200);
    response.resume();
  });

  test("by event stream, only what no page can send by itself, and no mutation by GET", async () => {
    await using stage = await startListening();
    const post = (body: string, type = "application/json") =>
      askStream(stage, { method: "POST", headers: { ...STREAM, "content-type": type }, body });
    for (const reply of [
      await post('{"query":"{ __typename }"}', "text/plain"),
      await post('{"query"'),
      await post("[]"),
      await post('{"query":1}'),
      await post('{"query":"{ __typename }","variables":[]}'),
    ]) {
      expect(reply).toMatchObject({ status: 400, errors: [{ extensions: { code: "BAD_USER_INPUT" } }] });
    }
    const get = (query: string) => askStream(stage, { headers: STREAM }, `/graphql?query=${encodeURIComponent(query)}`);
    expect((await get("mutation { createPoll(input: {}) { poll { id } } }")).status).toBe(200);
    expect((await get('mutation { pausePidjUser(input: { id: "us:1" }) { userErrors { code } } }')).status).toBe(405);
    expect((await get("{ __typename }")).status).toBe(200);
    expect(stage.calls()).toEqual([]);
  });
});

describe("limits", () => {
  test("a socket carries 50 operations, and the next one is refused without harm to them", async () => {
    await using stage = await startListening();
    const raw = new RawSocket(stage);
    await raw.send(INIT);
    await raw.seen("connection_ack");
    await raw.send(...Array.from({ length: 51 }, (_, at) => subscribe(`${at}`)));
    expect(await raw.seen("error")).toMatchObject([
      { id: "50", payload: [{ extensions: { code: "RATE_LIMITED", retryable: true } }] },
    ]);
    await raw.send({ type: "complete", id: "0" }, subscribe("again", "{ eventCursor }"));
    await raw.seen("complete");
    await forward(stage.app.url, "to all of them");
    expect(await raw.seen("next", 50)).toContainEqual(expect.objectContaining({ id: "49" }));
    raw.socket.terminate();
  });

  test("the process serves so many connections, and tells the next one to come again", async () => {
    await using stage = await startListening({ env: { SUBSCRIBER_CONNECTIONS: "2" } });
    await using streaming = openSubscriber(stage.app.url, "server-sent events");
    const stream = streaming.subscribe(ON_TEXT, { since: await newestCursor(stage) });
    await forward(stage.app.url, "it is there");
    await stream.next();
    const first = new RawSocket(stage);
    await once(first.socket, "open");
    expect(await new RawSocket(stage).closed).toEqual([503, ""]);
    expect(await askStream(stage, { headers: STREAM }, "/graphql?query={__typename}")).toMatchObject({
      status: 503,
      errors: [{ extensions: { code: "OVERLOADED", retryable: true } }],
    });
    first.socket.terminate();
    await expect
      .poll(async () => (await askStream(stage, { headers: STREAM }, "/graphql?query={__typename}")).status)
      .toBe(200);
  });

  test.each<[what: string, messages: (object | string)[], closed: [number, string]]>([
    ["says nothing", [], [4408, "Connection initialisation timeout"]],
    ["subscribes before it is let in", [subscribe("1")], [4401, "Unauthorized"]],
    ["sends what is no message", [INIT, "hunter2"], [4400, "Invalid message received"]],
    ["sends what only servers may", [INIT, { type: "connection_ack" }], [4400, "Unexpected message"]],
    ["introduces itself twice", [INIT, INIT], [4429, "Too many initialisation requests"]],
    ["uses an id twice", [INIT, subscribe("1"), subscribe("1")], [4409, "Subscriber for 1 already exists"]],
    ["sends more than 64 kB", [INIT, { type: "ping", payload: { text: "x".repeat(65_536) } }], [1009, ""]],
  ])("a socket that %s is closed with the reason", async (_what, [first, ...messages], closed) => {
    await using stage = await startListening({ app: { connectionLimits: { initMilliseconds: 200 } } });
    const raw = new RawSocket(stage);
    await raw.send(...(first === undefined ? [] : [first]));
    if (first === INIT) {
      await raw.seen("connection_ack");
    }
    await raw.send(...messages);
    expect(await raw.closed).toEqual(closed);
    // The server is there for everybody else.
    expect((await stage.query("{ __typename }")).status).toBe(200);
  });

  test("a socket whose client is gone without a word is given up", async () => {
    await using stage = await startListening({ app: { connectionLimits: { pingMilliseconds: 50 } } });
    const alive = new RawSocket(stage);
    const dead = new RawSocket(stage, { autoPong: false });
    await Promise.all([alive.send(INIT), dead.send(INIT)]);
    expect(await dead.closed).toEqual([1006, ""]);
    await alive.send({ type: "ping" });
    await alive.seen("pong");
    alive.socket.terminate();
  });
});

test("the explorer is told that subscriptions are served where it has been opened, over WebSocket", async () => {
  await using stage = await startListening();
  const page = await (await fetch(stage.app.url, { headers: { accept: "text/html" } })).text();
  expect(page).toMatch(/new window\.EmbeddedSandbox\([^)]*initialSubscriptionEndpoint: initialEndpoint\.replace/s);
});
