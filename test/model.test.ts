import fc from "fast-check";
import { expect, test } from "vitest";
import {
  byId,
  type Choice,
  CONTACT,
  GROUP,
  holderOf,
  Model,
  NUMBERS,
  participantOf,
  STANDING,
  showContact,
  showGroup,
  showParticipant,
  showPerson,
  showUser,
  USER,
  type Writes,
} from "./model.ts";
import { CONTACT_WRITES, USER_WRITES } from "./model-pidj-writes.ts";
import { KEYS, STORE_WRITES } from "./model-store-writes.ts";
import { TEXTIZEN_WRITES } from "./model-textizen-writes.ts";
import { one } from "./simulator-client.ts";
import { ask, type Stage, startStage } from "./support.ts";

const WRITES: Writes = { ...CONTACT_WRITES, ...USER_WRITES, ...TEXTIZEN_WRITES, ...STORE_WRITES };

/** The writes of one operation, and somebody else's reads that begin before it and end after it, if any. */
interface Step {
  readonly choices: readonly Choice[];
  readonly reader: "nobody" | "usual" | "fresh";
}

const choiceOf = (writes: Writes): fc.Arbitrary<Choice> =>
  fc.record({
    mutation: fc.constantFrom(...Object.keys(writes)),
    at: fc.nat(9),
    other: fc.nat(9),
    number: fc.option(fc.nat(NUMBERS.length - 1), { nil: undefined }),
    name: fc.constantFrom(undefined, null, "", "Ann", "Bo", "Chloé"),
  });

// Of one kind more often than not: the writes of an operation that matter most are those of the same record.
const choices = fc.oneof(
  ...[WRITES, CONTACT_WRITES, USER_WRITES, TEXTIZEN_WRITES, { ...CONTACT_WRITES, ...STORE_WRITES }].map((writes) =>
    fc.array(choiceOf(writes), { minLength: 1, maxLength: 4 }),
  ),
);

const step: fc.Arbitrary<Step> = fc.record({ choices, reader: fc.constantFrom("nobody", "usual", "fresh") });

const PEOPLE = NUMBERS.map(
  (number, at) => `n${at}: person(phoneNumber: "${number}") {
  phoneNumber optedOutAt contactLink { state } contact { ${CONTACT} } participant { id name phoneNumber }
}`,
).join("\n");

const ATTEMPTS = KEYS.map((key) => `${key}: attempt(idempotencyKey: "${key}") { state }`).join("\n");

/** Everything that the model knows, read by id, by number and by list. */
function readAll({ contactIds, users, campaignId }: Model): string {
  const contacts = contactIds.map((id, at) => `c${at}: contact(id: "${id}") { ${CONTACT} }`);
  const pidjUsers = [...users.keys()].map((id, at) => `u${at}: pidjUser(id: "${id}") { ${USER} }`);
  return `{
    ${[...contacts, ...pidjUsers, PEOPLE, ATTEMPTS].join("\n")}
    contacts(first: 100) { totalCount nodes { ${CONTACT} } }
    participants(first: 100) { totalCount nodes { ${participantOf(campaignId)} } }
    textizenGroups(first: 100) { totalCount nodes { ${GROUP} } }
  }`;
}

function showAttempt({ accepted }: Model, key: string): object | null {
  return accepted.has(key) ? { state: "ACCEPTED" } : null;
}

/** What `readAll` must give. */
function showAll(model: Model): object {
  const { contactIds, users, groups, participants } = model;
  const person = (number: string): object => {
    const [contact, id] = [holderOf(model.contacts, number), holderOf(participants, number)];
    const participant = id === null ? null : { id, name: participants.get(id)?.name, phoneNumber: number };
    return {
      ...showPerson(model, number),
      contact: contact === null ? null : showContact(model, contact),
      participant,
    };
  };
  const list = <Row>(ids: Iterable<string>, show: (id: string) => Row) => {
    const nodes = [...ids]
      .map((id) => ({ id }))
      .sort(byId)
      .map(({ id }) => show(id));
    return { totalCount: nodes.length, nodes };
  };
  return {
    ...Object.fromEntries(contactIds.map((id, at) => [`c${at}`, showContact(model, id)])),
    ...Object.fromEntries([...users.keys()].map((id, at) => [`u${at}`, showUser(model, id)])),
    ...Object.fromEntries(NUMBERS.map((number, at) => [`n${at}`, person(number)])),
    ...Object.fromEntries(KEYS.map((key) => [key, showAttempt(model, key)])),
    contacts: list(model.contacts.keys(), (id) => showContact(model, id)),
    participants: list(participants.keys(), (id) => showParticipant(model, id)),
    textizenGroups: list(groups.keys(), (id) => showGroup(model, id)),
  };
}

/** Carries a step out on both sides, and compares whatever can be read. */
async function take(stage: Stage, model: Model, { choices, reader }: Step): Promise<void> {
  const { app } = stage;
  const writes = choices.map((each) => ({ name: each.mutation, ...makeWrite(model, each) }));
  const variables = Object.fromEntries(writes.map(({ input }, at) => [`i${at}`, input]));
  const types = writes.map(({ name }, at) => `$i${at}: ${name[0]?.toUpperCase()}${name.slice(1)}Input!`);
  const fields = writes.map(
    ({ name, selection }, at) => `w${at}: ${name}(input: $i${at}) { ${selection} userErrors { code } }`,
  );
  const mutation = `mutation (${types.join(", ")}) { ${fields.join("\n")} }`;

  const overtaken = reader === "nobody" ? null : await beginReads(stage, model, reader);
  const written = await ask(app.url, mutation, variables);
  expect(written.errors).toBeUndefined();
  expect(written.data).toEqual(
    Object.fromEntries(writes.map(({ carryOut }, at) => [`w${at}`, carryOut(written.data[`w${at}`])])),
  );
  // One read that meets the overtaken ones under way, and one that meets what they left behind. Where the write touched
  // nothing the first may well wait for them; it has come in when a request behind it is answered.
  const meanwhile = ask(app.url, readAll(model));
  await ask(app.url, "{ __typename }");
  await overtaken?.end();
  for (const read of [await meanwhile, await ask(app.url, readAll(model))]) {
    expect(read.errors).toBeUndefined();
    expect(read.data).toEqual(showAll(model));
  }
}

function makeWrite(model: Model, each: Choice) {
  const make = WRITES[each.mutation];
  if (make === undefined) {
    throw new Error(`no model of ${each.mutation}`);
  }
  return make(model, each);
}

/** Somebody else's read of everything, as it is before the write; some of the answers are held until `end`. */
async function beginReads(stage: Stage, model: Model, reader: "usual" | "fresh") {
  const { contactIds, hasContactList } = model;
  const routes: (readonly ["PIDJ" | "TEXTIZEN", string])[] = [
    ["TEXTIZEN", "GET /api/participants"],
    ["TEXTIZEN", "GET /api/groups"],
    ...(contactIds.length > 0 ? [["PIDJ", "GET /contact/{id}"] as const] : []),
    ...(hasContactList ? [["PIDJ", "GET /contacts"] as const] : []),
  ];
  const holds = routes.map(([platform, route]) => stage.simulator.fault({ platform, route, kind: "hold", times: 1 }));
  const headers = reader === "fresh" ? { "cache-control": "no-cache" } : {};
  const reading = ask(stage.app.url, readAll(model), {}, headers);
  // Awaited by `end`, which a failing comparison never comes to.
  reading.catch(() => undefined);
  const arrivals = holds.map(({ arrived }) => arrived);
  // Who reads as usual may find everything kept, and ask the platforms for little or nothing.
  await (reader === "fresh" ? Promise.all(arrivals) : Promise.race([...arrivals, reading]));
  for (const stopHolding of holds) {
    stopHolding();
  }
  return {
    end: async () => {
      for (const { release } of holds) {
        release();
      }
      await reading;
    },
  };
}

test("whatever is written, every read by id, number or list shows it, in the same operation and ever after", async () => {
  const env = { NODE_ENV: "production", SNAPSHOT_SECONDS: "30" };
  await fc.assert(
    fc.asyncProperty(
      fc.array(step, { minLength: 1, maxLength: 12, size: "max" }),
      fc.boolean(),
      async (steps, contactsList) => {
        await using stage = await startStage({
          simulator: { people: 0, polls: 0, textizenGroups: 0, contactsList },
          env: { ...env, PIDJ_CONTACTS_LIST: contactsList ? "on" : "off" },
          app: { now: () => STANDING },
        });
        const campaignId = `campaign:${one(stage.simulator.world.campaigns).id}`;
        const model = new Model({ campaignId, hasContactList: contactsList });
        for (const each of steps) {
          await take(stage, model, each);
        }
      },
    ),
    { numRuns: Number(process.env["MODEL_RUNS"] ?? 25) },
  );
}, 120_000);
