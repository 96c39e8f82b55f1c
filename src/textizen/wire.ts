import { PlatformError } from "../errors.ts";
import { isJsonObject } from "../json.ts";
import type { Answer } from "../rest/answer.ts";
import type { CallScope, ReadScope, WriteKind, WriteScope } from "../rest/calls.ts";
import type { Route } from "../rest/exchange.ts";
import type { PlatformState } from "../rest/guard.ts";
import { combine, isWorthRenewal } from "../rest/repeats.ts";
import { COMMON_HEADERS, type ConnectionOptions, createTransport, type PlatformRequest } from "../rest/transport.ts";
import { requireAccepted } from "./refusals.ts";
import { createSession, readToken, type SharedToken, type TextizenCredentials } from "./session.ts";
import { shapeError } from "./shapes.ts";
import { isSignedOut, isSignInPage } from "./signed-out.ts";

/** Textizen's account; `baseUrl` is the part before `/api`: `https://textizen.com`. */
export interface TextizenOptions extends ConnectionOptions {
  readonly credentials: TextizenCredentials;
  /**
   * Where a GET or DELETE has its token: in a JSON body, as documented, or in the query, for networks that drop such
   * bodies (docs/platforms.md T-2).
   */
  readonly tokenIn: "body" | "query";
  /** Form of a participant's update: values at the top (default) or wrapped (docs/platforms.md T-4). */
  readonly participantUpdate?: "top" | "wrapped";
  /** Form of a removal from a group: `group_id` wrapped (default) or at the top (docs/platforms.md T-5). */
  readonly unsubscribe?: "wrapped" | "top";
  /**
   * IANA zone in whose local time a mailing's `send_at` is written, without an offset. Null, the default: UTC with `Z`
   * (docs/platforms.md T-17).
   */
  readonly sendAtZone?: string | null;
  /** Milliseconds of a clock that never goes back; for tests. */
  readonly now?: () => number;
  /** The token of all processes that use the account; null, the default: this one signs in for itself. */
  readonly sharedToken?: SharedToken | null;
}

/** The parameters of a call besides the token; undefined ones are left out. */
export type CallParameters = Readonly<Record<string, unknown>>;

/** Of calls that have none. */
export const NO_PARAMETERS: CallParameters = {};

interface TextizenCall<Result> {
  readonly route: Route;
  readonly id: string | null;
  readonly size: PlatformRequest<unknown>["size"];
  readonly parameters: CallParameters;
  /** Decodes a 2xx answer. */
  readonly decode: (answer: Answer) => Result | Promise<Result>;
  readonly ifNotFound?: PlatformRequest<Result>["ifNotFound"];
}

/** Makes calls by Textizen's conventions: JSON with the token inside, for all methods. */
export interface TextizenWire {
  readonly read: <Result>(call: TextizenCall<Result>, scope: ReadScope) => Promise<Result>;
  readonly write: <Result>(call: TextizenCall<Result>, scope: WriteScope) => Promise<Result>;
  readonly state: () => PlatformState;
  readonly close: () => Promise<void>;
}

const HEADERS = [...COMMON_HEADERS, "accept", "application/json"];
const JSON_HEADERS = [...HEADERS, "content-type", "application/json"];
/** The cheapest call that says whether Textizen works. */
const PROBE: TextizenCall<null> = {
  route: "GET /api/user",
  id: null,
  size: "record",
  parameters: NO_PARAMETERS,
  decode: () => null,
};
const SIGN_IN = "POST /api/users/sign_in";
/** Statuses with which another web server answers a sign-in: not found, method not allowed, gone. */
const NO_SUCH_ADDRESS: ReadonlySet<number> = new Set([404, 405, 410]);

export function createTextizenWire(options: TextizenOptions): TextizenWire {
  const transport = createTransport({
    ...options,
    platform: "TEXTIZEN",
    isSignInPage,
    probe: (scope) => read(PROBE, scope),
  });
  const session = createSession({
    credentials: options.credentials,
    now: options.now ?? (() => performance.now()),
    shared: options.sharedToken ?? null,
    signIn: (email, password, scope) =>
      transport.read(
        {
          route: SIGN_IN,
          id: null,
          query: "",
          headers: JSON_HEADERS,
          body: JSON.stringify({ email, password }),
          size: "record",
          decode: decodeSignIn,
        },
        scope,
      ),
  });

  // Most calls have no parameters, so the body of one is that of the next.
  let bare = { token: "", body: "" };

  function bodyOf(parameters: CallParameters, token: string): string {
    if (parameters !== NO_PARAMETERS) {
      return JSON.stringify({ ...parameters, auth_token: token });
    }
    if (bare.token !== token) {
      bare = { token, body: JSON.stringify({ auth_token: token }) };
    }
    return bare.body;
  }

  function toRequest<Result>(call: TextizenCall<Result>, token: string): PlatformRequest<Result> {
    const { route, id, size } = call;
    const isInQuery = options.tokenIn === "query" && (route.startsWith("GET ") || route.startsWith("DELETE "));
    return {
      route,
      id,
      query: isInQuery ? toQuery(call.parameters, token) : "",
      headers: isInQuery ? HEADERS : JSON_HEADERS,
      body: isInQuery ? null : bodyOf(call.parameters, token),
      size,
      ifNotFound: call.ifNotFound,
      decode: (answer) => {
        requireSignedIn(route, answer);
        requireAccepted(route, answer);
        return call.decode(answer);
      },
    };
  }

  /** Makes the call with the session's token, and again with a new one if the session has ended. */
  async function withToken<Result>(
    kind: "read" | WriteKind,
    scope: CallScope,
    make: (token: string) => Promise<Result>,
  ): Promise<Result> {
    const having = session.token(scope);
    const token = typeof having === "string" ? having : await having;
    try {
      return await make(token);
    } catch (first) {
      if (!isWorthRenewal(kind, first)) {
        throw first;
      }
      const renewed = await session.renew(token, scope).catch((failure: unknown) => {
        // A 403 may also be a refusal of this call.
        throw first.reason === "unauthorized" ? combine(first, failure) : first;
      });
      try {
        return await make(renewed);
      } catch (second) {
        if (isWorthRenewal(kind, second)) {
          session.giveUp(renewed);
        }
        throw combine(first, second);
      }
    }
  }

  function read<Result>(call: TextizenCall<Result>, scope: ReadScope): Promise<Result> {
    return withToken("read", scope, (token) => transport.read(toRequest(call, token), scope));
  }

  return {
    read,
    write: (call, scope) => withToken(scope.kind, scope, (token) => transport.write(toRequest(call, token), scope)),
    state: transport.state,
    close: transport.close,
  };
}

/** Throws `unauthorized` if the answer says in any form that we are not signed in. */
function requireSignedIn(route: Route, answer: Answer): void {
  if (isSignedOut(route, answer)) {
    const { status } = answer;
    throw new PlatformError("TEXTIZEN", "unauthorized", `${route}: not signed in`, { status, mayHaveTaken: false });
  }
}

function decodeSignIn(answer: Answer): string {
  const { status, body } = answer;
  if (NO_SUCH_ADDRESS.has(status)) {
    throw new PlatformError("TEXTIZEN", "shape", `${SIGN_IN}: there is no sign-in at this base URL`, {
      status,
      platformMessage: `There is no sign-in at this address (HTTP ${status}): is TEXTIZEN_BASE_URL right?`,
    });
  }
  requireSignedIn(SIGN_IN, answer);
  requireAccepted(SIGN_IN, answer);
  const token = readToken(body);
  if (token === null && isJsonObject(body) && typeof body["error"] === "string") {
    throw new PlatformError("TEXTIZEN", "unauthorized", `${SIGN_IN}: an error inside ${status}`, { status });
  }
  if (token === null) {
    throw shapeError(`${SIGN_IN}: no token in the answer`);
  }
  return token;
}

function toQuery(parameters: CallParameters, token: string): string {
  const query = new URLSearchParams();
  for (const name in parameters) {
    query.append(name, String(parameters[name]));
  }
  query.append("auth_token", token);
  return `?${query}`;
}
