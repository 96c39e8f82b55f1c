import type { Context } from "../context.ts";
import { explainCheck, type Platform, PlatformError } from "../errors.ts";
import type * as gql from "../generated/graphql.ts";
import type { TextizenUserRecord } from "../textizen/records.ts";

const PLATFORMS: readonly Platform[] = ["PIDJ", "TEXTIZEN"];

export const Query = {
  platformStatus: (_root, { platform }, context) =>
    Promise.all(PLATFORMS.filter((each) => (platform ?? each) === each).map((each) => checkPlatform(each, context))),
} satisfies gql.QueryResolvers;

async function checkPlatform(platform: Platform, { pidj, textizen, services }: Context) {
  const checkedAt = services.now();
  const started = performance.now();
  try {
    const answer =
      platform === "PIDJ"
        ? { message: (await pidj.checkAuthorization()).message, textizenUser: null }
        : { message: null, textizenUser: await textizen.user() };
    return { platform, checkedAt, isAuthorized: true, latencyMilliseconds: performance.now() - started, ...answer };
  } catch (error) {
    if (!(error instanceof PlatformError)) {
      throw error;
    }
    const nobody: TextizenUserRecord | null = null;
    const message = explainCheck(error);
    const answered = error.status !== null;
    return {
      platform,
      checkedAt,
      isAuthorized: false,
      latencyMilliseconds: answered ? performance.now() - started : null,
      message,
      textizenUser: nobody,
    };
  }
}
