import {
  Client,
  type CombinedError,
  cacheExchange,
  type Exchange,
  fetchExchange,
  getOperationName,
  makeErrorResult,
  makeOperation,
  type Operation,
  type OperationResult,
  stringifyDocument,
  subscriptionExchange,
} from "@urql/core";
import { filter, makeSubject, map, merge, pipe, share } from "wonka";
import { withIdempotencyKeys } from "./idempotency.ts";
import { createLiveClient, type LiveOptions, resumable } from "./live.ts";
import { type Outcome, type RetryOptions, retryDelay } from "./retry.ts";
import { createPersisting, type TrustedDocuments } from "./trusted-documents.ts";

export interface TextgraphClientOptions extends LiveOptions {
  /** Replaces the global one. */
  readonly fetch?: typeof globalThis.fetch;
  /** The cache: urql's document cache by default, or `cacheExchange(graphcacheOptions)` of Graphcache. */
  readonly cache?: Exchange;
  readonly retry?: RetryOptions;
  /** The manifest that `npm run documents:extract` has made of the application's operations: their ids go out, not their text. */
  readonly trustedDocuments?: TrustedDocuments;
}

/** The client, and how to close its socket. */
export interface TextgraphClient {
  readonly client: Client;
  close(): void;
}

/**
 * urql's client as the graph wants it: POST, sends repeated with their key only, subscriptions over one WebSocket that
 * goes on where it broke.
 */
export function createTextgraphClient(options: TextgraphClientOptions): TextgraphClient {
  const { url, headers, cache = cacheExchange, retry, trustedDocuments } = options;
  const live = createLiveClient(options);
  const send = options.fetch ?? globalThis.fetch;
  const client = new Client({
    url,
    // By GET, the server would take it for what any page can send, and refuse it.
    preferGetMethod: false,
    fetch: async (input, init) =>
      send(input, { ...init, headers: { ...asRecord(init?.headers), ...(await headers?.()) } }),
    exchanges: [
      cache,
      ...(trustedDocuments ? [createTrustedExchange(trustedDocuments)] : []),
      createRetryExchange(retry),
      fetchExchange,
      subscriptionExchange({
        forwardSubscription: ({ query = "", variables, extensions }, { query: document }) => ({
          subscribe: (sink) => {
            const asked = { query, variables: variables as Record<string, unknown>, extensions };
            const { payload, saw } = resumable(asked, stringifyDocument(document));
            const unsubscribe = live.subscribe<Record<string, unknown>>(payload, {
              next: ({ data = null, errors = [] }) => {
                saw(data);
                sink.next({ data, ...(errors.length > 0 && { errors: [...errors] }) });
              },
              error: (reason) => sink.error(reason),
              complete: () => sink.complete(),
            });
            return { unsubscribe };
          },
        }),
      }),
    ],
  });
  return { client, close: () => void live.dispose() };
}

/**
 * An exchange that names each operation by its id in the manifest, for a server with `TRUSTED_DOCUMENTS`. An operation that
 * the manifest lacks is an error, also against a server without.
 */
export function createTrustedExchange(trustedDocuments: TrustedDocuments): Exchange {
  const persist = createPersisting(trustedDocuments);
  return ({ forward }) =>
    (operations$) => {
      const named$ = pipe(
        operations$,
        map((operation) => (operation.kind === "teardown" ? operation : named(operation))),
        share,
      );
      return merge([
        pipe(named$, filter(isFailure)),
        pipe(
          named$,
          filter((each): each is Operation => !isFailure(each)),
          forward,
        ),
      ]);
    };

  function named(operation: Operation): Operation | OperationResult {
    try {
      const extensions = { ...operation.extensions, ...persist(getOperationName(operation.query)) };
      return makeOperation(operation.kind, { ...operation, extensions }, operation.context);
    } catch (error) {
      return makeErrorResult(operation, error as Error);
    }
  }
}

/** An exchange that keeps a send's key through all tries, and tries again only what may be. */
export function createRetryExchange(options: RetryOptions = {}): Exchange {
  return ({ forward }) =>
    (operations$) => {
      const { source: again$, next: sendAgain } = makeSubject<Operation>();
      const tries = new Map<number, number>();
      const timers = new Map<number, ReturnType<typeof setTimeout>>();
      const forget = (key: number) => {
        clearTimeout(timers.get(key));
        timers.delete(key);
        tries.delete(key);
      };
      const first$ = pipe(
        operations$,
        map((operation) => {
          forget(operation.key);
          return operation.kind === "mutation" ? withKeys(operation) : operation;
        }),
      );
      const isLast = (result: OperationResult): boolean => {
        const { operation } = result;
        const count = (tries.get(operation.key) ?? 0) + 1;
        const request = { document: operation.query, variables: operation.variables as Variables, tries: count };
        const delay = retryDelay(request, outcomeOf(result), options);
        if (delay === null) {
          forget(operation.key);
          return true;
        }
        tries.set(operation.key, count);
        timers.set(operation.key, setTimeout(sendAgain, delay, operation));
        return false;
      };
      return pipe(merge([first$, again$]), share, forward, filter(isLast));
    };
}

function isFailure(each: Operation | OperationResult): each is OperationResult {
  return "error" in each;
}

type Variables = Readonly<Record<string, unknown>>;

function withKeys(operation: Operation): Operation {
  const variables = withIdempotencyKeys(operation.query, operation.variables as Variables);
  return variables === operation.variables
    ? operation
    : makeOperation(operation.kind, { ...operation, variables }, operation.context);
}

function outcomeOf({ data, error }: { readonly data?: unknown; readonly error?: CombinedError | undefined }): Outcome {
  const { networkError, response } = error ?? {};
  const status = (response as { status?: number } | undefined)?.status;
  return {
    data,
    errors: error?.graphQLErrors ?? [],
    ...(networkError && { networkError: status === undefined || status < 400 ? networkError : { statusCode: status } }),
  };
}

function asRecord(headers: ConstructorParameters<typeof Headers>[0]): Record<string, string> {
  return Object.fromEntries(new Headers(headers));
}
