import { describe, expect, test } from "vitest";
import { PlatformError, type PlatformErrorDetails, type PlatformErrorReason } from "../src/errors.ts";
import type { WriteKind } from "../src/rest/calls.ts";
import { type CallKind, combine, delayBeforeRepeat, isWorthRenewal } from "../src/rest/repeats.ts";
import { connect, SEND } from "./calls.ts";
import { closedUrl, createWriteScope, failureOf, sendJson, startUpstream } from "./upstream.ts";

const fail = (reason: PlatformErrorReason, details: PlatformErrorDetails = {}) =>
  new PlatformError("TEXTIZEN", reason, "it failed", details);

const KINDS = ["read", "read-by-post", "send", "creation", "change"] as const satisfies readonly CallKind[];
const TIMES = { spareMilliseconds: 5_000, random: () => 0.5 };

/** How often in all a call of each kind is made that always fails so. */
const attemptsOf = (error: PlatformError) =>
  KINDS.map((kind) => {
    let attempts = 1;
    while (delayBeforeRepeat(kind, error, attempts, TIMES) !== null) {
      attempts += 1;
    }
    return attempts;
  });

test.each([
  ["no connection", fail("unreachable", { mayHaveTaken: false }), [3, 1, 2, 2, 2]],
  ["no free connection", fail("not-asked", { mayHaveTaken: false }), [3, 1, 2, 2, 2]],
  ["a connection that was cut before an answer", fail("unreachable"), [3, 1, 1, 1, 2]],
  ["no answer in time", fail("timeout"), [3, 1, 1, 1, 2]],
  ["an answer that was cut", fail("unreachable", { status: 200 }), [3, 1, 1, 1, 1]],
  ["500", fail("unreachable", { status: 500 }), [1, 1, 1, 1, 1]],
  ["503", fail("unreachable", { status: 503 }), [3, 1, 1, 1, 1]],
  ["503 with a time that fits", fail("unreachable", { status: 503, retryAfterSeconds: 2 }), [3, 1, 1, 1, 1]],
  ["429 with a time that fits", fail("rate-limited", { retryAfterSeconds: 2, mayHaveTaken: false }), [3, 1, 2, 2, 2]],
  ["429 with a time that does not fit", fail("rate-limited", { retryAfterSeconds: 5 }), [1, 1, 1, 1, 1]],
  ["429 without a time", fail("rate-limited"), [1, 1, 1, 1, 1]],
  ["a refusal", fail("refused", { status: 422, mayHaveTaken: false }), [1, 1, 1, 1, 1]],
  ["an answer that cannot be read", fail("shape"), [1, 1, 1, 1, 1]],
  ["nobody who waits", fail("cancelled"), [1, 1, 1, 1, 1]],
  ["no credentials", fail("not-configured", { mayHaveTaken: false }), [1, 1, 1, 1, 1]],
])(
  "by the table, after %s a read, a read by POST, a send, a creation and a change are made %j times",
  (_failure, error, attempts) => {
    expect(attemptsOf(error)).toEqual(attempts);
  },
);

test("only a session that ended is worth a new one, and not for the sign-in itself", () => {
  const ended = fail("unauthorized", { status: 401, mayHaveTaken: false });
  expect(KINDS.map((kind) => isWorthRenewal(kind, ended))).toEqual([true, false, true, true, true]);
  expect(isWorthRenewal("read", fail("shape", { status: 302 }))).toBe(false);
});

test("no failure without proof that nothing was done lets a send or a creation be made again", () => {
  const reasons: PlatformErrorReason[] = ["timeout", "not-asked", "unreachable", "shape", "refused", "unauthorized"];
  for (const reason of [...reasons, "rate-limited", "suspended", "overloaded", "cancelled"] as const) {
    for (const status of [null, 200, 302, 401, 403, 404, 429, 500, 502, 503]) {
      for (const kind of ["send", "creation"] as const) {
        const error = fail(reason, { status, retryAfterSeconds: 0, mayHaveTaken: true });
        expect([delayBeforeRepeat(kind, error, 1, TIMES), isWorthRenewal(kind, error)]).toEqual([null, false]);
      }
    }
  }
});

describe("what two attempts say together:", () => {
  const lost = fail("unreachable");

  test("a refusal after a lost answer proves nothing about the first", () => {
    const gone = fail("refused", { status: 404, mayHaveTaken: false, platformMessage: "User not found." });
    const together = combine(lost, gone);
    expect(together).toMatchObject({ reason: "refused", status: 404, mayHaveTaken: true, message: "it failed" });
    expect(together).toMatchObject({ platformMessage: "User not found." });
  });

  test.each([
    ["was asked to wait", fail("rate-limited", { mayHaveTaken: false })],
    ["was not begun", fail("not-asked", { mayHaveTaken: false })],
    ["was forbidden by a check of ours", new Error("opted out")],
  ])("the first counts if the second %s", (_what, second) => {
    expect(combine(lost, second)).toBe(lost);
  });

  test("the second counts if the first proves that it was not taken, or if both are in doubt", () => {
    const refused = fail("refused", { mayHaveTaken: false });
    expect(combine(fail("unreachable", { mayHaveTaken: false }), refused)).toBe(refused);
    const late = fail("timeout");
    expect(combine(lost, late)).toBe(late);
  });
});

test.each<WriteKind>(["send", "creation"])(
  "a %s without a connection is made twice, and no byte goes out",
  async (kind) => {
    await using transport = connect(await closedUrl());
    const scope = createWriteScope({ kind });
    expect(await failureOf(transport.write(SEND, scope))).toMatchObject({ reason: "unreachable", mayHaveTaken: false });
    expect(scope.calls).toHaveLength(2);
  },
);

test("a change whose answer was lost is made once more, and is in doubt if that is refused", async () => {
  await using upstream = await startUpstream((_request, response) => {
    if (upstream.requests.length === 1) {
      response.socket?.destroy();
    } else {
      sendJson(response, {}, 200);
    }
  });
  await using transport = connect(upstream.url);
  const decode = () => {
    throw fail("refused", { status: 404, mayHaveTaken: false });
  };
  const error = await failureOf(transport.write({ ...SEND, decode }, createWriteScope({ kind: "change" })));
  expect(error).toMatchObject({ reason: "refused", status: 404, mayHaveTaken: true });
  expect(upstream.requests).toHaveLength(2);
});
