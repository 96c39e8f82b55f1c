import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { World } from "../src/simulator/world.ts";
import { errorsAt, type Stage, startStage } from "./support.ts";

const SIZES = { people: 90, polls: 9, responsesPerPoll: 60 };
let stage: Stage;
let listed: Stage;

beforeAll(async () => {
  stage = await startStage({ simulator: SIZES });
  await stage.learnContacts();
  listed = await startStage({ simulator: { ...SIZES, contactsList: true }, env: { PIDJ_CONTACTS_LIST: "on" } });
});
afterAll(async () => {
  await stage[Symbol.asyncDispose]();
  await listed[Symbol.asyncDispose]();
});

/** The ids of all rows that a list gives under these arguments. */
async function idsOf(on: Stage, field: string, args: string): Promise<string[]> {
  const { data, errors } = await on.query(`{ ${field}(first: 100, ${args}) { totalCount nodes { id } } }`);
  expect(errors).toBeUndefined();
  expect(data[field].totalCount).toBe(data[field].nodes.length);
  return data[field].nodes.map(({ id }: { id: string }) => id);
}

const people = (world: World, isMeant: (name: string) => boolean) =>
  [...world.participants.values()]
    .filter(({ name }) => isMeant((name ?? "").toLowerCase()))
    .map(({ id }) => `participant:${id}`);
const polls = (
  world: World,
  isMeant: (poll: { title: string; active: boolean; public: boolean; language: string }) => boolean,
) => [...world.polls.values()].filter(isMeant).map(({ id }) => `poll:${id}`);

const filters: [field: string, args: string, expected: (world: World) => string[]][] = [
  ["participants", `filter: { name: "AN" }`, (world) => people(world, (name) => name.includes("an"))],
  ["participants", `filter: { name: " an " }`, (world) => people(world, (name) => name.includes("an"))],
  ["participants", `filter: { name: "" }`, (world) => people(world, () => true)],
  ["participants", `filter: { name: null, phoneNumber: null }`, (world) => people(world, () => true)],
  ["participants", "filter: null", (world) => people(world, () => true)],
  ["participants", `filter: { name: "nobody is called so" }`, () => []],
  ["polls", `filter: { title: "A" }`, (world) => polls(world, ({ title }) => title.toLowerCase().includes("a"))],
  ["polls", "filter: { isActive: true }", (world) => polls(world, (poll) => poll.active)],
  ["polls", "filter: { isActive: false }", (world) => polls(world, (poll) => !poll.active)],
  ["polls", "filter: { isPublic: false }", (world) => polls(world, (poll) => !poll.public)],
  ["polls", `filter: { language: "es" }`, (world) => polls(world, (poll) => poll.language === "es")],
  ["polls", `filter: { language: "e" }`, () => []],
  [
    "polls",
    `filter: { isActive: true, isPublic: true, language: "en" }`,
    (world) => polls(world, (poll) => poll.active && poll.public && poll.language === "en"),
  ],
  [
    "textizenGroups",
    `name: "VOLUNTEERS"`,
    (world) =>
      [...world.textizenGroups.values()]
        .filter(({ name }) => name.toLowerCase().includes("volunteers"))
        .map(({ id }) => `group:${id}`),
  ],
  [
    "pidjGroups",
    `name: "pa"`,
    (world) =>
      [...world.pidjGroups.values()]
        .filter(({ name, is_active }) => is_active && name.toLowerCase().includes("pa"))
        .map(({ id }) => id),
  ],
];

test.each(filters)("%s(%s) holds the rows that meet it, and counts them alone", async (field, args, expected) => {
  const ids = await idsOf(stage, field, args);
  expect(ids.toSorted()).toEqual(expected(stage.simulator.world).toSorted());
});

test("by number: the one participant, and nobody whose number is masked", async () => {
  const all = [...stage.simulator.world.participants.values()];
  const shown = all.find(({ is_masked }) => !is_masked);
  const masked = all.find(({ is_masked }) => is_masked);
  expect(await idsOf(stage, "participants", `filter: { phoneNumber: "+${shown?.phone_number}" }`)).toEqual([
    `participant:${shown?.id}`,
  ]);
  expect(await idsOf(stage, "participants", `filter: { phoneNumber: "+${masked?.phone_number}" }`)).toEqual([]);
});

test("a filter and an order page together", async () => {
  const args = `filter: { name: "a" }, orderBy: { field: NAME, direction: DESC }`;
  const whole = await idsOf(stage, "participants", args);
  const { data } = await stage.query(`{ participants(first: 3, ${args}) { pageInfo { endCursor } nodes { id } } }`);
  const { endCursor } = data.participants.pageInfo;
  const next = await stage.query(`{ participants(first: 3, after: "${endCursor}", ${args}) { nodes { id } } }`);
  const seen = [...data.participants.nodes, ...next.data.participants.nodes].map(({ id }: { id: string }) => id);
  expect(seen).toEqual(whole.slice(0, 6));
});

describe("contacts", () => {
  const numberOf = (on: Stage) => [...on.simulator.world.contacts.values()][4];

  test("by number, from the directory and from Pidj's list", async () => {
    for (const on of [stage, listed]) {
      const contact = numberOf(on);
      expect(await idsOf(on, "contacts", `filter: { phoneNumber: "${contact?.phone_number}" }`)).toEqual([contact?.id]);
      expect(await idsOf(on, "contacts", `filter: { phoneNumber: "+19995550100" }`)).toEqual([]);
    }
  });

  test("by a part of the name that they go by, where Pidj lists them", async () => {
    const called = [...listed.simulator.world.contacts.values()].filter(({ display_name, first_name, last_name }) =>
      (display_name || [first_name, last_name].filter(Boolean).join(" ")).toLowerCase().includes("an"),
    );
    const ids = await idsOf(listed, "contacts", `filter: { name: "AN" }`);
    expect(called.length).toBeGreaterThan(0);
    expect(ids.toSorted()).toEqual(called.map(({ id }) => id).toSorted());
  });

  test("by beginnings of words in the names of those that were seen, where only the directory is at hand", async () => {
    const known = [...stage.simulator.world.contacts.values()];
    const [contact] = known.filter(({ first_name }) => first_name);
    const begin = contact?.first_name?.slice(0, 3) ?? "";
    const named = (text: string) => idsOf(stage, "contacts", `filter: { name: "${text}" }`);
    expect(await named(begin.toUpperCase())).toContain(contact?.id);
    expect(await named("no such name")).toEqual([]);
    const both = `filter: { name: "${begin}", phoneNumber: "${contact?.phone_number}" }`;
    expect(await idsOf(stage, "contacts", both)).toEqual([contact?.id]);
    const other = `filter: { name: "zzz", phoneNumber: "${contact?.phone_number}" }`;
    expect(await idsOf(stage, "contacts", other)).toEqual([]);
  });

  test("ordered by name is an error where only the directory is at hand", async () => {
    const { data, errors } = await stage.query("{ contacts(orderBy: { field: NAME, direction: ASC }) { totalCount } }");
    expect(data.contacts).toBeNull();
    expect(errors?.[0]?.extensions).toEqual({
      code: "BAD_USER_INPUT",
      retryable: false,
      argument: ["orderBy", "field"],
    });
  });
});

test("participants by their creation, where Textizen's list says it", async () => {
  await using own = await startStage({ simulator: { people: 20, polls: 0 } });
  const filter = 'filter: { earliestCreatedAt: "2026-01-01T05:00:00Z", latestCreatedAt: "2026-01-01T09:00:00+01:00" }';
  const { errors } = await own.query(`{ participants(${filter}) { totalCount } }`);
  expect(errors?.[0]?.extensions).toMatchObject({ code: "BAD_USER_INPUT", argument: ["filter", "earliestCreatedAt"] });

  const hours = (rows: object[]) => rows.map((row, at) => ({ ...row, created_at: new Date(Date.UTC(2026, 0, 1, at)) }));
  const rewrite = (json: unknown) => hours(json as object[]);
  own.simulator.fault({ platform: "TEXTIZEN", route: "GET /api/participants", kind: "rewrite", rewrite });
  const fresh = { "cache-control": "no-cache" };
  const { data } = await own.query(`{ participants(${filter}) { nodes { createdAt } } }`, {}, fresh);
  expect(data.participants.nodes.map(({ createdAt }: { createdAt: string }) => createdAt.slice(11, 13))).toEqual([
    "05",
    "06",
    "07",
    "08",
  ]);
});

describe("a poll's responses", () => {
  test("by question, participant, number and text, alone and together", async () => {
    const { responses, participants } = stage.simulator.world;
    const all = [...responses.values()].filter(({ poll_id }) => poll_id === 301);
    const one = all.find(({ participant_id }) => participants.get(participant_id)?.is_masked === false);
    const number = participants.get(one?.participant_id ?? 0)?.phone_number;
    const question = `questionId: "question:301.${one?.question_id}"`;
    const from = `from: "+${number}"`;
    const cases: [string, (row: (typeof all)[number]) => boolean][] = [
      [question, (row) => row.question_id === one?.question_id],
      [`participantId: "participant:${one?.participant_id}"`, (row) => row.participant_id === one?.participant_id],
      [from, (row) => row.participant_id === one?.participant_id],
      [`text: "THE"`, (row) => row.response.toLowerCase().includes("the")],
      [`${question}, text: ""`, (row) => row.question_id === one?.question_id],
      [
        `${question}, ${from}`,
        (row) => row.participant_id === one?.participant_id && row.question_id === one?.question_id,
      ],
    ];
    for (const [filter, isMeant] of cases) {
      const document = `{ poll(id: "poll:301") { responses(first: 100, filter: { ${filter} }) { totalCount nodes { id } } } }`;
      const { data, errors } = await stage.query(document);
      expect(errors).toBeUndefined();
      expect(data.poll.responses.nodes).toEqual(all.filter(isMeant).map(({ id }) => ({ id: `response:${id}` })));
    }
  });

  test("an id of another kind is refused", async () => {
    const { errors } = await stage.query(
      `{ poll(id: "poll:301") { responses(filter: { questionId: "poll:301" }) { totalCount } } }`,
    );
    expect(errors?.[0]?.extensions).toMatchObject({ code: "BAD_USER_INPUT", argument: ["filter", "questionId"] });
  });
});

test.each(["isActive: true", "isPublic: true", `language: "en"`])(
  "%s: what no row says cannot be asked, and is no empty page",
  async (filter) => {
    await using own = await startStage({ simulator: { people: 3, polls: 3, responsesPerPoll: 1 } });
    const rewrite = (json: unknown) =>
      (json as { id: number; title: string }[]).map(({ id, title }) => ({ id, title }));
    own.simulator.fault({ platform: "TEXTIZEN", route: "GET /api/polls", kind: "rewrite", rewrite });
    const answer = await own.query(`{ polls(filter: { ${filter} }) { totalCount } }`);
    expect(answer.data).toEqual({ polls: null });
    expect(errorsAt(answer)).toEqual({ polls: "BAD_USER_INPUT" });
    expect(answer.errors?.[0]?.extensions["argument"]).toEqual(["filter", filter.split(":")[0]]);
  },
);
