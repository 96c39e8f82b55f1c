import fetch from "node-fetch";
import type { TypedDocumentString } from "./generated/graphql.ts";

/** What an operation gave. `data` and `errors` may come together: a field that failed is null in `data`. */
export interface Answer<Data> {
  /** Null where the operation was not run at all. */
  readonly data: Data | null;
  readonly errors: readonly GraphError[];
  /** What it read from the platforms; null if the graph does not say, as in production. */
  readonly platforms: readonly PlatformCall[] | null;
}

export interface GraphError {
  readonly message: string;
  /** The field that is null because of it, from the root. */
  readonly path?: readonly (string | number)[];
  readonly extensions: { readonly code: string; readonly retryable: boolean };
}

export interface PlatformCall {
  readonly platform: string;
  readonly route: string;
  /** True if the graph still had the list that this call reads, and made no call. */
  readonly kept?: boolean;
}

interface Body<Data> {
  readonly data?: Data | null;
  readonly errors?: readonly GraphError[];
  readonly extensions?: { readonly platforms?: readonly PlatformCall[] };
}

const TIMEOUT_MS = 15_000;

/** The API key in TEXTGRAPH_KEY, for a graph that accepts no request without one. */
export function credential(): Record<string, string> {
  const key = process.env["TEXTGRAPH_KEY"];
  return key ? { "x-api-key": key } : {};
}

/** Runs one operation; its variables and its answer are typed by it. Throws where no GraphQL answer came. */
export async function request<Data, Variables>(
  url: string,
  operation: TypedDocumentString<Data, Variables>,
  variables: Variables,
): Promise<Answer<Data>> {
  const response = await fetch(url, {
    method: "POST",
    headers: {
      "content-type": "application/json",
      accept: "application/graphql-response+json, application/json",
      ...credential(),
    },
    body: JSON.stringify({ query: operation.toString(), variables }),
    signal: AbortSignal.timeout(TIMEOUT_MS),
  });
  const body = (await response.json()) as Body<Data>;
  return { data: body.data ?? null, errors: body.errors ?? [], platforms: body.extensions?.platforms ?? null };
}
