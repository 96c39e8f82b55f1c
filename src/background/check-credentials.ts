import type { Services } from "../context.ts";
import { explainCheck, PLATFORM_NAMES, type Platform, PlatformError } from "../errors.ts";
import { ReadScope } from "../rest/calls.ts";

/** A check must not hold up a stop of the server for longer. */
const LONGEST_CHECK_MS = 5_000;

/** The calls that say whether a platform takes our credentials; they change nothing. */
export interface CheckedClients {
  readonly pidj: Pick<Services["pidj"]["client"], "authorizationCheck">;
  readonly textizen: Pick<Services["textizen"]["client"], "user">;
}

/** Why the platform cannot be used with our credentials, in one sentence; null if it can. */
export async function checkCredentials(platform: Platform, clients: CheckedClients): Promise<string | null> {
  const end = performance.now() + LONGEST_CHECK_MS;
  const scope = new ReadScope({
    signal: new AbortController().signal,
    deadline: () => end,
    isFresh: true,
    record: () => undefined,
  });
  try {
    await (platform === "PIDJ" ? clients.pidj.authorizationCheck(scope) : clients.textizen.user(scope));
    return null;
  } catch (error) {
    if (error instanceof PlatformError) {
      return explainCheck(error);
    }
    throw error;
  }
}

/** Says at the start which platform cannot be used, one line each, and leaves the server running: it may be up later. */
export async function warnOfCredentials(
  { pidj, textizen }: Pick<Services, "pidj" | "textizen">,
  configured: readonly Platform[],
  say: (line: string) => void,
): Promise<void> {
  await Promise.all(
    configured.map(async (platform) => {
      const why = await checkCredentials(platform, { pidj: pidj.client, textizen: textizen.client });
      if (why !== null) {
        say(`${PLATFORM_NAMES[platform]} does not work yet: ${why} npm run doctor says more.\n`);
      }
    }),
  );
}
