import { describe, expect, test, vi } from "vitest";
import { type SharedVersions, Versions } from "../src/freshness/versions.ts";

/** A clock set by hand. */
function createClock() {
  const clock = { time: 10_000, now: () => clock.time };
  return clock;
}

/** Rows that two processes share; `state` makes them fail or hang. */
function createRow() {
  const row = { texts: new Map<string, string>(), reads: 0, writes: 0, state: "well" as "well" | "down" | "hung" };
  const turn = async () => {
    if (row.state === "down") {
      throw new Error("the store is down");
    }
    if (row.state === "hung") {
      await new Promise(() => undefined);
    }
  };
  const shared: SharedVersions = {
    read: async (names) => {
      row.reads += names.length === 1 ? 1 : 0;
      await turn();
      return names.map((name) => row.texts.get(name) ?? null);
    },
    write: async (rows) => {
      row.writes += 1;
      await turn();
      if (rows.some(({ name, was }) => was !== undefined && (row.texts.get(name) ?? null) !== was)) {
        return false;
      }
      for (const { name, becomes } of rows) {
        row.texts.set(name, becomes);
      }
      return true;
    },
  };
  return { row, shared };
}

test("a change to a list makes stale what was read of it, of its platform and of everything, and nothing else", () => {
  const versions = new Versions();
  const names = ["any", "PIDJ", "contacts", "series", "TEXTIZEN", "polls"] as const;
  const stamps = names.map((name) => versions.stamp(name));
  void versions.raise(["contacts"]);
  expect(stamps.map((stamp) => versions.isCurrent(stamp))).toEqual([false, false, false, true, true, true]);
  expect(names.map((name) => versions.isCurrent(versions.stamp(name)))).toEqual(names.map(() => true));
});

test("a change to the store alone, and one to a platform alone, leave the lists as they are", () => {
  const versions = new Versions();
  const stamps = (["any", "TEXTIZEN", "participants"] as const).map((name) => versions.stamp(name));
  void versions.raise([]);
  expect(stamps.map((stamp) => versions.isCurrent(stamp))).toEqual([false, true, true]);
  void versions.raise(["TEXTIZEN"]);
  expect(stamps.map((stamp) => versions.isCurrent(stamp))).toEqual([false, false, true]);
});

test("for a minute after an unknown outcome, nothing that is read of its lists may be kept", () => {
  const clock = createClock();
  const versions = new Versions({ now: clock.now });
  void versions.raise(["contacts"], { isUnknown: true });
  const [early, other] = [versions.stamp("contacts"), versions.stamp("series")];
  expect([early, other].map((stamp) => versions.mayServeKept(stamp))).toEqual([false, true]);
  // A read under way shows the platform itself, and may be joined.
  expect(versions.isCurrent(early)).toBe(true);
  clock.time += 60_000;
  expect(versions.mayServeKept(early)).toBe(false);
  expect(versions.mayServeKept(versions.stamp("contacts"))).toBe(true);
});

test("what one process raises, another sees within a second, by one look", async () => {
  const clock = createClock();
  const { row, shared } = createRow();
  const [one, two] = [new Versions({ shared, now: clock.now }), new Versions({ shared, now: clock.now })];
  await two.confirm();
  const stamp = two.stamp("participants");
  await one.raise(["participants"], { isUnknown: true });
  clock.time += 999;
  const reads = row.reads;
  expect(two.isCurrent(stamp)).toBe(true);
  expect(row.reads).toBe(reads);
  clock.time += 1;
  expect(two.isCurrent(stamp)).toBe(false);
  await Promise.all([two.confirm(), two.confirm(), two.confirm()]);
  expect(row.reads).toBe(reads + 1);
  expect(two.isCurrent(stamp)).toBe(false);
  const later = two.stamp("participants");
  expect([two.isCurrent(later), two.mayServeKept(later)]).toEqual([true, false]);
  clock.time += 1_000;
  await two.confirm();
  expect(two.isCurrent(later)).toBe(true);
});

test("what was confirmed is trusted a moment later, too: the next look comes before the trust ends", async () => {
  const clock = createClock();
  const { row, shared } = createRow();
  const versions = new Versions({ shared, now: clock.now });
  const stamp = versions.stamp("polls");
  for (let reads = 1; reads < 20; reads += 1) {
    clock.time += 900 + reads;
    await versions.confirm();
    expect(row.reads).toBe(reads);
    clock.time += 80;
    await versions.confirm();
    expect(row.reads).toBe(reads);
    expect(versions.isCurrent(stamp)).toBe(true);
  }
});

test("raises of several processes at once are all seen by each", async () => {
  const clock = createClock();
  const { shared } = createRow();
  const all = Array.from({ length: 5 }, () => new Versions({ shared, now: clock.now }));
  for (const versions of all) {
    await versions.confirm();
  }
  const stamps = all.map((versions) => versions.stamp("polls"));
  await Promise.all(all.slice(1).flatMap((versions) => [versions.raise(["polls"]), versions.raise(["polls"])]));
  clock.time += 1_000;
  for (const [at, versions] of all.entries()) {
    await versions.confirm();
    expect(stamps[at] && versions.isCurrent(stamps[at])).toBe(false);
    expect(versions.isCurrent(versions.stamp("polls"))).toBe(true);
  }
});

test("a raise while the one before it is being written is written, too", async () => {
  const { row, shared } = createRow();
  const versions = new Versions({ shared });
  const first = versions.raise(["polls"]);
  // The first is on its way to the row by now.
  await Promise.resolve();
  await Promise.all([first, versions.raise(["polls"])]);
  expect([...row.texts.keys()]).toEqual(["any", "polls", "TEXTIZEN"]);
  expect(row.writes).toBe(2);
});

test("without its store nothing older than a second is trusted, nobody waits longer than a moment, and a raise is told later", async () => {
  const clock = createClock();
  const { row, shared } = createRow();
  const [one, two] = [new Versions({ shared, now: clock.now }), new Versions({ shared, now: clock.now })];
  await two.confirm();
  const [old, stamp] = [two.stamp("polls"), one.stamp("polls")];
  for (const state of ["down", "hung"] as const) {
    row.state = state;
    clock.time += 1_000;
    const began = performance.now();
    await two.confirm();
    expect(performance.now() - began).toBeLessThan(1_000);
    expect(two.isCurrent(old)).toBe(false);
    expect(two.isCurrent(two.stamp("polls"))).toBe(true);
  }
  row.state = "down";
  await one.raise(["polls"]);
  expect(one.isCurrent(stamp)).toBe(false);
  row.state = "well";
  clock.time += 1_000;
  await one.confirm();
  const fresh = new Versions({ shared, now: clock.now });
  await fresh.confirm();
  expect([...row.texts.keys()]).toEqual(expect.arrayContaining(["any", "polls", "TEXTIZEN"]));
});

test("a process that starts later hears of an unknown outcome for the rest of its minute, and of an old one not at all", async () => {
  const { row, shared } = createRow();
  await new Versions({ shared }).raise(["polls"], { isUnknown: true });
  const clock = createClock();
  const soon = new Versions({ shared, now: clock.now });
  await soon.confirm();
  expect(soon.mayServeKept(soon.stamp("polls"))).toBe(false);
  row.texts.set("unsettled polls", String(Number(row.texts.get("unsettled polls")) - 60_000));
  const late = new Versions({ shared, now: clock.now });
  await late.confirm();
  expect(late.mayServeKept(late.stamp("polls"))).toBe(true);
});

test("a row that cannot be read counts as another one", async () => {
  const clock = createClock();
  const { row, shared } = createRow();
  const versions = new Versions({ shared, now: clock.now });
  await versions.raise(["polls"]);
  const stamp = versions.stamp("polls");
  for (const text of ["null", "[]", "{", ""]) {
    row.texts.set("any", text).set("polls", text).set("unsettled polls", text);
    clock.time += 1_000;
    await versions.confirm();
    await versions.raise(["series"]);
    expect(row.texts.get("any")).toMatch(/^[0-9a-f-]{36}$/);
  }
  expect([versions.isCurrent(stamp), versions.mayServeKept(versions.stamp("polls"))]).toEqual([false, true]);
});

describe("where each operation looks when it begins", () => {
  function createTwo() {
    const clock = createClock();
    const { row, shared } = createRow();
    const open = () => new Versions({ shared, isStrict: true, now: clock.now });
    return { clock, row, shared, one: open(), two: open() };
  }

  test("it sees what was raised before it began, at once", async () => {
    const { one, two } = createTwo();
    for (let turn = 0; turn < 20; turn += 1) {
      await two.begin();
      const stamps = (["any", "polls", "series"] as const).map((name) => two.stamp(name));
      await one.raise(["polls"]);
      await two.begin();
      expect(stamps.map((stamp) => two.isCurrent(stamp))).toEqual([false, false, true]);
      expect(two.isCurrent(two.stamp("polls"))).toBe(true);
    }
  });

  test("those that begin during a look share the next one, because the running one may be too early", async () => {
    const { row, two } = createTwo();
    const first = two.begin();
    await new Promise((resolve) => setImmediate(resolve));
    await first;
    const reads = row.reads;
    await Promise.all(Array.from({ length: 100 }, () => two.begin()));
    expect(row.reads - reads).toBe(1);
  });

  test("what another process raised between a look and a write of one's own is not lost", async () => {
    const { one, two } = createTwo();
    await two.begin();
    await two.raise(["polls"]);
    const stamp = two.stamp("polls");
    await one.raise(["polls"]);
    // The text that this writes hides that of the other process.
    await two.raise(["polls", "series"]);
    const later = two.stamp("polls");
    await two.begin();
    expect([two.isCurrent(stamp), two.isCurrent(later)]).toEqual([false, false]);
  });

  test("cut off, nothing is trusted and nobody waits twice; afterwards nothing that was read before", async () => {
    const { clock, row, two } = createTwo();
    await two.begin();
    const before = two.stamp("polls");
    expect(two.mayServeKept(before)).toBe(true);
    for (const state of ["hung", "down"] as const) {
      row.state = state;
      await two.begin();
      expect(two.isCurrent(two.stamp("polls"))).toBe(false);
      expect(two.begin()).toBe(null);
      clock.time += 1_000;
    }
    row.state = "well";
    clock.time += 1_000;
    await vi.waitFor(() => {
      clock.time += 1_000;
      expect(two.begin() ?? two.isCurrent(two.stamp("polls"))).not.toBe(false);
    });
    await two.begin();
    expect([two.isCurrent(before), two.isCurrent(two.stamp("polls"))]).toEqual([false, true]);
  });
});
