import { expect, test } from "vitest";
import { PlatformError } from "../src/errors.ts";
import { DetailWidth, FIRST_WIDTH } from "../src/loaders/detail-width.ts";
import { type Stage, startStage } from "./support.ts";

/** Rounds of as many reads as the width allows, of a platform that serves so many at once in 20 ms, and the rest after them. */
function askInRounds(width: DetailWidth, capacity: number, rounds: number): number[] {
  const widths: number[] = [];
  for (let round = 0; round < rounds; round += 1) {
    const now = width.width;
    for (let at = 0; at < now; at += 1) {
      width.record(20 * (1 + Math.floor(at / capacity)));
    }
    widths.push(now);
  }
  return widths;
}

test("a platform that stays as fast is given more and more, up to a bound", () => {
  const widths = askInRounds(new DetailWidth(), 1_000, 100);
  expect(widths[0]).toBe(FIRST_WIDTH);
  expect(widths.at(-1)).toBe(48);
});

test.each([8, 12, 20])(
  "a platform that serves %i at once is given about as many as it serves in good time",
  (capacity) => {
    const widths = askInRounds(new DetailWidth(), capacity, 200).slice(100);
    // The third round of a read takes 60 ms, which is not slow yet; the fourth is.
    expect(Math.max(...widths)).toBeLessThanOrEqual(3 * capacity + 2);
    expect(Math.min(...widths)).toBeGreaterThanOrEqual(Math.min(48, 2 * capacity) * 0.8);
  },
);

test("a platform that becomes slower for good is believed in the end", () => {
  const width = new DetailWidth();
  askInRounds(width, 1_000, 50);
  for (let at = 0; at < 50; at += 1) {
    width.record(200);
  }
  expect(width.width).toBeLessThan(40);
  for (let at = 0; at < 5_000; at += 1) {
    width.record(200);
  }
  expect(width.width).toBe(48);
});

test.each([
  ["rate-limited", true],
  ["timeout", true],
  ["overloaded", true],
  ["unreachable", true],
  ["refused", false],
  ["shape", false],
] as const)("a read that fails as %s narrows it: %s", async (reason, isNarrowed) => {
  const width = new DetailWidth();
  const fail = () => width.watch(() => Promise.reject(new PlatformError("PIDJ", reason, "no")));
  await expect(fail()).rejects.toThrow("no");
  expect(width.width).toBe(isNarrowed ? 8 : 16);
  // The other reads of the same round fail too, and do not count.
  await expect(Promise.all([fail(), fail(), fail()])).rejects.toThrow("no");
  expect(width.width).toBe(isNarrowed ? 8 : 16);
});

function readAll({ simulator, query }: Stage) {
  const fields = [...simulator.world.contacts.keys()].map((id, at) => `c${at}: contact(id: "${id}") { firstName }`);
  return query(`{ ${fields.join(" ")} }`, {}, { "cache-control": "no-cache" });
}

/** How many reads an operation has under way while the platform answers none. */
async function widthHeld(stage: Stage): Promise<number> {
  const { simulator } = stage;
  simulator.clearJournal();
  const hold = simulator.fault({ platform: "PIDJ", route: "GET /contact/{id}", kind: "hold" });
  const asked = readAll(stage);
  await expect.poll(() => simulator.journal.length).toBe(stage.app.services.pidj.width.width);
  const held = simulator.journal.length;
  hold.release();
  hold();
  await asked;
  return held;
}

test("an operation's reads by id are as many at once as were borne so far, and fewer after the platform asked to wait", async () => {
  await using stage = await startStage({ simulator: { people: 90, polls: 0 }, env: { OVERLOAD_LAG_MS: "60000" } });
  expect(await widthHeld(stage)).toBe(FIRST_WIDTH);
  for (let round = 0; round < 10; round += 1) {
    await readAll(stage);
  }
  const wider = await widthHeld(stage);
  expect(wider).toBeGreaterThan(FIRST_WIDTH);

  stage.simulator.fault({
    platform: "PIDJ",
    route: "GET /contact/{id}",
    kind: "status",
    status: 429,
    headers: { "retry-after": "86400" },
    times: 1,
  });
  expect((await readAll(stage)).errors?.[0]?.extensions["code"]).toBe("RATE_LIMITED");
  expect(await widthHeld(stage)).toBeLessThan(wider);
});
