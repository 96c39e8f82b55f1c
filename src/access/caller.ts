import { SCOPES, type Scope } from "./scopes.ts";

/** How much a caller may ask for in a minute; null: the server's own limit. */
export interface CallerLimits {
  readonly callsPerMinute: number | null;
  readonly recipientsPerMinute: number | null;
}

/** Who asks. Two requests of the same key or of the same token's subject are of one caller. */
export interface Caller extends CallerLimits {
  /** Unique among all callers: `key:console`, `token:auth0|58`, `anonymous`. For logs, buckets and the audit log. */
  readonly id: string;
  readonly scopes: ReadonlySet<Scope>;
  /** Milliseconds since 1970 after which the credential is no longer good; null: until it is revoked. */
  readonly expiresAt: number | null;
  /** True for the one caller that every request is of while authentication is off. */
  readonly isAnonymous: boolean;
}

/** Everybody, while authentication is off: allowed everything, which is why the server then listens on loopback only. */
export const ANONYMOUS: Caller = {
  id: "anonymous",
  scopes: new Set(SCOPES),
  expiresAt: null,
  isAnonymous: true,
  callsPerMinute: null,
  recipientsPerMinute: null,
};
