import { expect, test } from "vitest";
import type { PlatformRequest } from "../src/rest/transport.ts";
import { connect, READ, SEND } from "./calls.ts";
import { createScope, createWriteScope, failureOf, sendJson, startUpstream } from "./upstream.ts";

type Call = PlatformRequest<unknown>;

const SOON = new Date(Date.now() + 30_000).toUTCString();
const PAST = "Sun Nov  6 08:49:37 1994";
test.each([
  ["7", 7],
  ["2.5", 2.5],
  ["86400", 60],
  [SOON, expect.closeTo(30, -1)],
  [PAST, 0],
  ["Sunday, 06-Nov-94 08:49:37 GMT", 0],
  ["soon 5", null],
  ["-1", null],
  [undefined, null],
])("reads the Retry-After %j of a send's 429 as %s seconds", async (header, seconds) => {
  await using upstream = await startUpstream((_request, response) => {
    sendJson(response, {}, 429, header === undefined ? {} : { "retry-after": header });
  });
  await using transport = connect(upstream.url);
  const error = await failureOf(transport.write(SEND, createWriteScope({ deadline: performance.now() + 3_000 })));
  expect(error).toMatchObject({ reason: "rate-limited", status: 429, mayHaveTaken: false });
  expect(error.retryAfterSeconds).toEqual(seconds);
  // Only a wait of no time fits before this deadline.
  expect(upstream.requests).toHaveLength(seconds === 0 ? 2 : 1);
});

test("makes a send once more when the platform said to, if a second is left for it", async () => {
  await using upstream = await startUpstream((_request, response) => {
    sendJson(response, { ok: true }, upstream.requests.length === 1 ? 429 : 200, { "retry-after": "2" });
  });
  const waits: number[] = [];
  const sleep = async (milliseconds: number) => waits.push(milliseconds);
  await using transport = connect(upstream.url, { sleep });
  const scope = createWriteScope({ deadline: performance.now() + 4_000 });
  expect(await transport.write(SEND, scope)).toEqual({ ok: true });
  expect(waits).toEqual([2_000]);
});

test.each([
  ["its deadline is nearer", 2_900, Number.POSITIVE_INFINITY],
  ["its lease ends earlier", 60_000, 2_900],
])("does not make a send once more after a 429 where %s", async (_name, spare, lease) => {
  await using upstream = await startUpstream((_request, response) => {
    sendJson(response, {}, 429, { "retry-after": "2" });
  });
  await using transport = connect(upstream.url);
  const scope = createWriteScope({ deadline: performance.now() + spare, leaseLeft: () => lease });
  const error = await failureOf(transport.write(SEND, scope));
  expect(error).toMatchObject({ reason: "rate-limited", retryAfterSeconds: 2, mayHaveTaken: false });
  expect(upstream.requests).toHaveLength(1);
});

test("makes a send once more only once", async () => {
  await using upstream = await startUpstream((_request, response) => {
    sendJson(response, {}, 429, { "retry-after": "0" });
  });
  await using transport = connect(upstream.url);
  expect(await failureOf(transport.write(SEND, createWriteScope()))).toMatchObject({ reason: "rate-limited" });
  expect(upstream.requests).toHaveLength(2);
});

test("asks again when the platform said to, if the deadline allows", async () => {
  await using upstream = await startUpstream((_request, response) => {
    sendJson(response, { ok: true }, upstream.requests.length === 1 ? 429 : 200, { "retry-after": "2" });
  });
  const waits: number[] = [];
  const sleep = async (milliseconds: number) => waits.push(milliseconds);
  await using transport = connect(upstream.url, { sleep });
  expect(await transport.read(READ, createScope({ deadline: performance.now() + 5_000 }))).toEqual({ ok: true });
  expect(waits).toEqual([2_000]);
});

test.each([
  ["the deadline is nearer", "2", 1_000],
  ["it is more than a minute", "86400", 1_000_000_000],
  ["it does not say for how long", "later", 1_000_000_000],
])("does not ask again after a 429 where %s", async (_name, retryAfter, spare) => {
  await using upstream = await startUpstream((_request, response) => {
    sendJson(response, {}, 429, { "retry-after": retryAfter });
  });
  await using transport = connect(upstream.url);
  const scope = createScope({ deadline: performance.now() + spare });
  expect(await failureOf(transport.read(READ, scope))).toMatchObject({ reason: "rate-limited" });
  expect(upstream.requests).toHaveLength(1);
});

test("waits for a fraction of a second if the platform said so", async () => {
  await using upstream = await startUpstream((_request, response) => {
    sendJson(response, { ok: true }, upstream.requests.length === 1 ? 429 : 200, { "retry-after": "0.5" });
  });
  const waits: number[] = [];
  await using transport = connect(upstream.url, { sleep: async (milliseconds) => waits.push(milliseconds) });
  expect(await transport.read(READ, createScope())).toEqual({ ok: true });
  expect(waits).toEqual([500]);
});

test.each([502, 503, 504])("tries a read again after status %i, with full jitter from 50 ms", async (status) => {
  await using upstream = await startUpstream((_request, response) => {
    sendJson(response, { ok: true }, upstream.requests.length < 3 ? status : 200);
  });
  const waits: number[] = [];
  const sleep = async (milliseconds: number) => waits.push(milliseconds);
  await using transport = connect(upstream.url, { sleep, random: () => 0.5 });
  const scope = createScope();
  expect(await transport.read(READ, scope)).toEqual({ ok: true });
  expect(waits).toEqual([25, 50]);
  expect(scope.calls.map((call) => call.status)).toEqual([status, status, 200]);
});

test("tries a read again after a connection that was cut", async () => {
  await using upstream = await startUpstream((_request, response) => {
    if (upstream.requests.length === 1) {
      response.socket?.destroy();
    } else {
      sendJson(response, { ok: true });
    }
  });
  await using transport = connect(upstream.url);
  expect(await transport.read(READ, createScope())).toEqual({ ok: true });
});

test.each([
  ["a read's 500", { ...READ }, 500],
  ["a read by POST", { ...READ, route: "POST /things", id: null } as Call, 503],
  ["a send", { ...SEND }, 503],
  ["a plain write", { ...SEND, kind: "write" } as Call, 503],
])("does not repeat %s", async (_name, call, status) => {
  await using upstream = await startUpstream((_request, response) => sendJson(response, {}, status));
  await using transport = connect(upstream.url);
  const error = await failureOf(transport.read(call, createScope()));
  expect(error).toMatchObject({ reason: "unreachable", status, mayHaveTaken: true });
  expect(upstream.requests).toHaveLength(1);
});

test.each([
  ["cancelled", new DOMException("gone", "AbortError")],
  ["timeout", new DOMException("late", "TimeoutError")],
])("ends a read at once as %s when its scope ends so", async (reason, why) => {
  const controller = new AbortController();
  await using upstream = await startUpstream(() => controller.abort(why));
  await using transport = connect(upstream.url);
  const scope = createScope({ signal: controller.signal });
  expect(await failureOf(transport.read(READ, scope))).toMatchObject({ reason });
  expect(upstream.requests).toHaveLength(1);
  expect(scope.calls).toHaveLength(1);
});

test("ends a read that waits to try again when its scope ends", async () => {
  const controller = new AbortController();
  await using upstream = await startUpstream((_request, response) => sendJson(response, {}, 503));
  const sleep = async () => controller.abort();
  await using transport = connect(upstream.url, { sleep });
  expect(await failureOf(transport.read(READ, createScope({ signal: controller.signal })))).toMatchObject({
    reason: "cancelled",
  });
  expect(upstream.requests).toHaveLength(1);
});

test("finishes a send whose scope has ended meanwhile, and records it", async () => {
  const controller = new AbortController();
  await using upstream = await startUpstream((_request, response) => {
    controller.abort();
    sendJson(response, { ok: true });
  });
  await using transport = connect(upstream.url);
  const scope = createWriteScope({ signal: controller.signal });
  expect(await transport.write(SEND, scope)).toEqual({ ok: true });
  expect(scope.calls).toHaveLength(1);
});

test("begins no write for a scope that has ended", async () => {
  await using upstream = await startUpstream((_request, response) => sendJson(response, {}));
  await using transport = connect(upstream.url);
  const ended = createWriteScope({ signal: AbortSignal.abort() });
  expect(await failureOf(transport.write(SEND, ended))).toMatchObject({ reason: "not-asked", mayHaveTaken: false });
  expect(ended.calls).toEqual([]);
  const controller = new AbortController();
  const connecting = transport.write(SEND, createWriteScope({ signal: controller.signal }));
  controller.abort();
  expect(await failureOf(connecting)).toMatchObject({ reason: "not-asked", mayHaveTaken: false });
  expect(upstream.requests).toHaveLength(0);
});
