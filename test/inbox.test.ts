import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { parseId } from "../src/ids.ts";
import { parseE164 } from "../src/phone.ts";
import type { FilterOf } from "../src/store/event-records.ts";
import { openInbox, readOn, reportOf, type TestInbox, textOf } from "./events.ts";
import { onEachStore, type StorePlace } from "./stores.ts";

const ALL: FilterOf<"ReceivedMessage"> = { kind: "ReceivedMessage" };
const START = { olderThan: null, newerThan: null, limit: 100, fromOldest: false };
const FROM_1 = parseE164("+12025550101");
const FROM_2 = parseE164("+12025550102");
const GROUP_1 = parseId("PidjGroup", "gr:1");
const GROUP_2 = parseId("PidjGroup", "gr:2");
const DAY = 86_400_000;

async function textsOf({ inbox }: TestInbox, filter: Partial<typeof ALL> = {}): Promise<string[]> {
  const events = await inbox.list<"ReceivedMessage">({ ...filter, kind: "ReceivedMessage" }, START);
  return events.map(({ text }) => text);
}

async function rowsOf({ store }: TestInbox): Promise<number[]> {
  return Promise.all(
    (
      [
        "event",
        "event-index",
        "event-count",
        "event-repeat",
        "conversation",
        "conversation-index",
        "conversation-count",
      ] as const
    ).map((t) => store.count(t)),
  );
}

onEachStore((make) => {
  let place: StorePlace;

  beforeEach(async () => {
    place = await make();
  });
  afterEach(() => place[Symbol.asyncDispose]());

  describe("the order of events", () => {
    test("is that of their arrival, without gaps, through closing and opening again", async () => {
      {
        await using before = await openInbox(place.url);
        await before.keep({ text: "one" });
        await before.keep({ text: "two" });
      }
      await using after = await openInbox(place.url);
      await after.keep({ text: "three" });
      expect(await textsOf(after)).toEqual(["three", "two", "one"]);
      const read = await readOn(after.inbox, 0);
      expect(read?.events.map(({ sequence }) => sequence)).toEqual([1, 2, 3]);
    });

    test("is one for all processes on a store, however many write at once", async () => {
      await using one = await openInbox(place.url);
      await using other = await openInbox(place.url);
      const writers = Array.from({ length: 60 }, (_, at) => (at % 2 === 0 ? one : other).keep({ text: String(at) }));
      const cursors = await Promise.all(writers);
      expect(new Set(cursors).size).toBe(60);
      const read = await readOn(other.inbox, 0);
      expect(read?.events.map(({ sequence }) => sequence)).toEqual(Array.from({ length: 60 }, (_, at) => at + 1));
      expect(await one.inbox.count(ALL)).toBe(60);
    });

    test("a cursor is a place in one store's order, and in no other's", async () => {
      await using one = await openInbox(place.url);
      await using other = await openInbox();
      const cursor = await one.keep();
      await other.keep();
      expect(await one.inbox.locate(cursor)).toMatchObject({ sequence: 1, state: "kept" });
      expect(await other.inbox.locate(cursor)).toMatchObject({ state: "foreign" });
      for (const text of ["", "1", "!", Buffer.from('["ID","co:1"]').toString("base64url")]) {
        expect(await one.inbox.locate(text)).toBeNull();
      }
    });

    test("an id finds its event again, as what it is, and nothing of a store that was lost", async () => {
      await using one = await openInbox(place.url);
      await using other = await openInbox();
      const { event } = await one.inbox.append({ arrival: textOf({ text: "hi" }), fingerprint: "a" });
      await other.keep();
      const id = parseId("ReceivedMessage", event.id);
      const asPoll = parseId("CompletedPoll", event.id.replace("message", "completed-poll"));
      expect(id && (await one.inbox.message(id))).toMatchObject({ text: "hi", sequence: 1 });
      expect(id && (await other.inbox.message(id))).toBeNull();
      expect(asPoll && (await one.inbox.completedPoll(asPoll))).toBeNull();
    });
  });

  describe("a repeat", () => {
    test("50 equal deliveries to two processes at once make one event that counts the others", async () => {
      await using one = await openInbox(place.url);
      await using other = await openInbox(place.url);
      const cursors = await Promise.all(
        Array.from({ length: 50 }, (_, at) => (at % 2 === 0 ? one : other).keep({}, "same")),
      );
      expect(new Set(cursors).size).toBe(1);
      const [event] = await one.inbox.list<"ReceivedMessage">({ kind: "ReceivedMessage" }, START);
      expect(event?.repeatCount).toBe(49);
      expect(await one.inbox.count(ALL)).toBe(1);
    });

    test("is one for ten seconds from the first delivery, however often it comes meanwhile", async () => {
      await using test = await openInbox(place.url);
      for (const [seconds, count] of [
        [0, 1],
        [6, 1],
        [9.999, 1],
        [10, 2],
        [16, 2],
        [20, 3],
      ] as const) {
        test.time = Date.UTC(2026, 2, 14) + seconds * 1_000;
        await test.keep({}, "same");
        expect(await test.inbox.count(ALL), `after ${seconds} s`).toBe(count);
      }
    });

    test("whose event is forgotten is an event again", async () => {
      await using test = await openInbox(place.url, { mostKept: 1 });
      await test.keep({}, "same");
      await test.keep();
      await test.inbox.sweep();
      await test.keep({}, "same");
      const [event] = await test.inbox.list<"ReceivedMessage">({ kind: "ReceivedMessage" }, START);
      expect(event).toMatchObject({ sequence: 3, repeatCount: 0 });
    });
  });

  describe("a filter", () => {
    test("lets through what is to a group, from a number, of a poll, and counts it exactly", async () => {
      await using test = await openInbox(place.url);
      const put = (text: string, groupId: typeof GROUP_1, from: typeof FROM_1) => test.keep({ text, groupId, from });
      await put("a", GROUP_1, FROM_1);
      await put("b", GROUP_1, FROM_2);
      await put("c", GROUP_2, FROM_1);
      await put("d", null, null);
      await test.inbox.append({ arrival: reportOf("poll:3"), fingerprint: "p" });
      const cases: [Partial<typeof ALL>, string[]][] = [
        [{}, ["d", "c", "b", "a"]],
        [{ groupId: GROUP_1 }, ["b", "a"]],
        [{ from: FROM_1 }, ["c", "a"]],
        [{ groupId: GROUP_1, from: FROM_1 }, ["a"]],
        [{ groupId: GROUP_2, from: FROM_2 }, []],
      ];
      for (const [filter, texts] of cases) {
        expect(await textsOf(test, { ...ALL, ...filter })).toEqual(texts);
        expect(await test.inbox.count({ ...ALL, ...filter })).toBe(texts.length);
      }
      expect(await test.inbox.count({ kind: "CompletedPoll", pollId: parseId("Poll", "poll:3") })).toBe(1);
      expect(await test.inbox.count({ kind: "CompletedPoll", pollId: parseId("Poll", "poll:4") })).toBe(0);
    });
  });

  describe("what is forgotten", () => {
    test("is what is too old, and leaves no row behind", async () => {
      await using test = await openInbox(place.url);
      for (let at = 0; at < 250; at += 1) {
        await test.keep({ text: String(at), groupId: GROUP_1 });
      }
      test.time += 29 * DAY;
      await test.keep({ text: "newer", groupId: GROUP_2 });
      await test.inbox.sweep();
      expect(await test.inbox.count(ALL)).toBe(251);
      test.time += DAY;
      await test.inbox.sweep();
      expect(await textsOf(test)).toEqual(["newer"]);
      expect(await test.inbox.count(ALL)).toBe(1);
      expect(await test.inbox.count({ kind: "ReceivedMessage", groupId: GROUP_1 })).toBe(0);
      // One event, under four paths that are indexed and counted and that of its conversation, which is in two lists, and
      // no claim that a repeat could still meet.
      expect(await rowsOf(test)).toEqual([1, 5, 4, 0, 1, 2, 2]);
    });

    test("is what is too much, the oldest first; places behind it are said to be forgotten", async () => {
      await using test = await openInbox(place.url, { mostKept: 3 });
      const { cursor: start } = await test.inbox.newest();
      const cursors: string[] = [];
      for (let at = 1; at <= 5; at += 1) {
        cursors.push(await test.keep({ text: String(at) }));
      }
      await test.inbox.sweep();
      expect(await textsOf(test)).toEqual(["5", "4", "3"]);
      const standings = await Promise.all([start, ...cursors].map((cursor) => test.inbox.locate(cursor)));
      // Behind the second nothing is missing: it is itself the last that was forgotten.
      expect(standings.map((place) => place?.state)).toEqual([
        "forgotten",
        "forgotten",
        "kept",
        "kept",
        "kept",
        "kept",
      ]);
      expect(await readOn(test.inbox, 1)).toBeNull();
      expect((await readOn(test.inbox, 2))?.events).toHaveLength(3);
    });

    test("goes on while others write, and both are right", async () => {
      await using one = await openInbox(place.url, { mostKept: 10 });
      await using other = await openInbox(place.url, { mostKept: 10 });
      const writes = Array.from({ length: 120 }, (_, at) => (at % 2 === 0 ? one : other).keep({ text: String(at) }));
      await Promise.all([...writes, one.inbox.sweep(), other.inbox.sweep()]);
      await one.inbox.sweep();
      expect(await other.inbox.count(ALL)).toBe(10);
      expect(await textsOf(other)).toHaveLength(10);
    });
  });
});
