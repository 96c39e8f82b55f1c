import { type ApolloClient, ApolloLink, type FieldReadFunction, type Reference } from "@apollo/client";
import { createTextgraphCache, createTextgraphClient } from "@textgraph/client/apollo";
import { tap } from "rxjs";
import trustedDocuments from "./generated/trusted-documents.json";
import type { Ledger } from "./ledger.ts";

/** Where the graph is, and the key that opens it; an empty key where the server asks for none. */
export interface Credentials {
  readonly url: string;
  readonly key: string;
}

export interface ClientOptions extends Credentials {
  readonly ledger: Ledger;
  /** Whether operations go out as the ids of trusted documents, or as texts to a server that knows no ids. */
  readonly areTrusted: boolean;
  /** The server no longer takes the key. */
  readonly onRefused: () => void;
}

/** Apollo Client with this console's trusted documents; what each operation cost is written to the ledger. */
export function createClient({ url, key, ledger, areTrusted, onRefused }: ClientOptions): ApolloClient {
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
  return client;
}

/** A name that another list has read already is not read again: it may cost a call. */
const findPeople: FieldReadFunction<readonly Reference[]> = (existing, { args, toReference }) => {
  const phoneNumbers: unknown = args?.["phoneNumbers"];
  const all = Array.isArray(phoneNumbers) ? phoneNumbers : [];
  return existing ?? all.flatMap((each) => toReference({ __typename: "Person", id: `person:${each}` }) ?? []);
};
