import { PlatformError } from "../errors.ts";
import type { Answer } from "../rest/answer.ts";
import { cleanMessage, isJsonObject } from "../rest/decode.ts";
import type { Route } from "../rest/exchange.ts";

/**
 * Throws if Textizen did not do what was asked: `unauthorized` for 401, `refused` with Textizen's sentences for every
 * other 4xx.
 */
export function needAccepted(route: Route, { status, body }: Answer): void {
  if (status < 300) {
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
  throw new PlatformError("TEXTIZEN", "refused", `${route}: refused with ${status}`, {
    status,
    mayHaveTaken: false,
    fieldMessages,
    ...(platformMessage === null ? {} : { platformMessage }),
  });
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
