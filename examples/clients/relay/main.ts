import { newIdempotencyKey } from "@textgraph/client";
import { commitMutation, fetchQuery } from "relay-runtime";
import lines, { type operationsLinesQuery } from "./__generated__/operationsLinesQuery.graphql.ts";
import participants, { type operationsParticipantsQuery } from "./__generated__/operationsParticipantsQuery.graphql.ts";
import person, { type operationsPersonQuery } from "./__generated__/operationsPersonQuery.graphql.ts";
import send, { type operationsSendMutation } from "./__generated__/operationsSendMutation.graphql.ts";
import { createEnvironment } from "./environment.ts";

const url = process.env["TEXTGRAPH_URL"] ?? "http://localhost:4000/graphql";
const phoneNumber = process.argv[2] ?? "+12015554821";
const environment = createEnvironment(url);

const found = await fetchQuery<operationsPersonQuery>(environment, person, { phoneNumber }).toPromise();
console.log(`Person: ${found?.person.displayName}`);

let after: string | null = null;
let count = 0;
for (let page = 0; page < 2; page += 1) {
  const read: operationsParticipantsQuery["response"] | undefined = await fetchQuery<operationsParticipantsQuery>(
    environment,
    participants,
    { first: 10, after },
  ).toPromise();
  count += read?.participants?.edges.length ?? 0;
  after = read?.participants?.pageInfo.endCursor ?? null;
}
console.log(`Participants: ${count}`);

const groups = await fetchQuery<operationsLinesQuery>(environment, lines, {}).toPromise();
const line = groups?.pidjGroups?.nodes.find((group) => group.phoneNumber !== null);
const input = {
  from: { groupId: line?.id ?? "" },
  recipient: { phoneNumber },
  text: "The library opens at nine.",
  idempotencyKey: newIdempotencyKey(),
};
const sent = await new Promise<operationsSendMutation["response"]>((onCompleted, onError) =>
  commitMutation<operationsSendMutation>(environment, { mutation: send, variables: { input }, onCompleted, onError }),
);
console.log(`Sent: ${sent.sendMessage?.message?.to.displayName}`);
