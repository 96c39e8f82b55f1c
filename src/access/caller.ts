import { createHash } from "node:crypto";
import { ROUTER_SCOPE, SCOPES, type Scope } from "./scopes.ts";

/** Limits of a caller for each minute; null: the server's own limit. */
export interface CallerLimits {
  readonly callsPerMinute: number | null;
  readonly recipientsPerMinute: number | null;
}

/** A caller. Requests with the same key, or with tokens of the same subject, are of one caller. */
export interface Caller extends CallerLimits {
  /** Unique among all callers: `key:console`, `token:auth0|58`, `anonymous`. For logs, buckets and the audit log. */
  readonly id: string;
  readonly scopes: ReadonlySet<Scope>;
  /** Milliseconds since 1970 when the credential expires; null: when it is revoked. */
  readonly expiresAt: number | null;
  /** True for the caller of all requests while authentication is off. */
  readonly isAnonymous: boolean;
  /** Which of the keys that had this name it is; only of callers with a key. */
  readonly keyId?: string;
}

/** What is kept of a caller for whom something is done later. */
export type PastCaller = Pick<Caller, "id" | "keyId" | "isAnonymous" | "recipientsPerMinute">;

/** Equal for callers that get equal answers. Tokens of one subject may have different scopes. */
export function rightsOf(caller: Caller): string {
  let rights = knownRights.get(caller);
  if (rights === undefined) {
    const all = JSON.stringify([caller.id, ...[...caller.scopes].sort()]);
    rights = createHash("sha256").update(all).digest("base64");
    knownRights.set(caller, rights);
  }
  return rights;
}

/** Made once for each caller, and short, because they are a part of every shared query's key. */
const knownRights = new WeakMap<Caller, string>();

/**
 * The caller of all requests while authentication is off. It may do everything, so the server then listens on a
 * loopback address only.
 */
export const ANONYMOUS: Caller = {
  id: "anonymous",
  scopes: new Set([...SCOPES, ROUTER_SCOPE]),
  expiresAt: null,
  isAnonymous: true,
  callsPerMinute: null,
  recipientsPerMinute: null,
};
