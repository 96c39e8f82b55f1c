import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test, vi } from "vitest";
import { startApp } from "../src/app.ts";
import { startSimulator } from "../src/simulator/simulator.ts";
import type { Contact } from "../src/simulator/world.ts";
import { NoisyPeople, type Truth } from "./noisy-people.ts";
import { one } from "./simulator-client.ts";
import { ask, configFor, nameOfContact, type Stage, startStage } from "./support.ts";

interface Seen {
  readonly phoneNumber: string;
  readonly contactLink: { readonly state: string; readonly candidateIds: readonly string[] };
  readonly contact: { id: string; phoneNumber: string; participant: { id: string } | null } | null;
  readonly participant: { id: string; phoneNumber: string; contact: { id: string } | null } | null;
}

const PEOPLE = `query ($numbers: [PhoneNumber!]!) {
  people(phoneNumbers: $numbers) {
    phoneNumber
    contactLink { state candidateIds }
    contact { id phoneNumber participant { id } }
    participant { id phoneNumber contact { id } }
  }
}`;
const RECORDS = `query ($ids: [ID!]!) {
  nodes(ids: $ids) {
    ... on Contact { id person { phoneNumber } participant { id } }
    ... on Participant { id person { phoneNumber } contact { id } }
  }
}`;

/** Asks for all of it, a hundred at a time. */
async function askAll<Item>(stage: Stage, document: string, variable: string, all: readonly string[]): Promise<Item[]> {
  const found: Item[] = [];
  for (let start = 0; start < all.length; start += 100) {
    const { data, errors } = await stage.query(document, { [variable]: all.slice(start, start + 100) });
    expect(errors).toBeUndefined();
    found.push(...(data.people ?? data.nodes));
  }
  return found;
}

function only(ids: readonly string[] | undefined): string | null {
  return ids?.length === 1 ? (ids[0] ?? null) : null;
}

/** What the graph must say of a number when the directory has seen everybody as they are. */
function personOf(truth: Truth, phoneNumber: string): Seen {
  const candidateIds = truth.contacts.get(phoneNumber) ?? [];
  const [contact, participant] = [only(candidateIds), only(truth.participants.get(phoneNumber))];
  return {
    phoneNumber,
    contactLink: { state: ["UNKNOWN", "LINKED"][candidateIds.length] ?? "AMBIGUOUS", candidateIds },
    contact:
      contact === null
        ? null
        : { id: contact, phoneNumber, participant: participant === null ? null : { id: participant } },
    participant:
      participant === null
        ? null
        : { id: participant, phoneNumber, contact: contact === null ? null : { id: contact } },
  };
}

test("10,000 people with unclear, shared and changed numbers and deleted contacts: no wrong link in any direction", async () => {
  await using stage = await startStage({
    simulator: { people: 10_000, polls: 0 },
    env: { SNAPSHOT_SECONDS: "3600" },
  });
  const noise = new NoisyPeople(stage.simulator.world, 20_260_101);
  await stage.learnContacts();

  // What was learned goes out of date. Whatever is shown is right all the same.
  const changed = noise.changeContacts();
  const truth = noise.truth;
  const wrong = (await askAll<Seen>(stage, PEOPLE, "numbers", truth.numbers)).filter(
    ({ phoneNumber, contact, participant }) =>
      (contact !== null && noise.numberOf.get(contact.id) !== phoneNumber) ||
      (participant?.contact != null && noise.numberOf.get(participant.contact.id) !== phoneNumber) ||
      (participant?.id ?? null) !== only(truth.participants.get(phoneNumber)),
  );
  expect(wrong).toEqual([]);

  // Whoever is read again is known as he is, and who is gone is linked no more.
  const reread = await askAll<{ id: string } | null>(stage, RECORDS, "ids", changed);
  expect(reread).toEqual(
    changed.map((id) => {
      const number = noise.numberOf.get(id);
      const participant = only(truth.participants.get(number ?? ""));
      const person = number == null ? null : { phoneNumber: number };
      return number === undefined
        ? null
        : { id, person, participant: participant === null ? null : { id: participant } };
    }),
  );
  const people = await askAll<Seen>(stage, PEOPLE, "numbers", truth.numbers);
  expect(people).toEqual(truth.numbers.map((number) => personOf(truth, number)));
  const count = (state: string) => people.filter(({ contactLink }) => contactLink.state === state).length;
  expect(Math.min(count("LINKED"), count("UNKNOWN"), count("AMBIGUOUS"))).toBeGreaterThan(300);
  expect(people.filter(({ contact, participant }) => contact && participant).length).toBeGreaterThan(1_000);

  const unnumbered = [...noise.numberOf].flatMap(([id, number]) => (number === null ? [id] : []));
  const blurred = await askAll<{ id: string }>(stage, RECORDS, "ids", unnumbered);
  expect(blurred).toEqual(
    unnumbered.map((id) => ({ id, person: null, [id.startsWith("co:") ? "participant" : "contact"]: null })),
  );
}, 60_000);

const LINK =
  "query ($number: PhoneNumber!) { person(phoneNumber: $number) { contactLink { state source } contact { id } } }";

test("without Pidj's list, contacts are those that passed by, and the deleted ones go", async () => {
  await using stage = await startStage({ simulator: { people: 30, polls: 0 } });
  const { contacts } = stage.simulator.world;
  const list = "{ contacts(first: 100) { isComplete totalCount nodes { id firstName } } }";
  expect((await stage.query(list)).data.contacts).toEqual({ isComplete: false, totalCount: 0, nodes: [] });
  const [met, ...others] = [...contacts.values()];
  await stage.query("query ($id: ID!) { contact(id: $id) { id } }", { id: met?.id });
  const row = ({ id, first_name }: Contact) => ({ id, firstName: first_name });
  expect((await stage.query(list)).data.contacts).toEqual({
    isComplete: false,
    totalCount: 1,
    nodes: [met].flatMap((contact) => (contact ? [row(contact)] : [])),
  });
  await stage.learnContacts();
  contacts.delete(met?.id ?? "");
  const left = others.map(row).sort((a, b) => (a.id < b.id ? -1 : 1));
  expect((await stage.query(list)).data.contacts.nodes).toEqual(left);
  expect((await stage.query(list)).data.contacts).toEqual({ isComplete: false, totalCount: left.length, nodes: left });
  const { data } = await stage.query(LINK, { number: met?.phone_number });
  expect(data.person).toEqual({ contactLink: { state: "UNKNOWN", source: null }, contact: null });
});

test("with Pidj's list, contacts are all there are, by name too, and everybody is linked without having been read", async () => {
  await using stage = await startStage({
    simulator: { people: 60, polls: 0, contactsList: true },
    env: { PIDJ_CONTACTS_LIST: "on" },
  });
  const listed = stage.simulator.world.contacts.size;
  await vi.waitFor(async () => expect(await stage.app.services.directory.count()).toBe(listed));
  const contacts = [...stage.simulator.world.contacts.values()];
  const nameOf = (contact: Contact) => nameOfContact(contact).toLowerCase();
  const byName = contacts.sort((a, b) => (nameOf(a) < nameOf(b) ? -1 : 1)).map(({ id }) => ({ id }));
  const list = `query ($filter: ContactFilter) {
    contacts(first: 100, filter: $filter, orderBy: { field: NAME, direction: ASC }) { isComplete totalCount nodes { id } }
  }`;
  expect((await stage.query(list)).data.contacts).toEqual({
    isComplete: true,
    totalCount: byName.length,
    nodes: byName,
  });

  const [anybody] = contacts;
  const part = nameOf(anybody as Contact).slice(1, 4);
  const named = contacts.filter((contact) => nameOf(contact).includes(part)).map(({ id }) => ({ id }));
  const found = await stage.query(list, { filter: { name: part.toUpperCase() } });
  expect(found.data.contacts).toEqual({ isComplete: true, totalCount: named.length, nodes: named });
  const numbered = await stage.query(list, { filter: { phoneNumber: anybody?.phone_number } });
  expect(numbered.data.contacts.nodes).toEqual([{ id: anybody?.id }]);

  for (const { id, phone_number } of contacts.slice(0, 5)) {
    const { data } = await stage.query(LINK, { number: phone_number });
    expect(data.person).toMatchObject({ contactLink: { state: "LINKED", source: "LISTED" }, contact: { id } });
  }
});

test("contacts learned by reads are remembered over a restart", async () => {
  const folder = mkdtempSync(join(tmpdir(), "textgraph-people-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  await using simulator = await startSimulator({ people: 6, polls: 0 });
  const config = configFor(simulator, { STORE_URL: `sqlite:${join(folder, "graph.db")}` });
  const contact = one(simulator.world.contacts);
  const person = async (run: (url: string) => Promise<void> = async () => undefined) => {
    const app = await startApp(config);
    await run(app.url);
    const { data } = await ask(app.url, LINK, { number: contact.phone_number }).finally(() => app.close());
    return data.person;
  };
  const linked = { contactLink: { state: "LINKED", source: "READ" }, contact: { id: contact.id } };
  expect(await person()).toEqual({ contactLink: { state: "UNKNOWN", source: null }, contact: null });
  expect(
    await person(async (url) => {
      await ask(url, "query ($id: ID!) { contact(id: $id) { id } }", { id: contact.id });
    }),
  ).toEqual(linked);
  expect(await person()).toEqual(linked);
});
