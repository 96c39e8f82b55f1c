import { GraphQLError, type GraphQLFormattedError } from "graphql";
import {
  CursorError,
  describeFailure,
  ForbiddenError,
  InputError,
  PlatformError,
  RateLimitedError,
  StoreError,
  TooCostlyError,
} from "../errors.ts";
import {
  CURSOR_FAILURES,
  FAILURES,
  type Failure,
  PLATFORM_FAILURES,
  rateLimited,
  TOO_COSTLY_FAILURES,
} from "./failures.ts";
import { withoutValues } from "./quoted-values.ts";

/** Apollo's finer codes for requests that would fail again. */
const ABOUT_REQUEST: Readonly<Record<string, string>> = {
  BAD_REQUEST: "BAD_USER_INPUT",
  OPERATION_RESOLUTION_FAILURE: "BAD_USER_INPUT",
};

export interface FormatOptions {
  /** In production, errors contain no suggestions from the schema. */
  readonly isProduction: boolean;
  /** Called with every error that is a bug of this server. */
  readonly report: (error: unknown) => void;
}

/** An error in the form that clients see, the same for all transports. */
export function createErrorFormatter({
  isProduction,
  report,
}: FormatOptions): (formatted: GraphQLFormattedError, error: unknown) => GraphQLFormattedError {
  return (formatted, error) => {
    const safe = { ...formatted, message: withoutValues(formatted.message, error) };
    return formatError(isProduction ? withoutSuggestion(safe) : safe, error, report);
  };
}

/** Apollo hides suggestions in errors about documents, and not in errors about variables (apollo-server#8086). */
function withoutSuggestion(formatted: GraphQLFormattedError): GraphQLFormattedError {
  return { ...formatted, message: formatted.message.replace(/ ?Did you mean .+\?$/s, "") };
}

/**
 * The one place where failures become GraphQL errors with `code`, `retryable` and, for a platform's failure, `platform`
 * and `retryAfter`. They contain no text, URL or host of a platform and no stack. Any other error is a bug of this
 * server: `report` is called with it, and the client learns nothing of it.
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
  if (cause instanceof ForbiddenError) {
    return {
      ...place,
      message: `This caller may not have this field: it needs the scope ${cause.needed}.`,
      extensions: { code: "FORBIDDEN", retryable: false },
    };
  }
  if (cause instanceof TooCostlyError) {
    return { ...place, ...withoutStatus(TOO_COSTLY_FAILURES[cause.what]) };
  }
  if (cause instanceof RateLimitedError) {
    return { ...place, ...withoutStatus(rateLimited(cause.retryAfterSeconds, cause.what)) };
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

/** A failure in the form of a GraphQL error. */
export function withoutStatus({ message, extensions }: Failure): GraphQLFormattedError {
  return { message, extensions: { ...extensions } };
}

/** The error that a resolver threw, if that is the cause of this error. */
function thrownBy(error: unknown): unknown {
  return error instanceof GraphQLError && error.path !== undefined ? (error.originalError ?? error) : error;
}

/**
 * Orders errors by their place in the document, then by their place in the answer, so that timing does not change the
 * order.
 */
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
 * True for graphql's own errors about a whole request, which have no code: a hash that is not that of the text, or an
 * operation that the schema does not have. A resolver's error has a path, a wrapped bug an original error.
 */
function isAboutRequest(error: unknown): error is GraphQLError {
  return error instanceof GraphQLError && error.path === undefined && error.originalError === undefined;
}

function pick({ locations, path }: GraphQLFormattedError): Pick<GraphQLFormattedError, "locations" | "path"> {
  return { ...(locations !== undefined && { locations }), ...(path !== undefined && { path }) };
}
