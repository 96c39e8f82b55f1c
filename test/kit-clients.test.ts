import { ApolloClient } from "@apollo/client";
import { cacheExchange } from "@urql/exchange-graphcache";
import { firstValueFrom } from "rxjs";
import { expect, test } from "vitest";
import { WebSocket } from "ws";
import { createTextgraphClient as createApollo, createLiveLink, createTextgraphCache } from "../kit/client/apollo.ts";
import { graphcacheOptions } from "../kit/client/graphcache.ts";
import {
  FindPersonDocument,
  InboxDocument,
  MessageReceivedDocument,
  ParticipantsPageDocument,
  SendMessageDocument,
  type SendMessageInput,
  sendWithRetries,
} from "../kit/client/index.ts";
import { createLiveClient } from "../kit/client/live.ts";
import { createTextgraphClient as createUrql } from "../kit/client/urql.ts";
import { startTextgraph } from "../kit/testing/start.ts";
import type { Textgraph } from "../kit/testing/textgraph.ts";

const retry = { delayMilliseconds: 5 };

interface Attempt {
  readonly key: unknown;
}

/** A fetch that loses the answers of the first `lost` requests, after the server has done what they ask for. */
function losing(lost: number): { readonly fetch: typeof globalThis.fetch; readonly attempts: Attempt[] } {
  const attempts: Attempt[] = [];
  return {
    attempts,
    fetch: async (input, init) => {
      attempts.push({ key: JSON.parse(String(init?.body)).variables.input?.idempotencyKey });
      const response = await fetch(input, init);
      if (attempts.length <= lost) {
        await response.text();
        throw new TypeError("fetch failed");
      }
      return response;
    },
  };
}

function inputFor(graph: Textgraph): Omit<SendMessageInput, "idempotencyKey"> {
  const group = [...graph.simulator.world.pidjGroups.values()].find(({ phone_number }) => phone_number !== null);
  return { from: { groupId: group?.id ?? "" }, recipient: { phoneNumber: graph.phoneNumber }, text: "Hello" };
}

/** A send through each client: what came of it, as plain data. */
const SENDERS = {
  "Apollo Client": async (graph: Textgraph, fetch: typeof globalThis.fetch, input: SendMessageInput) => {
    const client = createApollo({ url: graph.url, fetch, retry, webSocketImpl: WebSocket });
    const { data } = await client.mutate({ mutation: SendMessageDocument, variables: { input } });
    client.stop();
    return data?.sendMessage;
  },
  urql: async (graph: Textgraph, fetch: typeof globalThis.fetch, input: SendMessageInput) => {
    const { client, close } = createUrql({ url: graph.url, fetch, retry, webSocketImpl: WebSocket });
    const { data } = await client.mutation(SendMessageDocument, { input });
    close();
    return data?.sendMessage;
  },
} as const;

test.for(Object.entries(SENDERS))(
  "%s sends once though answers are lost, with one key for all tries",
  async ([, send]) => {
    await using graph = await startTextgraph({ people: 20 });
    const { fetch, attempts } = losing(2);

    const payload = await send(graph, fetch, { ...inputFor(graph), idempotencyKey: "form-1" });

    expect(payload).toMatchObject({ isReplay: true, userErrors: [] });
    expect(attempts.map(({ key }) => key)).toEqual(["form-1", "form-1", "form-1"]);
    expect(graph.sent().map(({ call }) => call)).toEqual(["POST /send"]);
  },
);

test.for(Object.entries(SENDERS))("%s does not try a send again whose outcome is unknown", async ([, send]) => {
  await using graph = await startTextgraph({ people: 20 });
  graph.fault({ platform: "PIDJ", route: "POST /send", kind: "reset-after-request", times: 1 });
  const { fetch, attempts } = losing(0);

  const payload = await send(graph, fetch, { ...inputFor(graph), idempotencyKey: "form-2" });

  expect(payload?.userErrors.map(({ code }) => code)).toEqual(["OUTCOME_UNKNOWN"]);
  expect(attempts).toHaveLength(1);
  expect(graph.calls()).toEqual(["PIDJ POST /send"]);
});

test.for(Object.entries(SENDERS))("%s makes a key where a form has none, and keeps it", async ([, send]) => {
  await using graph = await startTextgraph({ people: 20 });
  const { fetch, attempts } = losing(1);

  await send(graph, fetch, { ...inputFor(graph), idempotencyKey: "" });

  expect(attempts[0]?.key).toMatch(/^[0-9a-f]{32}$/);
  expect(attempts[1]).toEqual(attempts[0]);
  expect(graph.sent()).toHaveLength(1);
});

test("any other client sends through sendWithRetries, which rejects with what the last try threw", async () => {
  let tries = 0;
  const input = { from: {}, recipient: {}, text: "", idempotencyKey: "" };
  const answer = await sendWithRetries(
    SendMessageDocument,
    { input },
    async (variables) => {
      tries += 1;
      if (tries < 3) {
        throw new TypeError("fetch failed");
      }
      return { data: { key: variables.input.idempotencyKey.length } };
    },
    retry,
  );
  expect(answer).toEqual({ data: { key: 32 } });
  const broken = () => Promise.reject(new TypeError("fetch failed"));
  await expect(sendWithRetries(SendMessageDocument, { input }, broken, retry)).rejects.toThrow("fetch failed");
});

test("Apollo's cache gathers pages of nodes, replaces a page that is read again, and begins anew without a cursor", async () => {
  await using graph = await startTextgraph({ people: 60 });
  const client = createApollo({ url: graph.url, webSocketImpl: WebSocket });
  const pages = client.watchQuery({ query: ParticipantsPageDocument, variables: { first: 10 } });
  const first = await firstValueFrom(pages.pipe());
  const page = () => pages.getCurrentResult().data as typeof first.data;
  const seen = () => (page() as { participants: { nodes: { id: string }[] } }).participants.nodes.map(({ id }) => id);
  const result = await pages.refetch();
  const firstEnd = result.data?.participants?.pageInfo.endCursor ?? "";
  const second = await pages.fetchMore({ variables: { after: firstEnd } });
  const secondEnd = second.data?.participants?.pageInfo.endCursor ?? "";
  await pages.fetchMore({ variables: { after: secondEnd } });
  expect(new Set(seen()).size).toBe(30);
  // A page again, in the middle: what is after it is not known to follow any more.
  await pages.fetchMore({ variables: { after: firstEnd } });
  expect(new Set(seen()).size).toBe(20);
  expect(seen()).toHaveLength(20);
  await pages.refetch();
  expect(seen()).toHaveLength(10);
  client.stop();
});

test("Apollo's cache finds a person by number, whatever an operation has selected", async () => {
  await using graph = await startTextgraph({ people: 20 });
  const client = createApollo({ url: graph.url, webSocketImpl: WebSocket });
  const variables = { phoneNumber: graph.phoneNumber };
  await client.query({ query: FindPersonDocument, variables });
  graph.forgetCalls();
  const { data } = await client.query({ query: FindPersonDocument, variables, fetchPolicy: "cache-only" });
  expect(data?.person?.participant?.id).toMatch(/^participant:/);
  expect(Object.keys(client.cache.extract() as object)).toContain(`Person:person:${graph.phoneNumber}`);
  expect(graph.calls()).toEqual([]);
  client.stop();
});

test("Graphcache gathers pages of nodes and warns of nothing", async () => {
  await using graph = await startTextgraph({ people: 60 });
  const warnings: string[] = [];
  const logger = (severity: string, message: string) => severity !== "debug" && warnings.push(message);
  const cache = cacheExchange({ ...graphcacheOptions, logger });
  const { client, close } = createUrql({ url: graph.url, cache, webSocketImpl: WebSocket });
  const first = await client.query(ParticipantsPageDocument, { first: 10 });
  const after = first.data?.participants?.pageInfo.endCursor ?? "";
  await client.query(ParticipantsPageDocument, { first: 10, after });
  const all = client.readQuery(ParticipantsPageDocument, { first: 10, after });
  expect(all?.data?.participants?.nodes).toHaveLength(20);
  await client.query(FindPersonDocument, { phoneNumber: graph.phoneNumber });
  expect(warnings).toEqual([]);
  close();
});

test("a subscription goes on behind the last event that it has shown when its socket breaks", async () => {
  await using graph = await startTextgraph({ people: 20 });
  const live = createLiveClient({ url: graph.url, webSocketImpl: WebSocket });
  const client = new ApolloClient({ cache: createTextgraphCache(), link: createLiveLink(live) });
  const texts: string[] = [];
  let wake = () => {};
  const subscription = client
    .subscribe({ query: MessageReceivedDocument, variables: { since: (await inbox(graph)).eventCursor } })
    .subscribe(({ data }) => {
      texts.push(data?.messageReceived.message.text ?? "");
      wake();
    });
  const shown = (count: number) =>
    new Promise<void>((resolve) => {
      wake = () => texts.length >= count && resolve();
      wake();
    });
  await graph.receiveText({ from: graph.phoneNumber, message: "first" });
  await shown(1);
  live.terminate();
  await graph.receiveText({ from: graph.phoneNumber, message: "while it was away" });
  await shown(2);
  await graph.receiveText({ from: graph.phoneNumber, message: "later" });
  await shown(3);
  expect(texts).toEqual(["first", "while it was away", "later"]);
  subscription.unsubscribe();
  await live.dispose();
  client.stop();
});

test("urql subscribes over the same socket protocol, from a page's cursor on", async () => {
  await using graph = await startTextgraph({ people: 20 });
  const { client, close } = createUrql({ url: graph.url, webSocketImpl: WebSocket });
  const page = await client.query(InboxDocument, {});
  await graph.receiveText({ from: graph.phoneNumber, message: "after the page" });
  const text = await new Promise((resolve) => {
    const { unsubscribe } = client
      .subscription(MessageReceivedDocument, { since: page.data?.eventCursor ?? null })
      .subscribe(({ data }) => {
        resolve(data?.messageReceived.message.text);
        setTimeout(() => unsubscribe());
      });
  });
  expect(text).toBe("after the page");
  close();
});

async function inbox(graph: Textgraph): Promise<{ readonly eventCursor: string }> {
  const client = createApollo({ url: graph.url, webSocketImpl: WebSocket });
  const { data } = await client.query({ query: InboxDocument });
  client.stop();
  return { eventCursor: data?.eventCursor ?? "" };
}
