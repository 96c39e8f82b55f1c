import { expect, test } from "vitest";
import { ReadScope } from "../src/rest/calls.ts";
import { Sharing } from "../src/rest/sharing.ts";

/** A read whose every call is counted and answered by hand. */
function createUpstream() {
  const calls: { answer: (value: string) => void; fail: (error: Error) => void; signal: AbortSignal }[] = [];
  const call = ({ signal }: { readonly signal: AbortSignal }) =>
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
  const sharing = new Sharing("PIDJ");
  const reads = [1, 2, 3].map(() => sharing.read("/groups", "GET /groups", createScope(), call));
  expect(calls).toHaveLength(1);
  calls[0]?.answer("groups");
  expect(await Promise.all(reads)).toEqual(["groups", "groups", "groups"]);
});

test("reads that differ in anything, and a read after the answer, are calls of their own", async () => {
  const { calls, call } = createUpstream();
  const sharing = new Sharing("PIDJ");
  const first = sharing.read("/groups a", "GET /groups", createScope(), call);
  void sharing.read("/groups b", "GET /groups", createScope(), call);
  calls[0]?.answer("groups");
  await first;
  void sharing.read("/groups a", "GET /groups", createScope(), call);
  expect(calls).toHaveLength(3);
});

test("who reads after a write has begun, or has ended, joins nothing from before it", async () => {
  const { calls, call } = createUpstream();
  const sharing = new Sharing("PIDJ");
  void sharing.read("/groups", "GET /groups", createScope(), call);
  let settle: () => void = () => undefined;
  const write = sharing.write(() => new Promise<void>((resolve) => (settle = resolve)));
  void sharing.read("/groups", "GET /groups", createScope(), call);
  expect(calls).toHaveLength(2);
  settle();
  await write;
  const late = sharing.read("/groups", "GET /groups", createScope(), call);
  expect(calls).toHaveLength(3);
  calls[2]?.answer("new");
  expect(await late).toBe("new");
});

test("who asks for a fresh answer joins nobody", async () => {
  const { calls, call } = createUpstream();
  const sharing = new Sharing("PIDJ");
  void sharing.read("/groups", "GET /groups", createScope(), call);
  void sharing.read("/groups", "GET /groups", createScope({ isFresh: true }), call);
  expect(calls).toHaveLength(2);
});

test("a caller who leaves is told so at once; the call ends only when all have left", async () => {
  const { calls, call } = createUpstream();
  const sharing = new Sharing("PIDJ");
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
  const sharing = new Sharing("PIDJ");
  const reads = [1, 2].map(() => sharing.read("/groups", "GET /groups", createScope(), call));
  calls[0]?.fail(new Error("down"));
  for (const read of reads) {
    await expect(read).rejects.toThrow("down");
  }
  void sharing.read("/groups", "GET /groups", createScope(), call);
  expect(calls).toHaveLength(2);
});
