import { setTimeout as wait } from "node:timers/promises";
import fetch from "node-fetch";
import { expect, test } from "vitest";
import { SECRET } from "./events.ts";
import { startIssuer } from "./issuer.ts";
import { RawSocket, subscribe } from "./raw-socket.ts";
import { forward, ON_TEXT } from "./subscribers.ts";
import { startStage } from "./support.ts";

const START = Date.parse("2026-05-01T00:00:00Z");

/** A server that takes an issuer's tokens, and a clock that the test sets. */
async function startWithTokens() {
  const issuer = await startIssuer(START);
  let time = START;
  const stage = await startStage({
    simulator: { people: 3, polls: 0 },
    env: { WEBHOOK_SECRET: SECRET, ...issuer.env },
    app: { now: () => new Date(time) },
  });
  return Object.assign(stage, {
    sign: async (scope: string) => `Bearer ${await issuer.sign({ scope })}`,
    pass: (milliseconds: number) => {
      time += milliseconds;
    },
    [Symbol.asyncDispose]: async () => {
      await stage.app.close();
      await stage.simulator.close();
      await issuer[Symbol.asyncDispose]();
    },
  });
}

test("a token that expires in the middle of a subscription ends it: a socket with 4403, a stream with the reason", async () => {
  await using stage = await startWithTokens();
  const authorization = await stage.sign("messages:read");
  const socket = new RawSocket(stage);
  await socket.send({ type: "connection_init", payload: { authorization } });
  await socket.seen("connection_ack");
  await socket.send(subscribe("1"));
  const query = encodeURIComponent(ON_TEXT);
  const stream = await fetch(`${stage.app.url}?query=${query}`, {
    headers: { accept: "text/event-stream", authorization },
  });
  await forward(stage.app.url, "before");
  await socket.seen("next");

  // An hour and the 30 seconds by which clocks may differ.
  stage.pass(3_630_000);
  expect((await socket.closed)[0]).toBe(4403);
  await forward(stage.app.url, "after");
  const text = await stream.text();
  expect(text).toContain("before");
  expect(text).toContain('"code":"UNAUTHENTICATED"');
  expect(text).not.toContain("after");
  expect(socket.messages.filter(({ type }) => type === "next")).toHaveLength(1);
});

test("nothing is executed on a socket before its credential was accepted", async () => {
  await using stage = await startWithTokens();
  const authorization = await stage.sign("groups:read");
  const early = new RawSocket(stage);
  await early.send(subscribe("1", "{ pidjGroups { totalCount } }"));
  const both = new RawSocket(stage);
  await both.send(
    { type: "connection_init", payload: { authorization: "Bearer a.b.c" } },
    subscribe("1", "{ pidjGroups { totalCount } }"),
  );
  const twice = new RawSocket(stage, { headers: { authorization } });
  await twice.send({ type: "connection_init" });
  await twice.seen("connection_ack");
  // Another caller on the same socket.
  await twice.send({ type: "connection_init", payload: { authorization: "Bearer a.b.c" } });

  expect((await early.closed)[0]).toBe(4401);
  expect([4401, 4403]).toContain((await both.closed)[0]);
  expect((await twice.closed)[0]).toBe(4429);
  await wait(50);
  expect(stage.calls()).toEqual([]);
});

test("a subscription needs its scope through aliases and fragments too", async () => {
  await using stage = await startWithTokens();
  const socket = new RawSocket(stage, { headers: { authorization: await stage.sign("polls:read") } });
  await socket.send({ type: "connection_init" });
  await socket.seen("connection_ack");
  const documents = [
    "subscription { pollCompleted: messageReceived { cursor } }",
    "subscription { ... { messageReceived { cursor } } }",
    "subscription { ...F } fragment F on Subscription { a: messageReceived { cursor } }",
    "subscription { ... on Subscription { __typename: messageReceived { __typename } } }",
  ];
  for (const [at, document] of documents.entries()) {
    await socket.send(subscribe(String(at), document));
  }

  await expect
    .poll(() => socket.messages.filter(({ type }) => type === "next" || type === "error").length, { timeout: 5_000 })
    .toBe(documents.length);
  expect(JSON.stringify(socket.messages).match(/"FORBIDDEN"/g)).toHaveLength(documents.length);
  await forward(stage.app.url, "secret text");
  await wait(100);
  expect(JSON.stringify(socket.messages)).not.toContain('cursor":"');
  socket.socket.close();
});
