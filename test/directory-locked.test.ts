import { DatabaseSync } from "node:sqlite";
import { expect, test, vi } from "vitest";
import type { Contact } from "../src/simulator/world.ts";
import { makeFile } from "./events.ts";
import { errorsAt, type Stage, startStage } from "./support.ts";

const CONTACT = "query ($id: ID!) { contact(id: $id) { id firstName } }";
const PERSON = `query ($number: PhoneNumber!) {
  person(phoneNumber: $number) {
    phoneNumber displayName contactLink { state candidateIds } participant { id }
  }
}`;

/** Somebody whom both platforms know. */
function personOf({ simulator: { world } }: Stage): { contact: Contact; number: string } {
  const numbers = new Set([...world.participants.values()].map(({ phone_number }) => `+${phone_number}`));
  const contact = [...world.contacts.values()].find(({ phone_number }) => numbers.has(phone_number ?? ""));
  if (!contact?.phone_number) {
    throw new Error("the world has nobody on both platforms");
  }
  return { contact, number: contact.phone_number };
}

test("while another process has the store locked, contacts are read at once, and learned when it is free", async () => {
  using file = makeFile();
  await using stage = await startStage({ simulator: { people: 30, polls: 0 }, env: { STORE_URL: file.url } });
  const { contact, number } = personOf(stage);
  const other = new DatabaseSync(file.path);
  other.exec("BEGIN IMMEDIATE");
  const start = performance.now();
  const { data, errors } = await stage.query(CONTACT, { id: contact.id });
  expect(performance.now() - start).toBeLessThan(1_000);
  expect(errors).toBeUndefined();
  expect(data.contact).toEqual({ id: contact.id, firstName: contact.first_name });

  const before = await stage.query(PERSON, { number });
  expect(performance.now() - start).toBeLessThan(2_000);
  expect(before.errors).toBeUndefined();
  expect(before.data.person.contactLink).toEqual({ state: "UNKNOWN", candidateIds: [] });
  other.exec("COMMIT");
  other.close();
  await vi.waitFor(async () => {
    const after = await stage.query(PERSON, { number });
    expect(after.data.person.contactLink).toEqual({ state: "LINKED", candidateIds: [contact.id] });
  });
});

test("if the store cannot be read, the link is null with an error of its own, and everything else is served", async () => {
  using file = makeFile();
  await using stage = await startStage({ simulator: { people: 30, polls: 0 }, env: { STORE_URL: file.url } });
  const { contact, number } = personOf(stage);
  const other = new DatabaseSync(file.path);
  other.exec("DROP TABLE entry");
  other.close();
  const answer = await stage.query(PERSON, { number });
  expect(errorsAt(answer)).toEqual({ "person.contactLink": "STORE_UNAVAILABLE" });
  expect(answer.data.person).toMatchObject({
    phoneNumber: number,
    displayName: expect.any(String),
    contactLink: null,
    participant: { id: expect.any(String) },
  });
  expect((await stage.query(CONTACT, { id: contact.id })).data.contact).toMatchObject({ id: contact.id });
});
