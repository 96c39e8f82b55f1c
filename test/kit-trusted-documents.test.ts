import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { gql } from "@apollo/client";
import { afterAll, beforeAll, expect, test } from "vitest";
import { WebSocket } from "ws";
import { createTextgraphClient as createApollo } from "../kit/client/apollo.ts";
import { InboxDocument, MessageReceivedDocument } from "../kit/client/index.ts";
import { createTextgraphClient as createUrql } from "../kit/client/urql.ts";
import { startTextgraph } from "../kit/testing/start.ts";

const ROOT = fileURLToPath(new URL("..", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "kit-documents-"));
const path = join(folder, "documents.json");
// An operation of a team's own, which spreads a fragment of the kit.
const OWN = "query Own($phoneNumber: PhoneNumber!) { person(phoneNumber: $phoneNumber) { ...PersonSummary } }";
const FOREIGN = gql("query Foreign { eventCursor }");

beforeAll(() => {
  mkdirSync(join(folder, "src"));
  writeFileSync(join(folder, "src/own.graphql"), OWN);
  const extract = ["src/commands/extract-documents.ts", join(folder, "src"), "kit/operations", "--out", path];
  execFileSync(process.execPath, extract, { cwd: ROOT, stdio: "ignore" });
});
afterAll(() => rmSync(folder, { recursive: true }));

interface Asked {
  readonly bodies: string[];
  readonly fetch: typeof globalThis.fetch;
}

function noting(): Asked {
  const bodies: string[] = [];
  return {
    bodies,
    fetch: (input, init) => {
      bodies.push(String(init?.body));
      return fetch(input, init);
    },
  };
}

/** What a page does: reads the list, hears of the next text, and asks for what no manifest has. */
const CLIENTS = {
  "Apollo Client": async (url: string, fetch: Asked["fetch"], hear: () => Promise<void>) => {
    const client = createApollo({ url, fetch, trustedDocuments: manifest(), webSocketImpl: WebSocket });
    const { data } = await client.query({ query: InboxDocument });
    const heard = new Promise((resolve) =>
      client
        .subscribe({ query: MessageReceivedDocument, variables: { since: data?.eventCursor ?? null } })
        .subscribe(({ data: event }) => resolve(event?.messageReceived.message.text)),
    );
    await hear();
    const text = await heard;
    const { error } = await client.query({ query: FOREIGN, fetchPolicy: "network-only" });
    client.stop();
    return { text, foreign: error?.message };
  },
  urql: async (url: string, fetch: Asked["fetch"], hear: () => Promise<void>) => {
    const { client, close } = createUrql({ url, fetch, trustedDocuments: manifest(), webSocketImpl: WebSocket });
    const { data } = await client.query(InboxDocument, {});
    const heard = new Promise((resolve) =>
      client
        .subscription(MessageReceivedDocument, { since: data?.eventCursor ?? null })
        .subscribe(({ data: event }) => resolve(event?.messageReceived.message.text)),
    );
    await hear();
    const text = await heard;
    const { error } = await client.query(FOREIGN, {}, { requestPolicy: "network-only" });
    close();
    return { text, foreign: error?.message };
  },
} as const;

function manifest() {
  return JSON.parse(readFileSync(path, "utf8"));
}

test.for(Object.entries(CLIENTS))(
  "%s sends ids in place of texts to a server that trusts these alone, by POST and by WebSocket",
  async ([, use]) => {
    await using graph = await startTextgraph({ people: 20, env: { TRUSTED_DOCUMENTS: path } });
    const { bodies, fetch } = noting();
    const hear = () => graph.receiveText({ from: graph.phoneNumber, message: "by its id" });

    const { text, foreign } = await use(graph.url, fetch, hear);

    expect(text).toBe("by its id");
    expect(foreign).toContain("do not contain Foreign");
    // The operation that the manifest lacks did not leave.
    expect(bodies.map((body) => JSON.parse(body).query ?? null)).toEqual([null]);
  },
);

test("one manifest has the operations of several folders, which share their fragments; any client sends an id by hand", async () => {
  const own = manifest().operations.find(({ name }: { name: string }) => name === "Own");
  expect(own.body).toContain("fragment PersonSummary on Person");
  await using graph = await startTextgraph({ people: 20, env: { TRUSTED_DOCUMENTS: path } });
  const response = await fetch(graph.url, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ documentId: own.id, variables: { phoneNumber: graph.phoneNumber } }),
  });
  expect(await response.json()).toMatchObject({ data: { person: { displayName: expect.any(String) } } });
});

test("a subscription by id goes on behind the last event that it has shown when its socket breaks", async () => {
  await using graph = await startTextgraph({ people: 20, env: { TRUSTED_DOCUMENTS: path } });
  const sockets: WebSocket[] = [];
  class Noted extends WebSocket {
    constructor(...given: ConstructorParameters<typeof WebSocket>) {
      super(...given);
      sockets.push(this);
    }
  }
  const { client, close } = createUrql({ url: graph.url, trustedDocuments: manifest(), webSocketImpl: Noted });
  const heard: (string | undefined)[] = [];
  const { data } = await client.query(InboxDocument, {});
  client
    .subscription(MessageReceivedDocument, { since: data?.eventCursor ?? null })
    .subscribe(({ data: event }) => void heard.push(event?.messageReceived.message.text));
  await graph.receiveText({ from: graph.phoneNumber, message: "first" });
  await expect.poll(() => heard, { timeout: 10_000 }).toEqual(["first"]);
  sockets[0]?.terminate();
  await graph.receiveText({ from: graph.phoneNumber, message: "missed" });
  await expect.poll(() => heard, { timeout: 10_000 }).toEqual(["first", "missed"]);
  close();
});
