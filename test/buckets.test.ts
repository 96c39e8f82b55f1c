import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type BucketLimits, Buckets } from "../src/access/buckets.ts";

const MOST = 100_000_000;
/** Sums of floating-point numbers are exact to about this share. */
const SHARE = 1e-6;

const limits: fc.Arbitrary<BucketLimits> = fc
  .record({
    perMinute: fc.oneof(fc.integer({ min: 1, max: MOST }), fc.constantFrom(1, 60, 600, 6_000)),
    share: fc.constantFrom(0.2, 0.25),
  })
  .map(({ perMinute, share }) => ({ perMinute, atOnce: perMinute * share }));

/** Amounts around what the bucket has, from nothing to far more than it can have. */
const shares = fc.oneof(fc.double({ min: 0, max: 0.3, noNaN: true }), fc.double({ min: 0, max: 20, noNaN: true }));
/** Milliseconds until the next step. */
const pauses = fc.oneof(
  fc.constant(0),
  // Whose sums are not exact.
  fc.nat(100).map((tenths) => tenths * 100.1),
  fc.double({ min: 0, max: 5_000, noNaN: true }),
  fc.nat(1_000_000),
);

interface Step {
  readonly share: number;
  readonly pause: number;
  readonly kind: "take" | "giveBack" | "more";
}

const steps: fc.Arbitrary<Step[]> = fc.array(
  fc.record({
    share: shares,
    pause: pauses,
    kind: fc.constantFrom<Step["kind"][]>("take", "take", "take", "giveBack", "more"),
  }),
  { maxLength: 60 },
);

interface Taken {
  readonly at: number;
  readonly amount: number;
}

/** Runs the steps and tells what was taken in the end, each with its time. */
function run(limit: BucketLimits, all: readonly Step[], turnBack: (at: number) => number = () => 0): Taken[] {
  let real = 0;
  let now = 0;
  /** The latest time that the clock has told. */
  let at = Number.NEGATIVE_INFINITY;
  const buckets = new Buckets(() => now);
  const taken: Taken[] = [];
  for (const [index, { share, pause, kind }] of all.entries()) {
    real += pause;
    now = real - turnBack(index);
    at = Math.max(at, now);
    const amount = Math.floor(share * limit.atOnce);
    const last = taken.at(-1);
    if (kind === "take") {
      if (buckets.take("app", amount, limit) === 0) {
        taken.push({ at, amount });
      }
    } else if (last !== undefined) {
      // Part of it was not used, or more was used than was taken.
      const change = kind === "giveBack" ? -Math.min(last.amount, amount) : amount;
      buckets.giveBack("app", -change, limit);
      taken[taken.length - 1] = { at: last.at, amount: last.amount + change };
    }
  }
  return taken;
}

/**
 * A single amount may be more than the bucket has, or more than it can have: then the bucket is in debt. So the bound is
 * that of everything before the last.
 */
function requireBound(taken: readonly Taken[], { perMinute, atOnce }: BucketLimits): void {
  for (const [from, first] of taken.entries()) {
    let sum = 0;
    for (const { at, amount } of taken.slice(from)) {
      const most = (atOnce + ((at - first.at) * perMinute) / 60_000) * (1 + SHARE);
      expect(amount === 0 ? 0 : sum).toBeLessThanOrEqual(most);
      sum += amount;
    }
  }
}

describe("a caller", () => {
  test("never takes more than the rate and the burst allow, in any window", () => {
    const takes = steps.map((all) => all.map((step) => ({ ...step, kind: "take" as const })));
    fc.assert(fc.property(limits, takes, (limit, all) => requireBound(run(limit, all), limit)));
  });

  test("whose amounts are all within the burst takes no more even with the last of them", () => {
    const within = steps.map((all) =>
      all.map(({ share, pause }) => ({ share: share / 20, pause, kind: "take" as const })),
    );
    fc.assert(
      fc.property(limits, within, (limit, all) => {
        const taken = run(limit, all);
        const first = taken[0]?.at ?? 0;
        const last = taken.at(-1)?.at ?? 0;
        const sum = taken.reduce((total, { amount }) => total + amount, 0);
        expect(sum).toBeLessThanOrEqual((limit.atOnce + ((last - first) * limit.perMinute) / 60_000) * (1 + SHARE));
      }),
    );
  });

  test("gains and loses nothing when the clock goes back", () => {
    const jumps = fc.array(fc.nat(10_000_000), { minLength: 60, maxLength: 60 });
    const takes = steps.map((all) => all.map((step) => ({ ...step, kind: "take" as const })));
    fc.assert(
      fc.property(limits, takes, jumps, (limit, all, back) =>
        requireBound(
          run(limit, all, (at) => back[at] ?? 0),
          limit,
        ),
      ),
    );
    fc.assert(
      fc.property(limits, shares, fc.nat(), (limit, share, milliseconds) => {
        let now = 0;
        const buckets = new Buckets(() => now);
        buckets.take("app", Math.floor(share * limit.atOnce), limit);
        const left = buckets.left("app", limit);
        now -= milliseconds;
        expect(buckets.left("app", limit)).toBe(left);
        now = 0;
        expect(buckets.left("app", limit)).toBe(left);
      }),
    );
  });

  test("who comes again after retryAfter is served, and no earlier answer tells less than a second", () => {
    fc.assert(
      fc.property(limits, steps, shares, pauses, (limit, all, share, pause) => {
        let now = 0;
        const buckets = new Buckets(() => now);
        for (const step of all) {
          buckets.take("app", Math.floor(step.share * limit.atOnce), limit);
          now += step.pause;
        }
        now += pause;
        const amount = Math.floor(share * limit.atOnce);
        const retryAfter = buckets.take("app", amount, limit);
        if (retryAfter > 0) {
          expect(Number.isSafeInteger(retryAfter)).toBe(true);
          now += retryAfter * 1_000;
          expect(buckets.take("app", amount, limit)).toBe(0);
        }
      }),
      { numRuns: 1_000 },
    );
  });

  test("who comes again after retryAfter is served even though sums of times are not exact", () => {
    const limit = { perMinute: 1, atOnce: 0.2 };
    let now = 0;
    const buckets = new Buckets(() => now);
    for (const pause of [600.5999999999999, 300.29999999999995, 66_920, 812_756]) {
      buckets.left("app", limit);
      now += pause;
    }
    expect(buckets.take("app", 3, limit)).toBe(0);
    const retryAfter = buckets.take("app", 1, limit);
    now += retryAfter * 1_000;
    expect(buckets.take("app", 1, limit)).toBe(0);
  });

  test("is told how long to wait to the second", () => {
    fc.assert(
      fc.property(limits, steps, shares, (limit, all, share) => {
        let now = 0;
        const buckets = new Buckets(() => now);
        for (const step of all) {
          buckets.take("app", Math.floor(step.share * limit.atOnce), limit);
          now += step.pause;
        }
        const amount = Math.floor(share * limit.atOnce);
        const retryAfter = buckets.take("app", amount, limit);
        if (retryAfter > 1) {
          now += (retryAfter - 1) * 1_000 - 1;
          expect(buckets.take("app", amount, limit)).toBeGreaterThan(0);
        }
      }),
    );
  });

  test("who is refused, or who gets back all that it took, has lost nothing", () => {
    fc.assert(
      fc.property(limits, shares, shares, (limit, first, second) => {
        const buckets = new Buckets(() => 0);
        buckets.take("app", Math.floor(first * limit.atOnce), limit);
        const left = buckets.left("app", limit);
        const amount = Math.floor(second * limit.atOnce);
        if (buckets.take("app", amount, limit) === 0) {
          buckets.giveBack("app", amount, limit);
        }
        expect(Math.abs(buckets.left("app", limit) - left)).toBeLessThanOrEqual(1);
      }),
    );
  });

  test("never has less than nothing or more than the burst, and takes nothing from another caller", () => {
    fc.assert(
      fc.property(limits, steps, (limit, all) => {
        let now = 0;
        const buckets = new Buckets(() => now);
        for (const { share, pause, kind } of all) {
          now += pause;
          const amount = Math.floor(share * limit.atOnce);
          if (kind === "take") {
            buckets.take("app", amount, limit);
          } else {
            buckets.giveBack("app", kind === "giveBack" ? amount : -amount, limit);
          }
          const left = buckets.left("app", limit);
          expect(left).toBeGreaterThanOrEqual(0);
          expect(left).toBeLessThanOrEqual(limit.atOnce);
          expect(buckets.left("other", limit)).toBe(Math.floor(limit.atOnce));
        }
      }),
    );
  });
});
