import type { CursorError, PlatformErrorReason, TooCostlyError } from "../errors.ts";

/** A failure with a fixed sentence, the same for all transports. */
export interface Failure {
  /** The HTTP status if the answer consists of this failure only. */
  readonly status: number;
  readonly message: string;
  readonly extensions: { readonly code: string; readonly retryable: boolean; readonly retryAfter?: number };
}

function failure(status: number, code: string, message: string, retryable = false): Failure {
  return { status, message, extensions: { code, retryable } };
}

/** All failures with a fixed sentence; those of the platforms are in `describeFailure`. docs/errors.md lists the codes. */
export const FAILURES = {
  malformedUrl: failure(400, "BAD_USER_INPUT", "The URL is malformed."),
  unreadableBody: failure(
    400,
    "BAD_USER_INPUT",
    "The body cannot be read: it is empty, cut off, or not what its content-type says.",
  ),
  noHttp: failure(400, "BAD_USER_INPUT", "The request is not HTTP/1.1."),
  requestTooSlow: failure(408, "BAD_USER_INPUT", "The request did not arrive in time.", true),
  headersTooLarge: failure(431, "BAD_USER_INPUT", "The URL and the headers must have at most 96 kB together."),
  malformedHandshake: failure(
    400,
    "BAD_USER_INPUT",
    "This is not a WebSocket handshake that can be read: version 13, a key, and the protocol graphql-transport-ws.",
  ),
  noHost: failure(400, "BAD_USER_INPUT", "The Host header is missing."),
  badRequest: failure(400, "BAD_USER_INPUT", "The request cannot be read."),
  bodyTooLarge: failure(413, "BAD_USER_INPUT", "The body is larger than this server takes, 256 kB at /graphql."),
  urlTooLong: failure(414, "BAD_USER_INPUT", "The URL is longer than this server takes: use POST."),
  mediaType: failure(415, "BAD_USER_INPUT", "The body must be JSON: content-type: application/json."),
  expectation: failure(417, "BAD_USER_INPUT", "This server meets no expectation but 100-continue."),
  noQuery: failure(
    400,
    "BAD_USER_INPUT",
    'This is a GraphQL graph, and the request has no query: POST {"query": "{ __typename }"} to /graphql with ' +
      "content-type: application/json.",
  ),
  noRows: failure(400, "BAD_USER_INPUT", "The body must be rows as CSV: content-type: text/csv."),
  noEvent: failure(400, "BAD_USER_INPUT", "There is no event in this request."),
  forgeable: failure(
    400,
    "BAD_USER_INPUT",
    "Any web page could have sent this request, so it is refused (CSRF): with urql set preferGetMethod: false, with " +
      "Apollo Client leave useGETForQueries off, with others POST as application/json or send the header " +
      "apollo-require-preflight: true.",
  ),
  subscriptionAlone: failure(
    400,
    "BAD_USER_INPUT",
    "A subscription is answered over WebSocket (graphql-transport-ws), or with accept: text/event-stream.",
  ),
  mutationByGet: failure(405, "BAD_USER_INPUT", "A mutation takes POST."),
  method: failure(405, "BAD_USER_INPUT", "The graph takes GET and POST."),
  explainByPost: failure(
    405,
    "BAD_USER_INPUT",
    "An operation is explained by POST, with the same body as at /graphql.",
  ),
  contentEncoding: failure(415, "BAD_USER_INPUT", "The body must be sent as it is, without a content-encoding."),
  documentIdRequired: failure(
    400,
    "PERSISTED_QUERY_ID_REQUIRED",
    "This server runs only documents that it knows: send the id of one (extensions.persistedQuery.sha256Hash, or documentId).",
  ),
  documentNotTrusted: failure(
    400,
    "PERSISTED_QUERY_NOT_IN_LIST",
    "This server knows no document with this id: deploy its manifest before the clients that use it.",
  ),
  unauthenticated: failure(
    401,
    "UNAUTHENTICATED",
    "A valid credential is needed: send an API key as x-api-key, or a key or token as authorization: Bearer.",
  ),
  foreignHost: failure(
    403,
    "FORBIDDEN",
    "The Host header names another server: PUBLIC_URL and ALLOWED_HOSTS of this one say how it may be called.",
  ),
  notOpen: failure(
    403,
    "FORBIDDEN",
    "Authentication is off on this server, so only its own machine may query it: set API_KEYS_FILE or JWT_ISSUER there.",
  ),
  foreignOrigin: failure(
    403,
    "FORBIDDEN",
    "Pages of this origin may not connect: CORS_ORIGINS of the server names those that may.",
  ),
  noMetrics: failure(403, "FORBIDDEN", "This caller may not read the metrics: it needs the scope metrics:read."),
  noJobs: failure(403, "FORBIDDEN", "This caller may not do this with jobs: see docs/authentication.md, scopes."),
  notFound: failure(404, "NOT_FOUND", "There is nothing here. The graph is at /graphql."),
  tooManyOperations: failure(429, "RATE_LIMITED", "This connection has too many operations under way.", true),
  full: failure(503, "OVERLOADED", "This server has no room for another connection at the moment.", true),
  overloaded: {
    status: 503,
    message: "This server has more to do than it can at the moment: ask again in a second.",
    extensions: { code: "OVERLOADED", retryable: true, retryAfter: 1 },
  },
  shuttingDown: failure(503, "SHUTTING_DOWN", "This server is going away: connect again.", true),
  storeUnavailable: failure(503, "STORE_UNAVAILABLE", "This server's own store cannot be used at the moment.", true),
  eventNotStored: failure(503, "STORE_UNAVAILABLE", "The event could not be kept.", true),
  internal: failure(
    500,
    "INTERNAL_SERVER_ERROR",
    "Something went wrong in this server. It has been written to its log.",
  ),
} as const;

/** The failure of an operation that would cost too much. `details`: further extensions. */
export function tooCostly(message: string, details: object = {}): Failure {
  return { status: 400, message, extensions: { ...details, code: "QUERY_TOO_COSTLY", retryable: false } };
}

/** A caller has exceeded its limit; `what` names what is counted. */
export function rateLimited(retryAfter: number, what: string): Failure {
  return {
    status: 429,
    message: `This caller has used up its ${what} for now: ask again in ${retryAfter} s.`,
    extensions: { code: "RATE_LIMITED", retryable: true, retryAfter },
  };
}

/** Seconds for the header `Retry-After`: 1 if nothing better is known; null if the status has no such header. */
export function retryAfterOf(status: number, retryAfter: unknown): number | null {
  return status !== 429 && status !== 503 ? null : typeof retryAfter === "number" ? retryAfter : 1;
}

/** Why a running operation is stopped, for each kind of TooCostlyError. */
export const TOO_COSTLY_FAILURES: Readonly<Record<TooCostlyError["what"], Failure>> = {
  size: tooCostly(
    "The answer grew to more than three times what was expected, or to more than 32 MB: ask for less in one operation.",
  ),
  time: tooCostly("The operation's time was over before its answer was complete: ask for less in one operation."),
};

/** Why a subscription cannot continue, for each reason of CursorError. */
export const CURSOR_FAILURES: Readonly<Record<CursorError["reason"], Failure>> = {
  expired: failure(
    400,
    "CURSOR_EXPIRED",
    "Not everything behind this cursor is kept any more: read the lists anew, and begin from eventCursor.",
  ),
  "too-slow": failure(
    400,
    "SUBSCRIBER_TOO_SLOW",
    "The subscriber left too many events unread: subscribe again from the last cursor seen.",
    true,
  ),
};

/** The error code for each reason of PlatformError. */
export const PLATFORM_FAILURES: Readonly<Record<PlatformErrorReason, { code: string; retryable: boolean }>> = {
  timeout: { code: "PLATFORM_TIMEOUT", retryable: true },
  "not-asked": { code: "PLATFORM_TIMEOUT", retryable: true },
  cancelled: { code: "PLATFORM_TIMEOUT", retryable: true },
  unreachable: { code: "PLATFORM_UNAVAILABLE", retryable: true },
  shape: { code: "PLATFORM_BAD_RESPONSE", retryable: false },
  refused: { code: "PLATFORM_REFUSED", retryable: false },
  unauthorized: { code: "PLATFORM_UNAUTHORIZED", retryable: false },
  "rate-limited": { code: "RATE_LIMITED", retryable: true },
  suspended: { code: "PLATFORM_UNAVAILABLE", retryable: true },
  overloaded: { code: "OVERLOADED", retryable: true },
  "not-configured": { code: "PLATFORM_NOT_CONFIGURED", retryable: false },
};
