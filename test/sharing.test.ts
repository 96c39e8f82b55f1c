import { expect, test } from "vitest";
import { type SharedVersions, Versions } from "../src/freshness/versions.ts";
import { ReadScope, type StopSignal } from "../src/rest/calls.ts";
import { Sharing } from "../src/rest/sharing.ts";

/** A read whose every call is counted and answered by hand. */
function createUpstream() {
  const calls: { answer: (value: string) => void; fail: (error: Error) => void; signal: StopSignal }[] = [];
  const call = ({ signal }: { readonly signal: StopSignal }) =>
    new Promise<string>((resolve, reject) => {
      calls.push({ answer: resolve, fail: reject, signal });
    });
  return { calls, call };
}

function createScope({ isFresh = false } = {}) {
  const controller = new AbortController();
  const { signal } = controller;
  const scope = new ReadScope({ signal, deadline: () => Number.POSITIVE_INFINITY, isFresh, record: () => undefined });
  return Object.assign(scope, { abort: () => controller.abort() });
}

test("equal reads under way are one call", async () => {
  const { calls, call } = createUpstream();
  const sharing = new Sharing("PIDJ", new Versions());
  const reads = [1, 2, 3].map(() => sharing.read("/groups", "GET /groups", createScope(), call));
  expect(calls).toHaveLength(1);
  calls[0]?.answer("groups");
  expect(await Promise.all(reads)).toEqual(["groups", "groups", "groups"]);
});

test("an operation whose time is over makes no call, and is not kept waiting", async () => {
  const { calls, call } = createUpstream();
  const scope = createScope();
  scope.abort();
  await expect(new Sharing("PIDJ", new Versions()).read("/groups", "GET /groups", scope, call)).rejects.toMatchObject({
    reason: "cancelled",
  });
  expect(calls).toEqual([]);
});

test("reads that differ in anything, and a read after the answer, are calls of their own", async () => {
  const { calls, call } = createUpstream();
  const sharing = new Sharing("PIDJ", new Versions());
  const first = sharing.read("/groups a", "GET /groups", createScope(), call);
  void sharing.read("/groups b", "GET /groups", createScope(), call);
  calls[0]?.answer("groups");
  await first;
  void sharing.read("/groups a", "GET /groups", createScope(), call);
  expect(calls).toHaveLength(3);
});

test("who reads after a change at the platform joins nothing from before it; a change elsewhere keeps nobody", async () => {
  const { calls, call } = createUpstream();
  const versions = new Versions();
  const sharing = new Sharing("PIDJ", versions);
  void sharing.read("/groups", "GET /groups", createScope(), call);
  void versions.raise(["polls"]);
  void sharing.read("/groups", "GET /groups", createScope(), call);
  expect(calls).toHaveLength(1);
  void versions.raise(["contacts"]);
  const late = sharing.read("/groups", "GET /groups", createScope(), call);
  expect(calls).toHaveLength(2);
  calls[1]?.answer("new");
  expect(await late).toBe("new");
});

test("with other processes beside it, a read that began over a second ago is joined only if they changed nothing", async () => {
  const { calls, call } = createUpstream();
  const clock = { time: 0 };
  const texts = new Map<string, string>();
  const shared: SharedVersions = {
    read: async (names) => names.map((name) => texts.get(name) ?? null),
    write: async (rows) => {
      for (const { name, becomes } of rows) {
        texts.set(name, becomes);
      }
      return true;
    },
  };
  const [here, there] = [1, 2].map(() => new Versions({ shared, now: () => clock.time })) as [Versions, Versions];
  const sharing = new Sharing("PIDJ", here);
  await here.confirm();
  void sharing.read("/groups", "GET /groups", createScope(), call);
  clock.time = 1_500;
  await here.confirm();
  void sharing.read("/groups", "GET /groups", createScope(), call);
  expect(calls).toHaveLength(1);
  await there.raise(["PIDJ"]);
  clock.time = 2_600;
  void sharing.read("/groups", "GET /groups", createScope(), call);
  expect(calls).toHaveLength(2);
});

test("who asks for a fresh answer joins nobody", async () => {
  const { calls, call } = createUpstream();
  const sharing = new Sharing("PIDJ", new Versions());
  void sharing.read("/groups", "GET /groups", createScope(), call);
  void sharing.read("/groups", "GET /groups", createScope({ isFresh: true }), call);
  expect(calls).toHaveLength(2);
});

test("a caller who leaves is told so at once; the call ends only when all have left", async () => {
  const { calls, call } = createUpstream();
  const sharing = new Sharing("PIDJ", new Versions());
  const [one, two] = [createScope(), createScope()];
  const first = sharing.read("/groups", "GET /groups", one, call);
  const second = sharing.read("/groups", "GET /groups", two, call);
  one.abort();
  await expect(first).rejects.toMatchObject({ reason: "cancelled" });
  expect(calls[0]?.signal.aborted).toBe(false);
  two.abort();
  await expect(second).rejects.toMatchObject({ reason: "cancelled" });
  expect(calls[0]?.signal.aborted).toBe(true);
});

test("a failure is everybody's, and is not kept", async () => {
  const { calls, call } = createUpstream();
  const sharing = new Sharing("PIDJ", new Versions());
  const reads = [1, 2].map(() => sharing.read("/groups", "GET /groups", createScope(), call));
  calls[0]?.fail(new Error("down"));
  for (const read of reads) {
    await expect(read).rejects.toThrow("down");
  }
  void sharing.read("/groups", "GET /groups", createScope(), call);
  expect(calls).toHaveLength(2);
});
