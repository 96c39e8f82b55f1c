import { createRemoteJWKSet, errors, type JWTVerifyGetKey, jwtVerify } from "jose";
import type { Caller } from "./caller.ts";
import { isScope, type Scope } from "./scopes.ts";

export interface TokenOptions {
  readonly issuer: string;
  readonly audience: string;
  readonly jwksUrl: string;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  readonly warn: (message: string, error: unknown) => void;
}

/** JSON Web Tokens of one issuer (RFC 7519), checked against its published keys (RFC 7517). */
export interface Tokens {
  /** The caller of the token; null if it is invalid. */
  verify(token: string): Promise<Caller | null>;
}

// RFC 8725 §3.1: only these algorithms. With a symmetric one, the public key would be enough to sign.
const ALGORITHMS = [
  "RS256",
  "RS384",
  "RS512",
  "PS256",
  "PS384",
  "PS512",
  "ES256",
  "ES384",
  "ES512",
  "EdDSA",
  "Ed25519",
];
const CLOCK_TOLERANCE_SECONDS = 30;
/** Milliseconds between two requests for the key set, whether or not the first was answered. */
const ASK_AGAIN_MS = 30_000;
/** An older key set is fetched again in the background, so that a withdrawn key does not stay valid. */
const RENEW_AFTER_MS = 600_000;
const ANSWER_WITHIN_MS = 3_000;

export function createTokens({ issuer, audience, jwksUrl, now, warn }: TokenOptions): Tokens {
  const keyOf = createKeySet(jwksUrl, now, warn);
  return {
    verify: async (token) => {
      try {
        const { payload } = await jwtVerify(token, keyOf, {
          issuer,
          audience,
          algorithms: ALGORITHMS,
          clockTolerance: CLOCK_TOLERANCE_SECONDS,
          currentDate: new Date(now()),
          requiredClaims: ["sub", "exp"],
        });
        if (typeof payload.sub !== "string" || payload.sub === "") {
          return null;
        }
        return {
          id: `token:${payload.sub}`,
          scopes: scopesOf(payload["scope"] ?? payload["scp"]),
          expiresAt: ((payload.exp ?? 0) + CLOCK_TOLERANCE_SECONDS) * 1_000,
          isAnonymous: false,
          callsPerMinute: null,
          recipientsPerMinute: null,
        };
      } catch (error) {
        if (!(error instanceof errors.JOSEError)) {
          warn("a token could not be checked", error);
        }
        return null;
      }
    },
  };
}

/**
 * The issuer's keys. They are fetched once, and again if a key id is not known, at most every 30 seconds. Known keys
 * stay valid while the issuer's server is down.
 */
function createKeySet(url: string, now: () => number, warn: TokenOptions["warn"]): JWTVerifyGetKey {
  // jose waits only after an answer: a server that does not answer would be requested again for every token.
  const remote = createRemoteJWKSet(new URL(url), {
    cacheMaxAge: Number.POSITIVE_INFINITY,
    cooldownDuration: Number.POSITIVE_INFINITY,
    timeoutDuration: ANSWER_WITHIN_MS,
  });
  let askedAt = Number.NEGATIVE_INFINITY;
  let asking: Promise<void> | null = null;

  async function ask(): Promise<void> {
    if (asking === null && Math.abs(now() - askedAt) >= ASK_AGAIN_MS) {
      askedAt = now();
      asking = remote
        .reload()
        .catch((error: unknown) => warn("the token issuer's keys (JWKS_URL) could not be read", error))
        .finally(() => {
          asking = null;
        });
    }
    await asking;
  }

  return async (header, token) => {
    if (remote.jwks() === undefined) {
      await ask();
    } else if (now() - askedAt >= RENEW_AFTER_MS) {
      void ask();
    }
    if (remote.jwks() === undefined) {
      throw new errors.JWKSNoMatchingKey();
    }
    try {
      return await remote(header, token);
    } catch (error) {
      if (!(error instanceof errors.JWKSNoMatchingKey)) {
        throw error;
      }
      await ask();
      return await remote(header, token);
    }
  };
}

/**
 * `scope`: scopes separated by blanks (RFC 8693 §4.2); `scp`: a list or such a text. Scopes of other services are
 * ignored.
 */
function scopesOf(claim: unknown): ReadonlySet<Scope> {
  const names: readonly unknown[] = typeof claim === "string" ? claim.split(" ") : Array.isArray(claim) ? claim : [];
  return new Set(names.filter((name): name is Scope => typeof name === "string" && isScope(name)));
}
