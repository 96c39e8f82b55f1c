import { expect, test } from "vitest";
import { PlatformError } from "../src/errors.ts";
import { Versions } from "../src/freshness/versions.ts";
import { ReadScope } from "../src/rest/calls.ts";
import { KeptList } from "../src/rest/kept-list.ts";

const SNAPSHOT_MS = 30_000;
const MINUTE_MS = 60_000;

interface Read {
  answer(index: string): Promise<void>;
  fail(error?: unknown): Promise<void>;
  readonly scope: ReadScope;
}

/** A kept list whose every read is answered by hand, on a clock set by hand. */
function createList({ snapshotMilliseconds = SNAPSHOT_MS } = {}) {
  const clock = { time: 0 };
  const platform = { isSuspended: false };
  const versions = new Versions({ now: () => clock.time });
  const reads: Read[] = [];
  const list = new KeptList<string>({
    name: "polls",
    platform: "TEXTIZEN",
    route: "GET /api/polls",
    versions,
    snapshotMilliseconds,
    staleMilliseconds: 10 * MINUTE_MS,
    isSuspended: () => platform.isSuspended,
    read: (scope) => {
      const { promise, resolve, reject } = Promise.withResolvers<string>();
      const settled = () => new Promise<void>((done) => setImmediate(done));
      reads.push({
        scope,
        answer: (index) => {
          resolve(index);
          return settled();
        },
        fail: (error = new PlatformError("TEXTIZEN", "unreachable", "down")) => {
          reject(error);
          return settled();
        },
      });
      return promise;
    },
  });
  /** What a reader gets: the list and its age in milliseconds, null if it was read just now; or why it failed. */
  const get = (options: { isFresh?: boolean; deadline?: number } = {}) =>
    list.get(scopeOf(options)).then(
      ({ index, age }) => [index, age] as const,
      (error: PlatformError) => error.reason,
    );
  return { clock, platform, versions, reads, list, get };
}

function scopeOf({ isFresh = false, deadline = Number.POSITIVE_INFINITY, signal = new AbortController().signal } = {}) {
  return new ReadScope({ signal, deadline: () => deadline, isFresh, record: () => undefined });
}

const turn = () => new Promise<void>((done) => setImmediate(done));

/** A list that was read, `v1`, at time 0. */
async function createKept() {
  const stage = createList();
  const first = stage.get();
  await turn();
  await stage.reads[0]?.answer("v1");
  expect(await first).toEqual(["v1", null]);
  return stage;
}

test("a list is served for the snapshot time, and once that longer while it is read anew; then a reader waits", async () => {
  const { clock, reads, get } = await createKept();
  clock.time = SNAPSHOT_MS - 1;
  expect(await get()).toEqual(["v1", SNAPSHOT_MS - 1]);
  expect(reads).toHaveLength(1);
  clock.time = SNAPSHOT_MS;
  expect(await get()).toEqual(["v1", SNAPSHOT_MS]);
  expect(reads).toHaveLength(2);
  clock.time = 2 * SNAPSHOT_MS - 1;
  expect(await get()).toEqual(["v1", 2 * SNAPSHOT_MS - 1]);
  clock.time = 2 * SNAPSHOT_MS;
  const waiting = get();
  await turn();
  expect(reads).toHaveLength(2);
  await reads[1]?.answer("v2");
  expect(await waiting).toEqual(["v2", null]);
  // It was asked at 30 s, and is that old.
  expect(await get()).toEqual(["v2", SNAPSHOT_MS]);
});

test.each(["timeout", "unreachable", "not-asked", "rate-limited", "shape", "suspended", "overloaded"] as const)(
  "while its platform fails (%s) a list is served for ten minutes, and tried again every second",
  async (reason) => {
    const { clock, reads, get } = await createKept();
    clock.time = 2 * SNAPSHOT_MS;
    const waiting = get();
    await turn();
    await reads[1]?.fail(new PlatformError("TEXTIZEN", reason, "down"));
    expect(await waiting).toEqual(["v1", 2 * SNAPSHOT_MS]);
    clock.time += 999;
    expect(await get()).toEqual(["v1", 2 * SNAPSHOT_MS + 999]);
    expect(reads).toHaveLength(2);
    clock.time = 10 * MINUTE_MS - 1;
    expect(await get()).toEqual(["v1", 10 * MINUTE_MS - 1]);
    expect(reads).toHaveLength(3);
    await reads[2]?.fail(new PlatformError("TEXTIZEN", reason, "down"));
    clock.time = 10 * MINUTE_MS;
    const last = get();
    await turn();
    await reads[3]?.fail(new PlatformError("TEXTIZEN", reason, "down"));
    expect(await last).toBe(reason);
  },
);

test("a platform that asks to wait is not asked earlier while an old list is served", async () => {
  const { clock, reads, get } = await createKept();
  clock.time = SNAPSHOT_MS;
  await get();
  await reads[1]?.fail(new PlatformError("TEXTIZEN", "rate-limited", "wait", { retryAfterSeconds: 20 }));
  clock.time += 19_999;
  expect(await get()).toEqual(["v1", SNAPSHOT_MS + 19_999]);
  expect(reads).toHaveLength(2);
  clock.time += 1;
  await get();
  expect(reads).toHaveLength(3);
});

test.each(["refused", "unauthorized", "not-configured"] as const)(
  "a platform that answers %s does not fail: no old list hides it",
  async (reason) => {
    const { clock, reads, get } = await createKept();
    clock.time = 2 * SNAPSHOT_MS;
    const waiting = get();
    await turn();
    await reads[1]?.fail(new PlatformError("TEXTIZEN", reason, "no"));
    expect(await waiting).toBe(reason);
  },
);

test("a platform that does not answer in half of a reader's time leaves it the old list", async () => {
  const { clock, reads, get } = await createKept();
  clock.time = 2 * SNAPSHOT_MS;
  expect(await get({ deadline: performance.now() + 100 })).toEqual(["v1", 2 * SNAPSHOT_MS]);
  expect(reads).toHaveLength(2);
});

test("a list from before a change is served to nobody, and a read from before it is not joined", async () => {
  const { clock, versions, reads, get } = await createKept();
  clock.time = SNAPSHOT_MS;
  await get();
  void versions.raise(["polls"]);
  const waiting = get();
  await turn();
  expect(reads).toHaveLength(3);
  await reads[1]?.answer("before");
  await reads[2]?.answer("after");
  expect(await waiting).toEqual(["after", null]);
  expect(await get()).toEqual(["after", 0]);
  // A change to another list leaves it.
  void versions.raise(["participants"]);
  expect(await get()).toEqual(["after", 0]);
});

test("no old list is served after a change, even while its platform fails", async () => {
  const { clock, versions, reads, get } = await createKept();
  clock.time = 1_000;
  void versions.raise(["polls"]);
  const waiting = get();
  await turn();
  await reads[1]?.fail();
  expect(await waiting).toBe("unreachable");
});

test("after an unknown outcome every reader looks at the platform, for a minute", async () => {
  const { clock, versions, reads, get } = await createKept();
  void versions.raise(["polls"], { isUnknown: true });
  for (const at of [0, 59_999]) {
    clock.time = at;
    const looking = get();
    await turn();
    await reads.at(-1)?.answer(`at ${at}`);
    expect(await looking).toEqual([`at ${at}`, null]);
  }
  expect(reads).toHaveLength(3);
  clock.time = 60_000;
  const last = get();
  await turn();
  await reads.at(-1)?.answer("settled");
  expect(await last).toEqual(["settled", null]);
  expect(await get()).toEqual(["settled", 0]);
  expect(reads).toHaveLength(4);
});

test("who wants nothing kept gets a call of its own, beside a kept list and beside a read under way", async () => {
  const { clock, reads, get } = await createKept();
  clock.time = SNAPSHOT_MS;
  await get();
  clock.time += 1;
  const fresh = [get({ isFresh: true }), get({ isFresh: true })];
  await turn();
  expect(reads).toHaveLength(4);
  expect(reads.map(({ scope }) => scope.isFresh)).toEqual([true, true, true, true]);
  await reads[2]?.answer("v3");
  await reads[3]?.answer("v4");
  expect(await Promise.all(fresh)).toEqual([
    ["v3", null],
    ["v4", null],
  ]);
  // What it read serves the others; an older answer that comes late does not replace it.
  await reads[1]?.answer("late");
  expect(await get()).toEqual(["v4", 0]);
});

test("with a snapshot time of 0 nothing is kept, and readers at once share a read", async () => {
  const { reads, list } = createList({ snapshotMilliseconds: 0 });
  const both = [list.get(scopeOf()), list.get(scopeOf())];
  await turn();
  expect(reads).toHaveLength(1);
  await reads[0]?.answer("v1");
  expect((await Promise.all(both)).map(({ index }) => index)).toEqual(["v1", "v1"]);
  void list.get(scopeOf());
  await turn();
  expect(reads).toHaveLength(2);
});

test("a reader who leaves takes the read from nobody, and one who has left begins none", async () => {
  const { reads, list } = createList();
  const controller = new AbortController();
  const leaving = list.get(scopeOf({ signal: controller.signal }));
  await turn();
  const staying = list.get(scopeOf());
  controller.abort(new DOMException("over", "AbortError"));
  await expect(leaving).rejects.toMatchObject({ reason: "cancelled", platform: "TEXTIZEN" });
  await reads[0]?.answer("v1");
  expect((await staying).index).toBe("v1");
  const other = createList();
  await expect(other.list.get(scopeOf({ signal: controller.signal }))).rejects.toMatchObject({ reason: "cancelled" });
  expect(other.reads).toHaveLength(0);
});

test("while reads are suspended nobody waits for one, although it may be the probe", async () => {
  const { clock, platform, reads, get } = await createKept();
  clock.time = 5 * MINUTE_MS;
  platform.isSuspended = true;

  expect(await get()).toEqual(["v1", 5 * MINUTE_MS]);
  expect(reads).toHaveLength(2);
  await reads[1]?.answer("v2");
  expect(await get()).toEqual(["v2", 0]);
});
