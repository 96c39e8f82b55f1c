import { createClient } from "graphql-ws";
import fetch from "node-fetch";
import { afterAll, beforeAll, expect, test } from "vitest";
import { WebSocket } from "ws";
import { credentialsOf } from "../src/simulator/credentials.ts";
import { type Simulator, startSimulator } from "../src/simulator/simulator.ts";
import { startWatched, type WatchedServer } from "./watched-server.ts";

const MOST_BLOCKED_MS = 50;
/** What the server has after the start, and 200 MB: with more it ends. */
const HEAP_MEGABYTES = 320;
const SIZES = { people: 150_000, polls: 100, responsesPerPoll: 100, pidjGroups: 100, series: 100, textizenGroups: 100 };

const times = (count: number, field: (at: number) => string) =>
  Array.from({ length: count }, (_, at) => field(at)).join(" ");

/** Each is as large as the defaults allow, by another way. */
const QUERIES: readonly [name: string, query: string][] = [
  [
    "many pages of one list",
    `{ ${times(66, (at) => `a${at}: participants(first: 100) { nodes { id name phoneNumber displayPhoneNumber person { id phoneNumber } } }`)} }`,
  ],
  [
    "pages of nodes and edges",
    `{ ${times(33, (at) => `a${at}: participants(first: 100) { nodes { id name } edges { cursor node { id name person { id } } } }`)} }`,
  ],
  [
    "filters over all rows",
    `{ ${times(34, (at) => `a${at}: participants(last: 100, filter: { name: "a" }, orderBy: { field: NAME, direction: DESC }) { nodes { id name } }`)} }`,
  ],
  [
    "a state of each person",
    `{ ${times(66, (at) => `a${at}: participants(first: 100) { nodes { person { optedOutAt } } }`)} }`,
  ],
  [
    "an empty page of each person, again and again",
    `{ participants(first: 100) { nodes { person { ${times(95, (at) => `m${at}: receivedMessages(first: 0) { totalCount }`)} } } } }`,
  ],
  [
    "a cycle, and one value many times",
    `{ campaigns(first: 3) { nodes { polls { campaign { polls { id title language ${times(90, (at) => `b${at}: title`)} } } } } } }`,
  ],
  [
    "responses of many polls",
    "{ polls(first: 90) { nodes { responses(first: 100) { nodes { id text createdAt from { phoneNumber } } } } } }",
  ],
  [
    "errors everywhere",
    `{ pidjGroups(first: 20) { nodes { ${times(90, (at) => `t${at}: receivedMessages(first: 999) { totalCount }`)} } } participants(first: 100) { nodes { person { ${times(9, (at) => `t${at}: receivedMessages(first: 999) { totalCount }`)} } } } }`,
  ],
  [
    "errors everywhere, behind a hundred thousand lines",
    `{ ${"\n".repeat(100_000)} participants(first: 100) { nodes { person { ${times(90, (at) => `t${at}: receivedMessages(first: 999) { totalCount }`)} } } } }`,
  ],
];

let simulator: Simulator;
let server: WatchedServer;

beforeAll(async () => {
  simulator = await startSimulator(SIZES);
  server = await startWatched(
    {
      ...credentialsOf(simulator),
      NODE_ENV: "production",
      // The other processes of the tests may keep the machine busy.
      ...{ SNAPSHOT_SECONDS: "3600", READ_TIMEOUT_MS: "60000", QUERY_TIMEOUT_MS: "60000" },
    },
    HEAP_MEGABYTES,
  );
  await post("{ participants { totalCount } polls { totalCount } campaigns { totalCount } pidjGroups { totalCount } }");
}, 60_000);

afterAll(async () => {
  await server[Symbol.asyncDispose]();
  await simulator.close();
}, 60_000);

async function post(query: string): Promise<string> {
  const headers = { "content-type": "application/json", "x-textgraph-cost": "1" };
  return (await fetch(server.url, { method: "POST", headers, body: JSON.stringify({ query }) })).text();
}

test.each(QUERIES)(
  "%s: the event loop is held for less than 50 ms, and the heap holds it",
  {
    timeout: 120_000,
    retry: 2,
  },
  async (_name, query) => {
    await server.tell("watch");
    const text = await post(query);
    const { longestBlock } = await server.tell("look");
    const { data, extensions } = JSON.parse(text);
    expect(data, text.slice(0, 300)).toBeDefined();
    expect(extensions.cost.asked.objects).toBeGreaterThan(1_000);
    expect(longestBlock).toBeLessThan(MOST_BLOCKED_MS);
  },
);

test("over a WebSocket too, with the same answer", { timeout: 120_000, retry: 2 }, async () => {
  const [, query] = QUERIES[5] as [string, string];
  const client = createClient({ url: server.url.replace("http", "ws"), webSocketImpl: WebSocket });
  await server.tell("watch");
  const { value } = await client.iterate({ query }).next();
  const { longestBlock } = await server.tell("look");
  await client.dispose();
  expect(value?.data).toEqual(JSON.parse(await post(query)).data);
  expect(longestBlock).toBeLessThan(MOST_BLOCKED_MS);
});
