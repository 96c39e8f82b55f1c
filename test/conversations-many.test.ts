import { expect, test } from "vitest";
import { ConversationLoaders } from "../src/loaders/conversations.ts";
import { EventLoaders } from "../src/loaders/events.ts";
import { type E164, parseE164 } from "../src/phone.ts";
import { createConversations } from "../src/store/conversations.ts";
import { createInbox } from "../src/store/inbox.ts";
import { openStore } from "../src/store/open.ts";
import { createOptOuts } from "../src/store/opt-outs.ts";
import type { OutgoingText } from "../src/store/outgoing-records.ts";
import type { Change, Store } from "../src/store/store.ts";

const MESSAGES = 100_000;
const PEOPLE = 20_000;
const BATCH = 2_000;
const START = Date.UTC(2026, 2, 14);
const now = () => new Date(START + MESSAGES);

/** A store that counts the rows that are read from it. */
function counting(store: Store): Store & { rows: number } {
  const counter = {
    ...store,
    rows: 0,
    get: (...args: Parameters<Store["get"]>) => {
      counter.rows += args[1].length;
      return store.get(...args);
    },
    range: async (...args: Parameters<Store["range"]>) => {
      const entries = await store.range(...args);
      counter.rows += entries.length;
      return entries;
    },
    count: () => Promise.reject(new Error("a count reads every row")),
  };
  return counter;
}

const numberOf = (person: number) => parseE164(`+1415${5_000_000 + person}`) as E164;

function textOf(at: number): OutgoingText {
  return {
    kind: "OutgoingMessage",
    text: `Text ${at}`,
    to: numberOf(at % PEOPLE),
    fromPhoneNumber: parseE164("+18885552000"),
    groupId: null,
    jobId: null,
    idempotencyKey: `key ${at}`,
    owner: `owner ${at}`,
    startedAt: START + at,
    leaseEndsAt: START + at + 1,
    state: "ACCEPTED",
    message: null,
    caller: "test",
  };
}

test("a page costs rows of its own length, whatever 100,000 messages there are beside it", async () => {
  const store = counting(await openStore("sqlite::memory:", "default"));
  const inbox = createInbox(store, { now, repeatMilliseconds: 1, keptMilliseconds: 1e12, mostKept: 1e9 });
  for (let at = 0; at < MESSAGES; at += BATCH) {
    const changes = Array.from({ length: BATCH }, (_, offset): Change => {
      const text = textOf(at + offset);
      const key = `${String(text.startedAt).padStart(15, "0")} ${text.owner}`;
      return { table: "outgoing-news", key, becomes: JSON.stringify(text) };
    });
    await store.commit(changes);
    await inbox.takeNews();
  }
  const pages = () => {
    const conversations = createConversations(store);
    const events = new EventLoaders(inbox, createOptOuts(store, now));
    return new ConversationLoaders({ inbox, conversations, attempts: { find: async () => null }, events, now });
  };
  const costOf = async (read: (loaders: ConversationLoaders) => Promise<unknown>) => {
    store.rows = 0;
    await read(pages());
    return store.rows;
  };
  const all = { groupId: null, isUnread: null };

  const first = await pages().list({ first: 50 }, all);
  expect(first.totalCount).toBe(PEOPLE);
  expect(first.nodes.map(({ phoneNumber }) => phoneNumber)[0]).toBe(numberOf(PEOPLE - 1));
  const middle = first.edges.at(-1)?.cursor ?? "";
  expect(await costOf((loaders) => loaders.list({ first: 50 }, all))).toBeLessThan(170);
  expect(await costOf((loaders) => loaders.list({ first: 50, after: middle }, all))).toBeLessThan(170);
  expect(await costOf((loaders) => loaders.list({ last: 50 }, { ...all, isUnread: false }))).toBeLessThan(170);

  const person = await pages().find(numberOf(7));
  expect(person?.latest).toMatchObject({ text: `Text ${MESSAGES - PEOPLE + 7}` });
  const messages = (loaders: ConversationLoaders) =>
    loaders.find(numberOf(7)).then((conversation) => conversation && loaders.messages(conversation, { first: 3 }));
  expect((await messages(pages()))?.nodes).toHaveLength(3);
  expect(await costOf(messages)).toBeLessThan(25);
  await store.close();
}, 60_000);
