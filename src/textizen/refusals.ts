import { PlatformError } from "../errors.ts";
import { isJsonObject, type JsonObject } from "../json.ts";
import type { Answer } from "../rest/answer.ts";
import { cleanMessage } from "../rest/decode.ts";
import type { Route } from "../rest/exchange.ts";
import { foreignAnswer, NOT_FOUND_SENTENCE, NOT_FOUND_STATUSES, namesRecordOf, saysNoMore } from "../rest/not-found.ts";

/**
 * Throws if Textizen did not carry out the call: `unauthorized` for 401, and `refused` with Textizen's sentences for
 * any other 4xx in its own form and for a 2xx that contains only an error.
 */
export function requireAccepted(route: Route, { status, body }: Answer): void {
  if (status < 300 && (route === TOKENS || !isFailure(body))) {
    return;
  }
  if (status === 401) {
    throw new PlatformError("TEXTIZEN", "unauthorized", `${route}: our token or account was refused`, {
      status,
      mayHaveTaken: false,
    });
  }
  const sentences: string[] = [];
  // Without a prototype: a field may be called `constructor` or `__proto__`.
  const fieldMessages: Record<string, string> = Object.create(null) as Record<string, string>;
  gather(body, sentences, fieldMessages);
  for (const field in fieldMessages) {
    sentences.push(`${field} ${fieldMessages[field]}`);
  }
  const platformMessage = cleanMessage(sentences.join("; "));
  const isNone = isFailure(body) && (status < 300 ? saysNone(route, sentences) : NOT_FOUND_STATUSES.has(status));
  if (!isNone && (NOT_FOUND_STATUSES.has(status) || !isOwnForm(status, body, fieldMessages))) {
    throw foreignAnswer("TEXTIZEN", route, status);
  }
  throw new PlatformError("TEXTIZEN", "refused", `${route}: refused with ${status}`, {
    status: isNone ? 404 : status,
    mayHaveTaken: false,
    fieldMessages,
    platformMessage,
  });
}

/** Whether a failure inside a success says that the record of the route does not exist. */
function saysNone(route: Route, sentences: readonly string[]): boolean {
  const sentence = sentences.join("; ");
  const isAboutRecord = !route.startsWith("GET ") || namesRecordOf(route, sentence);
  return saysNoMore(sentence) || (isAboutRecord && NOT_FOUND_SENTENCE.test(sentence));
}

/** An answer of this route contains only tokens, and a token may be called `error`. */
const TOKENS = "GET /api/participants/{id}/tokens";
const ERROR_KEYS: ReadonlySet<string> = new Set(["error", "errors", "message", "status", "code", "success"]);

/** Sentences of gateways, which come in a `message` without other keys. */
const GATEWAY_STATUSES: ReadonlySet<number> = new Set([403, 405]);

/**
 * True if the body is an error of Textizen and contains nothing else (docs/platforms.md T-32), as Rails writes it:
 * `{"status":404,"error":"Not Found"}`. A `message` only, or other keys beside these, come from a gateway.
 */
function isFailure(body: unknown): boolean {
  return isJsonObject(body) && hasError(body) && hasNoOtherKeys(body);
}

/** False if the body may contain more than an error, such as a record. */
export function hasErrorKeysAlone(route: Route, body: JsonObject): boolean {
  return route !== TOKENS && hasNoOtherKeys(body);
}

function hasNoOtherKeys(body: JsonObject): boolean {
  // Asked of every answer, of which most have another key at once.
  for (const key in body) {
    if (!ERROR_KEYS.has(key)) {
      return false;
    }
  }
  return true;
}

function hasError({ error, errors }: JsonObject): boolean {
  return isFilled(error) || isFilled(errors);
}

function isFilled(value: unknown): boolean {
  return value !== undefined && value !== null && Object.keys(value).length > 0;
}

function isOwnForm(status: number, body: unknown, fieldMessages: Readonly<Record<string, string>>): boolean {
  const isError = isJsonObject(body) && (hasError(body) || ("message" in body && !GATEWAY_STATUSES.has(status)));
  return isError || Object.keys(fieldMessages).length > 0;
}

const MOST_FIELDS = 50;

/**
 * Collects a refusal's sentences. Their place is not documented: `error`, `errors` (a list or a map), `message`, or a
 * map of lists (docs/platforms.md T-13).
 */
function gather(body: unknown, sentences: string[], fieldMessages: Record<string, string>): void {
  if (!isJsonObject(body)) {
    return;
  }
  for (const value of [body["error"], body["message"], body["errors"]]) {
    for (const sentence of Array.isArray(value) ? value : [value]) {
      const clean = cleanMessage(sentence);
      if (clean !== null) {
        sentences.push(clean);
      }
    }
  }
  const errors = isJsonObject(body["errors"]) ? body["errors"] : body;
  for (const [field, value] of Object.entries(errors).slice(0, MOST_FIELDS)) {
    const isField = errors !== body || (Array.isArray(value) && field !== "errors");
    const clean = isField ? cleanMessage(Array.isArray(value) ? value.join(", ") : value) : null;
    if (clean !== null) {
      fieldMessages[field] = clean;
    }
  }
}
