import {
  FindPersonDocument,
  LinesDocument,
  newIdempotencyKey,
  ParticipantsPageDocument,
  SendMessageDocument,
} from "@textgraph/client";
import { graphcacheOptions } from "@textgraph/client/graphcache";
import { createTextgraphClient } from "@textgraph/client/urql";
import { cacheExchange } from "@urql/exchange-graphcache";

const url = process.env["TEXTGRAPH_URL"] ?? "http://localhost:4000/graphql";
const phoneNumber = process.argv[2] ?? "+12015554821";
const { client, close } = createTextgraphClient({ url, cache: cacheExchange(graphcacheOptions) });

const found = await client.query(FindPersonDocument, { phoneNumber });
console.log(`Person: ${found.data?.person.displayName}`);

// Two pages, and what the cache has gathered of them.
const first = await client.query(ParticipantsPageDocument, { first: 10 });
const after = first.data?.participants?.pageInfo.endCursor ?? null;
await client.query(ParticipantsPageDocument, { first: 10, after });
const gathered = client.readQuery(ParticipantsPageDocument, { first: 10, after });
console.log(`Participants: ${gathered?.data?.participants?.nodes.length} of ${first.data?.participants?.totalCount}`);

const lines = await client.query(LinesDocument, {});
const line = lines.data?.pidjGroups?.nodes.find((group) => group.phoneNumber !== null);
const sent = await client.mutation(SendMessageDocument, {
  input: {
    from: { groupId: line?.id ?? "" },
    recipient: { phoneNumber },
    text: "The library opens at nine.",
    idempotencyKey: newIdempotencyKey(),
  },
});
console.log(`Sent: ${sent.data?.sendMessage?.message?.to.displayName}`);
close();
