import { describe, expect, test } from "vitest";
import { one } from "./simulator-client.ts";
import { errorsAt, type Stage, startStage } from "./support.ts";
import { payloadOf, run } from "./textizen-wire.ts";

/** A write that one read can verify, with an input that changes something. */
interface Case {
  readonly mutation: string;
  readonly platform: "PIDJ" | "TEXTIZEN";
  readonly write: string;
  readonly read: string;
  readonly selection: string;
  /** How often the write is made if its answers are lost. */
  readonly attempts: number;
  readonly inputOf: (stage: Stage) => object;
}

const contactId = ({ simulator }: Stage) => one(simulator.world.contacts).id;
const userId = ({ simulator }: Stage) => one(simulator.world.pidjUsers).id;
const OF_PARTICIPANT = { participantId: "participant:1001", campaignId: "campaign:11" };

const pidj = (mutation: string, write: string, read: string, selection: string, inputOf: Case["inputOf"]): Case => {
  return { mutation, platform: "PIDJ", write, read, selection, attempts: 2, inputOf };
};
const textizen = (mutation: string, write: string, read: string, selection: string, input: object): Case => {
  return { mutation, platform: "TEXTIZEN", write, read, selection, attempts: 2, inputOf: () => input };
};

const NEW_VALUES = { firstName: "Zoë", lastName: null, phoneNumber: "+14155550123" };
const PARTICIPANT = "GET /api/participants/{id}";

const CASES: readonly Case[] = [
  pidj("updateContact", "PUT /contact/{id}", "GET /contact/{id}", "contact { id }", (stage) => ({
    id: contactId(stage),
    ...NEW_VALUES,
    timezone: "Pacific/Honolulu",
  })),
  pidj("deleteContact", "DELETE /contact/{id}", "GET /contact/{id}", "deletedId", (stage) => ({
    id: contactId(stage),
  })),
  pidj("updatePidjUser", "PUT /user/{id}", "GET /user/{id}", "user { id }", (stage) => ({
    id: userId(stage),
    ...NEW_VALUES,
    roles: ["AGENT", "MANAGER"],
  })),
  pidj("deletePidjUser", "DELETE /user/{id}", "GET /user/{id}", "deletedId", (stage) => ({ id: userId(stage) })),
  textizen("updateTextizenGroup", "PUT /api/groups/{id}", "GET /api/groups/{id}", "group { id }", {
    id: "group:72",
    name: "Drivers",
  }),
  textizen("updateParticipant", "PUT /api/participants/{id}", PARTICIPANT, "participant { id }", {
    id: "participant:1001",
    name: "Zoë",
    phoneNumber: "+14155550123",
  }),
  {
    ...textizen(
      "addParticipantToGroup",
      "POST /api/participants/{id}/subscriptions",
      PARTICIPANT,
      "participant { id }",
      { participantId: "participant:1001", groupId: "group:72" },
    ),
    attempts: 1,
  },
  textizen(
    "removeParticipantFromGroup",
    "PUT /api/participants/{id}/subscriptions/unsubscribe",
    PARTICIPANT,
    "participant { id }",
    { participantId: "participant:1001", groupId: "group:71" },
  ),
  textizen(
    "setParticipantTokens",
    "PUT /api/participants/{id}/tokens",
    "GET /api/participants/{id}/tokens",
    "participant { id }",
    { ...OF_PARTICIPANT, tokens: [{ key: "DAY", value: "14 May" }] },
  ),
  textizen(
    "removeParticipantTokens",
    "DELETE /api/participants/{id}/tokens",
    "GET /api/participants/{id}/tokens",
    "participant { id }",
    { ...OF_PARTICIPANT, keys: ["FIRST"] },
  ),
  {
    ...textizen("updateMailing", "PUT /api/mailings/{id}", "GET /api/mailings/{id}", "mailing { id }", {}),
    inputOf: ({ simulator }) => ({
      id: `mailing:${one(simulator.world.mailings).id}`,
      sendAt: "2099-05-01T10:00:00Z",
      groupIds: ["group:72", "group:71"],
      phoneNumbers: ["+14155550123"],
    }),
  },
];

async function start(): Promise<Stage> {
  const stage = await startStage({ simulator: { people: 6, polls: 2 } });
  const { world } = stage.simulator;
  const participant = world.participants.get(1001);
  world.participants.put({ ...(participant ?? expect.fail()), is_masked: false, group_ids: [71] });
  await run(stage, "setParticipantTokens", "", { ...OF_PARTICIPANT, tokens: [{ key: "FIRST", value: "1" }] });
  stage.calls();
  return stage;
}

describe.each(CASES)("$mutation", ({ mutation, platform, write, read, selection, attempts, inputOf }) => {
  const isRead = (call: string) => call === `${platform} ${read}`;

  test("whose answers are all lost is settled by one read that shows its effect", async () => {
    await using stage = await start();
    stage.simulator.fault({ platform, route: write, kind: "reset-after-request" });
    const input = inputOf(stage);
    const payload = payloadOf(await run(stage, mutation, selection, input));
    expect(payload["userErrors"]).toEqual([]);
    expect(Object.values(payload)[0]).not.toBeNull();
    const calls = stage.calls();
    expect(calls.filter((call) => call === `${platform} ${write}`)).toHaveLength(attempts);
    expect(calls.filter(isRead)).toHaveLength(1);
  });

  test("is not settled by a read that shows the old state", async () => {
    await using stage = await start();
    stage.simulator.fault({ platform, route: write, kind: "status", status: 500 });
    const answer = await run(stage, mutation, selection, inputOf(stage));
    expect([answer.data[mutation]?.userErrors[0].code, ...Object.values(errorsAt(answer))]).toEqual([
      attempts === 1 ? "OUTCOME_UNKNOWN" : undefined,
      ...(attempts === 1 ? [] : ["PLATFORM_UNAVAILABLE"]),
    ]);
    expect(stage.calls().filter(isRead)).toHaveLength(1);
  });

  test("is not settled where it cannot be read", async () => {
    await using stage = await start();
    stage.simulator.fault({ platform, route: write, kind: "reset-after-request" });
    stage.simulator.fault({ platform, route: read, kind: "html-200" });
    const answer = await run(stage, mutation, selection, inputOf(stage));
    expect(answer.data[mutation]?.userErrors ?? []).toHaveLength(answer.errors === undefined ? 1 : 0);
    expect(JSON.stringify(answer)).toMatch(/OUTCOME_UNKNOWN|PLATFORM_UNAVAILABLE/);
  });

  test("that was refused without doubt is not read for that", async () => {
    await using stage = await start();
    const body = JSON.stringify(
      platform === "PIDJ" ? { code: 400, status: "failure", message: "No." } : { error: "No." },
    );
    stage.simulator.fault({ platform, route: write, kind: "status", status: 400, body });
    const payload = payloadOf(await run(stage, mutation, selection, inputOf(stage)));
    expect(payload["userErrors"]).toMatchObject([{ message: "No." }]);
    expect(stage.calls().filter(isRead)).toEqual([]);
  });
});

test("a change whose answer does not come in time is verified before the mutation's time is over", async () => {
  await using stage = await startStage({
    simulator: { people: 3, polls: 0 },
    env: { MUTATION_TIMEOUT_MS: "3000" },
  });
  const route = "PUT /contact/{id}";
  const hold = stage.simulator.fault({ platform: "PIDJ", route, kind: "hold" });
  stage.simulator.fault({ platform: "PIDJ", route: "GET /contact/{id}", kind: "delay", milliseconds: 400 });
  const input = { id: contactId(stage), firstName: "Zoë" };
  expect(payloadOf(await run(stage, "updateContact", "contact { id }", input))).toEqual({
    contact: { id: input.id },
    userErrors: [],
  });
  hold.release();
});

describe("what Pidj never shows", () => {
  test.each([
    ["updateContact", "PUT /contact/{id}", { firstName: "Zoë", homeAddress: { city: "Denver" } }],
    ["updatePidjUser", "PUT /user/{id}", { firstName: "Zoë", password: "hunter2" }],
    ["updatePidjUser", "PUT /user/{id}", { timezone: "UTC" }],
  ])("cannot be verified: %s of %j", async (mutation, write, changes) => {
    await using stage = await start();
    stage.simulator.fault({ platform: "PIDJ", route: write, kind: "reset-after-request" });
    const id = mutation === "updateContact" ? contactId(stage) : userId(stage);
    expect(errorsAt(await run(stage, mutation, "", { id, ...changes }))).toEqual({
      [mutation]: "PLATFORM_UNAVAILABLE",
    });
  });
});

test.each([
  { after: true, payload: { group: { id: "group:72" }, userErrors: [] } },
  { after: false, payload: { group: null, userErrors: [{ code: "OUTCOME_UNKNOWN", field: null }] } },
])("an update that was refused when it was repeated, and was carried out: $after", async ({ after, payload }) => {
  await using stage = await start();
  const fault = { platform: "TEXTIZEN", route: "PUT /api/groups/{id}" } as const;
  stage.simulator.fault({ ...fault, kind: "reset-after-request", times: 1 });
  stage.simulator.fault({ ...fault, kind: "status", status: 422, body: `{"error":"No."}`, after });
  const input = { id: "group:72", name: "Drivers" };
  expect(payloadOf(await run(stage, "updateTextizenGroup", "group { id }", input))).toMatchObject(payload);
});

test("a deleted contact whose answer was lost is linked to nobody any more", async () => {
  await using stage = await start();
  await stage.learnContacts();
  const { id, phone_number: number } = one(stage.simulator.world.contacts);
  stage.simulator.fault({ platform: "PIDJ", route: "DELETE /contact/{id}", kind: "reset-after-request", times: 1 });
  expect(payloadOf(await run(stage, "deleteContact", "deletedId", { id }))).toEqual({ deletedId: id, userErrors: [] });
  const link = "query ($number: PhoneNumber!) { person(phoneNumber: $number) { contactLink { state } } }";
  expect((await stage.query(link, { number })).data.person.contactLink).toEqual({ state: "UNKNOWN" });
});
