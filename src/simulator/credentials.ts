import type { Simulator } from "./simulator.ts";

/** The variables of a server's environment that point it at these simulated platforms. */
export function credentialsOf({ pidj, textizen }: Pick<Simulator, "pidj" | "textizen">): Record<string, string> {
  return {
    PIDJ_BASE_URL: pidj.url,
    PIDJ_ACCOUNT_KEY: pidj.accountKey,
    PIDJ_TOKEN: pidj.token,
    TEXTIZEN_BASE_URL: textizen.url,
    TEXTIZEN_EMAIL: textizen.email,
    TEXTIZEN_PASSWORD: textizen.password,
  };
}
