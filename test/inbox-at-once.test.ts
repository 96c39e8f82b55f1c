import { expect, test } from "vitest";
import type { EventFilter } from "../src/store/event-records.ts";
import { createInbox } from "../src/store/inbox.ts";
import { openStore } from "../src/store/open.ts";
import type { Store } from "../src/store/store.ts";
import { readOn, textOf } from "./events.ts";
import { startReplicas } from "./replica-stage.ts";
import { onEachStore, POSTGRES, TEST_POSTGRES_URL } from "./stores.ts";
import { forward, ON_TEXT, openSubscriber, textOf as shownText } from "./subscribers.ts";
import { ask } from "./support.ts";

const EVENTS = 300;
const ALL: EventFilter = { kind: "ReceivedMessage" };
const EVERYTHING = { olderThan: null, newerThan: null, limit: 1_000, fromOldest: true };

/** Inboxes on stores of their own at one place, as of several servers, and how they wrote. */
async function openInboxes(url: string, count: number) {
  const written = { commits: 0, lost: 0 };
  const stores = await Promise.all(Array.from({ length: count }, () => openStore(url, "default")));
  const inboxes = stores.map((store) => {
    const watched: Store = {
      ...store,
      commit: async (changes, options) => {
        const isDone = await store.commit(changes, options);
        written.commits += 1;
        written.lost += isDone ? 0 : 1;
        return isDone;
      },
    };
    return createInbox(watched, {
      now: () => new Date("2026-03-14T12:00:00Z"),
      repeatMilliseconds: 60_000,
      keptMilliseconds: 30 * 86_400_000,
      mostKept: 1_000_000,
    });
  });
  return {
    inboxes,
    written,
    keep: (at: number, text: string, alongside?: () => Promise<void>) => {
      const delivery = { arrival: textOf({ text }), fingerprint: text, ...(alongside && { alongside }) };
      return inboxes[at % count]?.append(delivery) ?? Promise.reject(new Error("no such inbox"));
    },
    [Symbol.asyncDispose]: async () => {
      await Promise.all(stores.map((store) => store.close()));
    },
  };
}

const numbers = (count: number) => Array.from({ length: count }, (_, at) => at + 1);

onEachStore((make) => {
  test(`${EVENTS} at three servers have one order, for few commits`, async () => {
    await using place = await make();
    await using all = await openInboxes(place.url, 3);
    const kept = await Promise.all(numbers(EVENTS).map((at) => all.keep(at, `text ${at}`)));

    expect(kept.map(({ event }) => event.sequence).sort((a, b) => a - b)).toEqual(numbers(EVENTS));
    expect(kept.filter(({ isRepeat }) => isRepeat)).toEqual([]);
    const [inbox] = all.inboxes;
    expect((inbox && (await readOn(inbox, 0)))?.events).toHaveLength(EVENTS);
    expect(await inbox?.count(ALL)).toBe(EVENTS);
    expect(await inbox?.list<"ReceivedMessage">({ kind: "ReceivedMessage" }, EVERYTHING)).toHaveLength(EVENTS);
    // Each of them alone would be one commit and more than one that is lost.
    expect(all.written.commits).toBeLessThan(EVENTS / 3);
    expect(all.written.lost).toBeLessThan(EVENTS / 5);
  });

  test("repeats among them are counted on the first", async () => {
    await using place = await make();
    await using all = await openInboxes(place.url, 2);
    const kept = await Promise.all(numbers(60).map((at) => all.keep(at, `text ${at % 10}`)));

    expect(kept.filter(({ isRepeat }) => !isRepeat)).toHaveLength(10);
    const read = all.inboxes[0] && (await readOn(all.inboxes[0], 0));
    expect(read?.events.map(({ repeatCount }) => repeatCount)).toEqual(Array.from({ length: 10 }, () => 5));
  });

  test("one that cannot be stored keeps no other from it", async () => {
    await using place = await make();
    await using all = await openInboxes(place.url, 1);
    const fail = () => Promise.reject(new Error("this one"));
    const outcomes = await Promise.allSettled(
      numbers(30).map((at) => all.keep(0, `text ${at}`, at === 17 ? fail : undefined)),
    );

    const failed = outcomes.flatMap(({ status }, at) => (status === "rejected" ? [at + 1] : []));
    expect(failed).toEqual([17]);
    const read = all.inboxes[0] && (await readOn(all.inboxes[0], 0));
    expect(read?.events.map(({ sequence }) => sequence)).toEqual(numbers(29));
    expect(new Set(read?.events.map((event) => "text" in event && event.text)).size).toBe(29);
  });
});

test.skipIf(!POSTGRES.isHere)(
  `a subscriber gets ${EVENTS} events that three replicas received at once (TEST_POSTGRES_URL), each once`,
  async () => {
    await using stage = await startReplicas({ database: TEST_POSTGRES_URL });
    const urlAt = (at: number) => stage.replicas[at % stage.replicas.length]?.url ?? "";
    const since = (await ask(urlAt(0), "{ eventCursor }")).data.eventCursor;
    await using client = openSubscriber(urlAt(1), "WebSocket");
    await using subscription = client.subscribe(ON_TEXT, { since });
    const texts = numbers(EVENTS).map((at) => `text ${at}`);
    await Promise.all(texts.map((text, at) => forward(urlAt(at), text)));

    const got: { readonly text: string; readonly cursor: string }[] = [];
    while (got.length < EVENTS) {
      got.push(shownText(await subscription.next()));
    }
    expect(got.map(({ text }) => text).sort()).toEqual(texts.sort());
    const sequences = got.map(({ cursor }) => JSON.parse(Buffer.from(cursor, "base64url").toString())[2]);
    expect(sequences).toEqual(numbers(EVENTS));
  },
  60_000,
);
