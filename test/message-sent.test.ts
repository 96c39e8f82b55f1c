import { describe, expect, test } from "vitest";
import { startReplicas } from "./replica-stage.ts";
import { send, TO } from "./sends.ts";
import { POSTGRES, TEST_POSTGRES_URL } from "./stores.ts";
import {
  forward,
  newestCursor,
  openSubscriber,
  type Subscription,
  startListening,
  type Transport,
} from "./subscribers.ts";
import { ask } from "./support.ts";

const ON_SENT = `subscription Sent($groupId: ID, $to: PhoneNumber, $since: String) {
  messageSent(groupId: $groupId, to: $to, since: $since) { cursor message { id text state } }
}`;
const OTHER = "+14155550101";
const TRANSPORTS: Transport[] = ["WebSocket", "server-sent events"];

interface Sent {
  readonly cursor: string;
  readonly message: { readonly id: string; readonly text: string; readonly state: string };
}

async function next(subscription: Subscription): Promise<Sent> {
  const { data, errors } = await subscription.next();
  expect(errors).toBeUndefined();
  return data.messageSent;
}

/** The texts of the next so many events with an outcome: a text may be heard of before it has one. */
async function outcomesOf(subscription: Subscription, count: number): Promise<Sent[]> {
  const found: Sent[] = [];
  while (found.length < count) {
    const sent = await next(subscription);
    if (sent.message.state !== "IN_PROGRESS") {
      found.push(sent);
    }
  }
  return found;
}

const textsOf = (sent: readonly Sent[]) => sent.map(({ message }) => message.text);

describe.each(TRANSPORTS)("over %s, who subscribes to what goes out", (transport) => {
  test("gets what was missed and then what is sent, each outcome once, whatever else comes in", async () => {
    await using stage = await startListening();
    await using client = openSubscriber(stage.app.url, transport);
    const since = await newestCursor(stage);
    const missed = Array.from({ length: 30 }, (_, at) => `missed ${at}`);
    for (const text of missed) {
      await send(stage.app.url, text, { text });
      await forward(stage.app.url, `between ${text}`);
    }
    await using subscription = client.subscribe(ON_SENT, { since });
    const first = await outcomesOf(subscription, 10);
    await send(stage.app.url, "live", { text: "live" });
    const rest = await outcomesOf(subscription, 21);
    expect(textsOf([...first, ...rest])).toEqual([...missed, "live"]);
    expect(new Set([...first, ...rest].map(({ message }) => message.state))).toEqual(new Set(["ACCEPTED"]));

    await using again = client.subscribe(ON_SENT, { since: first[9]?.cursor ?? "" });
    expect(textsOf(await outcomesOf(again, 21))).toEqual(textsOf(rest));
  });

  test("gets only texts from its group and to its number", async () => {
    await using stage = await startListening();
    await using client = openSubscriber(stage.app.url, transport);
    const groups = (await stage.query("{ pidjGroups { nodes { id phoneNumber } } }")).data.pidjGroups.nodes;
    const [mine, other] = groups.filter(({ phoneNumber }: { phoneNumber: string | null }) => phoneNumber !== null);
    const since = await newestCursor(stage);
    await send(stage.app.url, "a", { text: "a", from: { groupId: other.id } });
    await send(stage.app.url, "b", { text: "b", from: { groupId: mine.id } });
    await send(stage.app.url, "c", {
      text: "c",
      from: { phoneNumber: mine.phoneNumber },
      recipient: { phoneNumber: OTHER },
    });
    await using fromMine = client.subscribe(ON_SENT, { since, groupId: mine.id });
    await using toOther = client.subscribe(ON_SENT, { since, to: OTHER });
    expect(textsOf(await outcomesOf(fromMine, 2))).toEqual(["b", "c"]);
    expect(textsOf(await outcomesOf(toOther, 1))).toEqual(["c"]);
  });

  test("hears of a text that takes long, and then what became of it, as one message", async () => {
    await using stage = await startListening();
    await using client = openSubscriber(stage.app.url, transport);
    const since = await newestCursor(stage);
    const hold = stage.simulator.fault({ platform: "PIDJ", route: "POST /send", kind: "hold" });
    const sending = send(stage.app.url, "slow", { text: "slow" });
    await hold.arrived;
    const read = await ask(
      stage.app.url,
      `{ person(phoneNumber: "${TO}") { conversation { latestMessage {
      ... on OutgoingMessage { state } } } } }`,
    );
    expect(read.data.person.conversation.latestMessage).toEqual({ state: "IN_PROGRESS" });
    await using subscription = client.subscribe(ON_SENT, { since });
    const begun = await next(subscription);
    hold.release();
    await sending;
    const ended = await outcomesOf(subscription, 1);
    expect(ended[0]?.message).toEqual({ ...begun.message, state: "ACCEPTED" });
    expect(ended[0]?.cursor).not.toBe(begun.cursor);
    // Who comes later hears the same.
    await using again = client.subscribe(ON_SENT, { since });
    expect([await next(again), await next(again)]).toEqual([begun, ended[0]]);
  });
});

test.skipIf(!POSTGRES.isHere)(
  "a subscriber of one replica gets what the others send, each outcome once, on PostgreSQL (TEST_POSTGRES_URL)",
  async () => {
    await using stage = await startReplicas({ database: TEST_POSTGRES_URL });
    const [first = { url: "" }, ...others] = stage.replicas;
    const since = (await ask(first.url, "{ eventCursor }")).data.eventCursor;
    await using client = openSubscriber(first.url, "WebSocket");
    await using subscription = client.subscribe(ON_SENT, { since });
    const texts = Array.from({ length: 40 }, (_, at) => `text ${at}`);
    await Promise.all(texts.map((text, at) => send(others[at % others.length]?.url ?? "", text, { text })));
    const heard = await outcomesOf(subscription, texts.length);
    expect(textsOf(heard).sort()).toEqual(texts.sort());
    const cursor = heard[24]?.cursor ?? "";
    await using again = openSubscriber(others[0]?.url ?? "", "server-sent events");
    await using resumed = again.subscribe(ON_SENT, { since: cursor });
    expect(textsOf(await outcomesOf(resumed, 15))).toEqual(textsOf(heard.slice(25)));
  },
  60_000,
);
