import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { PlatformError, StoreError } from "../src/errors.ts";
import type { ContactId } from "../src/ids.ts";
import type { E164 } from "../src/phone.ts";
import { type ContactDirectory, createContactDirectory } from "../src/store/contacts.ts";
import { openSqliteStore } from "../src/store/sqlite.ts";
import type { Store } from "../src/store/store.ts";
import { anna, ben, carla, counting, noon, one, rowsOf, two, unknown } from "./directory-parts.ts";

let store: Store;
let directory: ContactDirectory;

beforeEach(() => {
  store = openSqliteStore("sqlite::memory:", "default");
  directory = createContactDirectory(store, () => new Date(noon));
});

afterEach(() => store.close());

async function see(contactId: ContactId, phoneNumber: E164 | null, at = noon) {
  await directory.learn([{ contactId, phoneNumber, source: "READ" }], new Date(at));
}

async function link(number: E164) {
  const [link] = await directory.links([number]);
  return link;
}

describe("an id that Pidj does not know", () => {
  const rows = async () => [await store.count("number-by-contact"), await store.count("forgotten-contact")];

  test("leaves no row if nobody knew it", async () => {
    await directory.forget([anna, ben]);
    directory.learnLater([[carla, null]], new Date(noon));
    await directory.idle();
    expect(await rows()).toEqual([0, 0]);
  });

  test("leaves the time of its deletion if it was known", async () => {
    await see(anna, one, noon - 1);
    directory.learnLater([[anna, null]], new Date(noon));
    await directory.idle();
    expect(await rows()).toEqual([0, 1]);
    expect(await link(one)).toEqual(unknown);
  });
});

describe("a number that cannot be read", () => {
  const unreadable = new PlatformError("PIDJ", "shape", "phone_number is no text");

  test.each([
    ["an error", unreadable],
    ["left out", undefined],
  ])("(%s) teaches nothing and erases nothing", async (_, phoneNumber) => {
    await see(anna, one);
    await directory.learn(
      [anna, ben].map((contactId) => ({ contactId, phoneNumber, source: "READ" })),
      new Date(noon + 1),
    );
    directory.learnLater(
      [
        [anna, { phoneNumber }],
        [ben, { phoneNumber }],
      ],
      new Date(noon + 2),
    );
    await directory.idle();
    await directory.learnList(
      [
        { id: anna, phoneNumber },
        { id: ben, phoneNumber },
      ],
      new Date(noon + 3),
    );
    expect(await rowsOf(store, anna, ben)).toEqual([{ phoneNumber: one, source: "READ", seenAt: noon }, null]);
  });
});

describe("what is learned later", () => {
  test("is the newest of each contact, once the caller has gone on", async () => {
    const { calls, counted } = counting(store);
    const later = createContactDirectory(counted, () => new Date(noon));
    later.learnLater(
      [
        [anna, { phoneNumber: two }],
        [ben, { phoneNumber: one }],
      ],
      new Date(noon),
    );
    later.learnLater([[anna, { phoneNumber: one }]], new Date(noon - 1));
    later.learnLater([[ben, { phoneNumber: two }]], new Date(noon + 1));
    expect(calls).toEqual({ get: 0, commit: 0 });
    await later.idle();
    expect(calls.commit).toBe(1);
    expect((await link(two))?.candidateIds).toEqual([anna, ben]);
  });

  test("is told of if it fails, and does not keep what comes after from being learned", async () => {
    const failures: string[] = [];
    let isBroken = true;
    const failing: Store = {
      ...store,
      commit: (...args) => (isBroken ? Promise.reject(new StoreError("full", null)) : store.commit(...args)),
    };
    const later = createContactDirectory(
      failing,
      () => new Date(noon),
      (message) => failures.push(message),
    );
    later.learnLater([[anna, { phoneNumber: one }]], new Date(noon));
    await later.idle();
    isBroken = false;
    later.learnLater([[ben, { phoneNumber: two }]], new Date(noon));
    await later.idle();
    expect(failures).toEqual(["contacts that were read were not learned"]);
    expect(await rowsOf(store, anna, ben)).toMatchObject([null, { phoneNumber: two }]);
  });
});

test("what clients wait for is asked of the store with little patience, and what is learned with the usual one", async () => {
  const patience: unknown[] = [];
  const asked: Store = {
    ...store,
    get: (table, keys, options) => {
      patience.push(options?.withinMilliseconds);
      return store.get(table, keys, options);
    },
    range: (table, range, options) => {
      patience.push(options?.withinMilliseconds);
      return store.range(table, range, options);
    },
    count: (table, options) => {
      patience.push(options?.withinMilliseconds);
      return store.count(table, options);
    },
  };
  const each = createContactDirectory(asked, () => new Date(noon));
  await Promise.all([each.links([one]), each.page({ limit: 1 }), each.count()]);
  expect(patience).toEqual([200, 200, 200]);
  await each.learn([{ contactId: anna, phoneNumber: null, source: "READ" }]);
  expect(patience.slice(3)).toEqual([undefined, undefined]);
});
