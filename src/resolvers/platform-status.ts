import type { BreakerView, Context, LoggedFailure } from "../context.ts";
import { explainCheck, type Platform, PlatformError } from "../errors.ts";
import type * as gql from "../generated/graphql.ts";
import type { TextizenUserRecord } from "../textizen/records.ts";
import type { Complete } from "./fields.ts";

/** A platform, which is asked when the first field is read that needs its answer. */
export interface StatusRecord {
  readonly platform: Platform;
  readonly check: () => Promise<Check>;
}

/** What a platform answered. */
interface Check {
  readonly checkedAt: Date;
  readonly isAuthorized: boolean;
  readonly latencyMilliseconds: number | null;
  readonly message: string | null;
  readonly textizenUser: TextizenUserRecord | null;
}

const PLATFORMS: readonly Platform[] = ["PIDJ", "TEXTIZEN"];

const REASONS = {
  timeout: "TIMEOUT",
  "not-asked": "NOT_ASKED",
  unreachable: "UNREACHABLE",
  shape: "UNREADABLE",
  refused: "REFUSED",
  unauthorized: "UNAUTHORIZED",
  "rate-limited": "RATE_LIMITED",
  suspended: "SUSPENDED",
  overloaded: "OVERLOADED",
} as const satisfies Record<LoggedFailure["reason"], gql.PlatformFailureReason>;

export const Query = {
  platformStatus: (_root, { platform }, context) =>
    PLATFORMS.filter((each) => (platform ?? each) === each).map((each) => {
      let check: Promise<Check> | null = null;
      return {
        platform: each,
        check: () => {
          check ??= checkPlatform(each, context);
          return check;
        },
      };
    }),
  platformFailures: (_root, _args, { services }) =>
    services.failures.list().map(({ reason, status, ...rest }) => ({
      ...rest,
      httpStatus: status,
      reason: REASONS[reason],
    })),
} satisfies gql.QueryResolvers;

export const PlatformStatus = {
  readBreaker: ({ platform }, _args, context) => breakerOf(clientOf(platform, context).state().readBreaker, context),
  writeBreaker: ({ platform }, _args, context) => breakerOf(clientOf(platform, context).state().writeBreaker, context),
  isAuthorized: async ({ check }) => (await check()).isAuthorized,
  latencyMilliseconds: async ({ check }) => (await check()).latencyMilliseconds,
  checkedAt: async ({ check }) => (await check()).checkedAt,
  message: async ({ check }) => (await check()).message,
  textizenUser: async ({ check }) => (await check()).textizenUser,
} satisfies Complete<gql.PlatformStatusResolvers, gql.PlatformStatus, StatusRecord>;

function clientOf(platform: Platform, { services }: Context) {
  return platform === "PIDJ" ? services.pidj.client : services.textizen.client;
}

function breakerOf({ state, retryAfterMilliseconds }: BreakerView, { services }: Context) {
  const nextTryAt = state === "OPEN" ? new Date(services.now().getTime() + retryAfterMilliseconds) : null;
  return { state, nextTryAt };
}

async function checkPlatform(platform: Platform, { pidj, textizen, services }: Context): Promise<Check> {
  const checkedAt = services.now();
  const started = performance.now();
  try {
    const answer =
      platform === "PIDJ"
        ? { message: (await pidj.checkAuthorization()).message, textizenUser: null }
        : { message: null, textizenUser: await textizen.user() };
    return { checkedAt, isAuthorized: true, latencyMilliseconds: performance.now() - started, ...answer };
  } catch (error) {
    if (!(error instanceof PlatformError)) {
      throw error;
    }
    return {
      checkedAt,
      isAuthorized: false,
      latencyMilliseconds: error.status === null ? null : performance.now() - started,
      message: explainCheck(error),
      textizenUser: null,
    };
  }
}
