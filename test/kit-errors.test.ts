import { readdirSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { adviceOnError, ERROR_CODES } from "../kit/client/error-codes.ts";
import { InboxDocument, SendMessageDocument } from "../kit/client/index.ts";
import { type Outcome, retryDelay } from "../kit/client/retry.ts";
import { adviceOnUserError, USER_ERROR_CODES } from "../kit/client/user-error-codes.ts";
import { buildSchema } from "../src/operations/schema.ts";

/** The codes in the server's own source. */
function codesOfServer(): string[] {
  const files = ["operations", "server", "live", "loaders", "events", "access", "."].flatMap((room) => {
    const folder = new URL(`../src/${room}/`, import.meta.url);
    return readdirSync(folder)
      .filter((name) => name.endsWith(".ts"))
      .map((name) => readFileSync(new URL(name, folder), "utf8"));
  });
  const codes = files.flatMap((text) =>
    Array.from(text.matchAll(/(?:\bcode: |failure\(\s*\d+,\s*)"([A-Z_]{6,})"/g), ([, code = ""]) => code),
  );
  // The parser's, the validator's and Apollo's own.
  return [...codes, "GRAPHQL_PARSE_FAILED", "GRAPHQL_VALIDATION_FAILED", "PERSISTED_QUERY_NOT_FOUND"];
}

test("the kit has advice on every error code of the server, and on no other", () => {
  expect([...ERROR_CODES].sort()).toEqual([...new Set(codesOfServer())].sort());
  const codes = buildSchema().getType("MessagingUserErrorCode")?.toConfig() as { values: object };
  expect([...USER_ERROR_CODES].sort()).toEqual(Object.keys(codes.values).sort());
  for (const advice of [...ERROR_CODES.map(adviceOnError), ...USER_ERROR_CODES.map(adviceOnUserError)]) {
    expect(advice.show).toMatch(/^[A-Z].*\.$/);
    // What a program repeats by itself, it repeats with the same key.
    expect(advice.retry !== "program" || advice.key === "same").toBe(true);
  }
  expect(adviceOnUserError("OUTCOME_UNKNOWN")).toMatchObject({ retry: "never", key: "same" });
  // A newer server's.
  expect(adviceOnError("toString").retry).toBe("person");
  expect(adviceOnUserError("SOMETHING_NEW").retry).toBe("never");
});

const failed = (code: string, more: object = {}): Outcome => ({
  data: { sendMessage: null },
  errors: [{ path: ["sendMessage"], extensions: { code, retryable: true, ...more } }],
});
const refused = (code: string): Outcome => ({ data: { sendMessage: { message: null, userErrors: [{ code }] } } });

test.for<[string, Outcome, number | null]>([
  ["no answer", { networkError: new TypeError("fetch failed") }, 500],
  ["a proxy's failure", { networkError: { statusCode: 502 } }, 500],
  ["a proxy's refusal", { networkError: { statusCode: 403 } }, null],
  ["a cancelled request", { networkError: new DOMException("", "AbortError") }, null],
  ["a platform that is not asked", failed("PLATFORM_UNAVAILABLE", { retryAfter: 3 }), 3_500],
  ["a wait that is too long for a person", failed("RATE_LIMITED", { retryAfter: 60 }), null],
  ["an input that is wrong", failed("BAD_USER_INPUT", { retryable: false }), null],
  ["a bug of the server", failed("INTERNAL_SERVER_ERROR"), null],
  ["a send under way", refused("ATTEMPT_IN_PROGRESS"), 500],
  ["an unknown outcome", refused("OUTCOME_UNKNOWN"), null],
  ["a person who opted out", refused("RECIPIENT_OPTED_OUT"), null],
  ["success", { data: { sendMessage: { message: {}, userErrors: [] } } }, null],
  [
    "success of which a part could not be read",
    {
      data: { sendMessage: { message: null, userErrors: [] } },
      errors: [{ path: ["sendMessage", "message", "to", "displayName"], extensions: { code: "PLATFORM_TIMEOUT" } }],
    },
    null,
  ],
])("a send is tried again or not after %s", ([, outcome, delay]) => {
  const variables = { input: { idempotencyKey: "k" } };
  const options = { random: () => 1 };
  expect(retryDelay({ document: SendMessageDocument, variables, tries: 1 }, outcome, options)).toBe(delay);
  // Never without a key, and not for ever.
  expect(retryDelay({ document: SendMessageDocument, variables: { input: {} }, tries: 1 }, outcome)).toBe(null);
  expect(retryDelay({ document: SendMessageDocument, variables, tries: 5 }, outcome)).toBe(null);
});

test("a page is asked for again if all of it failed, and shown if a part is there", () => {
  const request = { document: InboxDocument, variables: {}, tries: 2 };
  const errors = [{ path: ["receivedMessages"], extensions: { code: "PLATFORM_TIMEOUT", retryable: true } }];
  expect(retryDelay(request, { data: null, errors }, { random: () => 0 })).toBe(500);
  expect(retryDelay(request, { data: { eventCursor: "1", receivedMessages: null }, errors })).toBe(null);
});
