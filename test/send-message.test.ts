import { describe, expect, test } from "vitest";
import type { Simulator } from "../src/simulator/simulator.ts";
import { FROM, send, stateOf, TO, wordOf } from "./sends.ts";
import { type Answer, ask, errorsAt, type Stage, type StageOptions, startStage } from "./support.ts";

const start = (options: StageOptions = {}): Promise<Stage> =>
  startStage({ simulator: { people: 6, polls: 1, responsesPerPoll: 4 }, ...options });

const payload = (answer: Answer) => answer.data.sendMessage;

function groupsOf({ world }: Simulator) {
  const groups = [...world.pidjGroups.values()].filter((group) => group.is_active);
  const numbered = groups.find((group) => group.phone_number === FROM)?.id ?? "";
  const unnumbered = groups.find((group) => group.phone_number === null)?.id ?? "";
  return { numbered, unnumbered };
}

function anyContact({ world }: Simulator) {
  const [contact] = world.contacts.values();
  if (contact === undefined) {
    throw new Error("the world has no contacts");
  }
  return contact;
}

describe("the call", () => {
  test("is one POST /send, a form in which every plus is escaped", async () => {
    await using stage = await start();
    const answer = await send(stage.app.url, "k", { text: "1 + 1 = 2 & more: ü\n👍" });
    expect(errorsAt(answer)).toEqual({});
    const [call, ...others] = stage.simulator.journal.filter(({ method }) => method === "POST");
    expect(others).toEqual([]);
    expect(call).toMatchObject({
      path: "/api/2020/send",
      headers: { "content-type": "application/x-www-form-urlencoded" },
    });
    expect(call?.form).toEqual({ from_number: FROM, to_number: TO, text_body: "1 + 1 = 2 & more: ü\n👍" });
    expect(call?.body).toContain("to_number=%2B14155550100");
    expect(call?.body).toContain("text_body=1+%2B+1");
    expect(payload(answer)).toEqual({
      message: {
        to: { phoneNumber: TO },
        fromPhoneNumber: FROM,
        group: { id: groupsOf(stage.simulator).numbered },
        preview: { text: "1 + 1 = 2 & more: ü\n👍", isTruncated: false, characterCount: 21 },
        sentAt: expect.stringMatching(/^\d{4}-.*Z$/),
      },
      isReplay: false,
      userErrors: [],
    });
  });

  test("names the group where that is the sender, and the payload the group's number", async () => {
    await using stage = await start();
    const groupId = groupsOf(stage.simulator).numbered;
    const answer = await send(stage.app.url, "k", { from: { groupId } });
    expect(stage.simulator.ledger[0]?.input).toMatchObject({ group_id: groupId, to_number: TO });
    expect(payload(answer).message).toMatchObject({ fromPhoneNumber: FROM, group: { id: groupId } });
  });

  test("is accompanied by no other where the payload's group is not selected", async () => {
    await using stage = await start();
    const document = "mutation ($input: SendMessageInput!) { sendMessage(input: $input) { message { sentAt } } }";
    const given = { from: { phoneNumber: FROM }, recipient: { phoneNumber: TO }, text: "x", idempotencyKey: "k" };
    expect(errorsAt(await stage.query(document, { input: given }))).toEqual({});
    expect(stage.calls()).toEqual(["PIDJ POST /send"]);
  });

  test("cuts a longer text where that is allowed, and the payload says so", async () => {
    await using stage = await start();
    const text = `${"a".repeat(1_599)}👍👍`;
    const answer = await send(stage.app.url, "k", { text, allowTruncation: true });
    const { preview } = payload(answer).message;
    const sent = String(stage.simulator.ledger[0]?.input["text_body"]);
    expect(sent).toBe(`${"a".repeat(1_599)}👍`);
    expect(preview).toEqual({ text: sent, isTruncated: true, characterCount: 1_601 });
  });
});

describe("a contact as recipient", () => {
  test("is texted at the number that it has now, which the directory learns", async () => {
    await using stage = await start();
    const contact = anyContact(stage.simulator);
    const answer = await send(stage.app.url, "k", { recipient: { contactId: contact.id } });
    expect(payload(answer).message.to.phoneNumber).toBe(contact.phone_number);
    expect(stage.calls().slice(0, 2)).toEqual(["PIDJ GET /contact/{id}", "PIDJ POST /send"]);
    const known = `{ person(phoneNumber: "${contact.phone_number}") { contactLink { candidateIds } } }`;
    expect((await stage.query(known)).data.person.contactLink.candidateIds).toEqual([contact.id]);
  });

  test("that is not there, or has no number in E.164, is refused and nothing is recorded", async () => {
    await using stage = await start();
    const contact = anyContact(stage.simulator);
    stage.simulator.world.contacts.put({ ...contact, phone_number: "" });
    for (const [contactId, code] of [
      [contact.id, "INVALID_INPUT"],
      ["co:none", "NOT_FOUND"],
    ]) {
      const answer = await send(stage.app.url, "k", { recipient: { contactId } });
      expect(payload(answer)).toMatchObject({
        message: null,
        userErrors: [{ code, field: ["input", "recipient", "contactId"] }],
      });
    }
    expect(await stateOf(stage.app.url, "k")).toBeNull();
    expect(stage.simulator.ledger).toEqual([]);
  });

  test("that cannot be read is an error, and nothing is sent", async () => {
    await using stage = await start();
    stage.simulator.fault({ platform: "PIDJ", route: "GET /contact/{id}", kind: "status", status: 500 });
    const answer = await send(stage.app.url, "k", { recipient: { contactId: anyContact(stage.simulator).id } });
    expect(errorsAt(answer)).toEqual({ sendMessage: "PLATFORM_UNAVAILABLE" });
    expect(await stateOf(stage.app.url, "k")).toBeNull();
  });

  test("is not read again for a replay", async () => {
    await using stage = await start();
    const recipient = { contactId: anyContact(stage.simulator).id };
    const first = await send(stage.app.url, "k", { recipient });
    stage.simulator.fault({ platform: "PIDJ", route: "GET /contact/{id}", kind: "status", status: 404 });
    const again = await send(stage.app.url, "k", { recipient });
    expect(payload(again)).toEqual({ ...payload(first), isReplay: true });
  });
});

describe("an input", () => {
  test.each([
    ["a blank text", { text: " \n" }, "INVALID_INPUT", ["input", "text"]],
    ["a text of 1,601 characters", { text: "👍".repeat(1_601) }, "TEXT_TOO_LONG", ["input", "text"]],
    ["a blank key", { idempotencyKey: " " }, "INVALID_INPUT", ["input", "idempotencyKey"]],
    ["a key of 256 characters", { idempotencyKey: "k".repeat(256) }, "INVALID_INPUT", ["input", "idempotencyKey"]],
    ["a group's id that is none", { from: { groupId: "co:1" } }, "INVALID_INPUT", ["input", "from", "groupId"]],
    [
      "a contact's id that is none",
      { recipient: { contactId: "gr:1" } },
      "INVALID_INPUT",
      ["input", "recipient", "contactId"],
    ],
  ])("with %s is refused before anything is called", async (_name, changes, code, field) => {
    await using stage = await start();
    const answer = await send(stage.app.url, "k", changes);
    expect(payload(answer)).toMatchObject({ message: null, isReplay: false, userErrors: [{ code, field }] });
    expect(payload(answer).userErrors).toHaveLength(1);
    expect(stage.calls()).toEqual([]);
    expect(await stateOf(stage.app.url, "k")).toBeNull();
  });

  test.each([
    ["no sender", { from: {} }],
    ["two senders", { from: { phoneNumber: FROM, groupId: "gr:1" } }],
    ["two recipients", { recipient: { phoneNumber: TO, contactId: "co:1" } }],
    ["a number that is not E.164", { recipient: { phoneNumber: "4155550100" } }],
  ])("with %s never gets that far", async (_name, changes) => {
    await using stage = await start();
    const answer = await send(stage.app.url, "k", changes);
    expect(answer.errors?.[0]?.extensions["code"]).toBe("BAD_USER_INPUT");
    expect(stage.calls()).toEqual([]);
  });
});

describe("a key", () => {
  test("used again gives the stored outcome, and nothing is sent again", async () => {
    await using stage = await start();
    const first = await send(stage.app.url, "k");
    const again = await send(stage.app.url, "k");
    expect(payload(again)).toEqual({ ...payload(first), isReplay: true });
    expect(stage.simulator.ledger).toHaveLength(1);
    const attempt = await stage.query(
      '{ attempt(idempotencyKey: "k") { idempotencyKey mutation state startedAt settledAt message } }',
    );
    expect(attempt.data.attempt).toMatchObject({
      idempotencyKey: "k",
      mutation: "sendMessage",
      state: "ACCEPTED",
      message: "Text sent.",
    });
  });

  test("used with another input is refused", async () => {
    await using stage = await start();
    await send(stage.app.url, "k");
    for (const changes of [{ text: "other" }, { recipient: { phoneNumber: FROM } }, { allowTruncation: true }]) {
      expect(payload(await send(stage.app.url, "k", changes))).toMatchObject({
        message: null,
        userErrors: [{ code: "IDEMPOTENCY_KEY_REUSED", field: ["input", "idempotencyKey"] }],
      });
    }
    expect(wordOf(await send(stage.app.url, "k", { allowTruncation: false }))).toBe("replayed");
    expect(stage.simulator.ledger).toHaveLength(1);
  });

  test("under way is waited for", async () => {
    await using stage = await start();
    const hold = stage.simulator.fault({ platform: "PIDJ", route: "POST /send", kind: "hold" });
    const first = send(stage.app.url, "k");
    await hold.arrived;
    const second = send(stage.app.url, "k");
    expect(await stateOf(stage.app.url, "k")).toBe("IN_PROGRESS");
    expect(wordOf(await send(stage.app.url, "k", { text: "other" }))).toBe("IDEMPOTENCY_KEY_REUSED");
    hold.release();
    expect([wordOf(await first), wordOf(await second)]).toEqual(["sent", "replayed"]);
    expect(stage.simulator.ledger).toHaveLength(1);
  });

  test("under way for longer than a mutation has is said to be so, and then not sent", async () => {
    const [recorded, held] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    const pauseAt = async (point: string) => {
      if (point === "recorded") {
        recorded.resolve();
        await held.promise;
      }
    };
    await using stage = await start({ env: { MUTATION_TIMEOUT_MS: "2000" }, app: { pauseAt } });
    const first = send(stage.app.url, "k");
    await recorded.promise;
    expect(wordOf(await send(stage.app.url, "k"))).toBe("ATTEMPT_IN_PROGRESS");
    held.resolve();
    expect(wordOf(await first)).toBe("PLATFORM_TIMEOUT");
    expect(await stateOf(stage.app.url, "k")).toBe("REFUSED");
    expect(stage.simulator.ledger).toEqual([]);
  });

  test("whose outcome an operator settled as sent is replayed, settled as not sent is free", async () => {
    await using stage = await start();
    stage.simulator.fault({ platform: "PIDJ", route: "POST /send", kind: "reset-after-request", times: 2 });
    await send(stage.app.url, "k1");
    await send(stage.app.url, "k2");
    await stage.app.services.attempts.resolve("k1", { state: "ACCEPTED", by: "operator" });
    await stage.app.services.attempts.resolve("k2", { state: "REFUSED", by: "operator" });
    const replay = await send(stage.app.url, "k1");
    expect(wordOf(replay)).toBe("replayed");
    expect(payload(replay).message).toMatchObject({ to: { phoneNumber: TO }, fromPhoneNumber: FROM });
    expect(wordOf(await send(stage.app.url, "k2", { text: "another" }))).toBe("sent");
  });
});

test("attempt is null for a key that was never used", async () => {
  await using stage = await start();
  expect(await ask(stage.app.url, '{ attempt(idempotencyKey: "none") { state } }')).toMatchObject({
    data: { attempt: null },
  });
});
