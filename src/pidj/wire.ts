import { PlatformError } from "../errors.ts";
import { isJsonObject, type JsonObject } from "../json.ts";
import type { Answer } from "../rest/answer.ts";
import type { ReadScope, WriteScope } from "../rest/calls.ts";
import { cleanMessage } from "../rest/decode.ts";
import type { Route } from "../rest/exchange.ts";
import type { PlatformState } from "../rest/guard.ts";
import { foreignAnswer, NOT_FOUND_SENTENCE, NOT_FOUND_STATUSES, namesRecordOf, saysNoMore } from "../rest/not-found.ts";
import { COMMON_HEADERS, type ConnectionOptions, createTransport, type PlatformRequest } from "../rest/transport.ts";

/**
 * Pidj's account; `baseUrl` ends with the version: `https://gopidj.com/api/2020` (docs/platforms.md, Pidj: connection).
 */
export interface PidjOptions extends ConnectionOptions {
  readonly accountKey: string;
  readonly token: string;
}

/** Decodes the result from the body of a successful answer. */
type Decode<Result> = (body: JsonObject, answer: Answer) => Result | Promise<Result>;

/**
 * Makes calls by Pidj's conventions: Basic authentication, form bodies, JSON answers with a `status`
 * (docs/platforms.md, Pidj: connection).
 */
export interface PidjWire {
  readonly readList: <Result>(route: Route, decode: Decode<Result>, scope: ReadScope) => Promise<Result>;
  readonly readRecord: <Result>(
    route: Route,
    id: string | null,
    decode: Decode<Result>,
    scope: ReadScope,
  ) => Promise<Result>;
  /** Null if Pidj says that there is no such record. */
  readonly readIfFound: <Result>(
    route: Route,
    id: string,
    decode: Decode<Result>,
    scope: ReadScope,
  ) => Promise<Result | null>;
  /** The call has no body if `form` is null. */
  readonly write: <Result>(
    call: { readonly route: Route; readonly id: string | null; readonly form: string | null },
    decode: Decode<Result>,
    scope: WriteScope,
  ) => Promise<Result>;
  readonly state: () => PlatformState;
  readonly close: () => Promise<void>;
}

/** The cheapest call that says whether Pidj works. */
const PROBE = "GET /authorization-check";

export function createPidjWire(options: PidjOptions): PidjWire {
  const transport = createTransport({
    ...options,
    platform: "PIDJ",
    probe: (scope) => readRecord(PROBE, null, () => null, scope),
  });
  // RFC 7617 §2.
  const credentials = Buffer.from(`${options.accountKey}:${options.token}`).toString("base64");
  const headers = [...COMMON_HEADERS, "accept", "application/json", "authorization", `Basic ${credentials}`];
  const formHeaders = [...headers, "content-type", "application/x-www-form-urlencoded"];

  function toRequest<Result>(
    request: Omit<PlatformRequest<Result>, "decode" | "headers" | "query">,
    decode: Decode<Result>,
  ): PlatformRequest<Result> {
    return {
      ...request,
      query: "",
      headers: request.body === null ? headers : formHeaders,
      decode: (answer) => decode(requireSuccess(request.route, answer), answer),
    };
  }

  function readRecord<Result>(
    route: Route,
    id: string | null,
    decode: Decode<Result>,
    scope: ReadScope,
  ): Promise<Result> {
    return transport.read(toRequest({ route, id, body: null, size: "record" }, decode), scope);
  }

  return {
    readRecord,
    readIfFound: <Result>(route: Route, id: string, decode: Decode<Result | null>, scope: ReadScope) =>
      transport.read(toRequest({ route, id, body: null, size: "record", ifNotFound: null }, decode), scope),
    readList: (route, decode, scope) =>
      transport.read(toRequest({ route, id: null, body: null, size: "list" }, decode), scope),
    write: ({ route, id, form }, decode, scope) =>
      transport.write(toRequest({ route, id, body: form, size: "record" }, decode), scope),
    state: transport.state,
    close: transport.close,
  };
}

/**
 * The body of a success, which needs a 2xx, a JSON object and a `status` of success (docs/platforms.md P-1). Throws for
 * every other answer. An answer with an unknown status proves nothing about the outcome.
 */
function requireSuccess(route: Route, answer: Answer): JsonObject {
  const { status } = answer;
  const body = isJsonObject(answer.body) ? answer.body : {};
  const word = body["status"];
  if (status < 300 && word === "success") {
    return body;
  }
  const code = Number(body["code"] ?? Number.NaN);
  if (status === 401 || code === 401) {
    throw new PlatformError("PIDJ", "unauthorized", `${route}: our credentials were refused`, {
      status: 401,
      mayHaveTaken: false,
    });
  }
  if (status < 300 && code === 429) {
    throw new PlatformError("PIDJ", "rate-limited", `${route}: asked to wait`, { status: 429, mayHaveTaken: false });
  }
  if (status < 300 && code >= 500) {
    throw new PlatformError("PIDJ", "unreachable", `${route}: code ${code}`, { status: code });
  }
  if (status < 300 && word !== "failure" && word !== "error") {
    throw new PlatformError("PIDJ", "shape", `${route}: the answer has no known status`, { status });
  }
  const isNone = saysNotFound(route, status, body);
  if (!isNone && (typeof word !== "string" || NOT_FOUND_STATUSES.has(status))) {
    throw foreignAnswer("PIDJ", route, status);
  }
  throw new PlatformError("PIDJ", "refused", `${route}: refused with ${code || status}`, {
    status: isNone ? 404 : code === 409 ? code : status,
    mayHaveTaken: false,
    platformMessage: cleanMessage(body["message"]),
  });
}

/**
 * True if Pidj itself says that it has no such record: a failure in its own form, as 404, 410 or inside a 2xx, with the
 * code 404 or 410 or with a sentence that says that the route's kind of record does not exist (docs/platforms.md P-30).
 * A sentence about something else, such as the call itself, does not count.
 */
function saysNotFound(route: Route, status: number, body: JsonObject): boolean {
  const { code, message, status: word } = body;
  if ((word !== "failure" && word !== "error") || (status >= 300 && !NOT_FOUND_STATUSES.has(status))) {
    return false;
  }
  const sentence = typeof message === "string" ? message : "";
  const isNamed = namesRecordOf(route, sentence);
  const isOpen = isNamed || saysNoMore(sentence) || !route.startsWith("GET ");
  return NOT_FOUND_STATUSES.has(Number(code)) ? isOpen : isNamed && NOT_FOUND_SENTENCE.test(sentence);
}

/** The error for a successful answer without the expected value. */
export function missing(route: Route, key: string): PlatformError {
  return new PlatformError("PIDJ", "shape", `${route}: the answer lacks ${key}`);
}

/** The fields of a form by their names on the wire. */
export type FormFields = Readonly<Record<string, string | null | undefined>>;

/**
 * Encodes a form: undefined leaves a field out, null sends it blank, which clears the value (docs/platforms.md P-5).
 * All characters are escaped, because an unescaped `+` is read as a space.
 */
export function encodeForm(fields: FormFields): string {
  const form = new URLSearchParams();
  for (const name in fields) {
    const value = fields[name];
    if (value !== undefined) {
      form.append(name, value ?? "");
    }
  }
  return form.toString();
}

/** Encodes a form without blank fields, whose meaning in a creation is not documented (docs/platforms.md P-5). */
export function encodeCreation(fields: FormFields): string {
  const form = new URLSearchParams();
  for (const name in fields) {
    const value = fields[name];
    if (value !== undefined && value !== null) {
      form.append(name, value);
    }
  }
  return form.toString();
}
