import { GraphQLError, type GraphQLFormattedError } from "graphql";
import { CursorError, describeFailure, InputError, PlatformError, StoreError } from "../errors.ts";
import { CURSOR_FAILURES, FAILURES, type Failure, PLATFORM_FAILURES } from "./failures.ts";

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
  const cause = thrownBy(error);
  const place = pick(formatted);
  if (cause instanceof PlatformError) {
    const { code, retryable } = PLATFORM_FAILURES[cause.reason];
    return {
      ...place,
      message: describeFailure(cause),
      extensions: {
        code,
        retryable,
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
    return { ...place, ...withoutStatus(CURSOR_FAILURES[cause.reason]) };
  }
  if (cause instanceof StoreError) {
    report(cause);
    return { ...place, ...withoutStatus(FAILURES.storeUnavailable) };
  }
  const code = ABOUT_REQUEST[String(formatted.extensions?.["code"])] ?? formatted.extensions?.["code"];
  const argument = formatted.extensions?.["argument"];
  const about = { retryable: false, ...(argument !== undefined && { argument }) };
  if (typeof code === "string" && code !== "INTERNAL_SERVER_ERROR") {
    return { ...place, message: formatted.message, extensions: { code, ...about } };
  }
  if (formatted.path === undefined && isAboutRequest(cause)) {
    return { ...place, message: formatted.message, extensions: { code: "BAD_USER_INPUT", ...about } };
  }
  report(cause);
  return { ...place, ...withoutStatus(FAILURES.internal) };
}

/** A failure as an error of an answer. */
export function withoutStatus({ message, extensions }: Failure): GraphQLFormattedError {
  return { message, extensions: { ...extensions } };
}

/** What a resolver threw, if that is what an error is about. */
function thrownBy(error: unknown): unknown {
  return error instanceof GraphQLError && error.path !== undefined ? (error.originalError ?? error) : error;
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

function pick({ locations, path }: GraphQLFormattedError): Pick<GraphQLFormattedError, "locations" | "path"> {
  return { ...(locations !== undefined && { locations }), ...(path !== undefined && { path }) };
}
