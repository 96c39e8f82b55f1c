import { expect, test } from "vitest";
import { StoreError } from "../src/errors.ts";
import { contactOf, errorsAt, nameOfContact, type Stage, startStage } from "./support.ts";

const NAME = "query ($number: PhoneNumber!) { person(phoneNumber: $number) { displayName } }";
const CONTACT = { platform: "PIDJ", route: "GET /contact/{id}" } as const;
const PARTICIPANTS = { platform: "TEXTIZEN", route: "GET /api/participants" } as const;

/** Somebody who is known on both platforms, by different names. */
async function startWithSomebody(env: Record<string, string> = {}) {
  const stage = await startStage({ simulator: { people: 20, polls: 0 }, env });
  await stage.learnContacts();
  const { world } = stage.simulator;
  for (const participant of world.participants.values()) {
    const contact = contactOf(world, participant);
    if (contact !== null) {
      const named = world.participants.put({ ...participant, name: "Their name on Textizen" });
      return { stage, participant: named, contactName: nameOfContact(contact), number: `+${participant.phone_number}` };
    }
  }
  throw new Error("nobody is on both platforms");
}

async function displayName({ query }: Stage, number: string) {
  const answer = await query(NAME, { number });
  return { name: answer.data?.person.displayName, errors: errorsAt(answer) };
}

test.each([{ kind: "status", status: 500 }, { kind: "html-200" }, { kind: "refuse" }] as const)(
  "where Pidj fails ($kind), the participant's name will do",
  async (fault) => {
    const { stage, number, contactName } = await startWithSomebody();
    await using _stage = stage;
    expect(await displayName(stage, number)).toEqual({ name: contactName, errors: {} });
    stage.simulator.fault({ ...CONTACT, ...fault });
    expect(await displayName(stage, number)).toEqual({ name: "Their name on Textizen", errors: {} });
  },
);

test("where Pidj hangs, the participant's name is there before the operation's time is over", async () => {
  const { stage, number } = await startWithSomebody({ QUERY_TIMEOUT_MS: "1000" });
  await using _stage = stage;
  stage.simulator.fault({ ...CONTACT, kind: "hang" });
  expect(await displayName(stage, number)).toEqual({ name: "Their name on Textizen", errors: {} });
});

test("where Pidj is slow and the participant has no name, the contact's name is waited for", async () => {
  const { stage, number, participant, contactName } = await startWithSomebody({ QUERY_TIMEOUT_MS: "2000" });
  await using _stage = stage;
  stage.simulator.world.participants.put({ ...participant, name: "" });
  stage.simulator.fault({ ...CONTACT, kind: "delay", milliseconds: 1_300 });
  expect(await displayName(stage, number)).toEqual({ name: contactName, errors: {} });
});

test("where Textizen fails, the contact's name will do", async () => {
  const { stage, number, contactName } = await startWithSomebody();
  await using _stage = stage;
  stage.simulator.fault({ ...PARTICIPANTS, kind: "status", status: 500 });
  expect(await displayName(stage, number)).toEqual({ name: contactName, errors: {} });
});

test("where both fail, or the one that answers has no name, the failure is told", async () => {
  const { stage, number, participant } = await startWithSomebody();
  await using _stage = stage;
  const errors = { "person.displayName": "PLATFORM_BAD_RESPONSE" };
  stage.simulator.fault({ ...CONTACT, kind: "html-200" });
  const end = stage.simulator.fault({ ...PARTICIPANTS, kind: "status", status: 500 });
  expect(await displayName(stage, number)).toEqual({ name: null, errors });
  end();
  stage.simulator.world.participants.put({ ...participant, name: "" });
  expect(await displayName(stage, number)).toEqual({ name: null, errors });
});

test("a person without a contact whose participant cannot be read has no known name: the failure is told", async () => {
  await using stage = await startStage({ simulator: { people: 3, polls: 0 } });
  stage.simulator.fault({ ...PARTICIPANTS, kind: "html-200" });
  expect(await displayName(stage, "+14155550199")).toEqual({
    name: null,
    errors: { "person.displayName": "PLATFORM_BAD_RESPONSE" },
  });
});

test("where the directory cannot be read, the participant's name will do", async () => {
  const { stage, number, participant } = await startWithSomebody({ SNAPSHOT_SECONDS: "0" });
  await using _stage = stage;
  const links = () => Promise.reject(new StoreError("no store", null));
  Object.assign(stage.app.services.directory, { links });
  expect(await displayName(stage, number)).toEqual({ name: "Their name on Textizen", errors: {} });
  stage.simulator.world.participants.put({ ...participant, name: "" });
  expect(await displayName(stage, number)).toEqual({
    name: null,
    errors: { "person.displayName": "STORE_UNAVAILABLE" },
  });
});

test("an account without Pidj, or without Textizen, names people by the other one", async () => {
  for (const unset of ["PIDJ_TOKEN", "TEXTIZEN_EMAIL"]) {
    const other = unset === "PIDJ_TOKEN" ? "PIDJ_ACCOUNT_KEY" : "TEXTIZEN_PASSWORD";
    await using stage = await startStage({ simulator: { people: 3, polls: 0 }, env: { [unset]: "", [other]: "" } });
    expect(await displayName(stage, "+14155550199")).toEqual({ name: null, errors: {} });
  }
});
