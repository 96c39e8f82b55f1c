import { setTimeout as sleep } from "node:timers/promises";
import { PlatformError, type PlatformErrorReason } from "../errors.ts";
import { isJsonObject } from "../json.ts";
import { type CallScope, ReadScope } from "../rest/calls.ts";
import { orEndOfScope } from "../rest/waiting.ts";

/** Our credentials at Textizen: an account to sign in with, or a fixed token, which cannot be renewed. */
export type TextizenCredentials =
  | { readonly email: string; readonly password: string }
  | { readonly authToken: string };

/**
 * The account's token, shared by all calls, because a second sign-in may end the first one's token
 * (docs/platforms.md T-1).
 */
export interface Session {
  /** The token. Signs in if there is none, once for all calls that wait. Throws PlatformError. */
  readonly token: (scope: CallScope) => string | Promise<string>;
  /**
   * A token that replaces one that was refused: another call's new token, or that of a new sign-in. Throws
   * PlatformError.
   */
  readonly renew: (refused: string, scope: CallScope) => Promise<string>;
  /** Says that a token from `renew` was refused too, so that no further sign-in is tried for a while. */
  readonly giveUp: (renewed: string) => void;
}

/** The token of all processes that use the account. Every method may reject. */
export interface SharedToken {
  /**
   * The token, unless it is `refused` or there is none. Then `mine` if this process shall sign in, and `others` if
   * another one does, for so many milliseconds or until `write`.
   */
  readonly claim: (
    refused: string | null,
    milliseconds: number,
  ) => Promise<{ readonly token: string } | { readonly turn: "mine" | "others" }>;
  readonly write: (token: string) => Promise<void>;
}

interface SessionOptions {
  readonly credentials: TextizenCredentials;
  /** Makes the sign-in call and returns the token. */
  readonly signIn: (email: string, password: string, scope: ReadScope) => Promise<string>;
  /** Milliseconds of a clock that never goes back. */
  readonly now: () => number;
  /** Null if each process signs in by itself. */
  readonly shared: SharedToken | null;
}

/**
 * Least time between a failed sign-in, or one whose token was refused, and the next: many attempts may lock the
 * account.
 */
const PAUSE_MILLISECONDS = 5_000;
/** How often it is looked whether another process has signed in. */
const LOOK_MILLISECONDS = 50;
const NEVER = new AbortController().signal;
const FOREVER = () => Number.POSITIVE_INFINITY;
const ROUTE = "POST /api/users/sign_in";
const TOKEN_KEYS = ["auth_token", "authentication_token", "token"] as const;

export function createSession({ credentials, signIn, now, shared }: SessionOptions): Session {
  if ("authToken" in credentials) {
    return createFixedSession(credentials.authToken);
  }
  const { email, password } = credentials;
  let token: string | null = null;
  /** The last token that was refused: another process may still share it. */
  let refusedToken: string | null = null;
  let pending: Promise<string> | null = null;
  let failure: { readonly error: unknown; readonly at: number } | null = null;

  async function start(scope: CallScope): Promise<string> {
    try {
      // The call that began the sign-in may be aborted while others still wait for it, so it has no signal.
      const signingIn = new ReadScope({ signal: NEVER, deadline: FOREVER, isFresh: true, record: scope.record });
      token = await signInOnce(signingIn);
      failure = null;
      return token;
    } catch (error) {
      failure = { error: asFault(error), at: now() };
      throw failure.error;
    } finally {
      pending = null;
    }
  }

  /** The token that another process got, or one of a sign-in that all others wait for. */
  async function signInOnce(scope: ReadScope): Promise<string> {
    const others = await othersToken();
    if (others !== null) {
      return others;
    }
    const mine = await signIn(email, password, scope);
    // Behind the answer, and without its store each process signs in by itself.
    shared?.write(mine).catch(() => undefined);
    return mine;
  }

  /** Null if this process shall sign in. */
  async function othersToken(): Promise<string | null> {
    try {
      while (shared !== null) {
        // If the process that signs in fails, the next one tries after the pause.
        const claimed = await shared.claim(refusedToken, PAUSE_MILLISECONDS);
        if ("token" in claimed) {
          return claimed.token;
        }
        if (claimed.turn === "mine") {
          return null;
        }
        await sleep(LOOK_MILLISECONDS);
      }
    } catch {
      // As without others.
    }
    return null;
  }

  function obtain(scope: CallScope): string | Promise<string> {
    if (token !== null) {
      return token;
    }
    if (pending === null) {
      requirePauseOver();
      pending = start(scope);
    }
    return orEndOfScope(pending, scope.signal, "TEXTIZEN", ROUTE);
  }

  function requirePauseOver(): void {
    if (failure !== null && now() - failure.at < PAUSE_MILLISECONDS) {
      throw failure.error;
    }
  }

  return {
    token: obtain,
    renew: async (refused, scope) => {
      if (token === refused) {
        // The token stays until then, because the refusal may concern only this call.
        requirePauseOver();
        token = null;
        refusedToken = refused;
      }
      return obtain(scope);
    },
    giveUp: (renewed) => {
      if (token === renewed) {
        failure = { error: refusal("a token fresh from the sign-in was refused"), at: now() };
      }
    },
  };
}

function createFixedSession(token: string): Session {
  const error = refusal("the configured token was refused");
  return { token: () => token, renew: () => Promise.reject(error), giveUp: () => undefined };
}

function refusal(message: string): PlatformError {
  return new PlatformError("TEXTIZEN", "unauthorized", message, { status: 401, mayHaveTaken: false });
}

/**
 * A failed sign-in as the failure of a call that waited for it, of which no byte was sent. A refusal means that our
 * credentials were refused; a timeout means that the platform cannot be reached.
 */
function asFault(error: unknown): unknown {
  return error instanceof PlatformError
    ? error.with({
        reason: FAULTS[error.reason] ?? error.reason,
        message: `sign-in failed: ${error.message}`,
        mayHaveTaken: false,
      })
    : error;
}

const FAULTS: Partial<Record<PlatformErrorReason, PlatformErrorReason>> = {
  refused: "unauthorized",
  timeout: "unreachable",
  "not-asked": "unreachable",
};

/**
 * The token in a sign-in's answer, under one of three keys, at the top or one level down (docs/platforms.md T-1). Null
 * if there is none.
 */
export function readToken(body: unknown): string | null {
  if (!isJsonObject(body)) {
    return null;
  }
  for (const place of [body, ...Object.values(body)]) {
    for (const key of TOKEN_KEYS) {
      const value = isJsonObject(place) ? place[key] : undefined;
      if (typeof value === "string" && value !== "") {
        return value;
      }
    }
  }
  return null;
}
