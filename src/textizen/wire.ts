import { PlatformError } from "../errors.ts";
import type { CallScope, ReadScope, WriteScope } from "../rest/calls.ts";
import type { Route } from "../rest/exchange.ts";
import { type Answer, type ConnectionOptions, createTransport, type PlatformRequest } from "../rest/transport.ts";
import { needAccepted } from "./refusals.ts";
import { createSession, readToken, type TextizenCredentials } from "./session.ts";
import { shapeError } from "./shapes.ts";

/** Textizen's account; `baseUrl` is what stands before `/api`: `https://textizen.com`. */
export interface TextizenOptions extends ConnectionOptions {
  readonly credentials: TextizenCredentials;
  /**
   * Where the token of a GET or DELETE stands: in a JSON body, as documented, or in the query, for networks that drop
   * such bodies (ambiguities T-2).
   */
  readonly tokenIn: "body" | "query";
  /** PUT of a participant: its values at the top as in the example (textizen-api.txt:151), the default, or wrapped. */
  readonly participantUpdate?: "top" | "wrapped";
  /** Removal from a group: `group_id` wrapped as in the example (textizen-api.txt:172), the default, or at the top. */
  readonly unsubscribe?: "wrapped" | "top";
  /**
   * IANA zone in whose local time a mailing's `send_at` goes out, without an offset as in the example
   * (textizen-api.txt:273); null for UTC with `Z`, the default (ambiguities T-17).
   */
  readonly sendAtZone?: string | null;
  /** Milliseconds of a clock that never goes back; for tests. */
  readonly now?: () => number;
}

/** What a call says besides the token; undefined members are left out. */
export type CallParameters = Readonly<Record<string, unknown>>;

interface TextizenCall<Result> {
  readonly route: Route;
  readonly id: string | null;
  readonly size: PlatformRequest<unknown>["size"];
  readonly parameters: CallParameters;
  /** Of a 2xx. */
  readonly decode: (answer: Answer) => Result | Promise<Result>;
}

/** One call of Textizen by its conventions: JSON with the token inside, on any method. */
export interface TextizenWire {
  readonly read: <Result>(call: TextizenCall<Result>, scope: ReadScope) => Promise<Result>;
  readonly write: <Result>(call: TextizenCall<Result>, scope: WriteScope) => Promise<Result>;
  readonly close: () => Promise<void>;
}

const HEADERS = ["accept", "application/json"];
const JSON_HEADERS = ["accept", "application/json", "content-type", "application/json"];
const SIGN_IN = "POST /api/users/sign_in";

export function createTextizenWire(options: TextizenOptions): TextizenWire {
  const transport = createTransport({ ...options, platform: "TEXTIZEN" });
  const session = createSession({
    credentials: options.credentials,
    now: options.now ?? (() => performance.now()),
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

  function toRequest<Result>(call: TextizenCall<Result>, token: string): PlatformRequest<Result> {
    const { route, id, size } = call;
    const isInQuery = options.tokenIn === "query" && (route.startsWith("GET ") || route.startsWith("DELETE "));
    return {
      route,
      id,
      query: isInQuery ? toQuery(call.parameters, token) : "",
      headers: isInQuery ? HEADERS : JSON_HEADERS,
      body: isInQuery ? null : JSON.stringify({ ...call.parameters, auth_token: token }),
      size,
      decode: (answer) => {
        needAccepted(route, answer);
        return call.decode(answer);
      },
    };
  }

  /** Makes the call with the session's token, and once more with a new one if that was refused. */
  async function withToken<Result>(scope: CallScope, make: (token: string) => Promise<Result>): Promise<Result> {
    const token = await session.token(scope);
    try {
      return await make(token);
    } catch (error) {
      if (!isUnauthorized(error)) {
        throw error;
      }
    }
    // Safe for sends too: a 401 says that nothing was done (ambiguities T-29).
    const renewed = await session.renew(token, scope);
    try {
      return await make(renewed);
    } catch (error) {
      if (isUnauthorized(error)) {
        session.giveUp(renewed);
      }
      throw error;
    }
  }

  return {
    read: (call, scope) => withToken(scope, (token) => transport.read(toRequest(call, token), scope)),
    write: (call, scope) => withToken(scope, (token) => transport.write(toRequest(call, token), scope)),
    close: transport.close,
  };
}

function isUnauthorized(error: unknown): boolean {
  return error instanceof PlatformError && error.reason === "unauthorized";
}

function decodeSignIn(answer: Answer): string {
  needAccepted(SIGN_IN, answer);
  const token = readToken(answer.body);
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
