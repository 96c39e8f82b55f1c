import { afterAll, beforeAll, describe, expect, test } from "vitest";
import {
  forward,
  newestCursor,
  ON_TEXT,
  openSubscriber,
  type Subscriber,
  type Subscription,
  startListening,
  type Transport,
  textOf,
} from "./subscribers.ts";
import type { Stage } from "./support.ts";

const TRANSPORTS: Transport[] = ["WebSocket", "server-sent events"];
const INTROSPECTION = "{ __schema { queryType { name } } }";

let stage: Stage;
let production: Stage;
let foreign: string;

beforeAll(async () => {
  stage = await startListening();
  production = await startListening({ env: { NODE_ENV: "production" } });
  foreign = await newestCursor(production);
});
afterAll(async () => {
  await stage[Symbol.asyncDispose]();
  await production[Symbol.asyncDispose]();
});

async function textsOf(subscription: Subscription, count: number): Promise<string[]> {
  const texts: string[] = [];
  while (texts.length < count) {
    texts.push(textOf(await subscription.next()).text);
  }
  return texts;
}

/** The errors of what cannot begin: a result without data, or what the client throws in its place. */
async function errorsOf(client: Subscriber, query: string, variables?: Record<string, unknown>) {
  const result = await client
    .subscribe(query, variables)
    .next()
    .catch((thrown: unknown) => ({ errors: thrown, data: undefined }));
  expect(result.data ?? undefined).toBeUndefined();
  return result.errors;
}

describe.each(TRANSPORTS)("over %s, a subscriber", (transport) => {
  let client: Subscriber;
  const forwardTo = (groupId: string, text: string, from = "+12025550101") =>
    forward(stage.app.url, text, { group_id: groupId, from });

  beforeAll(() => {
    client = openSubscriber(stage.app.url, transport);
  });
  afterAll(() => client[Symbol.asyncDispose]());

  test("gets what it missed and then what comes in, each once, in order", async () => {
    const since = await newestCursor(stage);
    const missed = Array.from({ length: 250 }, (_, at) => `${transport} missed ${at}`);
    for (const text of missed) {
      await forward(stage.app.url, text);
    }
    await using subscription = client.subscribe(ON_TEXT, { since });
    expect(await textsOf(subscription, 100)).toEqual(missed.slice(0, 100));
    await forward(stage.app.url, `${transport} live`);
    expect(await textsOf(subscription, 151)).toEqual([...missed.slice(100), `${transport} live`]);
  });

  test("goes on behind the cursor of the last event that it has seen", async () => {
    const since = await newestCursor(stage);
    await forward(stage.app.url, `${transport} first`);
    await forward(stage.app.url, `${transport} second`);
    await using before = client.subscribe(ON_TEXT, { since });
    const first = textOf(await before.next());
    expect(first.text).toBe(`${transport} first`);
    await using after = client.subscribe(ON_TEXT, { since: first.cursor });
    expect(await textsOf(after, 1)).toEqual([`${transport} second`]);
  });

  test("gets only texts to its group, and from its number", async () => {
    const since = await newestCursor(stage);
    await forwardTo("gr:other", `${transport} elsewhere`);
    await forwardTo("gr:mine", `${transport} from somebody`);
    await forwardTo("gr:mine", `${transport} from her`, "+12025550199");
    await using toGroup = client.subscribe(ON_TEXT, { since, groupId: "gr:mine" });
    await using fromHer = client.subscribe(ON_TEXT, { since, from: "+12025550199" });
    expect(await textsOf(toGroup, 2)).toEqual([`${transport} from somebody`, `${transport} from her`]);
    expect(await textsOf(fromHer, 1)).toEqual([`${transport} from her`]);
  });

  test("gets polls as they are completed, with who answered what", async () => {
    const since = await newestCursor(stage);
    const { world } = stage.simulator;
    const [poll] = world.polls.values();
    const [participant] = world.participants.values();
    if (poll === undefined || participant === undefined) {
      throw new Error("an empty world");
    }
    stage.simulator.pushTo({ webhookTo: stage.app.webhooks?.textizen ?? null });
    await using subscription = client.subscribe(
      `subscription Polls($pollId: ID, $since: String) {
        pollCompleted(pollId: $pollId, since: $since) {
          cursor
          completedPoll { id completedAt poll { id } participant { id } responses { text createdAt } }
        }
      }`,
      { since, pollId: `poll:${poll.id}` },
    );
    expect(await stage.simulator.completePoll({ pollId: poll.id, participantId: participant.id })).toBe(200);
    const { errors, data } = await subscription.next();
    expect(errors).toBeUndefined();
    const { completedPoll } = data.pollCompleted;
    expect(completedPoll).toMatchObject({
      id: expect.stringMatching(/^completed-poll:/),
      poll: { id: `poll:${poll.id}` },
      participant: { id: `participant:${participant.id}` },
    });
    expect(completedPoll.responses.length).toBeGreaterThan(0);
    expect(completedPoll.responses[0].createdAt).toMatch(/Z$/);
  });

  test("gets an event even where a platform fails, with the error at the field, and nothing of the platform's", async () => {
    const since = await newestCursor(stage);
    const remove = stage.simulator.fault({ platform: "PIDJ", route: "GET /contact/{id}", kind: "html-200" });
    await using subscription = client.subscribe(
      "subscription ($since: String) { messageReceived(since: $since) { message { text contact { id } } } }",
      { since },
    );
    await forward(stage.app.url, `${transport} all the same`, { contact_id: "co:x" });
    const result = await subscription.next();
    remove();
    expect(result).toMatchObject({
      data: { messageReceived: { message: { text: `${transport} all the same`, contact: null } } },
      errors: [
        {
          message: "Pidj gave an answer that cannot be read.",
          path: ["messageReceived", "message", "contact"],
          extensions: { code: "PLATFORM_BAD_RESPONSE", retryable: false, platform: "PIDJ" },
        },
      ],
    });
  });

  test("is told why a subscription cannot begin", async () => {
    const refusals: [variables: Record<string, unknown>, code: string, message: RegExp][] = [
      [{ since: "junk" }, "BAD_USER_INPUT", /^since must be a cursor/],
      [{ since: foreign }, "CURSOR_EXPIRED", /eventCursor/],
      [{ groupId: "ts:1" }, "BAD_USER_INPUT", /^groupId must be the id of a PidjGroup/],
      [{ from: "2025550101" }, "BAD_USER_INPUT", /E\.164/],
    ];
    for (const [variables, code, message] of refusals) {
      const errors = await errorsOf(client, ON_TEXT, variables);
      expect(errors).toEqual([
        expect.objectContaining({
          message: expect.stringMatching(message),
          extensions: expect.objectContaining({ code, retryable: false }),
        }),
      ]);
    }
  });

  test("is told what is wrong with its document", async () => {
    const tokens = "eventCursor ".repeat(1_500);
    const wrong: [query: string, code: string, message: RegExp][] = [
      ["subscription {", "GRAPHQL_PARSE_FAILED", /^Syntax Error/],
      [`{ ${tokens} }`, "GRAPHQL_PARSE_FAILED", /token/],
      ["subscription { nothing }", "GRAPHQL_VALIDATION_FAILED", /^Cannot query field "nothing"/],
      [
        "subscription { messageReceived { cursor } pollCompleted { cursor } }",
        "GRAPHQL_VALIDATION_FAILED",
        /only one top level field/,
      ],
    ];
    for (const [query, code, message] of wrong) {
      const errors = await errorsOf(client, query);
      expect(errors).toEqual([
        expect.objectContaining({
          message: expect.stringMatching(message),
          extensions: { code, retryable: false },
        }),
      ]);
    }
  });

  test("asks and changes too, as by POST, and sees what it cost", async () => {
    const [contact] = stage.simulator.world.contacts.values();
    await using asked = client.subscribe("query ($id: ID!) { contact(id: $id) { id } }", { id: contact?.id });
    expect(await asked.next()).toMatchObject({
      data: { contact: { id: contact?.id } },
      extensions: { platforms: [{ platform: "PIDJ", route: "GET /contact/{id}" }] },
    });
    expect(await asked.isOver()).toBe(true);
    await using changed = client.subscribe(
      `mutation ($input: CreatePollInput!) { createPoll(input: $input) { userErrors { code } poll { title } } }`,
      { input: { title: "New", errorMessage: "What?", language: "en", isActive: true } },
    );
    expect((await changed.next()).data).toEqual({ createPoll: { userErrors: [], poll: { title: "New" } } });
    expect(await changed.isOver()).toBe(true);
  });

  test("sees no schema in production, in no way", async () => {
    await using stranger = openSubscriber(production.app.url, transport);
    expect((await client.subscribe(INTROSPECTION).next()).data).toEqual({ __schema: { queryType: { name: "Query" } } });
    expect(await errorsOf(stranger, INTROSPECTION)).toContainEqual(
      expect.objectContaining({ extensions: { code: "GRAPHQL_VALIDATION_FAILED", retryable: false } }),
    );
    expect(await errorsOf(stranger, "subscription { messageReceive { cursor } }")).toMatchObject([
      { message: 'Cannot query field "messageReceive" on type "Subscription".' },
    ]);
    expect(await errorsOf(stranger, "{ receivedMessages(filte: {}) { totalCount } }")).toMatchObject([
      { message: 'Unknown argument "filte" on field "Query.receivedMessages".' },
    ]);
    expect(await stranger.subscribe("{ eventCursor }").next()).toEqual({ data: { eventCursor: expect.any(String) } });
  });

  test("costs nothing more than the first one that selects the same, and every event is read anew", async () => {
    const [contact] = stage.simulator.world.contacts.values();
    const select = `subscription ($since: String, $groupId: ID) {
      messageReceived(since: $since, groupId: $groupId) { message { text contact { id } } }
    }`;
    const subscribers = Array.from({ length: 20 }, (_, at) =>
      client.subscribe(select, at < 10 ? {} : { groupId: "gr:1" }),
    );
    const firsts = subscribers.map((subscriber) => subscriber.next());
    // None of them says that it has begun: one that has heard of the first text is there for the second.
    let heard = 0;
    for (const first of firsts) {
      void first.then(() => {
        heard += 1;
      });
    }
    let sent = 0;
    while (heard < subscribers.length) {
      sent += 1;
      await forward(stage.app.url, `${transport} ${sent}`);
    }
    stage.calls();
    for (const round of ["one", "two"]) {
      const seconds = subscribers.map(async (subscriber) => {
        for (;;) {
          const result = await subscriber.next();
          if (result.data.messageReceived.message.text === `${transport} ${round}`) {
            return result;
          }
        }
      });
      await forward(stage.app.url, `${transport} ${round}`, { contact_id: contact?.id ?? "" });
      const [one, ...others] = await Promise.all(seconds);
      // To the microsecond: it was the same execution.
      expect(one?.extensions.platforms).toHaveLength(1);
      expect(others).toEqual(others.map(() => one));
      expect(stage.calls()).toEqual(["PIDJ GET /contact/{id}"]);
    }
    await Promise.all(subscribers.map((subscriber) => subscriber[Symbol.asyncDispose]()));
  });
});

test("a subscription by POST or GET that asks for one answer is told how to ask", async () => {
  const answer = await stage.query(ON_TEXT);
  expect(answer).toMatchObject({
    status: 400,
    errors: [{ message: expect.stringContaining("text/event-stream"), extensions: { code: "BAD_USER_INPUT" } }],
  });
});
