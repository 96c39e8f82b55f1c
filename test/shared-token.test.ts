import { randomBytes } from "node:crypto";
import { expect, test } from "vitest";
import { forgetFullBuckets, SharedBuckets } from "../src/access/shared-buckets.ts";
import { StoreError } from "../src/errors.ts";
import { openStore } from "../src/store/open.ts";
import { shareToken } from "../src/store/shared-token.ts";
import type { Store } from "../src/store/store.ts";
import { onEachStore } from "./stores.ts";
import { serve } from "./textizen-upstream.ts";
import { createScope, sendJson } from "./upstream.ts";

const now = () => new Date();
const options = { now };

onEachStore((make) => {
  test("a token is read back with its key and name, and by nobody else", async () => {
    await using place = await make();
    const store = await openStore(place.url, "default");
    const [key, otherKey] = [randomBytes(32), randomBytes(32)];
    const mine = shareToken(store, "you@example.com", key, options);
    expect(await mine.claim(null, 0)).toEqual({ turn: "mine" });
    await mine.write("the secret token");
    expect(await shareToken(store, "you@example.com", key, options).claim(null, 0)).toEqual({
      token: "the secret token",
    });
    expect(await shareToken(store, "you@example.com", otherKey, options).claim(null, 0)).toEqual({ turn: "mine" });
    expect(await shareToken(store, "me@example.com", key, options).claim(null, 0)).toEqual({ turn: "mine" });
    const row = (await store.range("session", { limit: 10 })).find(({ value }) => !value.includes("null"));
    expect(JSON.stringify(row)).not.toMatch(/secret|example/);
    const { sealed } = JSON.parse(row?.value ?? "");
    const changed = sealed.replace(/^./, (first: string) => (first === "A" ? "B" : "A"));
    await store.commit([
      { table: "session", key: row?.key ?? "", becomes: JSON.stringify({ sealed: changed, claimedUntil: 0 }) },
    ]);
    expect(await mine.claim(null, 0)).toEqual({ turn: "mine" });
    await store.close();
  });

  test("three processes sign in once, and renew once", async () => {
    await using place = await make();
    let signIns = 0;
    let good = "";
    await using upstream = await serve((request, response) => {
      if (request.path === "/api/users/sign_in") {
        signIns += 1;
        good = `t${signIns}`;
        sendJson(response, { auth_token: good });
      } else {
        const isGood = request.body.includes(`"${good}"`);
        sendJson(response, isGood ? [] : { error: "Invalid token" }, isGood ? 200 : 401);
      }
    });
    const stores = await Promise.all([1, 2, 3].map(() => openStore(place.url, "default")));
    const clients = stores.map((store) =>
      upstream.connect({
        credentials: { email: "you@example.com", password: "your_password" },
        sharedToken: shareToken(store, "you@example.com", Buffer.alloc(32, 1), options),
      }),
    );
    const readAll = () => Promise.all(clients.map((client) => client.groups(createScope())));
    await readAll();
    expect(signIns).toBe(1);
    good = "ended by the platform";
    await readAll();
    expect(signIns).toBe(2);
    // Without its store, a process that has a token goes on with it.
    await Promise.all(stores.map((store) => store.close()));
    await readAll();
    expect(signIns).toBe(2);
    await Promise.all(clients.map((client) => client.close()));
  });

  test("a process whose store is slow waits for it, and does not sign in beside the others", async () => {
    await using place = await make();
    const store = await openStore(place.url, "default");
    await shareToken(store, "you@example.com", Buffer.alloc(32, 1), options).write("theirs");
    // As a database that ten servers start at: longer than a hurried read waits, shorter than it takes to give up.
    const slow: Store = {
      ...store,
      get: (table, keys, options) =>
        options?.withinMilliseconds === undefined
          ? store.get(table, keys)
          : Promise.reject(new StoreError("The database did not answer in time", null)),
    };
    expect(await shareToken(slow, "you@example.com", Buffer.alloc(32, 1), options).claim(null, 5_000)).toEqual({
      token: "theirs",
    });
    await store.close();
  });

  test("a process with another key says so when it signs in, and one whose key alone is used does not", async () => {
    await using place = await make();
    const store = await openStore(place.url, "default");
    const said: string[] = [];
    const share = (name: string, byte: number) =>
      shareToken(store, "you@example.com", Buffer.alloc(32, byte), { now, onOther: () => said.push(name) });
    const [right, wrong] = [share("right", 1), share("wrong", 2)];
    await right.write("one");
    await right.write("two");
    expect(said).toEqual([]);
    await wrong.write("three");
    expect(said).toEqual(["wrong"]);
    // After a change of the key it is said once.
    await wrong.write("four");
    expect(said).toEqual(["wrong"]);
    expect(await wrong.claim(null, 5_000)).toEqual({ token: "four" });
    expect(await right.claim(null, 5_000)).toEqual({ turn: "mine" });
    await store.close();
  });

  test("three processes that take from one bucket take what is in it, and not more", async () => {
    await using place = await make();
    const stores = await Promise.all([1, 2, 3].map(() => openStore(place.url, "default")));
    const clock = { time: 1_000_000 };
    const buckets = stores.map((store) => new SharedBuckets(store, () => new Date(clock.time)));
    const limits = { perMinute: 60, atOnce: 15 };
    const takeAll = async () =>
      (await Promise.all(Array.from({ length: 60 }, (_, at) => buckets[at % 3]?.take("key:one", 1, limits)))).filter(
        (wait) => wait === 0,
      ).length;
    expect(await takeAll()).toBe(15);
    expect(await buckets[0]?.take("key:one", 3, limits)).toBe(3);
    clock.time += 3_000;
    expect(await takeAll()).toBe(3);
    expect(await buckets[1]?.take("key:two", 15, limits)).toBe(0);
    clock.time += 3_600_000;
    await buckets[2]?.take("key:three", 1, limits);
    const [store] = stores;
    // Far more than it has: it is full again after days, and is kept until then.
    await buckets[2]?.take("key:debt", 100_000, limits);
    clock.time += 1;
    await forgetFullBuckets(store as Store, new Date(clock.time));
    expect((await store?.range("bucket", { limit: 10 }))?.map(({ key }) => key)).toEqual(['"key:debt"', '"key:three"']);
    clock.time += 31 * 24 * 3_600_000;
    await forgetFullBuckets(store as Store, new Date(clock.time));
    expect(await store?.count("bucket")).toBe(0);
    await Promise.all(stores.map((store) => store.close()));
  });
});
