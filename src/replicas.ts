import { ConfigError, type Environment } from "./environment.ts";

/** What servers need that share a database. */
export interface Replicas {
  /** The most connections to the database, besides one that waits for news. */
  readonly connections: number;
  /** Where news are waited for, if not at STORE_URL: a pooler in transaction mode passes none on. */
  readonly listenUrl: string | null;
  /** 32 bytes that encrypt what is secret in the store; null: nothing secret is kept there. */
  readonly secretKey: Buffer | null;
}

const KEY_BYTES = 32;

/** Throws ConfigError if a variable is wrong. */
export function readReplicas(env: Environment): Replicas {
  const text = env.secret("STORE_SECRET_KEY");
  const secretKey = text === null ? null : Buffer.from(text, "base64");
  if (secretKey !== null && (secretKey.length !== KEY_BYTES || secretKey.toString("base64") !== text?.trim())) {
    throw new ConfigError("STORE_SECRET_KEY must be 32 random bytes in base64: openssl rand -base64 32 makes them.");
  }
  return {
    connections: env.number("STORE_CONNECTIONS", 10, { min: 2, max: 1_000 }),
    listenUrl: env.text("STORE_LISTEN_URL"),
    secretKey,
  };
}
