import { setImmediate as nextTurn } from "node:timers/promises";
import fc from "fast-check";
import { describe, expect, test, vi } from "vitest";
import type { BucketLimits } from "../src/access/buckets.ts";
import { ReportedBuckets } from "../src/access/reported-buckets.ts";
import { StoreError } from "../src/errors.ts";
import { openStore } from "../src/store/open.ts";
import type { Store } from "../src/store/store.ts";

const LIMITS: BucketLimits = { perMinute: 6_000, atOnce: 1_200 };
const SLICE = 120;
const REPLICAS = 3;

/** Several replicas on one store and one clock. */
async function startReplicas() {
  const store = await openStore("sqlite::memory:", "default");
  const clock = { time: 1_000_000 };
  const database = { state: "answers" as "answers" | "refuses" | "hangs", commits: 0, reads: 0 };
  const answered = async <Result>(answer: () => Promise<Result>): Promise<Result> => {
    if (database.state === "refuses") {
      throw new StoreError("The database does not answer", null);
    }
    return database.state === "hangs" ? new Promise(() => undefined) : answer();
  };
  const watched: Store = {
    ...store,
    get: (table, keys, options) => {
      database.reads += 1;
      return answered(() => store.get(table, keys, options));
    },
    commit: (changes, options) => {
      database.commits += 1;
      return answered(() => store.commit(changes, options));
    },
  };
  const replicas = Array.from(
    { length: REPLICAS },
    () =>
      new ReportedBuckets({
        store: watched,
        unit: "calls",
        now: () => new Date(clock.time),
        clock: () => clock.time,
      }),
  );
  return {
    clock,
    database,
    take: (at: number, amount: number, limits = LIMITS) =>
      Promise.resolve(replicas[at % REPLICAS]?.take("app", amount, limits) ?? Number.NaN),
    giveBack: (at: number, amount: number) => replicas[at % REPLICAS]?.giveBack("app", amount, LIMITS),
    left: (at: number) => replicas[at % REPLICAS]?.left("app", LIMITS),
    /** Waits for what is reported behind the operations. */
    async rest() {
      for (let turn = 0; turn < 20; turn += 1) {
        await nextTurn();
      }
    },
    [Symbol.asyncDispose]: () => store.close(),
  };
}

type Replicas = Awaited<ReturnType<typeof startReplicas>>;

/** Takes such amounts at a replica until it is refused; what was taken, and the wait. */
async function drain({ take }: Replicas, at: (turn: number) => number, amount: number) {
  for (let taken = 0, turn = 0; ; turn += 1, taken += amount) {
    const wait = await take(at(turn), amount);
    if (wait > 0) {
      return { taken, wait };
    }
    if (taken > 10 * LIMITS.atOnce) {
      throw new Error("nothing limits this caller");
    }
  }
}

const steps = fc.array(
  fc.record({
    at: fc.nat(REPLICAS - 1),
    amount: fc.oneof(fc.nat(SLICE), fc.nat(SLICE), fc.nat(LIMITS.atOnce)),
    /** Operations one after the other, and what each does not use of what it took. */
    times: fc.integer({ min: 1, max: 20 }),
    unused: fc.constantFrom(0, 0, 0.1, 0.5, 1),
    pause: fc.oneof(fc.constant(0), fc.nat(50), fc.nat(2_000)),
    isQuiet: fc.boolean(),
  }),
  { minLength: 10, maxLength: 60 },
);

describe("a caller of three replicas", () => {
  test("uses at most the limit and four slices in any minute, wherever and whenever it asks", async () => {
    const property = fc.asyncProperty(steps, async (all) => {
      await using replicas = await startReplicas();
      const used: { readonly at: number; readonly amount: number }[] = [];
      for (const { at, amount, times, unused, pause, isQuiet } of all) {
        for (let time = 0; time < times && (await replicas.take(at, amount)) === 0; time += 1) {
          const returned = Math.floor(amount * unused);
          replicas.giveBack(at, returned);
          used.push({ at: replicas.clock.time, amount: amount - returned });
        }
        replicas.clock.time += pause;
        if (isQuiet) {
          await replicas.rest();
        }
      }
      for (const [from, first] of used.entries()) {
        let sum = 0;
        for (const { at, amount } of used.slice(from)) {
          sum += at - first.at <= 60_000 ? amount : 0;
          const most = LIMITS.atOnce + ((at - first.at) * LIMITS.perMinute) / 60_000 + (REPLICAS + 1) * SLICE;
          expect(sum).toBeLessThanOrEqual(most + 1e-6);
        }
      }
    });
    await fc.assert(property, { numRuns: 120 });
  });

  test("gets four slices more than its burst at most if it asks all of them at once", async () => {
    await using replicas = await startReplicas();
    const waits = await Promise.all(Array.from({ length: 900 }, (_, at) => replicas.take(at, 5)));

    const taken = 5 * waits.filter((wait) => wait === 0).length;
    expect(taken).toBeGreaterThanOrEqual(LIMITS.atOnce);
    expect(taken).toBeLessThanOrEqual(LIMITS.atOnce + (REPLICAS + 1) * SLICE);
  });

  test.each([1, 50, 400, 1_200])("has its whole budget at one of them, by amounts of %i", async (amount) => {
    await using replicas = await startReplicas();
    const first = await drain(replicas, () => 1, amount);
    replicas.clock.time += 6_000;
    const second = await drain(replicas, () => 1, amount);

    expect(first.taken).toBeGreaterThanOrEqual(LIMITS.atOnce);
    expect(first.taken).toBeLessThanOrEqual(LIMITS.atOnce + SLICE);
    expect(first.taken + second.taken).toBeGreaterThan(LIMITS.atOnce + 600 - amount - SLICE);
    expect(first.taken + second.taken).toBeLessThanOrEqual(LIMITS.atOnce + 600 + SLICE);
  });

  test("has its whole budget at one after it used another one, and got back what it did not use", async () => {
    await using replicas = await startReplicas();
    expect(await replicas.take(0, 1_000)).toBe(0);
    replicas.giveBack(0, 990);
    await replicas.rest();

    expect((await drain(replicas, () => 1, 10)).taken).toBeGreaterThanOrEqual(LIMITS.atOnce - 10 - SLICE);
  });

  test("is served at each of them when it comes after retryAfter", async () => {
    const waits = fc.record({ drained: fc.constantFrom(1, 7, 100), amount: fc.integer({ min: 1, max: 1_200 }) });
    const property = fc.asyncProperty(waits, fc.nat(2), fc.nat(2), async ({ drained, amount }, from, to) => {
      await using replicas = await startReplicas();
      await drain(replicas, (turn) => turn, drained);
      await replicas.rest();
      // What it used elsewhere a moment ago may not be known here yet.
      replicas.clock.time += 250;
      const wait = await replicas.take(from, amount);
      await replicas.rest();
      if (wait > 0) {
        expect(Number.isSafeInteger(wait)).toBe(true);
        replicas.clock.time += wait * 1_000;
        expect(await replicas.take(to, amount)).toBe(0);
      }
    });
    await fc.assert(property, { numRuns: 200 });
  });

  test("costs no statement while it asks for little, and few when it asks for much", async () => {
    await using replicas = await startReplicas();
    for (let turn = 0; turn < 60; turn += 1) {
      expect(await replicas.take(0, 2)).toBe(0);
      replicas.giveBack(0, 1);
      await replicas.rest();
    }
    expect(replicas.database).toMatchObject({ reads: 0, commits: 0 });
    for (let turn = 0; turn < 1_000; turn += 1) {
      replicas.clock.time += 20;
      expect(await replicas.take(0, 2)).toBe(0);
      replicas.giveBack(0, 1);
      await replicas.rest();
    }
    expect(replicas.database.commits).toBeLessThanOrEqual(1_000 / (SLICE / 2) + 1);
  });

  test("who has too little is looked for four times a second, however often it asks", async () => {
    await using replicas = await startReplicas();
    await drain(replicas, () => 0, 100);
    replicas.database.commits = 0;
    for (let turn = 0; turn < 100; turn += 1) {
      replicas.clock.time += 10;
      await replicas.take(0, 1_200);
    }
    expect(replicas.database.commits).toBeLessThanOrEqual(5);
  });
});

describe("while the database does not answer, a caller", () => {
  test("goes on with a third of its limit at each of three replicas, and with all of it afterwards", async () => {
    await using replicas = await startReplicas();
    for (let turn = 0; turn < 6; turn += 1) {
      // More than a slice, so that each hears of the others.
      expect(await replicas.take(turn, 130)).toBe(0);
    }
    replicas.clock.time += 60_000 - 1;
    replicas.database.state = "refuses";
    const shares = [0, 1, 2].map(async (at) => (await drain(replicas, () => at, 10)).taken);
    for (const taken of await Promise.all(shares)) {
      expect(taken).toBeGreaterThanOrEqual(LIMITS.atOnce / 3 - 10);
      expect(taken).toBeLessThanOrEqual(LIMITS.atOnce / 3 + SLICE);
    }
    replicas.database.state = "answers";
    replicas.clock.time += 20_000;
    await replicas.take(1, 1);
    await replicas.rest();
    replicas.clock.time += 20_000;
    expect((await drain(replicas, () => 1, 10)).taken).toBeGreaterThanOrEqual(LIMITS.atOnce);
  });

  test("waits for half a second once, and not at all after that", async () => {
    await using replicas = await startReplicas();
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    try {
      replicas.database.state = "hangs";
      const first = replicas.take(0, 500);
      await replicas.rest();
      vi.advanceTimersByTime(500);
      expect(await first).toBe(0);
      expect(await replicas.take(0, 500)).toBe(0);
      expect(await replicas.take(0, 500)).toBeGreaterThan(0);
    } finally {
      vi.useRealTimers();
    }
  });
});
