import { getEventListeners } from "node:events";
import { describe, expect, test } from "vitest";
import { CursorError, InputError } from "../src/errors.ts";
import { createFeed, type Feed, type FeedItem, type FeedRequest } from "../src/events/feed.ts";
import { parseId } from "../src/ids.ts";
import { parseE164 } from "../src/phone.ts";
import type { Inbox } from "../src/store/inbox.ts";
import { makeFile, openInbox, reportOf, type TestInbox } from "./events.ts";

type Item = FeedItem<"ReceivedMessage">;
type Items = AsyncIterableIterator<Item>;

/** A feed that looks for events of other processes often, or as good as never. */
function feedOf({ inbox }: Pick<TestInbox, "inbox">, lookMilliseconds = 3_600_000): Feed & Disposable {
  const warn = (_message: string, error: unknown) => {
    throw error;
  };
  const feed = createFeed({ inbox, lookMilliseconds, warn });
  return { ...feed, [Symbol.dispose]: () => feed.close() };
}

function listen(feed: Feed, request: Partial<FeedRequest<"ReceivedMessage">> = {}): Promise<Items> {
  return feed.subscribe({ signal: new AbortController().signal, ...request, kind: "ReceivedMessage" });
}

async function take(items: Items, count: number): Promise<Item[]> {
  const taken: Item[] = [];
  while (taken.length < count) {
    const { value, done } = await items.next();
    if (done) {
      break;
    }
    taken.push(value);
  }
  return taken;
}

async function textsOf(items: Items, count: number): Promise<string[]> {
  return (await take(items, count)).map(({ event }) => event.text);
}

function numbers(from: number, to: number): string[] {
  return Array.from({ length: to - from + 1 }, (_, at) => String(from + at));
}

describe("a subscriber", () => {
  test("without since hears what comes in from then on, in order, and nothing older", async () => {
    await using test = await openInbox();
    using feed = feedOf(test);
    await test.keep({ text: "old" });
    const items = await listen(feed);
    await test.keep({ text: "1" });
    await test.keep({ text: "2" });
    feed.wake();
    expect(await textsOf(items, 2)).toEqual(["1", "2"]);
    const next = textsOf(items, 1);
    await test.keep({ text: "3" });
    feed.wake();
    expect(await next).toEqual(["3"]);
  });

  test("with since is given what came behind it, then what comes in, each once, while others write all the time", async () => {
    await using test = await openInbox();
    using feed = feedOf(test);
    await test.keep({ text: "seen" });
    const { cursor } = await test.inbox.newest();
    // Somebody listens already, so that there is a place up to which events have been handed on.
    const early = await listen(feed);
    let written = 0;
    const write = async (count: number) => {
      for (const text of numbers(written + 1, written + count)) {
        await test.keep({ text });
        feed.wake();
      }
      written += count;
    };
    await write(450);
    const items = await listen(feed, { since: cursor });
    const writing = (async () => {
      for (let round = 0; round < 30; round += 1) {
        await write(10);
      }
    })();
    expect(await textsOf(items, 750)).toEqual(numbers(1, 750));
    await writing;
    expect(await textsOf(early, 750)).toEqual(numbers(1, 750));
    const next = textsOf(items, 1);
    await write(1);
    expect(await next).toEqual(["751"]);
  });

  test("that has read more than others were handed yet is not handed it again", async () => {
    await using test = await openInbox();
    using feed = feedOf(test);
    const { cursor: since } = await test.inbox.newest();
    const early = await listen(feed);
    await test.keep({ text: "1" });
    const items = await listen(feed, { since });
    expect(await textsOf(items, 1)).toEqual(["1"]);
    const next = textsOf(items, 1);
    expect(await textsOf(early, 1)).toEqual(["1"]);
    await test.keep({ text: "2" });
    feed.wake();
    expect(await next).toEqual(["2"]);
  });

  test("whose reading was overtaken by what others were handed reads that too", async () => {
    await using test = await openInbox();
    let isOvertaken = false;
    let early: Items | null = null;
    const overtake = async () => {
      isOvertaken = true;
      await test.keep({ text: "overtaking" });
      feed.wake();
      expect(early && (await textsOf(early, 1))).toEqual(["overtaking"]);
    };
    const inbox: Inbox = {
      ...test.inbox,
      readOn: async (from, filter, limit) => {
        const read = await test.inbox.readOn(from, filter, limit);
        await (filter !== null && !isOvertaken ? overtake() : null);
        return read;
      },
    };
    using feed = feedOf({ inbox });
    const { cursor: since } = await test.inbox.newest();
    early = await listen(feed);
    expect(await textsOf(await listen(feed, { since }), 1)).toEqual(["overtaking"]);
  });

  test("goes on from any item's cursor, after another restart of everything, without gap and repeat", async () => {
    using file = makeFile();
    const seen: string[] = [];
    let since: string | null = null;
    for (let round = 0; round < 6; round += 1) {
      await using test = await openInbox(file.url);
      using feed = feedOf(test);
      since ??= (await test.inbox.newest()).cursor;
      const items: Items = await listen(feed, { since });
      for (const text of numbers(round * 5 + 1, round * 5 + 5)) {
        await test.keep({ text });
      }
      feed.wake();
      for (const { cursor, event } of await take(items, round === 5 ? 30 - seen.length : 3)) {
        seen.push(event.text);
        since = cursor;
      }
    }
    expect(seen).toEqual(numbers(1, 30));
  });

  test("hears only what its filter lets through, before and behind the seam", async () => {
    await using test = await openInbox();
    using feed = feedOf(test);
    const { cursor: since } = await test.inbox.newest();
    const groupId = parseId("PidjGroup", "gr:mine");
    const from = parseE164("+12025550101");
    const put = async (mark: string) => {
      await test.keep({ text: `${mark} group`, groupId });
      await test.keep({ text: `${mark} both`, groupId, from });
      await test.keep({ text: `${mark} sender`, from });
      await test.inbox.append({ arrival: reportOf(`poll:${mark.length}`), fingerprint: mark });
      feed.wake();
    };
    await put("old");
    const byGroup = await listen(feed, { groupId, since });
    const bySender = await listen(feed, { from, since });
    const byBoth = await listen(feed, { groupId, from, since });
    const signal = new AbortController().signal;
    const polls = await feed.subscribe({ kind: "CompletedPoll", pollId: parseId("Poll", "poll:4"), since, signal });
    const heard = [textsOf(byGroup, 4), textsOf(bySender, 4), textsOf(byBoth, 2)];
    const poll = polls.next();
    await put("live");
    expect(await Promise.all(heard)).toEqual([
      ["old group", "old both", "live group", "live both"],
      ["old both", "old sender", "live both", "live sender"],
      ["old both", "live both"],
    ]);
    expect((await poll).value).toMatchObject({ event: { pollId: "poll:4", sequence: 8 } });
  });

  test("hears of events that another process wrote on the same store", async () => {
    using file = makeFile();
    await using here = await openInbox(file.url);
    await using there = await openInbox(file.url);
    using feed = feedOf(here, 5);
    const items = await listen(feed);
    const heard = textsOf(items, 3);
    for (const text of ["1", "2", "3"]) {
      await there.keep({ text });
    }
    expect(await heard).toEqual(["1", "2", "3"]);
  });

  test("whose signal aborts, who leaves, or whose feed is closed, ends at once and leaves nothing behind", async () => {
    await using test = await openInbox();
    using feed = feedOf(test);
    const gone = new AbortController();
    const waiting = await listen(feed, { signal: gone.signal });
    const next = waiting.next();
    gone.abort();
    expect(await next).toEqual({ value: undefined, done: true });
    expect(getEventListeners(gone.signal, "abort")).toEqual([]);

    const staying = new AbortController();
    const left = await listen(feed, { signal: staying.signal });
    const pending = left.next();
    await left.return?.();
    expect(await pending).toEqual({ value: undefined, done: true });
    expect(getEventListeners(staying.signal, "abort")).toEqual([]);
    // One who never asked for anything leaves as well.
    await (await listen(feed, { signal: staying.signal })).return?.();
    expect(getEventListeners(staying.signal, "abort")).toEqual([]);
    expect(await (await listen(feed, { signal: gone.signal })).next()).toMatchObject({ done: true });
    const last = (await listen(feed)).next();
    feed.close();
    expect(await last).toMatchObject({ done: true });
  });
});

describe("a cursor", () => {
  test.each(["", "nonsense", "WyJJRCIsImNvOjEiXQ"])("that is none (%j) is refused by name", async (since) => {
    await using test = await openInbox();
    using feed = feedOf(test);
    await expect(listen(feed, { since })).rejects.toThrow(InputError);
    await expect(listen(feed, { since })).rejects.toMatchObject({ argument: ["since"] });
  });

  test("behind which events are forgotten, or of a store that was lost, is expired", async () => {
    await using test = await openInbox("sqlite::memory:", { mostKept: 2 });
    await using other = await openInbox();
    using feed = feedOf(test);
    const [first, second] = [await test.keep(), await test.keep({ text: "2" })];
    await test.keep({ text: "3" });
    await test.keep({ text: "4" });
    await test.inbox.sweep();
    for (const since of [first, await other.keep()]) {
      await expect(listen(feed, { since })).rejects.toMatchObject({ name: "CursorError", reason: "expired" });
    }
    expect(await textsOf(await listen(feed, { since: second }), 2)).toEqual(["3", "4"]);
  });

  test("whose events are forgotten before the subscriber comes to them expires then", async () => {
    await using test = await openInbox("sqlite::memory:", { mostKept: 1 });
    using feed = feedOf(test);
    const { cursor: since } = await test.inbox.newest();
    await test.keep();
    const items = await listen(feed, { since });
    await test.keep();
    await test.inbox.sweep();
    await expect(items.next()).rejects.toThrow(CursorError);
  });
});

describe("many", () => {
  test("a subscriber that leaves 1,000 events unread is ended; the cursor of the last it read goes on", async () => {
    await using test = await openInbox();
    using feed = feedOf(test);
    const slow = await listen(feed);
    const other = await listen(feed);
    for (const text of numbers(0, 1_001)) {
      await test.keep({ text });
      if (text === "0") {
        feed.wake();
        expect(await textsOf(slow, 1)).toEqual(["0"]);
      }
    }
    feed.wake();
    const read = await take(other, 1_002);
    await expect(slow.next()).rejects.toMatchObject({ name: "CursorError", reason: "too-slow" });
    expect(await slow.next()).toMatchObject({ done: true });
    const since = read[0]?.cursor ?? "";
    expect(await textsOf(await listen(feed, { since }), 1_001)).toEqual(numbers(1, 1_001));
  });

  test("1,000 subscribers cost the store no more reads than one", async () => {
    await using test = await openInbox();
    let reads = 0;
    const inbox: Inbox = {
      ...test.inbox,
      readOn: (...args) => {
        reads += 1;
        return test.inbox.readOn(...args);
      },
    };
    using feed = feedOf({ inbox });
    const subscribers = await Promise.all(Array.from({ length: 1_000 }, () => listen(feed)));
    reads = 0;
    const heard = subscribers.map((items) => textsOf(items, 100));
    for (const text of numbers(1, 100)) {
      await test.keep({ text });
      feed.wake();
    }
    for (const texts of await Promise.all(heard)) {
      expect(texts).toEqual(numbers(1, 100));
    }
    expect(reads).toBeLessThanOrEqual(201);
  });
});
