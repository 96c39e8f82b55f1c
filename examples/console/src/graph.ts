import { type ApolloClient, ApolloLink, type FieldReadFunction, type Reference } from "@apollo/client";
import { createTextgraphCache, createTextgraphClient } from "@textgraph/client/apollo";
import { tap } from "rxjs";
import type { Credentials } from "./credentials.ts";
import type { FirstAnswers } from "./first-questions.ts";
import trustedDocuments from "./generated/document-ids.json";
import { ConversationsDocument } from "./generated/inbox.ts";
import { FIRST_PAGE } from "./inbox/first-page.ts";
import type { Ledger } from "./ledger.ts";

export interface ClientOptions extends Credentials {
  readonly ledger: Ledger;
  /** Whether operations go out as the ids of trusted documents, or as texts to a server that knows no ids. */
  readonly areTrusted: boolean;
  /** What was read of the inbox meanwhile. */
  readonly inbox: FirstAnswers["inbox"];
  /** The server no longer takes the key. */
  readonly onRefused: () => void;
}

/** For so long, what was read of the inbox is new. */
const NEW_MS = 2_000;

/** Apollo Client with this console's trusted documents; what each operation cost is written to the ledger. */
export function createClient({ url, key, ledger, areTrusted, inbox, onRefused }: ClientOptions): ApolloClient {
  const client = createTextgraphClient({
    url,
    // In production, prices are told to those who ask for them.
    headers: () => ({ "x-textgraph-cost": "1", ...(key !== "" && { authorization: `Bearer ${key}` }) }),
    ...(areTrusted && { trustedDocuments }),
    // Then a person is told, and has a button to try again.
    retry: { tries: 3 },
    cache: createTextgraphCache({
      Query: { fields: { people: { read: findPeople } } },
    }),
    fetch: async (input, init) => {
      const response = await fetch(input, init);
      if (response.status === 401) {
        onRefused();
      }
      return response;
    },
  });
  const watch = new ApolloLink((operation, forward) => {
    const startedAt = performance.now();
    const isPushed = operation.operationType === "subscription";
    const took = () => (isPushed ? null : performance.now() - startedAt);
    return forward(operation).pipe(tap((result) => ledger.record(operation.operationName ?? "", result, took())));
  });
  client.setLink(watch.concat(client.link));
  void inbox.then((result) => {
    if (result?.data) {
      ledger.record("Conversations", result, result.milliseconds);
      client.writeQuery({ query: ConversationsDocument, variables: FIRST_PAGE, data: result.data });
      // The inbox, which is opened now, does not ask for it again.
      client.prioritizeCacheValues = true;
      setTimeout(() => {
        client.prioritizeCacheValues = false;
      }, NEW_MS);
    }
  });
  return client;
}

/** A name that another list has read already is not read again: it may cost a call. */
const findPeople: FieldReadFunction<readonly Reference[]> = (existing, { args, toReference }) => {
  const phoneNumbers: unknown = args?.["phoneNumbers"];
  const all = Array.isArray(phoneNumbers) ? phoneNumbers : [];
  return existing ?? all.flatMap((each) => toReference({ __typename: "Person", id: `person:${each}` }) ?? []);
};
