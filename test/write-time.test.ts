import type { ServerResponse } from "node:http";
import { setTimeout as wait } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import type { AppOptions } from "../src/app.ts";
import { send, stateOf, timesTaken, wordOf } from "./sends.ts";
import { type Answer, errorsAt, type Stage, startStage } from "./support.ts";
import { type Received, sendJson, startUpstream } from "./upstream.ts";

const LEASE_MS = 10_000;
const MAILING = { pollId: "poll:1", sendAt: "2099-01-01T00:00:00Z", groupIds: ["group:1"], idempotencyKey: "k" };

const createMailing = ({ query }: Stage): Promise<Answer> =>
  query("mutation ($input: CreateMailingInput!) { createMailing(input: $input) { userErrors { code } } }", {
    input: MAILING,
  });

describe("a mailing that is refused with 401, and whose sign-in outlasts the lease,", () => {
  /** A Textizen that refuses its first token; what `onRenewal` says happens before it gives the second. */
  async function run(
    onRenewal: (stage: Stage) => Promise<void>,
    check: (stage: Stage, answer: Answer) => Promise<void>,
  ) {
    let time = Date.UTC(2026, 0, 1);
    let signIns = 0;
    const posts: number[] = [];
    const answer = async ({ path, body }: Received, response: ServerResponse) => {
      if (path.endsWith("/sign_in")) {
        signIns += 1;
        if (signIns === 2) {
          time += LEASE_MS;
          await onRenewal(stage);
        }
        sendJson(response, { auth_token: `t${signIns}` });
      } else {
        posts.push(body.includes('"t1"') ? 401 : 201);
        sendJson(response, { id: 9 }, posts.at(-1));
      }
    };
    await using upstream = await startUpstream(answer);
    const env = { TEXTIZEN_BASE_URL: upstream.url };
    await using stage = await startStage({ env, app: { now: () => new Date(time) } });
    const first = await createMailing(stage);
    await check(stage, first);
    return posts;
  }

  test("is sent once in all, though an operator freed its key meanwhile", async () => {
    const posts = await run(
      async ({ app }) =>
        expect(await app.services.attempts.resolve("k", { state: "REFUSED", by: "operator" })).toMatchObject({
          kind: "settled",
        }),
      async (stage, first) => {
        expect(errorsAt(first)).toEqual({ createMailing: "PLATFORM_TIMEOUT" });
        expect((await createMailing(stage)).data).toEqual({ createMailing: { userErrors: [] } });
        expect(await stateOf(stage.app.url, "k")).toBe("ACCEPTED");
      },
    );
    expect(posts).toEqual([401, 201]);
  });

  test("was not sent, and frees its key itself, though it was found unknown meanwhile", async () => {
    const posts = await run(
      async ({ app }) => expect(await app.services.attempts.find("k")).toMatchObject({ state: "UNKNOWN" }),
      async (stage) => expect(await stateOf(stage.app.url, "k")).toBe("REFUSED"),
    );
    expect(posts).toEqual([401]);
  });
});

describe("a send", () => {
  const startSends = (env: Record<string, string>, app: AppOptions = {}) =>
    startStage({ simulator: { people: 3, polls: 0, responsesPerPoll: 0 }, env, app });

  test("that is not answered is unknown to its client before the mutation's time is over", async () => {
    await using stage = await startSends({ MUTATION_TIMEOUT_MS: "2000" });
    stage.simulator.fault({ platform: "PIDJ", route: "POST /send", kind: "hang" });
    const began = performance.now();
    expect(wordOf(await send(stage.app.url, "k"))).toBe("OUTCOME_UNKNOWN");
    expect(performance.now() - began).toBeLessThan(2_000);
    expect(await stateOf(stage.app.url, "k")).toBe("UNKNOWN");
  });

  test("that has less than a second left is not begun, and its key is free", async () => {
    await using stage = await startSends({ MUTATION_TIMEOUT_MS: "2000" }, { pauseAt: () => wait(500) });
    const answer = await send(stage.app.url, "k");
    expect(wordOf(answer)).toBe("PLATFORM_TIMEOUT");
    expect(answer.errors?.[0]?.message).toBe("Pidj was not asked: too little time was left to hear its answer.");
    expect(stage.calls()).toEqual([]);
    expect(await stateOf(stage.app.url, "k")).toBe("REFUSED");
  });

  test("and an update can be made in the least time that a mutation may be given", async () => {
    await using stage = await startSends({ MUTATION_TIMEOUT_MS: "1200", SEND_TIMEOUT_MS: "200" });
    expect(wordOf(await send(stage.app.url, "k"))).toBe("sent");
    const [contact] = stage.simulator.world.contacts.values();
    const update = `mutation { updateContact(input: { id: "${contact?.id}", firstName: "Ada" }) { userErrors { code } } }`;
    expect((await stage.query(update)).data).toEqual({ updateContact: { userErrors: [] } });
  });

  test("has the time of a mutation, not that of a query", async () => {
    await using stage = await startSends({ QUERY_TIMEOUT_MS: "800" });
    expect(wordOf(await send(stage.app.url, "k"))).toBe("sent");
  });

  test("that is asked to wait, for no longer than it may, is made once more, and taken once", async () => {
    await using stage = await startSends({});
    const headers = { "retry-after": "0" };
    stage.simulator.fault({ platform: "PIDJ", route: "POST /send", kind: "status", status: 429, headers, times: 1 });
    expect(wordOf(await send(stage.app.url, "k"))).toBe("sent");
    expect(stage.calls().filter((call) => call === "PIDJ POST /send")).toHaveLength(2);
    expect(timesTaken(stage.simulator.ledger, "k")).toBe(1);
  });
});

test("a change that may have been made is not called refused by its repeat's 429", async () => {
  const calls: string[] = [];
  await using upstream = await startUpstream(({ method }, response) => {
    calls.push(method);
    if (calls.length === 1) {
      response.socket?.destroy();
    } else {
      sendJson(response, {}, 429);
    }
  });
  await using stage = await startStage({ env: { PIDJ_BASE_URL: upstream.url } });
  const answer = await stage.query(`mutation { deleteContact(input: { id: "co:1" }) { deletedId } }`);
  expect(errorsAt(answer)).toEqual({ deleteContact: "PLATFORM_UNAVAILABLE" });
  // The read is to verify it, and says nothing either.
  expect(calls).toEqual(["DELETE", "DELETE", "GET"]);
});

const SETTLED = "a person settled an attempt otherwise than the platform: ";

describe("an attempt that a person settled before the platform's answer was recorded", () => {
  test.each([
    [
      "REFUSED",
      "POST /send",
      undefined,
      [`${SETTLED}sendMessage: set to REFUSED, and the platform's answer came as ACCEPTED`],
    ],
    [
      "ACCEPTED",
      "POST /send",
      "failure-in-200",
      [`${SETTLED}sendMessage: set to ACCEPTED, and the platform's answer came as REFUSED`],
    ],
    ["ACCEPTED", "POST /send", undefined, []],
    ["REFUSED", "POST /send", "reset-after-request", []],
  ] as const)("as %s stays so, and a difference is warned of (%s, %s)", async (state, route, kind, expected) => {
    let time = Date.UTC(2026, 0, 1);
    const warnings: unknown[] = [];
    await using stage = await startStage({
      simulator: { people: 3, polls: 0, responsesPerPoll: 0 },
      app: { now: () => new Date(time) },
    });
    const { services } = stage.app;
    Object.assign(services, { warn: (message: string) => warnings.push(message) });
    const hold = stage.simulator.fault({ platform: "PIDJ", route, kind: "hold" });
    if (kind !== undefined) {
      stage.simulator.fault({ platform: "PIDJ", route, kind });
    }
    const sending = send(stage.app.url, "k");
    await hold.arrived;
    time += LEASE_MS;
    expect(await services.attempts.resolve("k", { state, by: "operator" })).toMatchObject({ kind: "settled" });
    hold.release();
    await sending;
    expect(await stateOf(stage.app.url, "k")).toBe(state);
    expect(warnings).toEqual(expected);
  });
});
