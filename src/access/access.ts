import type { ApiKeys } from "./api-keys.ts";
import { ANONYMOUS, type Caller, type PastCaller } from "./caller.ts";
import { asRouted, isRouter, partsOf } from "./routed-caller.ts";
import type { Tokens } from "./tokens.ts";

/** The credentials of a request or a connection, unchecked. */
export interface Credential {
  /** Header `x-api-key`. */
  readonly apiKey: string | undefined;
  /** Header `authorization`: `Bearer` and a key or a token (RFC 6750 §2.1). */
  readonly authorization: string | undefined;
}

/** Authenticates requests and connections. */
export interface Access {
  /** The caller of the credential; null if there is none or it is invalid for any reason. */
  identify(credential: Credential): Caller | null | Promise<Caller | null>;
  /** False once the caller's credential has ended or was revoked. */
  isCurrent(caller: Caller): boolean;
  /**
   * A caller as it is now: "gone" if its key is. "unknown" for a caller with a token: it has ended by itself, and nobody can
   * say whether the caller would get another one.
   */
  recall(who: PastCaller): Caller | "gone" | "unknown";
}

/** Authentication is off: every request may do everything. */
export const OPEN_ACCESS: Access = { identify: () => ANONYMOUS, isCurrent: () => true, recall: () => ANONYMOUS };

export interface AccessOptions {
  readonly keys: ApiKeys | null;
  readonly tokens: Tokens | null;
  /** Whether a router may bring its client's credential beside its own. */
  readonly isSubgraph: boolean;
  /** Milliseconds since 1970. */
  readonly now: () => number;
}

/** At least one of keys and tokens is not null. */
export function createAccess({ keys, tokens, isSubgraph, now }: AccessOptions): Access {
  function identifyOne({ apiKey, authorization }: Credential): Caller | null | Promise<Caller | null> {
    const credential = apiKey ?? /^Bearer +([\w.~+/=-]+) *$/i.exec(authorization ?? "")?.[1] ?? "";
    // A wrong credential of any kind takes as long as a missing one: it is looked up as a key.
    const isToken = tokens !== null && apiKey === undefined && credential.split(".").length === 3;
    return (isToken ? tokens.verify(credential) : keys?.find(credential)) ?? null;
  }

  async function identifyRouted(apiKey: string, authorization: string): Promise<Caller | null> {
    const router = keys?.find(apiKey) ?? null;
    const client = await identifyOne({ apiKey: undefined, authorization });
    return router !== null && isRouter(router) && client !== null ? asRouted(client, router) : null;
  }

  function isCurrent(caller: Caller): boolean {
    return (
      (caller.expiresAt === null || caller.expiresAt > now()) &&
      (!caller.id.startsWith("key:") || keys === null || keys.has(caller))
    );
  }

  return {
    identify: (credential) => {
      const { apiKey, authorization } = credential;
      if (apiKey === undefined || authorization === undefined) {
        return identifyOne(credential);
      }
      // Otherwise it is unclear which of the two is meant.
      return isSubgraph ? identifyRouted(apiKey, authorization) : null;
    },
    isCurrent: (caller) => partsOf(caller).every(isCurrent),
    recall: (who) => (who.id.startsWith("token:") ? "unknown" : (keys?.recall(who) ?? "gone")),
  };
}
