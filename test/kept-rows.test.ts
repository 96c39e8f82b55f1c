import {
  type GraphQLSchema,
  getNamedType,
  isCompositeType,
  isObjectType,
  parse,
  TypeInfo,
  visit,
  visitWithTypeInfo,
} from "graphql";
import { afterAll, beforeAll, expect, test } from "vitest";
import { parseId } from "../src/ids.ts";
import { buildSchema } from "../src/operations/schema.ts";
import type { World } from "../src/simulator/world.ts";
import { reportOf, textOf } from "./events.ts";
import { send } from "./sends.ts";
import { contactOf, type Stage, startStage } from "./support.ts";

/*
 * Every link of the graph, and every record by its id, where all fields that are asked for stand in lists: while those are
 * kept, it costs no call. Links to what no list has (mailings, responses, users, tokens) are in platform-calls.test.ts.
 * The last test asks the schema for the links that are not tried here.
 */

const WARM = `{
  contacts { totalCount } pidjGroups { totalCount } seriesList { totalCount } surveys { totalCount }
  participants { totalCount } textizenGroups { totalCount } campaigns { totalCount } polls { totalCount }
}`;

let stage: Stage;
beforeAll(async () => {
  stage = await startStage({
    simulator: { people: 20, polls: 3, responsesPerPoll: 2, contactsList: true },
    env: { PIDJ_CONTACTS_LIST: "on", SNAPSHOT_SECONDS: "3600" },
  });
  const { world } = stage.simulator;
  const { participant, contact } = shared(world);
  const text = textOf({
    contactId: parseId("Contact", contact),
    groupId: parseId("PidjGroup", first(world.pidjGroups) ?? ""),
  });
  const report = { ...reportOf(`poll:${first(world.polls)}`), participantId: parseId("Participant", participant) };
  await stage.app.services.inbox.append({ arrival: text, fingerprint: "text" });
  await stage.app.services.inbox.append({ arrival: report, fingerprint: "report" });
  await stage.query(WARM);
  // Whom the line belongs to is known from the lists by now.
  await send(stage.app.url, "a key");
  await stage.query(WARM);
});
afterAll(() => stage[Symbol.asyncDispose]());

const first = <Key>(records: ReadonlyMap<Key, unknown>) => [...records.keys()][0];

/** Somebody on both platforms. */
function shared(world: World) {
  for (const participant of world.participants.values()) {
    const contact = contactOf(world, participant);
    if (contact !== null) {
      return { participant: `participant:${participant.id}`, contact: contact.id, number: contact.phone_number };
    }
  }
  throw new Error("nobody is on both platforms");
}

function campaigner({ participants }: World) {
  return [...participants.values()].find(({ campaign_id }) => campaign_id !== null)?.id;
}

function mailingToGroups({ mailings }: World) {
  return [...mailings.values()].find(({ group_ids }) => group_ids.length > 0)?.id;
}

function memberOf({ participants }: World) {
  return [...participants.values()].find(({ group_ids }) => group_ids.length > 0)?.id;
}

const LINKS: readonly [name: string, field: (world: World) => string][] = [
  ["contact(id:)", (world) => `contact(id: "${first(world.contacts)}") { firstName phoneNumber }`],
  ["a contact by node", (world) => `node(id: "${first(world.contacts)}") { ... on Contact { lastName } }`],
  ["Contact.participant", (world) => `contact(id: "${shared(world).contact}") { participant { name } }`],
  ["Contact.person", (world) => `contact(id: "${shared(world).contact}") { person { displayName } }`],
  [
    "Person.contact",
    (world) => `person(phoneNumber: "${shared(world).number}") { contact { firstName } contactLink { state } }`,
  ],
  [
    "Person.participant",
    (world) => `person(phoneNumber: "${shared(world).number}") { participant { name } displayName }`,
  ],
  ["Participant.contact", (world) => `participant(id: "${shared(world).participant}") { name contact { lastName } }`],
  ["Participant.person", (world) => `participant(id: "${shared(world).participant}") { person { displayName } }`],
  [
    "a page of participants",
    () => "participants(first: 10) { nodes { name contact { firstName } person { displayName } } }",
  ],
  ["Poll.campaign", (world) => `poll(id: "poll:${first(world.polls)}") { title campaign { title } }`],
  ["Campaign.polls", (world) => `campaign(id: "campaign:${first(world.campaigns)}") { title polls { title } }`],
  ["PidjGroup.counterpart and series", () => "pidjGroups { nodes { name counterpart { name } series { name } } }"],
  ["TextizenGroup.counterpart", () => "textizenGroups { nodes { name counterpart { name phoneNumber } } }"],
  ["Series.groups", (world) => `series(id: "${first(world.series)}") { name groups { name } }`],
  ["survey(id:)", (world) => `survey(id: "${first(world.surveys)}") { name }`],
  ["group(id:)", (world) => `group(id: "${first(world.pidjGroups)}") { name }`],
  ["ReceivedMessage's links", () => "receivedMessages { nodes { text group { name } contact { firstName } } }"],
  [
    "OutgoingMessage.group",
    () => "conversations { nodes { latestMessage { ... on OutgoingMessage { group { name } } } } }",
  ],
  ["CompletedPoll's links", () => "completedPolls { nodes { poll { title } participant { name } } }"],
  ["a Textizen group by node", (world) => `node(id: "group:${first(world.textizenGroups)}") { ... on Group { name } }`],
];

test.each(LINKS)("%s costs no call while the lists are kept", async (_name, field) => {
  const document = `{ ${field(stage.simulator.world)} }`;
  stage.calls();
  const { data, errors } = await stage.query(document);
  expect(errors).toBeUndefined();
  expect(JSON.stringify(data)).toMatch(/"(name|title|firstName|lastName|displayName)":"/);
  expect(stage.calls()).toEqual([]);
  // Of its own calls, the operation has the same answer.
  expect((await stage.query(document, {}, { "cache-control": "no-cache" })).data).toEqual(data);
});

/** Of records that no list has whole: the call that reads them, and none for what they lead to. */
const LINKS_OF_DETAILS: readonly [name: string, field: (world: World) => string, call: string][] = [
  [
    "Participant.campaign",
    (world) => `participant(id: "participant:${campaigner(world)}") { campaign { title } }`,
    "TEXTIZEN GET /api/participants/{id}",
  ],
  [
    "Mailing.poll",
    (world) => `mailing(id: "mailing:${first(world.mailings)}") { poll { title } }`,
    "TEXTIZEN GET /api/mailings/{id}",
  ],
  [
    "Mailing.groups",
    (world) => `mailing(id: "mailing:${mailingToGroups(world)}") { groups { name } }`,
    "TEXTIZEN GET /api/mailings/{id}",
  ],
  [
    "Participant.groups",
    (world) => `participant(id: "participant:${memberOf(world)}") { groups { name } }`,
    "TEXTIZEN GET /api/participants/{id}",
  ],
  [
    "PollResponse's links",
    (world) => `pollResponse(id: "response:${first(world.responses)}") { poll { title } participant { name } }`,
    "TEXTIZEN GET /api/responses/{id}",
  ],
];

test.each(LINKS_OF_DETAILS)("%s costs the read that says which, and none for its name", async (_name, field, call) => {
  await stage.query(WARM);
  stage.calls();
  const { data } = await stage.query(`{ ${field(stage.simulator.world)} }`);
  expect(JSON.stringify(data)).toMatch(/"(title|name)":"/);
  expect(stage.calls()).toEqual([call]);
});

test("a field that the list lacks is read by id, of that contact alone", async () => {
  await stage.query(WARM);
  stage.calls();
  const contact = first(stage.simulator.world.contacts);
  const { data } = await stage.query(`{ contact(id: "${contact}") { firstName timezone } }`);
  expect(data.contact.timezone).toEqual(expect.any(String));
  expect(stage.calls()).toEqual(["PIDJ GET /contact/{id}"]);
});

/** Links that cannot be free, and why. */
const NEVER_FREE = [
  // Members are in the group's detail only.
  "TextizenGroup.participants",
  "PollNonRespondent.participant",
  // Answers of mutations, whose groups are read anew because the mutation may have changed them.
  "PidjTask.group",
  "SentMessage.group",
];

test("every link of the schema to a record that a list has is tried above", () => {
  const schema = buildSchema();
  const tried = [...LINKS, ...LINKS_OF_DETAILS].flatMap(([, field]) =>
    linksIn(schema, `{ ${field(stage.simulator.world)} }`),
  );
  expect([...new Set([...tried, ...NEVER_FREE])].sort()).toEqual(linksOf(schema).sort());
});

/** Types of which a list has all records. */
const LISTED = ["Campaign", "Contact", "Participant", "PidjGroup", "TextizenGroup", "Poll", "Series", "Survey"];

function isLink(owner: string, target: string): boolean {
  return (
    !/^(Query|Mutation|.*(Payload|Connection|Edge))$/.test(owner) && LISTED.includes(target.replace(/Connection$/, ""))
  );
}

function linksOf(schema: GraphQLSchema): string[] {
  return Object.values(schema.getTypeMap()).flatMap((type) =>
    isObjectType(type)
      ? Object.values(type.getFields())
          .filter((field) => isLink(type.name, getNamedType(field.type).name))
          .map((field) => `${type.name}.${field.name}`)
      : [],
  );
}

function linksIn(schema: GraphQLSchema, document: string): string[] {
  const types = new TypeInfo(schema);
  const found: string[] = [];
  const visitor = {
    Field() {
      const owner = types.getParentType();
      const target = getNamedType(types.getType());
      if (owner && isCompositeType(target) && isLink(owner.name, target.name)) {
        found.push(`${owner.name}.${types.getFieldDef()?.name}`);
      }
    },
  };
  visit(parse(document), visitWithTypeInfo(types, visitor));
  return found;
}
