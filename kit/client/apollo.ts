import { ApolloClient, ApolloLink, HttpLink, type InMemoryCache, Observable } from "@apollo/client";
import { SetContextLink } from "@apollo/client/link/context";
import { type DocumentNode, OperationTypeNode, print } from "graphql";
import type { Client } from "graphql-ws";
import { createTextgraphCache } from "./apollo-cache.ts";
import { withIdempotencyKeys } from "./idempotency.ts";
import { createLiveClient, type LiveOptions, resumable } from "./live.ts";
import { type Outcome, type RetryOptions, retryDelay } from "./retry.ts";
import { createPersisting, type TrustedDocuments } from "./trusted-documents.ts";

export { createTextgraphCache, gatherPages, possibleTypes, typePolicies } from "./apollo-cache.ts";

declare module "@apollo/client" {
  namespace ApolloClient {
    namespace DeclareDefaultOptions {
      // Data may be partial; optional, because an application may have other clients beside.
      interface WatchQuery {
        errorPolicy?: "all";
      }
      interface Query {
        errorPolicy?: "all";
      }
      interface Mutate {
        errorPolicy?: "all";
      }
    }
  }
}

export interface TextgraphClientOptions extends LiveOptions {
  /** Replaces the global one. */
  readonly fetch?: typeof globalThis.fetch;
  readonly cache?: InMemoryCache;
  readonly retry?: RetryOptions;
  /** The manifest that `npm run documents:extract` has made of the application's operations: their ids go out, not their text. */
  readonly trustedDocuments?: TrustedDocuments;
}

/**
 * Apollo Client as the graph wants it: POST, data and errors side by side, sends repeated with their key only,
 * subscriptions over one WebSocket that goes on where it broke. `client.stop()` ends it.
 */
export function createTextgraphClient(options: TextgraphClientOptions): ApolloClient {
  const { url, headers, fetch, cache = createTextgraphCache(), retry, trustedDocuments } = options;
  const live = createLiveClient(options);
  const http = ApolloLink.from([
    createRetryLink(retry),
    new SetContextLink(async ({ headers: given }) => ({
      headers: { ...(given as Record<string, string> | undefined), ...(await headers?.()) },
    })),
    new HttpLink({ uri: url, ...(fetch && { fetch }) }),
  ]);
  const isLive = ({ operationType }: ApolloLink.Operation) => operationType === OperationTypeNode.SUBSCRIPTION;
  const client = new ApolloClient({
    cache,
    link: ApolloLink.from([
      ...(trustedDocuments ? [createTrustedLink(trustedDocuments)] : []),
      ApolloLink.split(isLive, createLiveLink(live), http),
    ]),
    defaultOptions: {
      watchQuery: { errorPolicy: "all" },
      query: { errorPolicy: "all" },
      mutate: { errorPolicy: "all" },
    },
  });
  const stop = client.stop.bind(client);
  client.stop = () => {
    stop();
    void live.dispose();
  };
  return client;
}

/**
 * A link that names each operation by its id in the manifest, for a server with `TRUSTED_DOCUMENTS`. An operation that the
 * manifest lacks is an error, also against a server without.
 */
export function createTrustedLink(trustedDocuments: TrustedDocuments): ApolloLink {
  const persist = createPersisting(trustedDocuments);
  return new ApolloLink((operation, forward) => {
    operation.extensions = { ...operation.extensions, ...persist(operation.operationName) };
    operation.setContext({ http: { includeQuery: false, includeExtensions: true } });
    return forward(operation);
  });
}

/** A link that keeps a send's key through all tries, and tries again only what may be. */
export function createRetryLink(options: RetryOptions = {}): ApolloLink {
  return new ApolloLink((operation, forward) => {
    operation.variables = withIdempotencyKeys(operation.query, operation.variables);
    return new Observable((observer) => {
      let tries = 0;
      let timer: ReturnType<typeof setTimeout> | undefined;
      let running: { unsubscribe(): void } | undefined;
      const again = (document: DocumentNode, outcome: Outcome): boolean => {
        const delay = retryDelay({ document, variables: operation.variables, tries }, outcome, options);
        timer = delay === null ? undefined : setTimeout(attempt, delay);
        return delay !== null;
      };
      const attempt = () => {
        tries += 1;
        let isRepeated = false;
        running = forward(operation).subscribe({
          next: (result) => {
            const { data, errors } = result;
            isRepeated = again(operation.query, { data, errors });
            if (!isRepeated) {
              observer.next(result);
            }
          },
          error: (networkError: unknown) => {
            if (!again(operation.query, { networkError })) {
              observer.error(networkError);
            }
          },
          complete: () => {
            if (!isRepeated) {
              observer.complete();
            }
          },
        });
      };
      attempt();
      return () => {
        clearTimeout(timer);
        running?.unsubscribe();
      };
    });
  });
}

/** A link for subscriptions that resumes behind the last event after a reconnect. */
export function createLiveLink(live: Client): ApolloLink {
  return new ApolloLink(
    ({ query, variables, operationName, extensions }) =>
      new Observable((observer) => {
        const text = print(query);
        const { payload, saw } = resumable(
          {
            query: "persistedQuery" in extensions ? "" : text,
            variables,
            operationName,
            ...(Object.keys(extensions).length > 0 && { extensions }),
          },
          text,
        );
        return live.subscribe<Record<string, unknown>>(payload, {
          next: (result) => {
            saw(result.data);
            observer.next(result as ApolloLink.Result);
          },
          error: (reason) => observer.error(asError(reason)),
          complete: () => observer.complete(),
        });
      }),
  );
}

/** graphql-ws reports a close event, an error, or the errors of the graph. */
function asError(reason: unknown): Error {
  if (reason instanceof Error) {
    return reason;
  }
  const first: unknown = Array.isArray(reason) ? reason[0] : reason;
  const message =
    typeof first === "object" && first !== null && "message" in first && typeof first.message === "string"
      ? first.message
      : "The connection for subscriptions was closed.";
  return Object.assign(new Error(message, { cause: reason }), Array.isArray(reason) ? { errors: reason } : {});
}
