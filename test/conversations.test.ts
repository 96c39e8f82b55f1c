import { expect, test } from "vitest";
import { SECRET } from "./events.ts";
import { FROM, send, TO } from "./sends.ts";
import { onEachStore, type StorePlace } from "./stores.ts";
import { type Stage, startStage } from "./support.ts";

const PERSON = `query ($number: PhoneNumber!, $first: Int, $after: String, $last: Int, $before: String) {
  person(phoneNumber: $number) {
    conversation {
      id phoneNumber unreadCount latestAt listeningStartedAt person { phoneNumber }
      latestMessage { ... on ReceivedMessage { text } ... on OutgoingMessage { text } }
      messages(first: $first, after: $after, last: $last, before: $before) {
        totalCount pageInfo { hasNextPage endCursor startCursor hasPreviousPage }
        nodes {
          __typename
          ... on ReceivedMessage { id text }
          ... on OutgoingMessage {
            id text state message sentBy idempotencyKey sentAt toPhoneNumber fromPhoneNumber
            to { phoneNumber } group { id }
          }
        }
      }
    }
  }
}`;
const LIST = `query ($first: Int, $after: String, $filter: ConversationFilter) {
  conversations(first: $first, after: $after, filter: $filter) {
    totalCount pageInfo { hasNextPage endCursor } nodes { phoneNumber unreadCount }
  }
}`;
const MARK = `mutation ($input: MarkReadInput!) {
  markRead(input: $input) { conversation { unreadCount } userErrors { code field } }
}`;

async function open({ url }: StorePlace): Promise<Stage> {
  const stage = await startStage({
    simulator: { people: 9, polls: 0, responsesPerPoll: 0 },
    env: { WEBHOOK_SECRET: SECRET, STORE_URL: url },
  });
  stage.simulator.pushTo({ forwardTo: stage.app.webhooks?.pidj ?? null, webhookTo: null });
  return stage;
}

async function receive(stage: Stage, text: object): Promise<void> {
  expect(await stage.simulator.forwardText({ from: TO, ...text })).toBe(200);
}

async function talk(stage: Stage, variables: object = {}) {
  const { data, errors } = await stage.query(PERSON, { number: TO, ...variables });
  expect(errors).toBeUndefined();
  return data.person.conversation;
}

async function numbers(stage: Stage, filter: object | null = null): Promise<string[]> {
  const { data, errors } = await stage.query(LIST, { filter });
  expect(errors).toBeUndefined();
  const { nodes, totalCount } = data.conversations;
  expect(totalCount).toBe(nodes.length);
  return nodes.map(
    (node: { phoneNumber: string; unreadCount: number }) => `${node.phoneNumber.slice(-3)}:${node.unreadCount}`,
  );
}

const textsOf = (conversation: { messages: { nodes: { text: string }[] } }) =>
  conversation.messages.nodes.map(({ text }) => text);

onEachStore((make) => {
  test("a conversation has both directions, newest first, with what became of each text", async () => {
    await using place = await make();
    await using stage = await open(place);
    expect(await talk(stage)).toBeNull();
    await send(stage.app.url, "first", { text: "Are you there?" });
    await receive(stage, { message: "Yes" });
    await stage.query("{ pidjGroups { nodes { id } } }");
    await send(stage.app.url, "second", { text: "Good" });

    const conversation = await talk(stage);

    expect(textsOf(conversation)).toEqual(["Good", "Yes", "Are you there?"]);
    expect(conversation).toMatchObject({
      id: `conversation:${TO}`,
      person: { phoneNumber: TO },
      unreadCount: 1,
      latestMessage: { text: "Good" },
      messages: { totalCount: 3 },
    });
    const [latest] = conversation.messages.nodes;
    expect(latest).toMatchObject({
      __typename: "OutgoingMessage",
      state: "ACCEPTED",
      to: { phoneNumber: TO },
      toPhoneNumber: TO,
      fromPhoneNumber: FROM,
      group: { id: expect.stringMatching(/^gr:/) },
      sentBy: "anonymous",
      idempotencyKey: "second",
    });
    expect(latest.sentAt).toBe(conversation.latestAt);
    expect(Date.parse(conversation.listeningStartedAt)).toBeLessThanOrEqual(Date.parse(latest.sentAt));

    const node = "query ($ids: [ID!]!) { nodes(ids: $ids) { __typename id ... on OutgoingMessage { text } } }";
    const { data } = await stage.query(node, { ids: [latest.id, conversation.id, "sent:0190a.3"] });
    expect(data.nodes).toEqual([
      { __typename: "OutgoingMessage", id: latest.id, text: "Good" },
      { __typename: "Conversation", id: conversation.id },
      null,
    ]);
  });

  test("its messages are paged both ways, and what comes meanwhile neither skips nor repeats", async () => {
    await using place = await make();
    await using stage = await open(place);
    for (const [at, text] of [..."abcdef"].entries()) {
      await (at % 2 === 0 ? send(stage.app.url, text, { text }) : receive(stage, { message: text }));
    }
    const first = await talk(stage, { first: 2 });
    expect(textsOf(first)).toEqual(["f", "e"]);
    await send(stage.app.url, "g", { text: "g" });
    const second = await talk(stage, { first: 3, after: first.messages.pageInfo.endCursor });
    expect(textsOf(second)).toEqual(["d", "c", "b"]);
    expect(second.messages.pageInfo).toMatchObject({ hasNextPage: true, hasPreviousPage: true });
    expect(textsOf(await talk(stage, { last: 2, before: second.messages.pageInfo.startCursor }))).toEqual(["f", "e"]);
    expect(textsOf(await talk(stage, { last: 2 }))).toEqual(["b", "a"]);
  });

  test("people are listed by their latest message, and filtered by group and by what is unread", async () => {
    await using place = await make();
    await using stage = await open(place);
    const groups = (await stage.query("{ pidjGroups { nodes { id phoneNumber } } }")).data.pidjGroups.nodes;
    const line = groups.find(({ phoneNumber }: { phoneNumber: string }) => phoneNumber === FROM);
    const other = groups.find(({ phoneNumber }: { phoneNumber: string | null }) => phoneNumber && phoneNumber !== FROM);
    await receive(stage, { from: "+12025550101", to: FROM, group_id: line.id, message: "one" });
    await receive(stage, { from: "+12025550102", to: other.phoneNumber, group_id: other.id, message: "two" });
    await send(stage.app.url, "k", { recipient: { phoneNumber: "+12025550103" } });
    expect(await numbers(stage)).toEqual(["103:0", "102:1", "101:1"]);
    await receive(stage, { from: "+12025550101", to: FROM, group_id: line.id, message: "again" });

    expect(await numbers(stage)).toEqual(["101:2", "103:0", "102:1"]);
    expect(await numbers(stage, { isUnread: true })).toEqual(["101:2", "102:1"]);
    expect(await numbers(stage, { isUnread: false })).toEqual(["103:0"]);
    expect(await numbers(stage, { groupId: line.id })).toEqual(["101:2", "103:0"]);
    expect(await numbers(stage, { groupId: line.id, isUnread: true })).toEqual(["101:2"]);
    expect(await numbers(stage, { groupId: "gr:none" })).toEqual([]);

    const first = (await stage.query(LIST, { first: 2 })).data.conversations;
    expect(first.pageInfo.hasNextPage).toBe(true);
    const { data } = await stage.query(LIST, { first: 2, after: first.pageInfo.endCursor });
    expect(data.conversations).toMatchObject({
      nodes: [{ phoneNumber: "+12025550102" }],
      pageInfo: { hasNextPage: false },
    });
  });

  test("markRead counts from the message that was read, and never back", async () => {
    await using place = await make();
    await using stage = await open(place);
    for (const message of "abc") {
      await receive(stage, { message });
    }
    const [, { id: second }, { id: first }] = (await talk(stage)).messages.nodes;
    const mark = async (input: object) => {
      const { data, errors } = await stage.query(MARK, { input: { phoneNumber: TO, ...input } });
      expect(errors).toBeUndefined();
      return data.markRead.conversation?.unreadCount ?? data.markRead.userErrors;
    };
    expect(await mark({ upToId: second })).toBe(1);
    expect(await mark({ upToId: first })).toBe(1);
    expect(await numbers(stage, { isUnread: true })).toEqual(["100:1"]);
    expect(await mark({})).toBe(0);
    expect(await numbers(stage, { isUnread: true })).toEqual([]);
    await receive(stage, { message: "d" });
    expect(await numbers(stage, { isUnread: true })).toEqual(["100:1"]);
    expect(await mark({ upToId: "message:0190a.3" })).toEqual([{ code: "NOT_FOUND", field: ["input", "upToId"] }]);
    expect(await mark({ phoneNumber: "+12025550199", upToId: first })).toEqual([
      { code: "NOT_FOUND", field: ["input", "upToId"] },
    ]);
    expect(await mark({ phoneNumber: "+12025550199" })).toEqual([
      { code: "NOT_FOUND", field: ["input", "phoneNumber"] },
    ]);
  });
});

test("a text that is sent by number belongs to the group that got an answer by it, though nobody read the groups", async () => {
  await using stage = await startStage({ simulator: { people: 9, polls: 0 }, env: { WEBHOOK_SECRET: SECRET } });
  stage.simulator.pushTo({ forwardTo: stage.app.webhooks?.pidj ?? null });
  const SEND = "mutation ($input: SendMessageInput!) { sendMessage(input: $input) { userErrors { code } } }";
  const sendTo = async (phoneNumber: string) => {
    const input = { from: { phoneNumber: FROM }, recipient: { phoneNumber }, text: "Hi", idempotencyKey: phoneNumber };
    expect((await stage.query(SEND, { input })).data.sendMessage.userErrors).toEqual([]);
  };
  await sendTo("+12025550101");
  expect(await numbers(stage, { groupId: "gr:line" })).toEqual([]);
  await receive(stage, { from: "+12025550102", to: FROM, group_id: "gr:line", message: "Who is this?" });
  await sendTo("+12025550103");
  expect(await numbers(stage, { groupId: "gr:line" })).toEqual(["103:0", "102:1"]);
  expect(stage.calls()).toEqual(["PIDJ POST /send", "PIDJ POST /send"]);
});

test("a text that is tried again is one message, at the end of the conversation, and says why it was refused", async () => {
  await using stage = await startStage({ simulator: { people: 9, polls: 0 }, env: { WEBHOOK_SECRET: SECRET } });
  stage.simulator.pushTo({ forwardTo: stage.app.webhooks?.pidj ?? null });
  const waiting = { kind: "status", status: 429, headers: { "retry-after": "60" } } as const;
  const mend = stage.simulator.fault({ platform: "PIDJ", route: "POST /send", ...waiting });
  const statesOf = async () => {
    const { nodes, totalCount } = (await talk(stage)).messages;
    expect(totalCount).toBe(nodes.length);
    return nodes.map(({ text, state, message }: { text: string; state?: string; message?: string }) =>
      [text, state, message].filter(Boolean).join(" "),
    );
  };
  for (const key of ["k", "k", "other"]) {
    await send(stage.app.url, key, { text: "Open until 8" });
  }
  const refused = "Open until 8 REFUSED Pidj asks to wait before the next request.";
  expect(await statesOf()).toEqual([refused, refused]);
  await receive(stage, { message: "Hello?" });

  mend();
  await send(stage.app.url, "k", { text: "Open until 8" });
  expect(await statesOf()).toEqual(["Open until 8 ACCEPTED Text sent.", "Hello?", refused]);
});

test("a refused text is said to be refused, and another text with its key is another message", async () => {
  await using stage = await startStage({ simulator: { people: 9, polls: 0, responsesPerPoll: 0 } });
  await send(stage.app.url, "k", { from: { phoneNumber: "+12025550000" }, text: "wrong sender" });
  await send(stage.app.url, "k", { text: "right sender" });
  await send(stage.app.url, "k", { text: "right sender" });
  const { nodes } = (await talk(stage)).messages;
  expect(nodes.map(({ text, state }: { text: string; state: string }) => `${text} ${state}`)).toEqual([
    "right sender ACCEPTED",
    "wrong sender REFUSED",
  ]);
});
