import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { createFeed, type Feed } from "../src/events/feed.ts";
import { openInbox, type TestInbox } from "./events.ts";
import { emptyStore, onEachStore, type StorePlace } from "./stores.ts";

const EXPIRED = { name: "CursorError", reason: "expired" };

onEachStore((make) => {
  describe("a store that lost its events while subscribers listen", () => {
    let place: StorePlace;
    let here: TestInbox;
    let there: TestInbox;
    let feed: Feed;
    /** Under way. */
    let reads = 0;
    const listen = (since: string | null = null) =>
      feed.subscribe({ kind: "ReceivedMessage", signal: new AbortController().signal, since });

    beforeEach(async () => {
      place = await make();
      here = await openInbox(place.url);
      there = await openInbox(place.url);
      // It looks when it is told to.
      const { inbox } = here;
      const readOn: typeof inbox.readOn = (...args) => {
        reads += 1;
        return inbox.readOn(...args).finally(() => {
          reads -= 1;
        });
      };
      feed = createFeed({ inbox: { ...inbox, readOn }, lookMilliseconds: 3_600_000, warn: () => undefined });
      for (const text of ["1", "2", "3"]) {
        await here.keep({ text });
      }
    });
    afterEach(async () => {
      feed.close();
      await here[Symbol.asyncDispose]();
      await there[Symbol.asyncDispose]();
      await place[Symbol.asyncDispose]();
    });

    test.each([0, 1, 5])("tells them so, with %i events since, and serves who subscribes anew", async (count) => {
      const [one, other] = [await listen(), await listen()];
      await emptyStore(place.url);
      for (let at = 0; at < count; at += 1) {
        await there.keep({ text: `after ${at}` });
      }
      const ends = [one.next(), other.next()];
      feed.wake();
      await Promise.all(ends.map((end) => expect(end).rejects.toMatchObject(EXPIRED)));

      const { cursor } = await here.inbox.newest();
      const again = await listen(cursor);
      await there.keep({ text: "next" });
      feed.wake();
      expect((await again.next()).value).toMatchObject({ event: { text: "next" } });
    });

    test("tells those, too, who read what they missed, and who subscribes before it was noticed", async () => {
      const { cursor } = await here.inbox.newest();
      const behind = await listen(cursor);
      const live = await listen();
      await expect.poll(() => reads).toBe(0);
      await emptyStore(place.url);
      await expect(behind.next()).rejects.toMatchObject(EXPIRED);

      await expect((await listen()).next()).rejects.toMatchObject(EXPIRED);
      await expect(live.next()).rejects.toMatchObject(EXPIRED);
      const again = await listen();
      await there.keep({ text: "next" });
      feed.wake();
      expect((await again.next()).value).toMatchObject({ event: { text: "next" } });
    });

    test("the same where an older copy of it takes its place", async () => {
      const state = await here.store.get("event-state", ["state"]);
      await here.keep({ text: "4" });
      const live = await listen();
      await here.store.commit([{ table: "event-state", key: "state", becomes: state[0] ?? null }]);
      feed.wake();
      await expect(live.next()).rejects.toMatchObject(EXPIRED);
    });
  });
});
