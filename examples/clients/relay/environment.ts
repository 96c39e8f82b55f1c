import { createLiveClient, resumable, sendWithRetries } from "@textgraph/client";
import { parse } from "graphql";
import {
  Environment,
  type FetchFunction,
  type GraphQLResponse,
  Network,
  Observable,
  RecordSource,
  Store,
} from "relay-runtime";

/** Relay's environment: POST with the kit's retries, subscriptions by a socket that goes on where it broke. */
export function createEnvironment(url: string): Environment {
  const live = createLiveClient({ url });
  const fetchOnce: FetchFunction = async ({ text, name }, variables) => {
    const query = text ?? "";
    const answer = await sendWithRetries(parse(query), variables, async (tried) => {
      const response = await fetch(url, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify({ query, variables: tried, operationName: name }),
      });
      return response.json();
    });
    return answer as GraphQLResponse;
  };
  return new Environment({
    store: new Store(new RecordSource()),
    network: Network.create(fetchOnce, ({ text }, variables) =>
      Observable.create((sink) => {
        const { payload, saw } = resumable({ query: text ?? "", variables });
        return live.subscribe<Record<string, unknown>>(payload, {
          next: (result) => {
            saw(result.data);
            sink.next(result as GraphQLResponse);
          },
          error: (reason) => sink.error(reason instanceof Error ? reason : new Error("The connection was closed.")),
          complete: () => sink.complete(),
        });
      }),
    ),
  });
}
