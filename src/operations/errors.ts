import { unwrapResolverError } from "@apollo/server/errors";
import { GraphQLError, type GraphQLFormattedError } from "graphql";
import {
  CursorError,
  describeFailure,
  InputError,
  PlatformError,
  type PlatformErrorReason,
  StoreError,
} from "../errors.ts";

/** What clients may switch on; one for each reason why a platform call failed. */
const platformCodes: Readonly<Record<PlatformErrorReason, string>> = {
  timeout: "PLATFORM_TIMEOUT",
  cancelled: "PLATFORM_TIMEOUT",
  unreachable: "PLATFORM_UNAVAILABLE",
  shape: "PLATFORM_BAD_RESPONSE",
  refused: "PLATFORM_REFUSED",
  unauthorized: "PLATFORM_UNAUTHORIZED",
  "rate-limited": "RATE_LIMITED",
  "not-configured": "PLATFORM_NOT_CONFIGURED",
};

const cursorErrors = {
  expired: {
    message: "Not everything behind this cursor is kept any more: read the lists anew, and begin from eventCursor.",
    extensions: { code: "CURSOR_EXPIRED", retryable: false },
  },
  "too-slow": {
    message: "The subscriber left too many events unread: subscribe again from the last cursor seen.",
    extensions: { code: "SUBSCRIBER_TOO_SLOW", retryable: true },
  },
} as const satisfies Record<CursorError["reason"], object>;

const RETRYABLE: ReadonlySet<PlatformErrorReason> = new Set(["timeout", "cancelled", "unreachable", "rate-limited"]);
/** Apollo's finer codes for requests that no other try can make right. */
const ABOUT_REQUEST: Readonly<Record<string, string>> = {
  BAD_REQUEST: "BAD_USER_INPUT",
  OPERATION_RESOLUTION_FAILURE: "BAD_USER_INPUT",
};

export interface FormatOptions {
  /** Production hides what the schema would suggest. */
  readonly isProduction: boolean;
  /** Told of every error that is a bug of ours. */
  readonly report: (error: unknown) => void;
}

/** What clients see of an error, whichever way they ask. */
export function createErrorFormatter({
  isProduction,
  report,
}: FormatOptions): (formatted: GraphQLFormattedError, error: unknown) => GraphQLFormattedError {
  return (formatted, error) => formatError(isProduction ? withoutSuggestion(formatted) : formatted, error, report);
}

/** Apollo hides what the schema would suggest from wrong documents, not from wrong variables (apollo-server#8086). */
function withoutSuggestion(formatted: GraphQLFormattedError): GraphQLFormattedError {
  return { ...formatted, message: formatted.message.replace(/ ?Did you mean .+\?$/s, "") };
}

/**
 * The one place where failures become GraphQL errors: code, `retryable`, and for platforms which one and when to come
 * again. No upstream text, URL, host or stack ever passes. What is none of the known failures is a bug of ours: `report`
 * is told of it, the client is told nothing.
 */
export function formatError(
  formatted: GraphQLFormattedError,
  error: unknown,
  report: (error: unknown) => void,
): GraphQLFormattedError {
  const cause = unwrapResolverError(error);
  const place = pick(formatted);
  if (cause instanceof PlatformError) {
    return {
      ...place,
      message: describeFailure(cause),
      extensions: {
        code: platformCodes[cause.reason],
        retryable: RETRYABLE.has(cause.reason),
        platform: cause.platform,
        ...(cause.retryAfterSeconds !== null && { retryAfter: cause.retryAfterSeconds }),
      },
    };
  }
  if (cause instanceof InputError) {
    return {
      ...place,
      message: cause.message,
      extensions: { code: "BAD_USER_INPUT", retryable: false, argument: cause.argument },
    };
  }
  if (cause instanceof CursorError) {
    return { ...place, ...cursorErrors[cause.reason] };
  }
  if (cause instanceof StoreError) {
    report(cause);
    return {
      ...place,
      message: "This server's own store cannot be used at the moment.",
      extensions: { code: "STORE_UNAVAILABLE", retryable: true },
    };
  }
  const code = isMalformedLiteral(cause)
    ? "BAD_USER_INPUT"
    : (ABOUT_REQUEST[String(formatted.extensions?.["code"])] ?? formatted.extensions?.["code"]);
  if (typeof code === "string" && code !== "INTERNAL_SERVER_ERROR") {
    return { ...place, message: formatted.message, extensions: { code, retryable: false } };
  }
  if (formatted.path === undefined && isAboutRequest(cause)) {
    return { ...place, message: formatted.message, extensions: { code: "BAD_USER_INPUT", retryable: false } };
  }
  report(cause);
  return {
    ...place,
    message: "Something went wrong in this server. It has been written to its log.",
    extensions: { code: "INTERNAL_SERVER_ERROR", retryable: false },
  };
}

/** The errors by where they are in the document, then by where they are in the answer, whichever failed first. */
export function inOrder(errors: readonly GraphQLFormattedError[]): readonly GraphQLFormattedError[] {
  return errors.toSorted(
    ({ locations: [a] = [], path: left = [] }, { locations: [b] = [], path: right = [] }) =>
      (a?.line ?? 0) - (b?.line ?? 0) || (a?.column ?? 0) - (b?.column ?? 0) || comparePaths(left, right),
  );
}

type Path = NonNullable<GraphQLFormattedError["path"]>;

function comparePaths(left: Path, right: Path): number {
  const at = left.findIndex((step, index) => step !== right[index]);
  const [a, b] = [left[at] ?? 0, right[at] ?? 0];
  return typeof a === "number" && typeof b === "number" ? a - b : String(a) < String(b) ? -1 : 1;
}

/**
 * GraphQL's own word against a request as a whole, which comes without a code: a persisted query's hash that is not its
 * text's, an operation of a kind that the schema does not have. A failing resolver has a path, a wrapped bug its original.
 */
function isAboutRequest(error: unknown): error is GraphQLError {
  return error instanceof GraphQLError && error.path === undefined && error.originalError === undefined;
}

/** Validation finds a malformed scalar in the document first, and gives it validation's code. */
function isMalformedLiteral(error: unknown): boolean {
  return (
    error instanceof GraphQLError &&
    error.originalError instanceof GraphQLError &&
    error.originalError.extensions["code"] === "BAD_USER_INPUT"
  );
}

function pick({ locations, path }: GraphQLFormattedError): Pick<GraphQLFormattedError, "locations" | "path"> {
  return { ...(locations !== undefined && { locations }), ...(path !== undefined && { path }) };
}
