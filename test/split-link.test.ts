import { ApolloClient, ApolloLink, gql, HttpLink, InMemoryCache } from "@apollo/client";
import { GraphQLWsLink } from "@apollo/client/link/subscriptions";
import { OperationTypeNode } from "graphql";
import { createClient } from "graphql-ws";
import fetch from "node-fetch";
import { firstValueFrom } from "rxjs";
import { expect, test } from "vitest";
import { WebSocket } from "ws";
import { forward, startListening } from "./subscribers.ts";

/** Apollo Client as a frontend team sets it up: subscriptions over WebSocket, everything else by POST. */
function createApollo(url: string): ApolloClient & AsyncDisposable {
  const sockets = createClient({ url: url.replace("http", "ws"), webSocketImpl: WebSocket });
  const client = new ApolloClient({
    cache: new InMemoryCache(),
    link: ApolloLink.split(
      ({ operationType }) => operationType === OperationTypeNode.SUBSCRIPTION,
      new GraphQLWsLink(sockets),
      new HttpLink({ uri: url, fetch: fetch as unknown as typeof globalThis.fetch }),
    ),
  });
  return Object.assign(client, {
    [Symbol.asyncDispose]: async () => {
      client.stop();
      await sockets.dispose();
    },
  });
}

test("Apollo Client's split link joins a list and what comes in after it without a gap", async () => {
  await using stage = await startListening();
  await using client = createApollo(stage.app.url);
  await forward(stage.app.url, "before");
  const { data } = await client.query<{ eventCursor: string; receivedMessages: { nodes: { text: string }[] } }>({
    query: gql("{ eventCursor receivedMessages { nodes { id text } } }"),
  });
  expect(data?.receivedMessages.nodes.map(({ text }) => text)).toEqual(["before"]);
  await forward(stage.app.url, "between");
  const subscription = client.subscribe<{ messageReceived: { message: { text: string } } }>({
    query: gql("subscription ($since: String) { messageReceived(since: $since) { cursor message { id text } } }"),
    variables: { since: data?.eventCursor },
  });
  expect((await firstValueFrom(subscription)).data?.messageReceived.message.text).toBe("between");
});

test("Apollo Client tells a component why its subscription has failed", async () => {
  await using stage = await startListening();
  await using client = createApollo(stage.app.url);
  const subscription = client.subscribe({
    query: gql('subscription { messageReceived(since: "junk") { cursor } }'),
  });
  expect((await firstValueFrom(subscription)).error).toMatchObject({
    errors: [{ extensions: { code: "BAD_USER_INPUT", argument: ["since"] } }],
  });
});
