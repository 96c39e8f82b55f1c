import { createHash } from "node:crypto";
import fetch from "node-fetch";
import { describe, expect, test } from "vitest";
import { WebSocket } from "ws";
import { StoreError } from "../src/errors.ts";
import { createLineStream, createLogOptions } from "../src/telemetry/log.ts";
import { describeError } from "../src/telemetry/redaction.ts";
import { forward, ON_TEXT, openSubscriber, startListening } from "./subscribers.ts";
import { ask, type Stage, type StageOptions } from "./support.ts";

type Line = Readonly<Record<string, unknown>>;

async function startLogged({ env, ...options }: StageOptions = {}): Promise<{ stage: Stage; lines: Line[] }> {
  const lines: Line[] = [];
  const logTo = { write: (line: string) => lines.push(JSON.parse(line)) };
  const stage = await startListening({
    simulator: { people: 3, polls: 0 },
    ...options,
    env: { LOG_LEVEL: "info", ...env },
    app: { logTo },
  });
  return { stage, lines };
}

function operationsIn(lines: readonly Line[]): Line[] {
  return lines.filter(({ msg }) => msg === "operation").map(({ level, time, pid, ...line }) => line);
}

const hash = (text: string) => createHash("sha256").update(text).digest("hex");

test("an operation is one line: who asked what by which request, what it cost, and how it ended", async () => {
  const { stage, lines } = await startLogged();
  await using _ = stage;
  const text = "query Lists { surveys { totalCount } seriesList { totalCount } }";

  await ask(stage.app.url, text, {}, { "x-request-id": "screen-7.a_B" });

  expect(operationsIn(lines)).toEqual([
    {
      requestId: "screen-7.a_B",
      kind: "query",
      operation: "Lists",
      document: hash(text),
      caller: "anonymous",
      outcome: "ok",
      milliseconds: expect.any(Number),
      asked: { calls: expect.any(Number), objects: expect.any(Number) },
      actual: { calls: 2, objects: 2 },
      calls: 2,
      msg: "operation",
    },
  ]);
});

test("the log has no such lines unless LOG_LEVEL is info or lower", async () => {
  const { stage, lines } = await startLogged({ env: { LOG_LEVEL: "warn" } });
  await using _ = stage;
  await stage.query("{ __typename }");
  expect(lines).toEqual([]);
});

test("how it ended: with errors at fields, refused, or not executed; with the codes", async () => {
  const { stage, lines } = await startLogged({ env: { TEXTIZEN_EMAIL: "", TEXTIZEN_PASSWORD: "" } });
  await using _ = stage;

  await stage.query("{ polls { totalCount } campaigns { totalCount } surveys { totalCount } }");
  await stage.query("{ nothing }");
  await stage.query("query A { a: __typename } query B { b: __typename }");
  await stage.query("query ($id: ID!) { contact(id: $id) { id } }", {});

  expect(operationsIn(lines).map(({ outcome, codes, kind }) => ({ outcome, codes, kind }))).toEqual([
    { outcome: "partial", codes: ["PLATFORM_NOT_CONFIGURED"], kind: "query" },
    { outcome: "refused", codes: ["GRAPHQL_VALIDATION_FAILED"], kind: undefined },
    { outcome: "refused", codes: ["BAD_USER_INPUT"], kind: undefined },
    { outcome: "refused", codes: ["BAD_USER_INPUT"], kind: "query" },
  ]);
});

describe("the id of a request", () => {
  const idsOf = async (headers: Record<string, string>) => {
    const { stage, lines } = await startLogged();
    await using _ = stage;
    const answer = await fetch(stage.app.url, {
      method: "POST",
      headers: { "content-type": "application/json", ...headers },
      body: JSON.stringify({ query: "{ __typename }" }),
    });
    const [line] = operationsIn(lines);
    return { sent: answer.headers.get("x-request-id"), logged: line?.["requestId"], traceId: line?.["traceId"] };
  };

  test("is the client's own if it is sane, and comes back", async () => {
    const id = "a".repeat(128);
    expect(await idsOf({ "x-request-id": id })).toEqual({ sent: id, logged: id, traceId: undefined });
  });

  test.each(["", "a b", "a".repeat(129), "+14155551212", "a@example.org", 'a"b', "<a>"])(
    "is made if the client's is %j",
    async (id) => {
      const { sent, logged } = await idsOf({ "x-request-id": id });
      expect(sent).toMatch(/^[0-9a-f]{36}$/);
      expect(logged).toBe(sent);
    },
  );

  test("the client's trace is named beside it, unless it is malformed", async () => {
    const traceId = "0af7651916cd43dd8448eb211c80319c";
    expect((await idsOf({ traceparent: `00-${traceId}-b7ad6b7169203331-01` })).traceId).toBe(traceId);
    for (const traceparent of [
      `ff-${traceId}-b7ad6b7169203331-01`,
      `00-${"0".repeat(32)}-b7ad6b7169203331-01`,
      `00-${traceId}-${"0".repeat(16)}-01`,
      traceId,
    ]) {
      expect((await idsOf({ traceparent })).traceId).toBeUndefined();
    }
  });
});

describe("a subscription is one line, when it has ended", () => {
  test.each(["WebSocket", "server-sent events"] as const)("%s", async (transport) => {
    const { stage, lines } = await startLogged();
    await using _ = stage;
    {
      await using subscriber = openSubscriber(stage.app.url, transport);
      const { data } = await stage.query("{ eventCursor }");
      const texts = subscriber.subscribe(ON_TEXT, { since: data.eventCursor });
      await forward(stage.app.url, "one");
      await texts.next();
      await forward(stage.app.url, "two");
      await texts.next();
      expect(operationsIn(lines).filter(({ kind }) => kind === "subscription")).toEqual([]);
      await texts[Symbol.asyncDispose]();
    }
    await expect.poll(() => operationsIn(lines).filter(({ kind }) => kind === "subscription")).toHaveLength(1);
    expect(operationsIn(lines).find(({ kind }) => kind === "subscription")).toMatchObject({
      operation: "Texts",
      outcome: "ok",
      events: 2,
      calls: 0,
    });
  });
});

test("operations on one socket are numbered after the id of its request, and those of an event stream have its id", async () => {
  const { stage, lines } = await startLogged();
  await using _ = stage;
  const socket = new WebSocket(stage.app.url.replace("http", "ws"), "graphql-transport-ws", {
    headers: { "x-request-id": "socket-1" },
  });
  await new Promise((resolve) => socket.once("open", resolve));
  const say = (message: object) => socket.send(JSON.stringify(message));
  say({ type: "connection_init" });
  await new Promise((resolve) => socket.once("message", resolve));
  for (const id of ["a", "b"]) {
    say({ type: "subscribe", id, payload: { query: "query Q { __typename }" } });
  }
  await expect.poll(() => operationsIn(lines)).toHaveLength(2);
  socket.terminate();
  const accept = { accept: "text/event-stream", "x-request-id": "stream-1" };
  await (await fetch(`${stage.app.url}?query=%7B__typename%7D`, { headers: accept })).text();

  expect(operationsIn(lines).map(({ requestId }) => requestId)).toEqual(["socket-1.1", "socket-1.2", "stream-1"]);
});

describe("nothing else can be written", () => {
  test("a field that is not of the list, or not of its form, is dropped from a line", () => {
    const { streamWrite } = createLogOptions("trace", { write: () => undefined }).hooks;
    const line = {
      level: 30,
      time: 1,
      msg: "operation",
      requestId: "+1 415 555 1212",
      operation: `Q${"x".repeat(64)}`,
      caller: "token:jane@example.org",
      document: "query { secret }",
      outcome: "secret",
      codes: ["FORBIDDEN", "secret words"],
      calls: "secret",
      variables: { secret: "secret" },
      req: { url: "/webhooks/pidj/secret" },
    };
    expect(JSON.parse(streamWrite(JSON.stringify(line)))).toEqual({
      level: 30,
      time: 1,
      msg: "operation",
      codes: ["FORBIDDEN"],
    });
  });

  test("what looks like a number, an address or a URL is left out of a message", () => {
    const { streamWrite } = createLogOptions("trace", { write: () => undefined }).hooks;
    const msg =
      "to +1 (415) 555-1212 and jane@example.org by https://a.example/sso?t=1 at /webhooks/pidj/hunter2 in 30 s";
    expect(JSON.parse(streamWrite(JSON.stringify({ msg }))).msg).toBe(
      "to … and … by https://… at /webhooks/pidj/… in 30 s",
    );
  });

  test("an error is its kind, its code and where it was thrown; its words only if they are this server's", () => {
    const secret = "hunter2\n    at secret (file:///hunter2.ts:1:1)";
    const foreign = Object.assign(new TypeError(secret), { code: "ERR_INVALID_ARG_TYPE", input: secret });
    const described = describeError(new StoreError("The store failed", foreign));
    expect(described).toMatchObject({
      type: "StoreError",
      message: "The store failed",
      stack: expect.stringContaining("log-lines.test.ts"),
      cause: { type: "TypeError", message: "", code: "ERR_INVALID_ARG_TYPE" },
    });
    expect(JSON.stringify(described)).not.toContain("hunter2");
    expect(described.cause?.stack).toContain("log-lines.test.ts");
  });

  test("PostgreSQL's codes are kept, which begin with a digit, and no other value in their place", () => {
    const answered = (code: string) => Object.assign(new Error("hunter2"), { severity: "FATAL", code });
    expect(describeError(new StoreError("The database failed", answered("53300"))).cause).toMatchObject({
      code: "53300",
      message: "",
    });
    expect(describeError(answered("+14155551212"))).not.toHaveProperty("code");
    expect(describeError(Object.assign(new Error("hunter2"), { code: "94110" }))).not.toHaveProperty("code");
  });
});

test("the lines of one turn of the event loop are written at once, and at the latest when they are flushed", async () => {
  const written: string[] = [];
  const stream = createLineStream({ write: (lines) => written.push(lines) });
  stream.write("1\n");
  stream.write("2\n");
  expect(written).toEqual([]);
  await new Promise((resolve) => setImmediate(resolve));
  expect(written).toEqual(["1\n2\n"]);
  stream.write("3\n");
  stream.flushSync();
  stream.flushSync();
  expect(written).toEqual(["1\n2\n", "3\n"]);
});
