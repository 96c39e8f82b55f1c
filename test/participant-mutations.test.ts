import { describe, expect, test } from "vitest";
import type { Shapes } from "../src/simulator/shapes.ts";
import { errorsAt, startStage } from "./support.ts";
import { payloadOf, run, wireOf, writesOf } from "./textizen-wire.ts";

const start = (shapes: Partial<Shapes> = {}, env: Record<string, string> = {}) =>
  startStage({ simulator: { people: 6, polls: 1, shapes }, env });

const GET_PARTICIPANT = ["GET /api/participants/1001", {}];

describe("createParticipant", () => {
  const input = { phoneNumber: "+14155551212", name: "Jane Q Public", campaignId: "campaign:12" };

  test("sends digits without the plus, and the campaign outside the wrapper", async () => {
    await using stage = await start();
    const selection = "participant { id name phoneNumber isSubscribed campaign { id } }";
    expect(payloadOf(await run(stage, "createParticipant", selection, input))).toEqual({
      participant: {
        id: expect.stringMatching(/^participant:\d+$/),
        name: "Jane Q Public",
        phoneNumber: "+14155551212",
        isSubscribed: true,
        campaign: { id: "campaign:12" },
      },
      userErrors: [],
    });
    expect(writesOf(stage)).toEqual([
      [
        "POST /api/participants",
        { participant: { phone_number: "14155551212", name: "Jane Q Public" }, campaign_id: 12 },
      ],
    ]);
  });

  test("gives the participant who has the number already, where Textizen does", async () => {
    await using stage = await start({ existingParticipant: "record" });
    const answer = await run(stage, "createParticipant", "participant { id name }", {
      ...input,
      phoneNumber: "+12015554821",
    });
    expect(payloadOf(answer)).toEqual({
      participant: { id: "participant:1001", name: "Jettie Kuhic" },
      userErrors: [],
    });
  });

  test("says that the number is taken, where Textizen refuses it", async () => {
    await using stage = await start({ existingParticipant: "refused" });
    const answer = await run(stage, "createParticipant", "participant { id }", {
      ...input,
      phoneNumber: "+12015554821",
    });
    expect(payloadOf(answer)).toEqual({
      participant: null,
      userErrors: [
        { code: "ALREADY_EXISTS", field: ["input", "phoneNumber"], message: "phone_number has already been taken" },
      ],
    });
  });

  test("reads what was written where the answer does not say it", async () => {
    await using stage = await start();
    const rewrite = (json: unknown) => ({ id: (json as { id: number }).id, created_at: "2026-01-01T00:00:00Z" });
    stage.simulator.fault({ platform: "TEXTIZEN", route: "POST /api/participants", kind: "rewrite", rewrite });
    const selection = "participant { name phoneNumber displayPhoneNumber createdAt }";
    expect(payloadOf(await run(stage, "createParticipant", selection, input))).toEqual({
      participant: {
        name: "Jane Q Public",
        phoneNumber: "+14155551212",
        displayPhoneNumber: "14155551212",
        createdAt: "2026-01-01T00:00:00.000Z",
      },
      userErrors: [],
    });
    expect(wireOf(stage)).toHaveLength(2);
  });

  test("makes a person who is found by number, though the list was kept before", async () => {
    await using stage = await start();
    const find = async () => {
      const { data } = await stage.query(`{ person(phoneNumber: "+14155551212") { participant { name } } }`);
      return data.person.participant;
    };
    expect(await find()).toBeNull();
    await run(stage, "createParticipant", "participant { id }", input);
    expect(await find()).toEqual({ name: "Jane Q Public" });
  });
});

describe("updateParticipant", () => {
  const input = { id: "participant:1001", name: "Katherine", phoneNumber: "+14155551213" };
  const values = { phone_number: "14155551213", name: "Katherine" };
  const selection = "participant { id name phoneNumber groups { id } }";

  test.each([
    ["at the top, as the example has them", "top", values],
    ["in their wrapper, where that is set", "wrapped", { participant: values }],
  ] as const)("sends the values %s", async (_where, form, body) => {
    await using stage = await start({ participantUpdate: form }, { TEXTIZEN_PARTICIPANT_UPDATE: form });
    expect(payloadOf(await run(stage, "updateParticipant", selection, input))).toEqual({
      participant: { ...input, groups: [{ id: "group:72" }, { id: "group:76" }] },
      userErrors: [],
    });
    expect(wireOf(stage).slice(0, 2)).toEqual([["PUT /api/participants/1001", body], GET_PARTICIPANT]);
  });

  test("reads the participant once, to compare and to answer", async () => {
    await using stage = await start();
    await run(stage, "updateParticipant", "participant { name isSubscribed createdAt }", input);
    expect(stage.calls()).toEqual(["TEXTIZEN PUT /api/participants/{id}", "TEXTIZEN GET /api/participants/{id}"]);
  });

  test("that Textizen passes over without a word is told field by field", async () => {
    await using stage = await start({ participantUpdate: "ignored" });
    const payload = payloadOf(await run(stage, "updateParticipant", selection, input));
    expect(payload).toMatchObject({
      participant: null,
      userErrors: [
        { code: "NOT_APPLIED", field: ["input", "phoneNumber"] },
        { code: "NOT_APPLIED", field: ["input", "name"] },
      ],
    });
  });

  test("of a name alone is not compared by the number", async () => {
    await using stage = await start({ participantUpdate: "ignored" });
    const payload = payloadOf(await run(stage, "updateParticipant", selection, { id: input.id, name: "Katherine" }));
    expect(payload["userErrors"]).toMatchObject([{ code: "NOT_APPLIED", field: ["input", "name"] }]);
  });

  test("of a masked number is taken at Textizen's word", async () => {
    await using stage = await start({ participantUpdate: "ignored" });
    const { participants } = stage.simulator.world;
    const participant = participants.get(1001);
    participants.put({ ...(participant as NonNullable<typeof participant>), is_masked: true });
    const change = { id: input.id, phoneNumber: input.phoneNumber };
    expect(payloadOf(await run(stage, "updateParticipant", "participant { id phoneNumber }", change))).toEqual({
      participant: { id: "participant:1001", phoneNumber: null },
      userErrors: [],
    });
  });

  test("of a name that was there before is no failure", async () => {
    await using stage = await start({ participantUpdate: "ignored" });
    const payload = payloadOf(await run(stage, "updateParticipant", "", { id: input.id, name: "Jettie Kuhic" }));
    expect(payload["userErrors"]).toEqual([]);
  });

  test("stays accepted where it cannot be read back", async () => {
    await using stage = await start();
    stage.simulator.fault({ platform: "TEXTIZEN", route: "GET /api/participants/{id}", kind: "status", status: 500 });
    const answer = await run(stage, "updateParticipant", "participant { id name }", input);
    expect(answer.data).toEqual({
      updateParticipant: { participant: { id: "participant:1001", name: null }, userErrors: [] },
    });
    expect(errorsAt(answer)).toEqual({ "updateParticipant.participant.name": "PLATFORM_UNAVAILABLE" });
  });

  test("is seen by a field behind it in the same operation, and by the next operation", async () => {
    await using stage = await start();
    await stage.query("{ participants { totalCount } }");
    const { data } = await stage.query(`mutation {
      first: updateParticipant(input: { id: "participant:1001", name: "A" }) { participant { name } }
      second: updateParticipant(input: { id: "participant:1001", name: "B" }) { participant { name } }
    }`);
    expect(data).toEqual({ first: { participant: { name: "A" } }, second: { participant: { name: "B" } } });
    const later = await stage.query(`{ person(phoneNumber: "+12015554821") { participant { name } } }`);
    expect(later.data.person.participant).toEqual({ name: "B" });
  });

  test.each([
    [{ id: "participant:1001" }, ["input"]],
    [{ id: "participant:1001", phoneNumber: null, name: "A" }, ["input", "phoneNumber"]],
    [{ id: "person:+14155551212", name: "A" }, ["input", "id"]],
  ])("refuses %j before anything is sent", async (bad, field) => {
    await using stage = await start();
    const payload = payloadOf(await run(stage, "updateParticipant", "participant { id }", bad));
    expect(payload).toMatchObject({ participant: null, userErrors: [{ code: "INVALID_INPUT", field }] });
    expect(wireOf(stage)).toEqual([]);
  });
});

describe("group membership", () => {
  const both = "participant { id groups { id } } group { id }";
  const joins = { participantId: "participant:1001", groupId: "group:71" };
  const leaves = { participantId: "participant:1001", groupId: "group:72" };

  test("is begun with the group's id in its wrapper", async () => {
    await using stage = await start();
    expect(payloadOf(await run(stage, "addParticipantToGroup", both, joins))).toEqual({
      participant: { id: "participant:1001", groups: [{ id: "group:72" }, { id: "group:76" }, { id: "group:71" }] },
      group: { id: "group:71" },
      userErrors: [],
    });
    expect(wireOf(stage)).toEqual([
      ["POST /api/participants/1001/subscriptions", { subscription: { group_id: 71 } }],
      GET_PARTICIPANT,
    ]);
  });

  test.each([
    ["in its wrapper, as the example has it", "wrapped", { subscription: { group_id: 72 } }],
    ["at the top, where that is set", "top", { group_id: 72 }],
  ] as const)("is ended with the group's id %s", async (_where, form, body) => {
    await using stage = await start({ unsubscribe: form }, { TEXTIZEN_UNSUBSCRIBE: form });
    expect(payloadOf(await run(stage, "removeParticipantFromGroup", both, leaves))).toEqual({
      participant: { id: "participant:1001", groups: [{ id: "group:76" }] },
      group: { id: "group:72" },
      userErrors: [],
    });
    expect(wireOf(stage)).toEqual([["PUT /api/participants/1001/subscriptions/unsubscribe", body], GET_PARTICIPANT]);
  });

  test("that Textizen does not end, saying yes, is told", async () => {
    await using stage = await start({ unsubscribe: "ignored" });
    expect(payloadOf(await run(stage, "removeParticipantFromGroup", both, leaves))).toMatchObject({
      participant: null,
      group: null,
      userErrors: [{ code: "NOT_APPLIED", field: ["input", "groupId"] }],
    });
  });

  test("that Textizen does not begin, saying yes, is told", async () => {
    await using stage = await start();
    stage.simulator.fault({ platform: "TEXTIZEN", route: /subscriptions$/, kind: "status", status: 201 });
    expect(payloadOf(await run(stage, "addParticipantToGroup", both, joins))).toMatchObject({
      participant: null,
      group: null,
      userErrors: [{ code: "NOT_APPLIED", field: ["input", "groupId"] }],
    });
  });

  test.each(["addParticipantToGroup", "removeParticipantFromGroup"])(
    "%s is taken at Textizen's word where it names no groups",
    async (mutation) => {
      await using stage = await start({ unsubscribe: "ignored" });
      const route = "GET /api/participants/{id}";
      const rewrite = (json: unknown) => ({ ...(json as object), groups: undefined });
      stage.simulator.fault({ platform: "TEXTIZEN", route, kind: "rewrite", rewrite });
      expect(payloadOf(await run(stage, mutation, both, leaves))).toMatchObject({
        participant: { groups: null },
        userErrors: [],
      });
    },
  );

  test.each([
    ["addParticipantToGroup", /subscriptions$/, 1, { userErrors: [] }],
    ["removeParticipantFromGroup", /unsubscribe$/, 2, { userErrors: [] }],
  ] as const)("whose answer is lost: %s by %s is made %i times", async (mutation, route, calls, payload) => {
    await using stage = await start();
    stage.simulator.fault({ platform: "TEXTIZEN", route, kind: "reset-after-request", times: 1 });
    const input = mutation === "addParticipantToGroup" ? joins : leaves;
    expect(payloadOf(await run(stage, mutation, "", input))).toMatchObject(payload);
    expect(writesOf(stage)).toHaveLength(calls);
  });

  test("shows in the group's members afterwards", async () => {
    await using stage = await start();
    const members = "group { ... on TextizenGroup { participants { nodes { id } } } }";
    const { group } = payloadOf(await run(stage, "addParticipantToGroup", members, joins)) as {
      group: { participants: { nodes: object[] } };
    };
    expect(group.participants.nodes).toContainEqual({ id: "participant:1001" });
  });

  test("with ids of other kinds is refused before anything is sent", async () => {
    await using stage = await start();
    const bad = { participantId: "group:72", groupId: "gr:72" };
    expect(payloadOf(await run(stage, "addParticipantToGroup", "", bad))["userErrors"]).toMatchObject([
      { code: "INVALID_INPUT", field: ["input", "participantId"] },
      { code: "INVALID_INPUT", field: ["input", "groupId"] },
    ]);
    expect(wireOf(stage)).toEqual([]);
  });
});
