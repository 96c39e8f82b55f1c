import { expect, onTestFinished, test, vi } from "vitest";
import type { SimulatorOptions } from "../src/simulator/simulator.ts";
import type { World } from "../src/simulator/world.ts";
import { one } from "./simulator-client.ts";
import { contactOf, type Stage, startStage } from "./support.ts";
import { createScope } from "./upstream.ts";

const LIST = "TEXTIZEN GET /api/participants";
const DETAIL = "TEXTIZEN GET /api/participants/{id}";
const CONTACT = "PIDJ GET /contact/{id}";

async function openStage(simulator: SimulatorOptions = {}, env: Record<string, string> = {}): Promise<Stage> {
  const stage = await startStage({ simulator: { people: 150, polls: 0, ...simulator }, env });
  onTestFinished(() => stage[Symbol.asyncDispose]());
  return stage;
}

/** How often each call was made since the last look. */
function countCalls(stage: Stage): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const call of stage.calls()) {
    counts[call] = (counts[call] ?? 0) + 1;
  }
  return counts;
}

function participantIds({ participants }: World, count: number): string[] {
  return [...participants.keys()].slice(0, count).map((id) => `participant:${id}`);
}

function contactIds({ contacts }: World, count: number): string[] {
  return [...contacts.keys()].slice(0, count);
}

const NAMES =
  "query ($ids: [ID!]!) { nodes(ids: $ids) { id ... on Participant { name } ... on Contact { firstName } } }";

test("100 series with their groups cost two platform calls", async () => {
  const stage = await openStage({ series: 100, pidjGroups: 40 });
  const { data, errors } = await stage.query("{ seriesList(first: 100) { nodes { id groups { id name } } } }");
  expect(errors).toBeUndefined();
  const { series, pidjGroups } = stage.simulator.world;
  const groupsOf = new Map(
    [...series.values()].map(({ id, group_ids }) => [
      id,
      group_ids.flatMap((group) => pidjGroups.get(group) ?? []).filter((group) => group.is_active),
    ]),
  );
  expect(data.seriesList.nodes).toHaveLength(100);
  for (const { id, groups } of data.seriesList.nodes) {
    expect(groups).toEqual(groupsOf.get(id)?.map((group) => ({ id: group.id, name: group.name })));
  }
  expect(countCalls(stage)).toEqual({ "PIDJ GET /groups": 1, "PIDJ GET /series": 1 });
});

test("50 participants with contacts and groups cost a list, a contact read for each link, 16 at once, and 50 details", async () => {
  const stage = await openStage();
  await stage.learnContacts();
  const { simulator } = stage;
  const hold = simulator.fault({ platform: "PIDJ", route: "GET /contact/{id}", kind: "hold" });
  const query = stage.query("{ participants(first: 50) { nodes { id contact { id firstName } groups { id name } } } }");
  const open = () => simulator.journal.filter(({ route, status }) => route === "GET /contact/{id}" && status === null);
  await vi.waitFor(() => expect(open().length).toBeGreaterThanOrEqual(16));
  // What else had been sent would have arrived before this call, which is sent after it.
  await stage.app.services.pidj.client.groups(createScope());
  expect(open()).toHaveLength(16);
  hold.release();
  const { data, errors } = await query;
  expect(errors).toBeUndefined();
  const { participants, textizenGroups } = simulator.world;
  const expected = [...participants.values()].slice(0, 50).map((participant) => {
    const contact = contactOf(simulator.world, participant);
    return {
      id: `participant:${participant.id}`,
      contact: contact && { id: contact.id, firstName: contact.first_name },
      groups: participant.group_ids.map((group) => ({ id: `group:${group}`, name: textizenGroups.get(group)?.name })),
    };
  });
  expect(data.participants.nodes).toEqual(expected);
  const links = expected.filter(({ contact }) => contact !== null).length;
  expect(links).toBeGreaterThan(16);
  expect(countCalls(stage)).toEqual({ [LIST]: 1, [DETAIL]: 50, [CONTACT]: links, "PIDJ GET /groups": 1 });
});

test("100 ids of participants cost one list read, and two cost two reads", async () => {
  const stage = await openStage({ people: 200 });
  const { world } = stage.simulator;
  for (const [count, cost] of [
    [2, { [DETAIL]: 2 }],
    [100, { [LIST]: 1 }],
  ] as const) {
    const ids = participantIds(world, count);
    const { data, errors } = await stage.query(NAMES, { ids });
    expect(errors).toBeUndefined();
    expect(data.nodes).toEqual(
      [...world.participants.values()].slice(0, count).map(({ id, name }) => ({ id: `participant:${id}`, name })),
    );
    expect(countCalls(stage)).toEqual(cost);
  }
  await stage.query(NAMES, { ids: participantIds(world, 2) });
  expect(countCalls(stage), "the list is kept").toEqual({});
});

test("an id that the list lacks is null only after a read of its own has said so", async () => {
  const stage = await openStage();
  const { world, fault } = stage.simulator;
  const ids = participantIds(world, 8);
  // A list that is not whole: its first row is missing, though a read by id finds it.
  fault({
    platform: "TEXTIZEN",
    route: "GET /api/participants",
    kind: "rewrite",
    rewrite: (rows) => (rows as unknown[]).slice(1),
  });
  const { data, errors } = await stage.query(NAMES, { ids: [...ids, "participant:99999999"] });
  expect(errors).toBeUndefined();
  expect(data.nodes).toEqual([...ids.map((id) => expect.objectContaining({ id })), null]);
  expect(countCalls(stage)).toEqual({ [LIST]: 1, [DETAIL]: 2 });
});

test("a contact that one operation asks for five times, by three ways, is read once", async () => {
  const stage = await openStage();
  await stage.learnContacts();
  const { world } = stage.simulator;
  const participant = one(world.participants, (row) => contactOf(world, row) !== null);
  const contact = contactOf(world, participant);
  const { data, errors } = await stage.query(
    `query ($id: ID!, $participant: ID!, $number: PhoneNumber!) {
      a: contact(id: $id) { firstName }
      b: contact(id: $id) { person { contact { firstName } } }
      c: node(id: $id) { ... on Contact { firstName } }
      d: person(phoneNumber: $number) { contact { firstName } }
      e: participant(id: $participant) { contact { firstName } }
    }`,
    { id: contact?.id, participant: `participant:${participant.id}`, number: contact?.phone_number },
  );
  expect(errors).toBeUndefined();
  const found = { firstName: contact?.first_name };
  expect(data).toEqual({
    a: found,
    b: { person: { contact: found } },
    c: found,
    d: { contact: found },
    e: { contact: found },
  });
  expect(countCalls(stage)).toEqual({ [CONTACT]: 1, [DETAIL]: 1 });
});

test("one failing contact fails its own place only", async () => {
  const stage = await openStage();
  const ids = contactIds(stage.simulator.world, 5);
  stage.simulator.fault({ platform: "PIDJ", route: "GET /contact/{id}", kind: "status", status: 500, times: 1 });
  const { data, errors } = await stage.query(NAMES, { ids });
  const failed = stage.simulator.journal.find(({ status }) => status === 500)?.path ?? "";
  const at = ids.findIndex((id) => decodeURIComponent(failed).endsWith(id));
  expect(errors).toEqual([
    expect.objectContaining({
      path: ["nodes", at],
      extensions: { code: "PLATFORM_UNAVAILABLE", platform: "PIDJ", retryable: true },
    }),
  ]);
  expect(data.nodes).toEqual(
    ids.map((id, place) =>
      place === at ? null : { id, firstName: stage.simulator.world.contacts.get(id)?.first_name },
    ),
  );
  expect(countCalls(stage)).toEqual({ [CONTACT]: 5 });
});

const FIRST_PAGE = "{ participants(first: 3) { totalCount } }";

test("operations share a list call, while it is under way and while its answer is kept", async () => {
  const stage = await openStage();
  const hold = stage.simulator.fault({ platform: "TEXTIZEN", route: "GET /api/participants", kind: "hold" });
  const first = stage.query(FIRST_PAGE);
  await hold.arrived;
  const second = stage.query(FIRST_PAGE);
  await stage.query("{ __typename }");
  hold.release();
  expect((await first).data).toEqual((await second).data);
  await stage.query(FIRST_PAGE);
  expect(countCalls(stage)).toEqual({ [LIST]: 1 });
});

test("Cache-Control: no-cache reads past what is kept, and what it read is kept in its place", async () => {
  const stage = await openStage();
  const { participants } = stage.simulator.world;
  const count = async (headers?: Record<string, string>) =>
    (await stage.query(FIRST_PAGE, {}, headers)).data.participants.totalCount;
  expect(await count()).toBe(100);
  participants.delete([...participants.keys()][0] ?? 0);
  expect([await count(), await count({ "cache-control": "no-cache" }), await count()]).toEqual([100, 99, 99]);
  expect(countCalls(stage)).toEqual({ [LIST]: 2 });
});

test("SNAPSHOT_SECONDS=0 keeps no list longer than the operation that read it", async () => {
  const stage = await openStage({}, { SNAPSHOT_SECONDS: "0" });
  const twice = "{ a: participants { totalCount } b: participants { totalCount } }";
  await stage.query(twice);
  await stage.query(twice);
  expect(countCalls(stage)).toEqual({ [LIST]: 2 });
});
