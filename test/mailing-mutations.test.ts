import { describe, expect, test } from "vitest";
import { ANONYMOUS } from "../src/access/caller.ts";
import { Context } from "../src/context.ts";
import type { E164 } from "../src/phone.ts";
import { createMailing, updateMailing } from "../src/writes/mailing.ts";
import type { WriteTools } from "../src/writes/tools.ts";
import { errorsAt, type Stage, startStage } from "./support.ts";
import { payloadOf, run, wireOf, writesOf } from "./textizen-wire.ts";

const start = (env: Record<string, string> = {}) => startStage({ simulator: { people: 6, polls: 2 }, env });

const SEND_AT = "2099-03-14T19:26:53.895Z";
const LISTS = { groupIds: ["group:71", "group:77"], phoneNumbers: ["+14155551212", "+16515551212"] };
const WIRE_LISTS = { group_ids: [71, 77], phone_numbers_list: "14155551212,16515551212" };
const INPUT = { pollId: "poll:301", sendAt: SEND_AT, ...LISTS, idempotencyKey: "5f0c" };
const CREATE = "POST /api/polls/{id}/mailings";
const UPDATE = "PUT /api/mailings/{id}";

/** Gives a mailing of the world another time. */
function schedule({ simulator }: Stage, id: number, send_at: string | null): void {
  const { mailings } = simulator.world;
  const mailing = mailings.get(id);
  mailings.put({ ...(mailing as NonNullable<typeof mailing>), send_at });
}

/** What mutations work with, at a moment of the test's choice. */
function toolsAt({ app }: Stage, now: string): WriteTools {
  const services = { ...app.services, now: () => new Date(now) };
  const operation = {
    signal: new AbortController().signal,
    deadline: () => Infinity,
    fresh: false,
    caller: ANONYMOUS,
    limits: { calls: 100, objects: 100 },
  };
  return new Context(services, operation).writes;
}

describe("createMailing", () => {
  test("sends an instant in UTC, integers in a list and digits in a text", async () => {
    await using stage = await start();
    const selection = "isReplay mailing { id sendAt groups { id } recipients { phoneNumber } poll { id } }";
    expect(
      payloadOf(await run(stage, "createMailing", selection, { ...INPUT, sendAt: "2099-03-14T12:26:53.895-07:00" })),
    ).toEqual({
      isReplay: false,
      mailing: {
        id: expect.stringMatching(/^mailing:\d+$/),
        sendAt: SEND_AT,
        groups: [{ id: "group:71" }, { id: "group:77" }],
        recipients: [{ phoneNumber: "+14155551212" }, { phoneNumber: "+16515551212" }],
        poll: { id: "poll:301" },
      },
      userErrors: [],
    });
    expect(writesOf(stage)).toEqual([
      ["POST /api/polls/301/mailings", { mailing: { send_at: SEND_AT, ...WIRE_LISTS } }],
    ]);
  });

  test("writes the time of a zone's clocks, where one is set", async () => {
    await using stage = await start({ TEXTIZEN_SEND_AT_ZONE: "America/New_York" });
    for (const [sendAt, local] of [
      [SEND_AT, "2099-03-14T15:26:53.895"],
      ["2099-01-15T04:00:00Z", "2099-01-14T23:00:00.000"],
    ]) {
      const payload = payloadOf(
        await run(stage, "createMailing", "mailing { sendAt }", { ...INPUT, sendAt, idempotencyKey: sendAt }),
      );
      expect(payload["mailing"]).toEqual({ sendAt: new Date(String(sendAt)).toISOString() });
      expect(writesOf(stage)).toMatchObject([["POST /api/polls/301/mailings", { mailing: { send_at: local } }]]);
    }
  });

  test("with a key that was used tells the outcome again, and as the mailing is now", async () => {
    await using stage = await start();
    const selection = "isReplay mailing { id sendAt }";
    const first = payloadOf(await run(stage, "createMailing", selection, INPUT));
    const { id } = first["mailing"] as { id: string };
    schedule(stage, Number(id.slice("mailing:".length)), "2099-04-01T00:00:00.000Z");
    expect(payloadOf(await run(stage, "createMailing", selection, INPUT))).toEqual({
      isReplay: true,
      mailing: { id, sendAt: "2099-04-01T00:00:00.000Z" },
      userErrors: [],
    });
    expect(stage.simulator.ledger).toHaveLength(1);
  });

  test("asked twice at a time with one key is one mailing", async () => {
    await using stage = await start();
    const hold = stage.simulator.fault({ platform: "TEXTIZEN", route: CREATE, kind: "hold" });
    const first = run(stage, "createMailing", "isReplay mailing { id }", INPUT);
    await hold.arrived;
    const second = run(stage, "createMailing", "isReplay mailing { id }", INPUT);
    hold.release();
    const payloads = (await Promise.all([first, second])).map(payloadOf);
    expect(payloads).toMatchObject([{ isReplay: false }, { isReplay: true, mailing: payloads[0]?.["mailing"] }]);
    expect(stage.simulator.ledger).toHaveLength(1);
  });

  test("with a key of another input is refused", async () => {
    await using stage = await start();
    await run(stage, "createMailing", "", INPUT);
    const payload = payloadOf(
      await run(stage, "createMailing", "isReplay mailing { id }", { ...INPUT, pollId: "poll:302" }),
    );
    expect(payload).toMatchObject({
      isReplay: false,
      mailing: null,
      userErrors: [{ code: "IDEMPOTENCY_KEY_REUSED", field: ["input", "idempotencyKey"] }],
    });
    expect(stage.simulator.ledger).toHaveLength(1);
  });

  test.each(["reset-after-request", "malformed-json", "html-200"] as const)(
    "whose answer is lost (%s) is unknown, and stays so",
    async (kind) => {
      await using stage = await start();
      stage.simulator.fault({ platform: "TEXTIZEN", route: CREATE, kind, times: 1 });
      for (const field of [null, ["input", "idempotencyKey"]]) {
        expect(payloadOf(await run(stage, "createMailing", "isReplay mailing { id }", INPUT))).toMatchObject({
          mailing: null,
          userErrors: [{ code: "OUTCOME_UNKNOWN", field }],
        });
      }
      expect(writesOf(stage)).toHaveLength(1);
    },
  );

  test("that was refused frees its key", async () => {
    await using stage = await start();
    const bad = { ...INPUT, groupIds: ["group:1"] };
    expect(payloadOf(await run(stage, "createMailing", "", bad))).toMatchObject({
      userErrors: [{ code: "NOT_FOUND" }],
    });
    expect(payloadOf(await run(stage, "createMailing", "", INPUT))).toEqual({ userErrors: [] });
  });

  test("refused by Textizen names the arguments", async () => {
    await using stage = await start();
    const body = JSON.stringify({
      send_at: ["is too soon"],
      phone_numbers_list: ["is too long"],
      group_ids: ["are empty"],
    });
    stage.simulator.fault({ platform: "TEXTIZEN", route: CREATE, kind: "status", status: 422, body });
    expect(payloadOf(await run(stage, "createMailing", "", INPUT))["userErrors"]).toMatchObject([
      { code: "INVALID_INPUT", field: ["input", "sendAt"] },
      { code: "INVALID_INPUT", field: ["input", "phoneNumbers"] },
      { code: "INVALID_INPUT", field: ["input", "groupIds"] },
    ]);
  });

  test.each([
    [{ groupIds: [], phoneNumbers: null }, ["input"]],
    [{ sendAt: "2020-01-01T00:00:00Z" }, ["input", "sendAt"]],
    [{ pollId: "group:1" }, ["input", "pollId"]],
    [{ groupIds: ["group:71", "gr:9"] }, ["input", "groupIds", "1"]],
    [{ idempotencyKey: " " }, ["input", "idempotencyKey"]],
  ])("refuses %j before anything is sent", async (bad, field) => {
    await using stage = await start();
    const payload = payloadOf(await run(stage, "createMailing", "mailing { id }", { ...INPUT, ...bad }));
    expect(payload).toMatchObject({ mailing: null, userErrors: [{ code: "INVALID_INPUT", field }] });
    expect(wireOf(stage)).toEqual([]);
  });

  test("takes this very moment for a time to come, and a used key's outcome for good when it has passed", async () => {
    await using stage = await start();
    const input = { pollId: "poll:301", sendAt: new Date(SEND_AT), phoneNumbers: ["+14155551212" as E164] };
    const at = (now: string, idempotencyKey: string) =>
      createMailing(toolsAt(stage, now), { ...input, idempotencyKey });
    expect(await at("2099-03-14T19:26:53.896Z", "late")).toMatchObject({ userErrors: [{ code: "INVALID_INPUT" }] });
    expect(await at(SEND_AT, "now")).toMatchObject({ isReplay: false, userErrors: [] });
    expect(await at("2099-03-14T20:00:00Z", "now")).toMatchObject({ isReplay: true, userErrors: [] });
  });
});

describe("updateMailing", () => {
  const ID = { id: "mailing:5002" };

  test("sends what is given, and reads back only where more than the id is asked for", async () => {
    await using stage = await start();
    const put = ["PUT /api/mailings/5002", { mailing: { send_at: SEND_AT, ...WIRE_LISTS } }];
    const input = { ...ID, sendAt: SEND_AT, ...LISTS };
    expect(payloadOf(await run(stage, "updateMailing", "mailing { id }", input))).toEqual({
      mailing: ID,
      userErrors: [],
    });
    expect(wireOf(stage)).toEqual([put]);
    const mailing = { sendAt: SEND_AT, recipientCount: 2 };
    expect(payloadOf(await run(stage, "updateMailing", "mailing { sendAt recipientCount }", input))).toEqual({
      mailing,
      userErrors: [],
    });
    expect(wireOf(stage)).toEqual([put, ["GET /api/mailings/5002", {}]]);
  });

  test("without a time sends the stored one again", async () => {
    await using stage = await start();
    schedule(stage, 5002, SEND_AT);
    await run(stage, "updateMailing", "mailing { id }", { ...ID, groupIds: ["group:71"] });
    expect(wireOf(stage)).toEqual([
      ["GET /api/mailings/5002", {}],
      ["PUT /api/mailings/5002", { mailing: { send_at: SEND_AT, group_ids: [71] } }],
    ]);
  });

  test.each([
    ["has passed", "2026-01-12T15:00:00.000Z"],
    ["is not set", null],
    ["cannot be read", "soon"],
  ])("without a time is refused where the stored one %s", async (_why, sendAt) => {
    await using stage = await start();
    schedule(stage, 5002, sendAt);
    const payload = payloadOf(await run(stage, "updateMailing", "mailing { id }", { ...ID, groupIds: ["group:71"] }));
    expect(payload).toMatchObject({
      mailing: null,
      userErrors: [{ code: "INVALID_INPUT", field: ["input", "sendAt"] }],
    });
    expect(writesOf(stage)).toEqual([]);
  });

  test("without a time is not sent where the stored one is not told", async () => {
    await using stage = await start();
    expect(payloadOf(await run(stage, "updateMailing", "", { id: "mailing:1", groupIds: [] }))).toMatchObject({
      userErrors: [{ code: "NOT_FOUND", field: ["input", "id"] }],
    });
    stage.simulator.fault({ platform: "TEXTIZEN", route: "GET /api/mailings/{id}", kind: "status", status: 500 });
    expect(errorsAt(await run(stage, "updateMailing", "", { ...ID, groupIds: [] }))).toEqual({
      updateMailing: "PLATFORM_UNAVAILABLE",
    });
    expect(writesOf(stage)).toEqual([]);
  });

  test.each([
    [
      { groupIds: null, phoneNumbers: ["+14155551212"] },
      { groups: [], recipientCount: 1 },
    ],
    [{ groupIds: [] }, { groups: [], recipientCount: 3 }],
    [
      { phoneNumbers: null, groupIds: ["group:71"] },
      { groups: [{ id: "group:71" }], recipientCount: null },
    ],
    [{ phoneNumbers: [] }, { groups: [{ id: "group:71" }], recipientCount: null }],
  ])("clears a list (%j), and reads back once that it is", async (lists, mailing) => {
    await using stage = await start();
    const { mailings } = stage.simulator.world;
    const stored = { group_ids: [71], phone_numbers_list: "14155551212,14155551213,14155551214" };
    mailings.put({ ...(mailings.get(5002) as NonNullable<ReturnType<typeof mailings.get>>), ...stored });
    const input = { ...ID, sendAt: SEND_AT, ...lists };
    const selection = "mailing { groups { id } recipientCount }";
    expect(payloadOf(await run(stage, "updateMailing", selection, input))).toEqual({ mailing, userErrors: [] });
    const calls = stage.calls().filter((call) => call !== "TEXTIZEN GET /api/groups");
    const read = "TEXTIZEN GET /api/mailings/{id}";
    // Whom it texts by number already is read first where that is to stay.
    expect(calls).toEqual([...("phoneNumbers" in lists ? [] : [read]), `TEXTIZEN ${UPDATE}`, read]);
  });

  test.each(["groupIds", "phoneNumbers"])("tells that Textizen did not clear %s, saying yes", async (list) => {
    await using stage = await start();
    await run(stage, "updateMailing", "", { ...ID, sendAt: SEND_AT, ...LISTS });
    stage.simulator.fault({ platform: "TEXTIZEN", route: UPDATE, kind: "status", status: 204 });
    const input = { ...ID, sendAt: SEND_AT, [list]: [] };
    expect(payloadOf(await run(stage, "updateMailing", "mailing { id }", input))).toMatchObject({
      mailing: null,
      userErrors: [{ code: "NOT_APPLIED", field: ["input", list] }],
    });
  });

  test("stays accepted where the cleared lists cannot be read back", async () => {
    await using stage = await start();
    stage.simulator.fault({ platform: "TEXTIZEN", route: "GET /api/mailings/{id}", kind: "status", status: 500 });
    const answer = await run(stage, "updateMailing", "mailing { id sendAt }", {
      ...ID,
      sendAt: SEND_AT,
      groupIds: [],
      phoneNumbers: ["+14155551212"],
    });
    expect(answer.data.updateMailing).toEqual({ mailing: { ...ID, sendAt: null }, userErrors: [] });
    expect(errorsAt(answer)).toEqual({ "updateMailing.mailing.sendAt": "PLATFORM_UNAVAILABLE" });
  });

  test.each([
    [{}, ["input"]],
    [{ groupIds: [], phoneNumbers: null }, ["input"]],
    [{ sendAt: null, groupIds: ["group:71"] }, ["input", "sendAt"]],
    [{ sendAt: "2020-01-01T00:00:00Z" }, ["input", "sendAt"]],
    [{ sendAt: SEND_AT, groupIds: ["gr:1"] }, ["input", "groupIds", "0"]],
    [{ id: "poll:1", sendAt: SEND_AT }, ["input", "id"]],
  ])("refuses %j before anything is sent", async (bad, field) => {
    await using stage = await start();
    expect(payloadOf(await run(stage, "updateMailing", "mailing { id }", { ...ID, ...bad }))).toMatchObject({
      mailing: null,
      userErrors: [{ code: "INVALID_INPUT", field }],
    });
    expect(wireOf(stage)).toEqual([]);
  });

  test("takes a stored time of this very moment for one to come", async () => {
    await using stage = await start();
    schedule(stage, 5002, SEND_AT);
    const at = (now: string) => updateMailing(toolsAt(stage, now), { ...ID, groupIds: ["group:71"] });
    expect(await at(SEND_AT)).toMatchObject({ userErrors: [] });
    expect(await at("2099-03-14T19:26:53.896Z")).toMatchObject({ userErrors: [{ field: ["input", "sendAt"] }] });
  });
});
