import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { StoreError } from "../src/errors.ts";
import { type AttemptHandle, type Attempts, createAttempts } from "../src/store/attempts.ts";
import { createAuditLog } from "../src/store/audit.ts";
import { openStore } from "../src/store/open.ts";
import type { Store } from "../src/store/store.ts";
import { emptyStore, onEachStore, type StorePlace } from "./stores.ts";
import { startStage } from "./support.ts";

const HOUR = 3_600_000;
const LEASE = 10_000;
const send = {
  key: "k1",
  mutation: "sendMessage",
  fingerprint: "f1",
  caller: "anonymous",
  leaseMilliseconds: LEASE,
  outcomeIfConfirmed: '"confirmed"',
};

onEachStore((make) => {
  let place: StorePlace;
  let opened: Store[];
  let clock: number;
  let attempts: Attempts;

  beforeEach(async () => {
    place = await make();
    opened = [];
    clock = Date.UTC(2026, 0, 1);
    attempts = await open();
  });

  afterEach(async () => {
    await Promise.all(opened.map((store) => store.close()));
    await place[Symbol.asyncDispose]();
  });

  /** As another process on the same store would. */
  async function open(account = "default"): Promise<Attempts> {
    const store = await openStore(place.url, account);
    opened.push(store);
    const now = () => new Date(clock);
    const audit = createAuditLog(store, { now, keptMilliseconds: 86_400_000, warn: () => undefined });
    return createAttempts(store, { now, audit });
  }

  async function start(attempt = send): Promise<AttemptHandle> {
    const begun = await attempts.begin(attempt);
    if (begun.kind !== "started") {
      throw new Error(`the attempt is ${begun.kind}`);
    }
    return begun.handle;
  }

  async function leave(state: "IN_PROGRESS" | "ACCEPTED" | "REFUSED" | "UNKNOWN", attempt = send): Promise<void> {
    const handle = await start(attempt);
    if (state === "ACCEPTED") {
      await attempts.settle(handle, { state, message: "Text sent.", outcome: '"said"' });
    } else if (state !== "IN_PROGRESS") {
      await attempts.settle(handle, { state, message: null });
    }
  }

  const other = { ...send, fingerprint: "f2" };
  const otherMutation = { ...send, mutation: "initiateTask" };

  describe("a key", () => {
    test("is claimed by one of many that want it at once, on whichever store", async () => {
      const second = await open();
      const begun = await Promise.all(Array.from({ length: 20 }, (_, at) => (at % 2 ? second : attempts).begin(send)));
      expect(begun.filter(({ kind }) => kind === "started")).toHaveLength(1);
      expect(begun.filter(({ kind }) => kind === "in-progress")).toHaveLength(19);
    });

    test("that was freed is claimed by one of many again", async () => {
      await leave("REFUSED");
      const second = await open();
      const begun = await Promise.all([attempts, second, attempts, second].map((each) => each.begin(send)));
      expect(begun.filter(({ kind }) => kind === "started")).toHaveLength(1);
    });

    test.each([
      ["IN_PROGRESS", "in-progress", "reused"],
      ["ACCEPTED", "replay", "reused"],
      ["UNKNOWN", "unknown", "reused"],
      ["REFUSED", "started", "started"],
    ] as const)("that is %s gives the same input %s, any other %s", async (state, same, different) => {
      await leave(state);
      const looked = [await attempts.look(send), await attempts.look(other), await attempts.look(otherMutation)];
      const expected = [same, different, different].map((kind) => (kind === "started" ? undefined : kind));
      expect(looked.map((standing) => standing?.kind)).toEqual(expected);
      if (state !== "REFUSED") {
        expect((await attempts.begin(other)).kind).toBe(different);
        expect((await attempts.begin(otherMutation)).kind).toBe(different);
      }
      expect((await attempts.begin(state === "REFUSED" ? other : send)).kind).toBe(same);
    });

    test("is replayed with what the call gave, and can be looked up", async () => {
      await leave("ACCEPTED");
      expect(await attempts.begin(send)).toEqual({ kind: "replay", outcome: '"said"' });
      expect(await (await open()).find("k1")).toEqual({
        caller: "anonymous",
        owner: expect.any(String),
        key: "k1",
        mutation: "sendMessage",
        state: "ACCEPTED",
        startedAt: new Date(clock),
        settledAt: new Date(clock),
        message: "Text sent.",
      });
    });

    test("of one account is none of another's", async () => {
      await leave("ACCEPTED");
      expect(await (await open("other")).find("k1")).toBeNull();
      expect((await (await open("other")).begin(send)).kind).toBe("started");
    });

    test.each(["\0", "\ud800", "\u{10FFFF}", 'a"b\\', "Z".repeat(255)])("may be any text: %j", async (key) => {
      await leave("UNKNOWN", { ...send, key });
      expect((await attempts.find(key))?.key).toBe(key);
      expect((await attempts.unknown()).map((record) => record.key)).toEqual([key]);
      expect(await attempts.find(`${key}.`)).toBeNull();
    });

    test("is claimed once a store that was read-only at the start can be written, and not before", async () => {
      const store = await openStore(place.url, "default");
      opened.push(store);
      let isReadOnly = true;
      const commit: Store["commit"] = (...args) =>
        isReadOnly ? Promise.reject(new StoreError("read-only", null)) : store.commit(...args);
      const now = () => new Date(clock);
      const audit = createAuditLog(store, { now, keptMilliseconds: 86_400_000, warn: () => undefined });
      const late = createAttempts({ ...store, commit }, { now, audit });
      await expect(late.open()).rejects.toThrow(StoreError);
      await expect(late.begin(send)).rejects.toThrow(StoreError);
      isReadOnly = false;
      expect((await late.begin(send)).kind).toBe("started");
      await emptyStore(place.url);
      await expect(late.begin(other)).rejects.toThrow("was emptied");
    });

    test("is not claimed where the store cannot be written", async () => {
      await Promise.all(opened.map((store) => store.close()));
      await expect(attempts.begin(send)).rejects.toThrow(StoreError);
    });
  });

  describe("a lease", () => {
    test("that has passed leaves the outcome unknown, for good, to whoever looks first", async () => {
      await leave("IN_PROGRESS");
      clock += LEASE - 1;
      expect((await (await open()).begin(send)).kind).toBe("in-progress");
      clock += 1;
      expect((await (await open()).begin(send)).kind).toBe("unknown");
      clock -= LEASE;
      expect(await (await open()).find("k1")).toMatchObject({ state: "UNKNOWN", settledAt: new Date(clock + LEASE) });
    });

    test.each([
      ["look", (each: Attempts) => each.look(send)],
      ["find", (each: Attempts) => each.find("k1")],
      ["unknown", (each: Attempts) => each.unknown()],
      ["resolve", (each: Attempts) => each.resolve("k1", { state: "ACCEPTED", by: "operator" })],
    ])("that has passed is noticed by %s", async (_name, look) => {
      await leave("IN_PROGRESS");
      clock += LEASE;
      await look(await open());
      clock -= LEASE;
      expect((await attempts.find("k1"))?.state).not.toBe("IN_PROGRESS");
    });

    test.each(["ACCEPTED", "REFUSED"] as const)("that passed is mended by its owner's %s", async (state) => {
      const handle = await start();
      clock += LEASE;
      expect((await (await open()).begin(send)).kind).toBe("unknown");
      const said = { message: null, outcome: '"late"' };
      await attempts.settle(handle, state === "ACCEPTED" ? { state, ...said } : { state, message: null });
      expect((await attempts.find("k1"))?.state).toBe(state);
    });

    test("that passed gives no right over the key's next use", async () => {
      const handle = await start();
      clock += LEASE;
      await attempts.resolve("k1", { state: "REFUSED", by: "operator" });
      await start();
      expect(await attempts.settle(handle, { state: "ACCEPTED", message: null, outcome: "1" })).toBe("REFUSED");
      expect((await attempts.find("k1"))?.state).toBe("IN_PROGRESS");
    });
  });

  describe("an operator", () => {
    test("settles what is unknown and nothing else", async () => {
      for (const state of ["IN_PROGRESS", "ACCEPTED", "REFUSED", "UNKNOWN"] as const) {
        await leave(state, { ...send, key: state });
        const { kind } = await attempts.resolve(state, { state: "ACCEPTED", by: "operator" });
        expect(kind).toBe(state === "UNKNOWN" ? "settled" : "not-unknown");
      }
      expect(await attempts.resolve("never used", { state: "REFUSED", by: "operator" })).toEqual({ kind: "missing" });
    });

    test.each(["ACCEPTED", "REFUSED"] as const)("says %s, and the owner's late word changes nothing", async (state) => {
      const handle = await start();
      clock += LEASE;
      expect(await attempts.resolve("k1", { state, by: "operator" })).toMatchObject({ kind: "settled" });
      expect(await attempts.settle(handle, { state: "UNKNOWN", message: null })).toBeNull();
      const accepted = { state: "ACCEPTED", message: null, outcome: "1" } as const;
      expect(await attempts.settle(handle, accepted)).toBe(state === "ACCEPTED" ? null : state);
      expect(await attempts.settle(handle, { state: "REFUSED", message: null })).toBe(
        state === "REFUSED" ? null : state,
      );
      expect(await attempts.find("k1")).toMatchObject({ state, message: "Settled by an operator of this server." });
      expect(await attempts.look(send)).toEqual(
        state === "REFUSED" ? null : { kind: "replay", outcome: '"confirmed"' },
      );
    });

    test("is shown the oldest first, those whose lease has passed included, from any number", async () => {
      for (let index = 0; index < 450; index += 1) {
        clock += 1;
        const state = index % 3 === 0 ? "UNKNOWN" : index % 3 === 1 ? "IN_PROGRESS" : "ACCEPTED";
        await leave(state, { ...send, key: `k${(index * 7) % 450}` });
      }
      clock += LEASE;
      const keys = (await attempts.unknown()).map(({ key }) => key);
      const expected = Array.from({ length: 450 }, (_, index) => index).filter((index) => index % 3 !== 2);
      expect(keys).toEqual(expected.map((index) => `k${(index * 7) % 450}`));
    });
  });

  describe("72 hours", () => {
    test.each(["ACCEPTED", "REFUSED"] as const)(
      "after it was settled an attempt that was %s is forgotten",
      async (state) => {
        await leave(state);
        clock += 72 * HOUR - 1;
        await attempts.sweep();
        expect((await attempts.find("k1"))?.state).toBe(state);
        clock += 1;
        expect(await attempts.find("k1")).toBeNull();
        expect((await attempts.begin(other)).kind).toBe("started");
      },
    );

    test("later a sweep removes what is settled, of any number, and keeps the rest", async () => {
      for (let index = 0; index < 450; index += 1) {
        await leave("ACCEPTED", { ...send, key: `k${index}` });
      }
      await leave("UNKNOWN", { ...send, key: "lost" });
      clock += 72 * HOUR;
      await leave("ACCEPTED", { ...send, key: "fresh" });
      await leave("IN_PROGRESS", { ...send, key: "running" });
      await attempts.sweep();
      const left = await opened[0]?.range("attempt", { limit: 1_000 });
      expect(left?.map(({ key }) => JSON.parse(key))).toEqual(["fresh", "lost", "running"]);
      clock += 365 * 24 * HOUR;
      expect((await attempts.find("lost"))?.state).toBe("UNKNOWN");
    });
  });

  test("a server that starts forgets what is old", async () => {
    clock = Date.now() - 73 * HOUR;
    await leave("ACCEPTED");
    await leave("UNKNOWN", { ...send, key: "lost" });
    await using _stage = await startStage({ env: { STORE_URL: place.url } });
    const left = async () => (await opened[0]?.range("attempt", { limit: 10 }))?.map(({ key }) => JSON.parse(key));
    await vi.waitFor(async () => expect(await left()).toEqual(["lost"]));
  });
});
