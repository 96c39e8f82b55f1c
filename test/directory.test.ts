import { setImmediate as nextTurn } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { StoreError } from "../src/errors.ts";
import type { ContactId } from "../src/ids.ts";
import type { E164 } from "../src/phone.ts";
import { type ContactDirectory, type ContactLinkSource, createContactDirectory } from "../src/store/contacts.ts";
import { openStore } from "../src/store/open.ts";
import type { Store } from "../src/store/store.ts";
import { anna, ben, carla, counting, noon, one, rowsOf, two, unknown } from "./directory-parts.ts";
import { onEachStore, type StorePlace } from "./stores.ts";

const HOUR = 3_600_000;

onEachStore((make) => {
  let place: StorePlace;
  let store: Store;
  let directory: ContactDirectory;
  let clock: number;

  beforeEach(async () => {
    place = await make();
    clock = noon;
    store = await openPlace();
    directory = createContactDirectory(store, () => new Date(clock));
  });

  afterEach(async () => {
    await store.close();
    await place[Symbol.asyncDispose]();
  });

  function openPlace(): Promise<Store> {
    return openStore(place.url, "default");
  }

  async function see(contactId: ContactId, phoneNumber: E164 | null, at = clock, source: ContactLinkSource = "READ") {
    await directory.learn([{ contactId, phoneNumber, source }], new Date(at));
  }

  async function link(number: E164) {
    const [link] = await directory.links([number]);
    return link;
  }

  describe("a number", () => {
    test("that nobody was seen with is unknown", async () => {
      await see(anna, one);
      expect(await link(two)).toEqual(unknown);
    });

    test("is linked to the contact that was seen with it, with how and when", async () => {
      await see(anna, one, noon - 5_000, "WRITTEN");
      expect(await link(one)).toEqual({
        state: "LINKED",
        source: "WRITTEN",
        seenAt: new Date(noon - 5_000),
        candidateIds: [anna],
        isConfirmed: true,
      });
    });

    test("is asked for together with others in one read, and answered in their order", async () => {
      await directory.learn([
        { contactId: anna, phoneNumber: one, source: "READ" },
        { contactId: ben, phoneNumber: two, source: "READ" },
      ]);
      const { calls, counted } = counting(store);
      const links = await createContactDirectory(counted, () => new Date()).links([two, one, two]);
      expect(links.map(({ candidateIds }) => candidateIds)).toEqual([[ben], [anna], [ben]]);
      expect(calls).toEqual({ get: 1, commit: 0 });
    });

    test("of two contacts is ambiguous, names both and speaks of the newer observation", async () => {
      await see(anna, one, noon - 1, "READ");
      await see(ben, one, noon, "RECEIVED");
      expect(await link(one)).toEqual({
        state: "AMBIGUOUS",
        source: "RECEIVED",
        seenAt: new Date(noon),
        candidateIds: [anna, ben],
        isConfirmed: false,
      });
    });

    test.each<[string, () => Promise<void>]>([
      ["moves to another number", () => see(ben, two, noon + 1)],
      ["loses its number", () => see(ben, null, noon + 1)],
      ["is deleted", () => directory.forget([ben], new Date(noon + 1))],
    ])("is linked again when the second contact %s", async (_, leave) => {
      await see(anna, one);
      await see(ben, one);
      await leave();
      expect(await link(one)).toMatchObject({ state: "LINKED", candidateIds: [anna] });
    });

    test("is unknown again when its contact is seen with another one", async () => {
      await see(anna, one);
      await see(anna, two, noon + 1);
      expect(await directory.links([one, two])).toMatchObject([unknown, { state: "LINKED", candidateIds: [anna] }]);
    });
  });

  describe("an older observation", () => {
    test("does not win against a newer one that came first", async () => {
      await see(anna, two);
      await see(anna, one, noon - 1);
      expect(await link(one)).toEqual(unknown);
      expect(await link(two)).toMatchObject({ state: "LINKED" });
    });

    test("does not win against a newer one that changed nothing", async () => {
      await see(anna, one);
      await see(anna, one, noon + 2_000);
      await see(anna, two, noon + 1_000);
      expect(await link(two)).toEqual(unknown);
      expect(await link(one)).toMatchObject({ state: "LINKED" });
    });

    test("does not bring a deleted contact back, whether it was known or not", async () => {
      await see(anna, one, noon - 2);
      await directory.forget([anna, ben]);
      await see(anna, one, noon - 1);
      await see(ben, two, noon);
      expect(await directory.links([one, two])).toEqual([unknown, unknown]);
      expect(await directory.count()).toBe(0);
    });

    test("is not undone by a deletion that is older still", async () => {
      await see(anna, one);
      await directory.forget([anna], new Date(noon - 1));
      expect(await link(one)).toMatchObject({ state: "LINKED" });
    });
  });

  describe("an unchanged contact", () => {
    test("costs one read and no write within the hour", async () => {
      const observations = Array.from({ length: 100 }, (_, index) => ({
        contactId: `co:${index}` as ContactId,
        phoneNumber: `+1415555${1_000 + index}` as E164,
        source: "READ" as const,
      }));
      await directory.learn(observations);
      const { calls, counted } = counting(store);
      await createContactDirectory(counted, () => new Date(noon + HOUR - 1)).learn(observations);
      expect(calls).toEqual({ get: 1, commit: 0 });
    });

    test("is recorded again after an hour", async () => {
      await see(anna, one, noon, "IMPORTED");
      await see(anna, one, noon + HOUR - 1, "READ");
      expect(await link(one)).toMatchObject({ source: "IMPORTED", seenAt: new Date(noon) });
      await see(anna, one, noon + HOUR, "READ");
      expect(await link(one)).toMatchObject({ source: "READ", seenAt: new Date(noon + HOUR) });
    });
  });

  describe("the contacts that are known", () => {
    test("include those without a usable number", async () => {
      await see(anna, null);
      await see(carla, one);
      expect(await directory.page({ limit: 10 })).toEqual([anna, carla]);
      expect(await directory.count()).toBe(2);
      expect(await rowsOf(store, carla, ben, anna)).toEqual([
        { phoneNumber: one, source: "READ", seenAt: noon },
        null,
        { phoneNumber: null, source: "READ", seenAt: noon },
      ]);
    });

    test("are paged in both directions", async () => {
      for (const id of [carla, anna, ben]) {
        await see(id, null);
      }
      expect(await directory.page({ limit: 2 })).toEqual([anna, ben]);
      expect(await directory.page({ limit: 2, after: ben })).toEqual([carla]);
      expect(await directory.page({ limit: 1, before: carla, reverse: true })).toEqual([ben]);
    });
  });

  describe("a complete list", () => {
    test("forgets what it lacks, but nothing that was seen after its reading began", async () => {
      await see(anna, one, noon - 1);
      await see(ben, two, noon + 1);
      await see(carla, null, noon - 1);
      await directory.learnList([{ id: carla, phoneNumber: null }], new Date(noon));
      expect(await directory.page({ limit: 10 })).toEqual([ben, carla]);
      expect(await directory.links([one, two])).toMatchObject([unknown, { state: "LINKED", source: "READ" }]);
    });

    test("is not written again where nothing changed", async () => {
      const rows = [anna, ben].map((id) => ({ id, phoneNumber: one }));
      await directory.learnList(rows, new Date(noon));
      const { calls, counted } = counting(store);
      await createContactDirectory(counted, () => new Date()).learnList(rows, new Date(noon + 60_000));
      expect(calls.commit).toBe(0);
    });
  });

  describe("several processes", () => {
    test("that learn and forget at once leave numbers and contacts in agreement", async () => {
      const stores = await Promise.all([openPlace(), openPlace(), openPlace()]);
      const directories = stores.map((each) => createContactDirectory(each, () => new Date(clock)));
      const ids = Array.from({ length: 10 }, (_, index) => `co:${index}` as ContactId);
      await Promise.all(
        Array.from({ length: 300 }, (_, index) => {
          const writer = directories[index % 3] ?? directory;
          const at = new Date(noon + index * HOUR);
          const contactId = ids[(index * 7) % 10] ?? anna;
          return index % 5 === 4
            ? writer.forget([contactId], at)
            : writer.learn([{ contactId, phoneNumber: index % 2 ? one : two, source: "READ" }], at);
        }),
      );
      const rows = await rowsOf(store, ...ids);
      for (const number of [one, two]) {
        const holders = ids.filter((_, index) => rows[index]?.phoneNumber === number);
        expect((await link(number))?.candidateIds).toEqual(holders);
      }
      // 300 events: each contact's last is number 290 + something, and those that end on 4 or 9 are deletions.
      const last = ids.map((_, index) => 290 + ((index * 3) % 10));
      expect(rows.map((contact) => contact?.phoneNumber ?? null)).toEqual(
        last.map((event) => (event % 5 === 4 ? null : event % 2 ? one : two)),
      );
      await Promise.all(stores.map((each) => each.close()));
    });

    test("whose changes never come through are a StoreError, not a silence", async () => {
      const hopeless: Store = { ...store, commit: async () => false };
      const learning = createContactDirectory(hopeless, () => new Date()).learn([
        { contactId: anna, phoneNumber: one, source: "READ" },
      ]);
      await expect(learning).rejects.toThrow(StoreError);
    });
  });
});

test("a complete list of 20,000 lets others run every hundred rows, and so does forgetting them", async () => {
  const store = await openStore("sqlite::memory:", "default");
  const directory = createContactDirectory(store, () => new Date());
  const rows = Array.from({ length: 20_000 }, (_, index) => ({
    id: `co:${index}` as ContactId,
    phoneNumber: `+1415${5_000_000 + index}` as E164,
  }));
  let [turns, isOver] = [0, false];
  const others = (async () => {
    for (; !isOver; turns++) {
      await nextTurn();
    }
  })();
  await directory.learnList(rows, new Date(noon));
  // Two hundred for learning, two hundred for looking for what the list lacks.
  expect(turns).toBeGreaterThanOrEqual(390);
  expect(await directory.count()).toBe(20_000);
  turns = 0;
  await directory.learnList([], new Date(noon + 1));
  expect(turns).toBeGreaterThanOrEqual(200);
  expect(await directory.count()).toBe(0);
  isOver = true;
  await others;
  await store.close();
});
