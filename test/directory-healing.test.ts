import { expect, test } from "vitest";
import type { Contact } from "../src/simulator/world.ts";
import { type Stage, startStage } from "./support.ts";

const PERSON = `query ($number: PhoneNumber!) {
  person(phoneNumber: $number) { contactLink { state source candidateIds } contact { id } displayName }
}`;
const LINK = "query ($number: PhoneNumber!) { person(phoneNumber: $number) { contactLink { state candidateIds } } }";

function open(): Promise<Stage> {
  return startStage({ simulator: { people: 8, polls: 0 } });
}

/** Two contacts of the world, whose numbers a test may change. */
type Changing = { -readonly [Key in keyof Contact]: Contact[Key] };

function twoContacts({ simulator }: Stage): [Changing, Changing] {
  const [first, second] = [...simulator.world.contacts.values()];
  if (first === undefined || second === undefined) {
    throw new Error("the world has too few contacts");
  }
  return [first, second];
}

async function read(stage: Stage, { id }: Contact) {
  return (await stage.query("query ($id: ID!) { contact(id: $id) { id phoneNumber } }", { id })).data;
}

test("a number that moved to another contact is linked to that one, at the cost of one read of each", async () => {
  await using stage = await open();
  const [before, after] = twoContacts(stage);
  const number = before.phone_number;
  await read(stage, before);
  [before.phone_number, after.phone_number] = ["+14155550999", number];
  await read(stage, after);
  stage.calls();
  const { data, errors } = await stage.query(PERSON, { number });
  expect(errors).toBeUndefined();
  expect(data.person).toMatchObject({
    contactLink: { state: "LINKED", source: "READ", candidateIds: [after.id] },
    contact: { id: after.id },
  });
  expect(stage.calls()).toEqual(["PIDJ GET /contact/{id}", "PIDJ GET /contact/{id}"]);

  const later = { state: "LINKED", candidateIds: [after.id] };
  expect((await stage.query(LINK, { number })).data.person.contactLink).toEqual(later);
  expect((await stage.query(LINK, { number: "+14155550999" })).data.person.contactLink.candidateIds).toEqual([
    before.id,
  ]);
  expect(stage.calls()).toEqual([]);
});

test("a number that two contacts have is ambiguous, which is found out once", async () => {
  await using stage = await open();
  const [one, other] = twoContacts(stage);
  await read(stage, one);
  other.phone_number = one.phone_number;
  await read(stage, other);
  stage.calls();
  const ambiguous = { state: "AMBIGUOUS", candidateIds: [one.id, other.id].sort() };
  const ask = async () => (await stage.query(LINK, { number: one.phone_number })).data.person.contactLink;
  expect(await ask()).toEqual(ambiguous);
  expect(stage.calls()).toHaveLength(2);
  expect(await ask()).toEqual(ambiguous);
  expect(stage.calls()).toEqual([]);
});

test("a number that two contacts have is looked at again after an hour, and then belongs to the one that is left", async () => {
  const clock = { now: Date.UTC(2026, 0, 1, 12) };
  const simulator = { people: 8, polls: 0 };
  await using stage = await startStage({ simulator, app: { now: () => new Date(clock.now) } });
  const [one, other] = twoContacts(stage);
  const number = one.phone_number;
  await read(stage, one);
  other.phone_number = number;
  await read(stage, other);
  const ask = async () => (await stage.query(LINK, { number })).data.person.contactLink.candidateIds;
  const both = [one.id, other.id].sort();
  expect(await ask()).toEqual(both);
  other.phone_number = "+14155550999";
  expect(await ask()).toEqual(both);
  clock.now += 3_600_000;
  stage.calls();
  expect(await ask()).toEqual([one.id]);
  expect(stage.calls()).toHaveLength(2);
  expect(await ask()).toEqual([one.id]);
  expect(stage.calls()).toEqual([]);
});

test("a number of a contact that is gone is linked to the one that is left", async () => {
  await using stage = await open();
  const [gone, left] = twoContacts(stage);
  const number = gone.phone_number;
  await read(stage, gone);
  stage.simulator.world.contacts.delete(gone.id);
  left.phone_number = number;
  await read(stage, left);
  expect((await stage.query(PERSON, { number })).data.person.contact).toEqual({ id: left.id });
});

test.each([
  ["is not reached, and a proxy answers", { kind: "foreign", answer: "nginx-404" }],
  ["leaves the number out", { kind: "rewrite", rewrite: withNumber(undefined) }],
  ["answers with a number that cannot be read", { kind: "rewrite", rewrite: withNumber(["+14155550123"]) }],
] as const)("while Pidj %s, an ambiguous number stays so and nobody is unlinked", async (_, fault) => {
  await using stage = await open();
  const [one, other] = twoContacts(stage);
  await read(stage, one);
  other.phone_number = one.phone_number;
  await read(stage, other);
  stage.simulator.fault({ ...fault, platform: "PIDJ", route: "GET /contact/{id}" });
  const ambiguous = { state: "AMBIGUOUS", candidateIds: [one.id, other.id].sort() };
  for (let time = 0; time < 2; time += 1) {
    expect((await stage.query(LINK, { number: one.phone_number })).data.person.contactLink).toEqual(ambiguous);
  }
});

test.each([
  ["a proxy's page", { kind: "foreign", answer: "nginx-404" }],
  ["foreign JSON", { kind: "foreign", answer: "aws-404" }],
  ["no number at all", { kind: "rewrite", rewrite: withNumber(undefined) }],
  ["a number that cannot be read", { kind: "rewrite", rewrite: withNumber({ e164: "+14155550123" }) }],
] as const)("a contact that is answered with %s keeps its link", async (_, fault) => {
  await using stage = await open();
  const [contact] = twoContacts(stage);
  await read(stage, contact);
  stage.simulator.fault({ ...fault, platform: "PIDJ", route: "GET /contact/{id}", times: 1 });
  await read(stage, contact);
  const { data } = await stage.query(PERSON, { number: contact.phone_number });
  expect(data.person).toMatchObject({ contactLink: { state: "LINKED" }, contact: { id: contact.id } });
});

test("a contact whose number cannot be read is not texted, and keeps its link", async () => {
  await using stage = await open();
  const [contact] = twoContacts(stage);
  await read(stage, contact);
  const [series] = stage.simulator.world.series.keys();
  stage.simulator.fault({
    kind: "rewrite",
    platform: "PIDJ",
    route: "GET /contact/{id}",
    rewrite: withNumber(["+14155550123"]),
  });
  stage.calls();
  const { errors } = await stage.query(
    `mutation ($input: SubscribeToSeriesInput!) { subscribeToSeries(input: $input) { userErrors { code } } }`,
    {
      input: {
        idempotencyKey: "unreadable",
        seriesId: series,
        recipient: { contactId: contact.id },
        from: { phoneNumber: "+18885552000" },
        timezone: "America/Denver",
      },
    },
  );
  expect(errors?.map(({ extensions }) => extensions["code"])).toEqual(["PLATFORM_BAD_RESPONSE"]);
  expect(stage.calls()).toEqual(["PIDJ GET /contact/{id}"]);
  expect((await stage.query(LINK, { number: contact.phone_number })).data.person.contactLink.state).toBe("LINKED");
});

/** An answer whose contact has another `phone_number`, or none. */
function withNumber(phone_number: unknown) {
  return (json: unknown) => {
    const answer = json as { contact: object };
    return { ...answer, contact: { ...answer.contact, phone_number } };
  };
}
