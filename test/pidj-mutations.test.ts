import { describe, expect, test } from "vitest";
import { pidjCallsOf, pidjWritesOf } from "./pidj-wire.ts";
import { one } from "./simulator-client.ts";
import { errorsAt, type Stage, type StageOptions, startStage } from "./support.ts";
import { payloadOf, run } from "./textizen-wire.ts";

const start = (options: StageOptions = {}) =>
  startStage({ ...options, simulator: { people: 6, polls: 1, ...options.simulator } });

const FROM = { phoneNumber: "+18885552000" };
const TO = "+18885553333";

/** The five things that a send may be about, as the simulated world has them. */
function idsOf({ simulator: { world } }: Stage) {
  const lines = [...world.pidjGroups.values()];
  const mute = lines.find(({ phone_number }) => phone_number === null);
  return {
    seriesId: one(world.series).id,
    surveyId: one(world.surveys).id,
    contact: one(world.contacts),
    groupId: one(world.pidjGroups).id,
    muteGroupId: mute?.id ?? expect.fail("every group has a number"),
  };
}

/** Series and survey are sent alike. */
const SENDS = [
  {
    mutation: "subscribeToSeries",
    field: "series",
    call: "POST /series/subscribe",
    list: "GET /series",
    message: "Series subscribe.",
    inputOf: (stage: Stage) => ({ seriesId: idsOf(stage).seriesId, timezone: "America/Denver" }),
    formOf: (stage: Stage) => ({ series_id: idsOf(stage).seriesId, timezone: "America/Denver" }),
    wrongId: { seriesId: "sv:1" },
  },
  {
    mutation: "initiateSurvey",
    field: "survey",
    call: "POST /survey/initiate",
    list: "GET /surveys",
    message: "Survey initiated.",
    inputOf: (stage: Stage) => ({ surveyId: idsOf(stage).surveyId }),
    formOf: (stage: Stage) => ({ survey_id: idsOf(stage).surveyId }),
    wrongId: { surveyId: "ts:1" },
  },
];

describe.each(SENDS)("$mutation", ({ mutation, field, call, list, message, inputOf, formOf, wrongId }) => {
  test("sends number to number, and costs nothing else where nothing else is asked for", async () => {
    await using stage = await start();
    const input = { ...inputOf(stage), recipient: { phoneNumber: TO }, from: FROM, idempotencyKey: "k" };
    const selection = "message isReplay person { phoneNumber }";
    expect(payloadOf(await run(stage, mutation, selection, input))).toEqual({
      message,
      isReplay: false,
      person: { phoneNumber: TO },
      userErrors: [],
    });
    expect(pidjCallsOf(stage)).toEqual([[call, { ...formOf(stage), to_number: TO, from_number: FROM.phoneNumber }]]);
  });

  test("sends from a group to a contact, whose number is read first and is the person's", async () => {
    await using stage = await start();
    const { contact, groupId } = idsOf(stage);
    const input = {
      ...inputOf(stage),
      recipient: { contactId: contact.id },
      from: { groupId },
      idempotencyKey: "k",
    };
    const selection = `${field} { id name } person { phoneNumber }`;
    expect(payloadOf(await run(stage, mutation, selection, input))).toMatchObject({
      [field]: { name: expect.any(String) },
      person: { phoneNumber: contact.phone_number },
    });
    const [first, send, ...reads] = pidjCallsOf(stage);
    expect(first).toEqual([`GET /contact/${contact.id}`, null]);
    expect(send).toEqual([call, { ...formOf(stage), contact_id: contact.id, group_id: groupId }]);
    expect(reads.map(([read]) => read)).toEqual([list]);
  });

  test("is sent once for a key, and says the same again", async () => {
    await using stage = await start();
    const input = { ...inputOf(stage), recipient: { phoneNumber: TO }, from: FROM, idempotencyKey: "k" };
    await run(stage, mutation, "message", input);
    expect(payloadOf(await run(stage, mutation, `message isReplay ${field} { id } person { id }`, input))).toEqual({
      message,
      isReplay: true,
      [field]: { id: Object.values(inputOf(stage))[0] },
      person: { id: `person:${TO}` },
      userErrors: [],
    });
    expect(stage.simulator.ledger).toHaveLength(1);
    const other = { ...input, recipient: { phoneNumber: "+18885554444" } };
    expect(payloadOf(await run(stage, mutation, `${field} { id }`, other))).toMatchObject({
      [field]: null,
      userErrors: [{ code: "IDEMPOTENCY_KEY_REUSED", field: ["input", "idempotencyKey"] }],
    });
    expect(stage.simulator.ledger).toHaveLength(1);
  });

  test("said to have been sent by a person, tells whom it was to text", async () => {
    await using stage = await start();
    stage.simulator.fault({ platform: "PIDJ", route: call, kind: "reset-after-request", times: 1 });
    const { contact } = idsOf(stage);
    const input = { ...inputOf(stage), recipient: { contactId: contact.id }, from: FROM, idempotencyKey: "k" };
    await run(stage, mutation, "isReplay", input);
    await stage.app.services.attempts.resolve("k", { state: "ACCEPTED", by: "operator" });
    stage.simulator.world.contacts.put({ ...contact, phone_number: "+18885559999" });
    expect(payloadOf(await run(stage, mutation, "message isReplay person { phoneNumber }", input))).toEqual({
      message: null,
      isReplay: true,
      person: { phoneNumber: contact.phone_number },
      userErrors: [],
    });
  });

  test("to a contact whose number cannot be read is not sent, and the link to it stays", async () => {
    await using stage = await start();
    const { contact } = idsOf(stage);
    await stage.learnContacts();
    const rewrite = (answer: unknown) => {
      const { contact: record, ...rest } = answer as { contact: object };
      return { ...rest, contact: { ...record, phone_number: { digits: 1 } } };
    };
    stage.simulator.fault({ platform: "PIDJ", route: "GET /contact/{id}", kind: "rewrite", rewrite });
    const input = { ...inputOf(stage), recipient: { contactId: contact.id }, from: FROM, idempotencyKey: "k" };
    expect(errorsAt(await run(stage, mutation, "isReplay", input))).toEqual({ [mutation]: "PLATFORM_BAD_RESPONSE" });
    expect(stage.simulator.ledger).toEqual([]);
    const link =
      "query ($number: PhoneNumber!) { person(phoneNumber: $number) { contactLink { state candidateIds } } }";
    expect((await stage.query(link, { number: contact.phone_number })).data.person.contactLink).toEqual({
      state: "LINKED",
      candidateIds: [contact.id],
    });
  });

  test("names every id of the wrong kind at once, and sends nothing", async () => {
    await using stage = await start();
    const input = {
      ...inputOf(stage),
      ...wrongId,
      recipient: { contactId: "gr:1" },
      from: { groupId: "co:1" },
      idempotencyKey: " ",
    };
    const { userErrors, ...payload } = payloadOf(await run(stage, mutation, `${field} { id } person { id }`, input));
    expect(payload).toEqual({ [field]: null, person: null });
    expect(userErrors).toEqual(
      [[Object.keys(wrongId)[0]], ["recipient", "contactId"], ["from", "groupId"], ["idempotencyKey"]].map((path) => ({
        code: "INVALID_INPUT",
        field: ["input", ...path],
        message: expect.any(String),
      })),
    );
    expect(pidjCallsOf(stage)).toEqual([]);
  });

  test("is refused from a group without a number, and the key is free for another group", async () => {
    await using stage = await start();
    const { muteGroupId, groupId } = idsOf(stage);
    const input = { ...inputOf(stage), recipient: { phoneNumber: TO }, idempotencyKey: "k" };
    const selection = `isReplay message person { id } ${field} { id }`;
    const refused = await run(stage, mutation, selection, { ...input, from: { groupId: muteGroupId } });
    expect(payloadOf(refused)).toMatchObject({
      message: null,
      person: null,
      [field]: null,
      userErrors: [{ code: "GROUP_CANNOT_SEND" }],
    });
    expect(payloadOf(await run(stage, mutation, selection, { ...input, from: { groupId } }))).toMatchObject({
      isReplay: false,
      message,
      userErrors: [],
    });
    expect(stage.simulator.ledger).toHaveLength(1);
  });

  test("tells what is not there from what it is not allowed to do", async () => {
    await using stage = await start();
    const input = { ...inputOf(stage), recipient: { contactId: "co:none" }, from: FROM };
    expect(payloadOf(await run(stage, mutation, "isReplay", { ...input, idempotencyKey: "a" }))).toMatchObject({
      userErrors: [{ code: "NOT_FOUND", field: ["input", "recipient", "contactId"] }],
    });
    stage.simulator.fault({ platform: "PIDJ", route: call, kind: "failure-in-200", message: "Not today." });
    const known = { ...input, recipient: { phoneNumber: TO }, idempotencyKey: "b" };
    expect(payloadOf(await run(stage, mutation, "isReplay", known))).toMatchObject({
      userErrors: [{ code: "REFUSED_BY_PLATFORM", field: null, message: "Not today." }],
    });
  });

  test("is unknown where the answer was lost, and is not sent again", async () => {
    await using stage = await start();
    stage.simulator.fault({ platform: "PIDJ", route: call, kind: "reset-after-request" });
    const input = { ...inputOf(stage), recipient: { phoneNumber: TO }, from: FROM, idempotencyKey: "k" };
    for (let round = 0; round < 2; round += 1) {
      expect(payloadOf(await run(stage, mutation, `${field} { id }`, input))).toMatchObject({
        [field]: null,
        userErrors: [{ code: "OUTCOME_UNKNOWN" }],
      });
    }
    expect(stage.simulator.ledger).toHaveLength(1);
  });

  test("stays sent where what it was about cannot be read", async () => {
    await using stage = await start();
    stage.simulator.fault({ platform: "PIDJ", route: list, kind: "status", status: 400 });
    const input = { ...inputOf(stage), recipient: { phoneNumber: TO }, from: FROM, idempotencyKey: "k" };
    const answer = await run(stage, mutation, `message ${field} { id }`, input);
    expect(answer.data[mutation]).toEqual({ message, [field]: null, userErrors: [] });
    expect(errorsAt(answer)).toEqual({ [`${mutation}.${field}`]: "PLATFORM_BAD_RESPONSE" });
  });
});

test("an input that names two senders, or none, is malformed", async () => {
  await using stage = await start();
  const input = { surveyId: "sv:1", recipient: { phoneNumber: TO }, idempotencyKey: "k" };
  for (const from of [{}, { ...FROM, groupId: "gr:1" }]) {
    expect(await run(stage, "initiateSurvey", "message", { ...input, from })).toMatchObject({
      errors: [{ extensions: { code: "BAD_USER_INPUT" } }],
    });
  }
  expect(pidjCallsOf(stage)).toEqual([]);
});

test("a number that a subscription makes a contact of is in the list that is read next", async () => {
  await using stage = await start({ simulator: { contactsList: true }, env: { PIDJ_CONTACTS_LIST: "on" } });
  const count = async () => (await stage.query("{ contacts { totalCount } }")).data.contacts.totalCount;
  const before = await count();
  const { seriesId } = idsOf(stage);
  const input = { seriesId, recipient: { phoneNumber: TO }, from: FROM, timezone: "UTC", idempotencyKey: "k" };
  await run(stage, "subscribeToSeries", "message", input);
  expect(await count()).toBe(before + 1);
});

describe("initiateTask", () => {
  test("queues a task once for a key, and reads its group where that is asked for", async () => {
    await using stage = await start();
    const { groupId } = idsOf(stage);
    const input = {
      groupId,
      subject: "Pothole",
      topic: "Main & 1st <b>now</b> + ü",
      name: "Jane",
      emailAddress: "not checked",
      phoneNumber: "555-0100",
      idempotencyKey: "k",
    };
    const selection = "isReplay task { id group { id } }";
    const first = payloadOf(await run(stage, "initiateTask", selection, input));
    expect(first).toEqual({
      isReplay: false,
      task: { id: expect.stringMatching(/^ci:/), group: { id: groupId } },
      userErrors: [],
    });
    expect(payloadOf(await run(stage, "initiateTask", selection, input))).toEqual({ ...first, isReplay: true });
    const {
      groupId: group_id,
      emailAddress: email_address,
      phoneNumber: phone_number,
      idempotencyKey,
      ...same
    } = input;
    expect(pidjWritesOf(stage)).toEqual([
      ["POST /task/initiate", { channel: "ticket", group_id, email_address, phone_number, ...same }],
    ]);
  });

  test("takes 3,200 characters of topic, counted as people count them, and not one more", async () => {
    await using stage = await start();
    const input = { topic: "😀".repeat(3_200), idempotencyKey: "a" };
    expect(payloadOf(await run(stage, "initiateTask", "task { group { id } }", input))).toMatchObject({
      task: { group: null },
      userErrors: [],
    });
    const longer = { topic: `${input.topic}.`, idempotencyKey: "b" };
    expect(payloadOf(await run(stage, "initiateTask", "task { id }", longer))).toMatchObject({
      task: null,
      userErrors: [{ code: "INVALID_INPUT", field: ["input", "topic"] }],
    });
    expect(pidjWritesOf(stage)).toHaveLength(1);
  });
});
