import { type Client, createClient } from "graphql-ws";

/** Headers of every request; called for each, so that a renewed token is taken. */
export type Headers = () => Readonly<Record<string, string>> | Promise<Readonly<Record<string, string>>>;

export interface LiveOptions {
  /** The graph's address, such as `https://graph.example.org/graphql`. */
  readonly url: string;
  readonly headers?: Headers | undefined;
  /** For programs outside browsers that have no WebSocket of their own. */
  readonly webSocketImpl?: unknown;
}

/** The server refused the credential: another try would be refused too. */
const FORBIDDEN = 4403;
const LONGEST_PAUSE_MS = 30_000;

/** A socket that is opened when something is subscribed to, and opened again whenever it breaks. */
export function createLiveClient({ url, headers, webSocketImpl }: LiveOptions): Client {
  return createClient({
    url: url.replace(/^http/, "ws"),
    retryAttempts: Number.POSITIVE_INFINITY,
    retryWait: (tries) =>
      new Promise((resolve) => setTimeout(resolve, Math.random() * Math.min(LONGEST_PAUSE_MS, 250 * 2 ** tries))),
    shouldRetry: (reason) =>
      !(typeof reason === "object" && reason !== null && "code" in reason && reason.code === FORBIDDEN),
    ...(headers && { connectionParams: async () => credentialsOf(await headers()) }),
    ...(webSocketImpl !== undefined && { webSocketImpl }),
  });
}

/** Browsers send no headers with a WebSocket, so what would be one goes along when the connection begins. */
function credentialsOf(headers: Readonly<Record<string, string>>): Record<string, string> {
  const names = { "x-api-key": "apiKey", authorization: "authorization" } as const;
  return Object.fromEntries(
    Object.entries(headers).flatMap(([name, value]) => {
      const known = Object.entries(names).find(([header]) => header === name.toLowerCase());
      return known === undefined ? [] : [[known[1], value]];
    }),
  );
}

export interface Payload {
  readonly query: string;
  readonly variables?: Record<string, unknown> | undefined;
  readonly operationName?: string | undefined;
  readonly extensions?: Record<string, unknown> | undefined;
}

/**
 * A subscription's payload whose `since` is the cursor of the last event that `saw` was shown: graphql-ws sends it again
 * after each reconnect, and the graph goes on behind that event. `text` is the document's, where the payload has its id.
 */
export function resumable(
  payload: Payload,
  text: string = payload.query,
): { readonly payload: Payload; readonly saw: (data: unknown) => void } {
  const takesSince = /\$since\b/.test(text);
  let since: string | null = null;
  return {
    payload: {
      ...payload,
      get variables() {
        return since === null ? payload.variables : { ...payload.variables, since };
      },
    },
    saw: (data) => {
      since = (takesSince ? cursorOf(data) : null) ?? since;
    },
  };
}

function cursorOf(data: unknown): string | null {
  const events: unknown[] = typeof data === "object" && data !== null ? Object.values(data) : [];
  const cursors = events.map((event) =>
    typeof event === "object" && event !== null && "cursor" in event && typeof event.cursor === "string"
      ? event.cursor
      : null,
  );
  return cursors.findLast((cursor) => cursor !== null) ?? null;
}
