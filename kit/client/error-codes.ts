/** What a client does about a failure. */
export interface Advice {
  /** A sentence that an application may show as it is. */
  readonly show: string;
  /**
   * `program`: the program may send the same request again, after `retryAfter` seconds if the error names them.
   * `person`: a person has to correct, decide or settle something first.
   * `never`: the same request fails again until the client or the server is changed.
   */
  readonly retry: "program" | "person" | "never";
  /**
   * The idempotency key of the next try. `same`: it must stay the same, or a person may be texted twice. `new`: this
   * key belongs to something else. `either`: nothing was done with it.
   */
  readonly key: "same" | "new" | "either";
}

const LATER = "This is not possible at the moment. Please try again in a minute.";
const PARTIAL = "Some of this cannot be shown at the moment.";
const OPERATOR = "This is not available. The people who run this service have to look at it.";
const DEFECT = "This application has asked for something in a wrong way. Please tell the people who make it.";

// Where nothing was done with the key, "same" is still the safe choice: it is advised where a program decides alone.
const wait = (show: string): Advice => ({ show, retry: "program", key: "same" });
const correct = (show: string): Advice => ({ show, retry: "person", key: "either" });
const stop = (show: string): Advice => ({ show, retry: "never", key: "either" });

/** By `extensions.code` of an error. */
const ERROR_ADVICE = {
  BAD_USER_INPUT: correct("One of the values is not valid. Please check what you entered."),
  GRAPHQL_PARSE_FAILED: stop(DEFECT),
  GRAPHQL_VALIDATION_FAILED: stop(DEFECT),
  PERSISTED_QUERY_NOT_FOUND: wait(LATER),
  PERSISTED_QUERY_ID_REQUIRED: stop(DEFECT),
  PERSISTED_QUERY_NOT_IN_LIST: stop("This application is newer or older than its server. Please load it again."),
  UNAUTHENTICATED: correct("Please sign in again."),
  FORBIDDEN: correct("You may not see or do this."),
  QUERY_TOO_COSTLY: stop("This is too much at once. Please ask for less."),
  NOT_FOUND: stop(DEFECT),
  PLATFORM_TIMEOUT: wait(PARTIAL),
  PLATFORM_UNAVAILABLE: wait(PARTIAL),
  RATE_LIMITED: wait("This was too much in a short time. Please wait a moment."),
  PLATFORM_BAD_RESPONSE: stop(PARTIAL),
  PLATFORM_REFUSED: stop(PARTIAL),
  PLATFORM_UNAUTHORIZED: stop(OPERATOR),
  PLATFORM_NOT_CONFIGURED: stop(OPERATOR),
  CURSOR_EXPIRED: wait("You have been away for a long time. The list is being read again."),
  SUBSCRIBER_TOO_SLOW: wait("The connection was too slow. It goes on where it stopped."),
  OVERLOADED: wait(LATER),
  SHUTTING_DOWN: wait(LATER),
  STORE_UNAVAILABLE: wait(LATER),
  INTERNAL_SERVER_ERROR: { show: OPERATOR, retry: "person", key: "same" },
} satisfies Record<string, Advice>;

/** Every `extensions.code` of the graph. */
export type ErrorCode = keyof typeof ERROR_ADVICE;

/** Every code, to walk through. */
export const ERROR_CODES = Object.keys(ERROR_ADVICE) as readonly ErrorCode[];

/** Whether this version of the package knows the code. */
export function isErrorCode(code: unknown): code is ErrorCode {
  return typeof code === "string" && Object.hasOwn(ERROR_ADVICE, code);
}

/** What to do about an error in `errors`. A code that a newer server has added is an unexpected error. */
export function adviceOnError(code: ErrorCode | (string & {})): Advice {
  return ERROR_ADVICE[isErrorCode(code) ? code : "INTERNAL_SERVER_ERROR"];
}
