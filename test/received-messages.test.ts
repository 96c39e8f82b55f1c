import { describe, expect, test } from "vitest";
import { SECRET } from "./events.ts";
import { one } from "./simulator-client.ts";
import { contactOf, errorsAt, type Stage, startStage } from "./support.ts";

const SMALL = { people: 9, polls: 2, responsesPerPoll: 4 };
const LIST = `query ($first: Int, $after: String, $last: Int, $before: String, $filter: ReceivedMessageFilter) {
  receivedMessages(first: $first, after: $after, last: $last, before: $before, filter: $filter) {
    totalCount nodes { text } edges { cursor } pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
  }
}`;

/** A server that both simulated platforms push to. */
async function open(simulator: object = {}): Promise<Stage> {
  const stage = await startStage({ simulator: { ...SMALL, ...simulator }, env: { WEBHOOK_SECRET: SECRET } });
  const { pidj = null, textizen = null } = stage.app.webhooks ?? {};
  stage.simulator.pushTo({ forwardTo: pidj, webhookTo: textizen });
  return stage;
}

async function forward(stage: Stage, text: object): Promise<void> {
  expect(await stage.simulator.forwardText({ from: "+12025550101", ...text })).toBe(200);
}

interface Listed {
  readonly texts: string;
  readonly page: { totalCount: number; pageInfo: Record<string, unknown> };
}

async function list(stage: Stage, variables: object): Promise<Listed> {
  const { data, errors } = await stage.query(LIST, variables);
  expect(errors).toBeUndefined();
  const page = data.receivedMessages;
  return { texts: page.nodes.map(({ text }: { text: string }) => text).join(""), page };
}

describe("the list of received texts", () => {
  test("is paged newest first, both ways, and what comes in meanwhile neither skips nor repeats", async () => {
    await using stage = await open();
    for (const message of "abcdefg") {
      await forward(stage, { message });
    }
    const first = await list(stage, { first: 3 });
    expect(first).toMatchObject({ texts: "gfe", page: { totalCount: 7 } });
    expect(first.page.pageInfo).toMatchObject({ hasNextPage: true, hasPreviousPage: false });
    await forward(stage, { message: "h" });
    const second = await list(stage, { first: 3, after: first.page.pageInfo["endCursor"] });
    expect(second.texts).toBe("dcb");
    expect(second.page.pageInfo).toMatchObject({ hasNextPage: true, hasPreviousPage: true });
    const third = await list(stage, { first: 3, after: second.page.pageInfo["endCursor"] });
    expect(third).toMatchObject({ texts: "a", page: { pageInfo: { hasNextPage: false } } });
    const back = await list(stage, { last: 3, before: third.page.pageInfo["startCursor"] });
    expect(back).toMatchObject({ texts: "dcb", page: { pageInfo: { hasNextPage: true, hasPreviousPage: true } } });
    expect((await list(stage, { last: 2 })).texts).toBe("ba");
    expect((await list(stage, { first: 0 })).page).toMatchObject({ totalCount: 8, edges: [] });
    expect((await list(stage, { last: 5, before: first.page.pageInfo["startCursor"] })).texts).toBe("h");
  });

  test("is filtered by group and sender; a group and a person have their own part of it", async () => {
    await using stage = await open();
    const [one, two] = [...stage.simulator.world.pidjGroups.keys()];
    await forward(stage, { message: "a", group_id: one });
    await forward(stage, { message: "b", group_id: two });
    await forward(stage, { message: "c", group_id: one, from: "+12025550102" });
    expect((await list(stage, { filter: { groupId: one } })).texts).toBe("ca");
    expect((await list(stage, { filter: { groupId: one, from: "+12025550101" } })).texts).toBe("a");
    const { data } = await stage.query(`{
      group(id: "${one}") { ... on PidjGroup { receivedMessages { totalCount nodes { text } } } }
      person(phoneNumber: "+12025550101") { receivedMessages(last: 1) { totalCount nodes { text } } }
    }`);
    expect(data.group.receivedMessages).toEqual({ totalCount: 2, nodes: [{ text: "c" }, { text: "a" }] });
    expect(data.person.receivedMessages).toEqual({ totalCount: 2, nodes: [{ text: "a" }] });
  });

  test("refuses what is no cursor of its own, and ids of other things", async () => {
    await using stage = await open();
    for (const variables of [
      { after: "x" },
      { before: "WyJJRCIsImNvOjEiXQ" },
      { first: 1, last: 1 },
      { first: 101 },
      { filter: { groupId: "poll:3" } },
    ]) {
      expect(errorsAt(await stage.query(LIST, variables))).toEqual({ receivedMessages: "BAD_USER_INPUT" });
    }
  });
});

describe("a received text", () => {
  const FIELDS = `id text displayFrom from { phoneNumber contactLink { state source } } toPhoneNumber
    group { id } contact { id } contactExternalId receivedAt repeatCount`;

  test("has its group and its contact, each read when asked for, and is found again by its id", async () => {
    await using stage = await open();
    const [group] = stage.simulator.world.pidjGroups.values();
    const [contact] = stage.simulator.world.contacts.values();
    const from = contact?.phone_number;
    await forward(stage, {
      message: "hi",
      from,
      to: group?.phone_number,
      group_id: group?.id,
      contact_id: contact?.id,
    });
    stage.calls();
    const { data } = await stage.query(`{ receivedMessages { nodes { ${FIELDS} } } }`);
    expect(stage.calls().sort()).toEqual(["PIDJ GET /contact/{id}", "PIDJ GET /groups"]);
    const [message] = data.receivedMessages.nodes;
    expect(message).toMatchObject({
      text: "hi",
      displayFrom: from,
      // Pidj recognized the sender: number and contact are linked from now on.
      from: { phoneNumber: from, contactLink: { state: "LINKED", source: "RECEIVED" } },
      toPhoneNumber: group?.phone_number,
      group: { id: group?.id },
      contact: { id: contact?.id },
      contactExternalId: null,
    });
    expect(Math.abs(Date.now() - Date.parse(message.receivedAt))).toBeLessThan(60_000);
    await stage.app.services.directory.idle();
    const again = await stage.query(`query ($id: ID!) { node(id: $id) { ... on ReceivedMessage { ${FIELDS} } } }`, {
      id: message.id,
    });
    // The contact was read meanwhile, which told its name: the newer observation counts.
    const sender = { ...message.from, contactLink: { state: "LINKED", source: "READ" } };
    expect(again.data.node).toEqual({ ...message, from: sender });
    expect((await stage.query("{ receivedMessages { nodes { text displayFrom } } }")).extensions.platforms).toEqual([]);
  });

  test("of a contact with an external id says that, and looks nobody up by it", async () => {
    await using stage = await open();
    await forward(stage, { message: "hi", contact_id: "crm-7" });
    stage.calls();
    const { data } = await stage.query("{ receivedMessages { nodes { contact { id } contactExternalId } } }");
    expect(data.receivedMessages.nodes).toEqual([{ contact: null, contactExternalId: "crm-7" }]);
    expect(stage.calls()).toEqual([]);
  });

  test.each(["message:1", "message:none.1", "completed-poll:none.1"])(
    "of id %s that is not kept is null or refused",
    async (id) => {
      await using stage = await open();
      const answer = await stage.query("query ($id: ID!) { node(id: $id) { id } }", { id });
      expect(answer.data.node).toBeNull();
      expect(errorsAt(answer)).toEqual(id.includes(".") ? {} : { node: "BAD_USER_INPUT" });
    },
  );

  test("to a group that the kept list lacks has that list read again, and no other text does", async () => {
    await using stage = await open();
    const { world } = stage.simulator;
    const [group] = world.pidjGroups.values();
    const groups = "{ receivedMessages(first: 1) { nodes { group { name } } } }";
    await forward(stage, { message: "a", group_id: group?.id });
    await stage.query(groups);
    stage.calls();
    await forward(stage, { message: "b", group_id: group?.id });
    await stage.query(groups);
    expect(stage.calls()).toEqual([]);
    const id = world.makePidjId("gr");
    world.pidjGroups.put({ ...one(world.pidjGroups), id, name: "New" });
    await forward(stage, { message: "c", group_id: id });
    expect((await stage.query(groups)).data.receivedMessages.nodes).toEqual([{ group: { name: "New" } }]);
    expect(stage.calls()).toEqual(["PIDJ GET /groups"]);
  });
});

describe("a completed poll", () => {
  const FIELDS = `id completedAt poll { id title } participant { id } person { phoneNumber }
    responses { id text createdAt participant { id } poll { id } question { id text } matchedOptions { text } }`;

  test.each(["form", "json"] as const)(
    "reported as %s has poll, person and answers, as the platform itself gives them",
    async (encoding) => {
      await using stage = await open();
      const { world } = stage.simulator;
      const participant = [...world.participants.values()].find(({ is_masked }) => !is_masked);
      const [poll] = world.polls.values();
      const completion = { pollId: poll?.id ?? 0, participantId: participant?.id ?? 0, encoding };
      expect(await stage.simulator.completePoll(completion)).toBe(200);
      const { data, errors } = await stage.query(`{ completedPolls { totalCount nodes { ${FIELDS} } } }`);
      expect(errors).toBeUndefined();
      const [report] = data.completedPolls.nodes;
      expect(report).toMatchObject({
        poll: { id: `poll:${poll?.id}`, title: poll?.title },
        participant: { id: `participant:${participant?.id}` },
        person: { phoneNumber: `+${participant?.phone_number}` },
      });
      expect(report.completedAt).toBe(report.responses.at(-1).createdAt);
      expect(report.responses).toHaveLength(poll?.questions.length ?? 0);
      for (const response of report.responses) {
        const document = `{ pollResponse(id: "${response.id}") { id text createdAt participant { id } poll { id } question { id text } matchedOptions { text } } }`;
        expect((await stage.query(document)).data.pollResponse).toEqual(response);
      }
      const again = await stage.query(`query ($id: ID!) { node(id: $id) { ... on CompletedPoll { ${FIELDS} } } }`, {
        id: report.id,
      });
      expect(again.data.node).toEqual(report);
      const ofPoll = (id: string) => stage.query(`{ completedPolls(pollId: "${id}") { totalCount } }`);
      expect((await ofPoll(`poll:${poll?.id}`)).data.completedPolls.totalCount).toBe(1);
      expect((await ofPoll("poll:99")).data.completedPolls.totalCount).toBe(0);
    },
  );

  test("of somebody whom the kept list lacks has the list of participants read again", async () => {
    await using stage = await open();
    const { world } = stage.simulator;
    const [known] = world.participants.values();
    const [pollId = 0] = world.polls.keys();
    const total = async () => (await stage.query("{ participants { totalCount } }")).data.participants.totalCount;
    const before = await total();
    const newcomer = { ...known, id: world.makeTextizenId(), phone_number: "12025550199" } as NonNullable<typeof known>;
    world.participants.put(newcomer);
    expect(await total()).toBe(before);
    await stage.simulator.completePoll({ pollId, participantId: known?.id ?? 0 });
    expect(await total()).toBe(before);
    await stage.simulator.completePoll({ pollId, participantId: newcomer.id });
    expect(await total()).toBe(before + 1);
  });
});

test("eventCursor is the place of the newest event: a list asked for with it holds all up to there", async () => {
  await using stage = await open();
  const empty = (await stage.query("{ eventCursor }")).data.eventCursor;
  await forward(stage, { message: "a" });
  const { data } = await stage.query("{ receivedMessages { edges { cursor } } eventCursor }");
  expect(data.receivedMessages.edges).toEqual([{ cursor: data.eventCursor }]);
  expect(data.eventCursor).not.toBe(empty);
  await forward(stage, { message: "b" });
  expect((await list(stage, { before: data.eventCursor })).texts).toBe("b");
  expect((await list(stage, { before: empty })).texts).toBe("ba");
});

test("simulated platforms chatter by themselves where they are told to: texts of contacts, and polls", async () => {
  await using stage = await open({ chatterSeconds: 0.01 });
  const groups = [...stage.simulator.world.pidjGroups.keys()];
  const document =
    "{ receivedMessages { nodes { group { id } contact { phoneNumber } displayFrom } } completedPolls { totalCount } }";
  await expect
    .poll(async () => {
      const { data } = await stage.query(document);
      return data.completedPolls.totalCount > 0 && data.receivedMessages.nodes.length > 5;
    })
    .toBe(true);
  const { data } = await stage.query(document);
  const contacts = [...stage.simulator.world.participants.values()].map((who) => contactOf(stage.simulator.world, who));
  expect(contacts.length).toBeGreaterThan(0);
  for (const { group, contact, displayFrom } of data.receivedMessages.nodes) {
    expect(groups).toContain(group.id);
    expect(contact?.phoneNumber ?? displayFrom).toBe(displayFrom);
  }
});
