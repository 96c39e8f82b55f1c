import { gql } from "@apollo/client";
import { cacheExchange } from "@urql/exchange-graphcache";
import { expect, test } from "vitest";
import { WebSocket } from "ws";
import { createTextgraphClient as createApollo } from "../kit/client/apollo.ts";
import { graphcacheOptions } from "../kit/client/graphcache.ts";
import { ParticipantsPageDocument, SearchPeopleDocument } from "../kit/client/index.ts";
import { createTextgraphClient as createUrql } from "../kit/client/urql.ts";
import { startTextgraph } from "../kit/testing/start.ts";
import type { Textgraph } from "../kit/testing/textgraph.ts";

const retry = { delayMilliseconds: 5 };
const NO_CONTACT = gql`query { contact(id: "co:aaaaaaaa-aaaa-aaaa-aaaa-aaaaaaaaaaaa") { id displayName } eventCursor }`;
const BOTH = gql`query { searchPeople(search: "") { nodes { name } pageInfo { endCursor } } eventCursor }`;

interface Answer {
  readonly data: Readonly<Record<string, unknown>> | null | undefined;
  readonly message: string | undefined;
}

/** One query through each client, with its cache. */
const READERS = {
  "Apollo Client": async (graph: Textgraph, query: typeof BOTH): Promise<Answer> => {
    const client = createApollo({ url: graph.url, webSocketImpl: WebSocket, retry });
    const { data, error } = await client.query<Record<string, unknown>>({ query });
    client.stop();
    return { data, message: error?.message };
  },
  urql: async (graph: Textgraph, query: typeof BOTH): Promise<Answer> => {
    const cache = cacheExchange(graphcacheOptions);
    const { client, close } = createUrql({ url: graph.url, cache, webSocketImpl: WebSocket, retry });
    const { data, error } = await client.query<Record<string, unknown>>(query, {});
    close();
    return { data, message: error?.message };
  },
};

test.for(Object.entries(READERS))(
  "%s gives what a failed list answered beside it, and why it failed",
  async ([, read]) => {
    await using graph = await startTextgraph({ people: 10 });

    const { data, message } = await read(graph, BOTH);

    expect(data).toMatchObject({ searchPeople: null, eventCursor: expect.any(String) });
    expect(message).toMatch(/search must have a letter of a name/);
  },
);

test.for(Object.entries(READERS))(
  "%s gives null for a record that there is not, and the rest of the answer",
  async ([, read]) => {
    await using graph = await startTextgraph({ people: 10 });

    const { data, message } = await read(graph, NO_CONTACT);

    expect(data).toMatchObject({ contact: null, eventCursor: expect.any(String) });
    expect(message).toBeUndefined();
  },
);

test("Apollo's cache keeps the pages that it has when the next one fails", async () => {
  await using graph = await startTextgraph({ people: 40 });
  const client = createApollo({ url: graph.url, webSocketImpl: WebSocket, retry });
  const variables = { search: "a", first: 2 };
  const { data } = await client.query({ query: SearchPeopleDocument, variables });
  const after = data?.searchPeople?.pageInfo.endCursor ?? null;
  const pages = client.watchQuery({ query: SearchPeopleDocument, variables });
  const watching = pages.subscribe({});

  const failed = await pages.fetchMore({ variables: { first: -1, after }, errorPolicy: "all" });

  expect(failed.error?.message).toMatch(/first must be/);
  const kept = client.readQuery({ query: SearchPeopleDocument, variables });
  expect(kept?.searchPeople?.nodes).toEqual(data?.searchPeople?.nodes);
  watching.unsubscribe();
  client.stop();
});

test("Graphcache finds a record again that a list had", async () => {
  await using graph = await startTextgraph({ people: 10 });
  const cache = cacheExchange(graphcacheOptions);
  const { client, close } = createUrql({ url: graph.url, cache, webSocketImpl: WebSocket, retry });
  const page = await client.query(ParticipantsPageDocument, { first: 5 });
  const [row] = page.data?.participants?.nodes ?? [];
  graph.forgetCalls();

  const query = gql`query ($id: ID!) { participant(id: $id) { id name } }`;
  const { data } = await client.query(query, { id: row?.id }, { requestPolicy: "cache-only" });

  expect(data).toMatchObject({ participant: { id: row?.id, name: row?.name } });
  expect(graph.calls()).toEqual([]);
  close();
});
