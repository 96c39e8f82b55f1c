import {
  adviceOnUserError,
  FindPersonDocument,
  LinesDocument,
  newIdempotencyKey,
  type PlainAnswer,
  SendMessageDocument,
  type SendMessageMutation,
  type SendMessageMutationVariables,
  sendWithRetries,
} from "@textgraph/client";
import { ClientError, GraphQLClient } from "graphql-request";

const url = process.env["TEXTGRAPH_URL"] ?? "http://localhost:4000/graphql";
const phoneNumber = process.argv[2] ?? "+12015554821";
const client = new GraphQLClient(url);

const found = await client.request(FindPersonDocument, { phoneNumber });
console.log(`Person: ${found.person.displayName}`);

const lines = await client.request(LinesDocument, {});
const line = lines.pidjGroups?.nodes.find((group) => group.phoneNumber !== null);
const input = {
  from: { groupId: line?.id ?? "" },
  recipient: { phoneNumber },
  text: "The library opens at nine.",
  idempotencyKey: newIdempotencyKey(),
};
const { data } = await sendWithRetries(SendMessageDocument, { input }, send);
for (const { code } of data?.sendMessage?.userErrors ?? []) {
  console.log(adviceOnUserError(code).show);
}
console.log(`Sent: ${data?.sendMessage?.message?.to.displayName}`);

/** One try. The graph's errors are an answer; graphql-request throws them. */
async function send(variables: SendMessageMutationVariables): Promise<PlainAnswer<SendMessageMutation>> {
  try {
    return { data: await client.request(SendMessageDocument, variables) };
  } catch (error) {
    if (error instanceof ClientError && error.response.errors) {
      return { data: null, errors: error.response.errors };
    }
    throw error;
  }
}
