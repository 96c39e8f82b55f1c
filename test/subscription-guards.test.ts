import { GraphQLError } from "graphql";
import fetch from "node-fetch";
import { describe, expect, test, vi } from "vitest";
import { Versions } from "../src/freshness/versions.ts";
import { Answer } from "../src/operations/operation.ts";
import { buildSchema } from "../src/operations/schema.ts";
import { SelectedAnswers } from "../src/operations/selected-answers.ts";
import { startApollo } from "../src/server/apollo.ts";
import { INIT, RawSocket, subscribe } from "./raw-socket.ts";
import { forward, newestCursor, openSubscriber, startListening } from "./subscribers.ts";
import { type Stage, startStage } from "./support.ts";

const REFUSED = { extensions: { code: "GRAPHQL_VALIDATION_FAILED", retryable: false } };
const GROUPS = "{ textizenGroups(first: 3) { nodes { name } } }";

async function openSocket(stage: Pick<Stage, "app">): Promise<RawSocket> {
  const raw = new RawSocket(stage);
  await raw.send(INIT);
  await raw.seen("connection_ack");
  return raw;
}

/** Until the socket takes a query again. */
async function untilServed(raw: RawSocket): Promise<void> {
  let tries = 0;
  await expect
    .poll(async () => {
      await raw.send(subscribe(`try${tries++}`, "{ eventCursor }"));
      return raw.messages.some(({ type, id }) => type === "next" && String(id).startsWith("try"));
    })
    .toBe(true);
}

describe("a condition at the root of a subscription is refused", () => {
  test.each([
    ["that hangs on a variable", "subscription($s: Boolean!) { messageReceived @include(if: $s) { cursor } }"],
    ["that is known", "subscription { messageReceived @skip(if: true) { cursor } }"],
    [
      "in a fragment",
      "subscription { ...A } fragment A on Subscription { messageReceived @skip(if: true) { cursor } }",
    ],
    ["on a fragment", "subscription { ... on Subscription @include(if: true) { messageReceived { cursor } } }"],
  ])("%s", async (_name, query) => {
    await using stage = await startListening();
    const raw = await openSocket(stage);
    await raw.send(subscribe("1", query, { s: true }), subscribe("2", "{ eventCursor }"));
    expect(await raw.seen("error")).toMatchObject([{ id: "1", payload: [REFUSED] }]);
    expect(await raw.seen("next")).toMatchObject([{ id: "2" }]);
    raw.socket.terminate();
    await using streaming = openSubscriber(stage.app.url, "server-sent events");
    expect(await streaming.subscribe(query, { s: true }).next()).toMatchObject({ errors: [REFUSED] });
    expect(await stage.query(query, { s: true })).toMatchObject({ status: 400, errors: [REFUSED] });
  });

  test("but not below it", async () => {
    await using stage = await startListening();
    const query =
      "subscription($since: String) { messageReceived(since: $since) { cursor @skip(if: true) __typename } }";
    await using subscriber = openSubscriber(stage.app.url, "WebSocket");
    const results = subscriber.subscribe(query, { since: await newestCursor(stage) });
    await forward(stage.app.url, "one");
    expect(await results.next()).toEqual({
      data: { messageReceived: { __typename: "MessageReceivedEvent" } },
      extensions: expect.anything(),
    });
  });
});

test("what Apollo Server did not expect is reported, and printed nowhere", async () => {
  const printed = vi.spyOn(console, "error").mockImplementation(() => undefined);
  const reported: unknown[] = [];
  const bug = new GraphQLError("a bug");
  const apollo = await startApollo({
    schema: buildSchema(),
    isProduction: true,
    keepsQueries: true,
    exampleNumber: "+14155551212",
    report: (error) => reported.push(error),
  });
  const contextValue = { answer: () => Promise.reject(bug) };
  await expect(apollo.executeOperation({ query: "{ eventCursor }" }, { contextValue })).rejects.toThrow();
  await apollo.stop();
  expect(reported).toEqual([bug]);
  expect(printed).not.toHaveBeenCalled();
  printed.mockRestore();
});

test("who gives null for a variable does not get the answer of who leaves it to its default", async () => {
  await using stage = await startListening();
  const query = `subscription($since: String, $is: Boolean = true) {
    messageReceived(since: $since) { cursor message { text @include(if: $is) } }
  }`;
  const since = await newestCursor(stage);
  const raw = await openSocket(stage);
  await raw.send(subscribe("default", query, { since }), subscribe("null", query, { since, is: null }));
  await forward(stage.app.url, "one");
  const results = await raw.seen("next", 2);
  expect(results.find(({ id }) => id === "default")?.["payload"]).toMatchObject({
    data: { messageReceived: { message: { text: "one" } } },
  });
  expect(results.find(({ id }) => id === "null")?.["payload"]).toHaveProperty("errors");
  raw.socket.terminate();
});

describe("an operation that its client has completed", () => {
  const fifty = Array.from({ length: 50 }, (_, at) => `${at}`);

  test("is given up where it is a query, and makes room for another", async () => {
    await using stage = await startListening({ env: { READ_TIMEOUT_MS: "60000", QUERY_TIMEOUT_MS: "60000" } });
    stage.simulator.fault({ platform: "TEXTIZEN", route: "GET /api/groups", kind: "hang" });
    const raw = await openSocket(stage);
    await raw.send(...fifty.flatMap((id) => [subscribe(id, GROUPS), { type: "complete", id }]));
    await untilServed(raw);
    raw.socket.terminate();
  });

  test("counts until it is done where it is a mutation, which runs on", async () => {
    await using stage = await startListening();
    const [user] = stage.simulator.world.pidjUsers.values();
    const hold = stage.simulator.fault({ platform: "PIDJ", route: "POST /user/{id}/pause", kind: "hold" });
    const pause = `mutation { pausePidjUser(input: { id: "${user?.id}" }) { isPaused } }`;
    const raw = await openSocket(stage);
    await raw.send(...fifty.flatMap((id) => [subscribe(id, pause), { type: "complete", id }]));
    await hold.arrived;
    await raw.send(subscribe("another", "{ eventCursor }"));
    expect(await raw.seen("error")).toMatchObject([
      { id: "another", payload: [{ extensions: { code: "RATE_LIMITED", retryable: true } }] },
    ]);
    hold.release();
    await untilServed(raw);
    raw.socket.terminate();
  });
});

describe("a query that is known", () => {
  const post = async ({ app }: Stage, type: string) => {
    const body = JSON.stringify({ query: GROUPS });
    const response = await fetch(app.url, { method: "POST", headers: { "content-type": type }, body });
    await response.text();
    return response.status;
  };

  test.each(["text/plain", "text/plain; application/json"])("is not answered to a page that sends %s", async (type) => {
    await using stage = await startStage({ env: { NODE_ENV: "production", SNAPSHOT_SECONDS: "0" } });
    expect(await post(stage, "application/json")).toBe(200);
    expect(await post(stage, "application/json; charset=utf-8")).toBe(200);
    expect(await post(stage, type)).toBe(400);
    const hold = stage.simulator.fault({ platform: "TEXTIZEN", route: "GET /api/groups", kind: "hold", times: 1 });
    const underWay = post(stage, "application/json");
    await hold.arrived;
    expect(await post(stage, type)).toBe(400);
    hold.release();
    expect(await underWay).toBe(200);
  });
});

test.each([
  ["a name that no operation has", "query A { eventCursor }", "B", 'Unknown operation named "B".'],
  [
    "no name for one of several",
    "query A { eventCursor } query B { eventCursor }",
    undefined,
    "Must provide operation name if query contains multiple operations.",
  ],
])("%s is the client's mistake by WebSocket too", async (_name, query, operationName, message) => {
  await using stage = await startListening();
  const raw = await openSocket(stage);
  await raw.send({ type: "subscribe", id: "1", payload: { query, operationName } });
  const error = { message, extensions: { code: "BAD_USER_INPUT", retryable: false } };
  expect(await raw.seen("error")).toEqual([{ type: "error", id: "1", payload: [error] }]);
  raw.socket.terminate();
});

test("an event's selection is executed once, and again a second later, after a failure, and after a change", async () => {
  let now = 0;
  const versions = new Versions();
  const results = new SelectedAnswers(versions, () => now);
  const event = {};
  const select = vi.fn(async () => new Answer(200, { data: {} }));
  const times = async () => {
    await results.of(event, "a", select);
    return select.mock.calls.length;
  };
  expect([await times(), await times()]).toEqual([1, 1]);
  now = 999;
  expect(await times()).toBe(1);
  now = 1_000;
  select.mockResolvedValueOnce(new Answer(200, { errors: [{ message: "no" }] }));
  expect([await times(), await times(), await times()]).toEqual([2, 3, 3]);
  await versions.raise([]);
  expect([await times(), await times()]).toEqual([4, 4]);
});
