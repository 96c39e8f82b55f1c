import { ConfigError, type Environment } from "./environment.ts";

export interface PidjConfig {
  readonly baseUrl: string;
  readonly accountKey: string;
  readonly token: string;
}

export interface TextizenConfig {
  readonly baseUrl: string;
  readonly credentials: { readonly email: string; readonly password: string } | { readonly authToken: string };
  readonly tokenIn: "body" | "query";
  /** Forms of the requests that update a participant and remove one from a group: see `TextizenOptions`. */
  readonly participantUpdate: "top" | "wrapped";
  readonly unsubscribe: "wrapped" | "top";
  /** IANA zone; a mailing's time is sent in its local time. Null for UTC. */
  readonly sendAtZone: string | null;
}

/** Null if there are no credentials. Throws ConfigError if there is half of them. */
export function readPidj(env: Environment): PidjConfig | null {
  const baseUrl = env.url("PIDJ_BASE_URL", "https://gopidj.com/api/2020");
  const accountKey = env.secret("PIDJ_ACCOUNT_KEY");
  const token = env.secret("PIDJ_TOKEN");
  if (accountKey === null && token === null) {
    return null;
  }
  if (accountKey === null || token === null) {
    throw new ConfigError(`${accountKey === null ? "PIDJ_ACCOUNT_KEY" : "PIDJ_TOKEN"} is not set: Pidj takes both.`);
  }
  return { baseUrl, accountKey, token };
}

/** Null if there are no credentials. Throws ConfigError if there are half of them, or two kinds. */
export function readTextizen(env: Environment): TextizenConfig | null {
  const baseUrl = env.url("TEXTIZEN_BASE_URL", "https://textizen.com");
  const forms = {
    tokenIn: env.choice("TEXTIZEN_TOKEN_IN", ["body", "query"], "body"),
    participantUpdate: env.choice("TEXTIZEN_PARTICIPANT_UPDATE", ["top", "wrapped"], "top"),
    unsubscribe: env.choice("TEXTIZEN_UNSUBSCRIBE", ["wrapped", "top"], "wrapped"),
    sendAtZone: env.timeZone("TEXTIZEN_SEND_AT_ZONE"),
  };
  const authToken = env.secret("TEXTIZEN_AUTH_TOKEN");
  const email = env.text("TEXTIZEN_EMAIL");
  const password = env.secret("TEXTIZEN_PASSWORD");
  if (authToken !== null) {
    if (email !== null || password !== null) {
      throw new ConfigError(
        "TEXTIZEN_AUTH_TOKEN is set beside TEXTIZEN_EMAIL or TEXTIZEN_PASSWORD: set one or the other.",
      );
    }
    return { baseUrl, credentials: { authToken }, ...forms };
  }
  if (email === null && password === null) {
    return null;
  }
  if (email === null || password === null) {
    const missing = email === null ? "TEXTIZEN_EMAIL" : "TEXTIZEN_PASSWORD";
    throw new ConfigError(`${missing} is not set: Textizen signs in with both.`);
  }
  return { baseUrl, credentials: { email, password }, ...forms };
}
