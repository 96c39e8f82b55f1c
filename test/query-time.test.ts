import { setTimeout as wait } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { credentialsOf } from "../src/simulator/credentials.ts";
import { type Simulator, startSimulator } from "../src/simulator/simulator.ts";
import { openSubscriber } from "./subscribers.ts";
import { type Answer, ask } from "./support.ts";
import { startWatched, type WatchedServer } from "./watched-server.ts";

/** Less than any of the queries takes. */
const QUERY_TIMEOUT_MS = 60;
const MOST_MORE_MS = 100;
/** Of a busy machine; a read would take much longer than this. */
const SOON_MS = 10_000;
const times = (count: number, field: (at: number) => string) =>
  Array.from({ length: count }, (_, at) => field(at)).join(" ");

/** Each is nearly as large as the defaults allow. */
const BUSY: readonly [name: string, query: string][] = [
  [
    "an empty page of each person, again and again",
    `{ participants(first: 100) { nodes { person { ${times(95, (at) => `m${at}: receivedMessages(first: 0) { totalCount }`)} } } } }`,
  ],
  [
    "filters over all rows",
    `{ ${times(34, (at) => `a${at}: participants(last: 100, filter: { name: "a${at}" }, orderBy: { field: NAME, direction: DESC }) { nodes { id name } }`)} }`,
  ],
  [
    "errors everywhere",
    `{ participants(first: 100) { nodes { person { ${times(90, (at) => `t${at}: receivedMessages(first: 999) { totalCount }`)} } } } }`,
  ],
];

type Sent = Omit<Answer, "status">;

const TRANSPORTS: readonly [name: string, send: (query: string) => Promise<Sent>][] = [
  ["HTTP", (query) => ask(server.url, query)],
  ["a WebSocket", (query) => subscribeOnce("WebSocket", query)],
  ["an event stream", (query) => subscribeOnce("server-sent events", query)],
];

async function subscribeOnce(transport: "WebSocket" | "server-sent events", query: string): Promise<Sent> {
  await using client = openSubscriber(server.url, transport);
  return await client.subscribe(query).next();
}

let simulator: Simulator;
let server: WatchedServer;

beforeAll(async () => {
  simulator = await startSimulator({ people: 60_000, polls: 90, responsesPerPoll: 10 });
  server = await startWatched(
    {
      ...credentialsOf(simulator),
      NODE_ENV: "production",
      QUERY_TIMEOUT_MS: String(QUERY_TIMEOUT_MS),
      READ_TIMEOUT_MS: "60000",
      SNAPSHOT_SECONDS: "3600",
      BREAKER: "off",
    },
    500,
  );
  // The lists are read in the end, although no query has the time.
  while ((await ask(server.url, "{ participants { totalCount } polls { totalCount } }")).errors !== undefined) {
    await wait(100);
  }
}, 60_000);

afterAll(async () => {
  await server[Symbol.asyncDispose]();
  await simulator.close();
}, 60_000);

describe.each(TRANSPORTS)("over %s, a query ends when its time is over:", (_transport, send) => {
  // CPU time, because a busy machine may stop the server for longer than that. It is never more than what a clock shows.
  test.each(BUSY)("%s", { timeout: 30_000, retry: 2 }, async (_name, query) => {
    await send("{ __typename }");
    const before = await server.tell("watch");
    const { errors } = await send(query);
    const after = await server.tell("look");
    expect(errors?.[0]?.extensions["code"]).toMatch(/QUERY_TOO_COSTLY|BAD_USER_INPUT/);
    expect(after.threadCpu - before.threadCpu).toBeLessThan(QUERY_TIMEOUT_MS + MOST_MORE_MS);
  });

  test("a platform that does not answer, asked for as much as is allowed", { timeout: 60_000, retry: 4 }, async () => {
    const remove = simulator.fault({ platform: "TEXTIZEN", kind: "hang", route: /\/api\/polls\// });
    const began = performance.now();
    const { errors, data } = await send(
      "{ eventCursor polls(first: 90) { nodes { responses(first: 100) { nodes { id text } } } } }",
    );
    remove();
    expect(performance.now() - began).toBeLessThan(SOON_MS);
    expect(errors?.[0]?.extensions["code"]).toBe("PLATFORM_TIMEOUT");
    expect(data).toMatchObject({ eventCursor: expect.any(String) });
  });
});

test("what is left of a query whose time is over keeps nobody waiting", { timeout: 30_000, retry: 2 }, async () => {
  const [[, query]] = BUSY as [[string, string]];
  const { cpu: before } = await server.tell("look");
  const answers = await Promise.all(Array.from({ length: 8 }, (_, at) => ask(server.url, `query Q${at} ${query}`)));
  await ask(server.url, "{ __typename }");
  const { cpu: after } = await server.tell("look");
  expect(answers.map(({ data }) => data)).toContainEqual(null);
  // All that they ask for takes several times as long.
  expect(after - before).toBeLessThan(1_200);
});
