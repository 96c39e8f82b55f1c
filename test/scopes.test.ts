import { expect, test } from "vitest";
import { ReadScope, WriteScope } from "../src/rest/calls.ts";

const signal = new AbortController().signal;
const record = () => undefined;

test("a scope that was copied, so that it may lack something, is no scope to the compiler", () => {
  const read = new ReadScope({ signal, deadline: () => 0, isFresh: true, record });
  // @ts-expect-error A spread loses what only the constructor can give.
  const copied: ReadScope = { ...read };
  expect(copied.deadline).toBeUndefined();
  // @ts-expect-error Every power must be named: a write without a lease says so.
  expect(() => new WriteScope({ kind: "send", signal, deadline: () => 0, record }).timeLeft()).toThrow(TypeError);
});

test("a read's deadline is the operation's at the time when it is asked for", () => {
  let deadline = 8_000;
  const scope = new ReadScope({ signal, deadline: () => deadline, isFresh: false, record });
  deadline = 12_000;
  expect(scope.deadline).toBe(12_000);
});

test.each([
  ["its lease", 500, 5_000],
  ["the operation's deadline", 5_000, 500],
])("a write has as much time as %s leaves it", (_name, lease, deadline) => {
  const due = performance.now() + deadline;
  const scope = new WriteScope({
    kind: "send",
    signal,
    deadline: () => due,
    leaseLeft: () => lease,
    checkBeforeAttempt: async () => undefined,
    record,
  });
  expect(scope.timeLeft()).toBeLessThanOrEqual(500);
  expect(scope.timeLeft()).toBeGreaterThan(300);
});
