import { unwrapResolverError } from "@apollo/server/errors";
import { GraphQLError, type GraphQLFormattedError } from "graphql";
import { InputError, PlatformError, type PlatformErrorReason, StoreError } from "../errors.ts";

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

const platformMessages: Readonly<Record<PlatformErrorReason, string>> = {
  timeout: "did not answer in time.",
  cancelled: "was not asked to the end: the request was over before.",
  unreachable: "could not be reached.",
  shape: "gave an answer that cannot be read.",
  refused: "refused the request.",
  unauthorized: "does not accept this server's credentials.",
  "rate-limited": "asks to wait before the next request.",
  "not-configured": "is not set up on this server: it has no credentials for it.",
};

const RETRYABLE: ReadonlySet<PlatformErrorReason> = new Set(["timeout", "cancelled", "unreachable", "rate-limited"]);
/** Apollo's finer codes for requests that no other try can make right. */
const ABOUT_REQUEST: Readonly<Record<string, string>> = {
  BAD_REQUEST: "BAD_USER_INPUT",
  OPERATION_RESOLUTION_FAILURE: "BAD_USER_INPUT",
};
const NAMES = { PIDJ: "Pidj", TEXTIZEN: "Textizen" } as const;

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
      message: `${NAMES[cause.platform]} ${platformMessages[cause.reason]}`,
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
  if (cause instanceof StoreError) {
    report(cause);
    return {
      ...place,
      message: "This server's own store cannot be used at the moment.",
      extensions: { code: "STORE_UNAVAILABLE", retryable: true },
    };
  }
  const code = ABOUT_REQUEST[String(formatted.extensions?.["code"])] ?? formatted.extensions?.["code"];
  if (typeof code === "string" && code !== "INTERNAL_SERVER_ERROR") {
    return { ...place, message: formatted.message, extensions: { code, retryable: false } };
  }
  if (isAboutRequest(cause)) {
    return { ...place, message: formatted.message, extensions: { code: "BAD_USER_INPUT", retryable: false } };
  }
  report(cause);
  return {
    ...place,
    message: "Something went wrong in this server. It has been written to its log.",
    extensions: { code: "INTERNAL_SERVER_ERROR", retryable: false },
  };
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
