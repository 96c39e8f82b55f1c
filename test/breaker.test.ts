import { expect, test } from "vitest";
import { Breaker } from "../src/rest/breaker.ts";
import { Bulkhead } from "../src/rest/bulkhead.ts";
import { RetryBudget } from "../src/rest/retry-budget.ts";

const WAITS = new AbortController().signal;
const LIMITS = { isOn: true, leastCalls: 20, failurePercent: 50, pauseMilliseconds: 5_000 };

function startBreaker(limits: Partial<typeof LIMITS> = {}) {
  const clock = { time: 1_000_000 };
  const breaker = new Breaker({ now: () => clock.time, random: () => 0.5 }, { ...LIMITS, ...limits });
  const call = (outcome: "success" | "failure" | null) => {
    const admission = breaker.admit();
    if (admission !== "refused") {
      breaker.settle(admission, outcome);
    }
    return admission;
  };
  const fail = (count: number) => Array.from({ length: count }, () => call("failure"));
  return { breaker, call, fail, clock };
}

test("opens at the twentieth call if half of them failed, not before", () => {
  const { call, breaker } = startBreaker();
  for (let pair = 0; pair < 9; pair += 1) {
    call("success");
    call("failure");
  }
  call("success");

  expect(breaker.isOpen).toBe(false);
  call("failure");
  expect(breaker.isOpen).toBe(true);
  expect(call("success")).toBe("refused");
});

test("stays closed while fewer than half fail", () => {
  const { call, breaker } = startBreaker();
  for (let round = 0; round < 100; round += 1) {
    call(round % 5 < 2 ? "failure" : "success");
  }

  expect(breaker.isOpen).toBe(false);
});

test("failures of more than ten seconds ago do not count", () => {
  const { fail, breaker, clock } = startBreaker();
  fail(19);
  clock.time += 10_000;
  fail(1);

  expect(breaker.isOpen).toBe(false);
});

test("calls that nobody waited for do not count", () => {
  const { call, breaker } = startBreaker();
  for (let round = 0; round < 50; round += 1) {
    call(null);
  }

  expect(breaker.isOpen).toBe(false);
});

test("one probe goes out after five seconds and its jitter; the others stay until it has succeeded", () => {
  const { fail, breaker, clock } = startBreaker();
  expect(breaker.state).toBe("CLOSED");
  fail(20);

  clock.time += 5_499;
  expect(breaker.admit()).toBe("refused");
  expect([breaker.state, breaker.retryAfterMilliseconds]).toEqual(["OPEN", 1]);
  clock.time += 1;
  expect(breaker.state).toBe("HALF_OPEN");
  expect(breaker.admit()).toBe("probe");
  expect(breaker.admit()).toBe("refused");
  expect(breaker.state).toBe("HALF_OPEN");
  breaker.settle("probe", "success");
  expect(breaker.state).toBe("CLOSED");
  expect(breaker.admit()).toBe("call");
});

test("a probe that fails keeps it open for another five seconds, one that was left lets the next one probe", () => {
  const { fail, breaker, clock } = startBreaker();
  fail(20);
  clock.time += 5_500;

  expect(breaker.admit()).toBe("probe");
  breaker.settle("probe", null);
  expect(breaker.admit()).toBe("probe");
  breaker.settle("probe", "failure");
  clock.time += 5_499;
  expect(breaker.admit()).toBe("refused");
  clock.time += 1;
  expect(breaker.admit()).toBe("probe");
});

test("a success of a call from before it opened closes nothing, and it begins anew once it has closed", () => {
  const { fail, call, breaker, clock } = startBreaker();
  const early = breaker.admit();
  fail(20);
  breaker.settle(early === "refused" ? "call" : early, "success");
  expect(breaker.isOpen).toBe(true);

  clock.time += 5_500;
  call("success");
  fail(19);
  expect(breaker.isOpen).toBe(false);
});

test("a full bulkhead makes the next ones wait, first come, first served, and refuses those behind the queue", async () => {
  const bulkhead = new Bulkhead({ inFlight: 2, waiting: 2, waitMilliseconds: 10_000 });
  const order: string[] = [];

  expect([bulkhead.enter(WAITS, "read"), bulkhead.enter(WAITS, "read")]).toEqual([true, true]);
  const first = Promise.resolve(bulkhead.enter(WAITS, "read")).then((entered) => order.push(`first ${entered}`));
  const second = Promise.resolve(bulkhead.enter(WAITS, "read")).then((entered) => order.push(`second ${entered}`));
  expect(bulkhead.enter(WAITS, "read")).toBe(false);
  expect(bulkhead.waiting).toBe(2);
  bulkhead.leave();
  await first;
  expect(bulkhead.inFlight).toBe(2);
  bulkhead.leave();
  await second;

  expect(order).toEqual(["first true", "second true"]);
  bulkhead.leave();
  bulkhead.leave();
  expect(bulkhead.inFlight).toBe(0);
});

test("whoever waits in vain is told so after the time, and takes no place", async () => {
  const bulkhead = new Bulkhead({ inFlight: 1, waiting: 1, waitMilliseconds: 5 });
  bulkhead.enter(WAITS, "read");

  expect(await bulkhead.enter(WAITS, "read")).toBe(false);
  expect(bulkhead.waiting).toBe(0);
  bulkhead.leave();
  expect(bulkhead.enter(WAITS, "read")).toBe(true);
});

test("a call whose operation ends while it waits leaves the queue at once", async () => {
  const bulkhead = new Bulkhead({ inFlight: 1, waiting: 1, waitMilliseconds: 10_000 });
  const gone = new AbortController();
  bulkhead.enter(WAITS, "read");

  const waiting = bulkhead.enter(gone.signal, "read");
  gone.abort();
  expect(await waiting).toBe(false);
  expect(bulkhead.waiting).toBe(0);
  bulkhead.leave();
  expect(bulkhead.inFlight).toBe(0);
});

test("retries are a fifth of the calls, and three a second besides", () => {
  let time = 0;
  const budget = new RetryBudget(() => time, { percent: 20, perSecond: 3 });
  const spendAll = () => {
    let spent = 0;
    while (budget.withdraw()) {
      spent += 1;
    }
    return spent;
  };
  spendAll();

  for (let call = 0; call < 100; call += 1) {
    budget.deposit();
  }
  expect(spendAll()).toBe(20);
  time += 2_000;
  expect(spendAll()).toBe(6);
  time += 3_600_000;
  expect(spendAll()).toBe(30);
});

test("no retry is allowed if both shares are 0", () => {
  const budget = new RetryBudget(() => 0, { percent: 0, perSecond: 0 });
  budget.deposit();
  expect(budget.withdraw()).toBe(false);
});

test("opens by the limits that it is given, and never if it is off", () => {
  const early = startBreaker({ leastCalls: 4, failurePercent: 75, pauseMilliseconds: 100 });
  early.call("success");
  early.fail(2);
  expect(early.breaker.isOpen).toBe(false);
  early.fail(1);
  expect(early.breaker.isOpen).toBe(true);
  early.clock.time += 110;
  expect(early.breaker.admit()).toBe("probe");

  const off = startBreaker({ isOn: false });
  off.fail(1_000);
  expect(off.breaker.admit()).toBe("call");
});

test("writes go before reads that wait, and a quarter of the queue is kept for them", async () => {
  const bulkhead = new Bulkhead({ inFlight: 1, waiting: 4, waitMilliseconds: 10_000 });
  bulkhead.enter(WAITS, "read");
  const order: string[] = [];
  const wait = (kind: "read" | "write") => {
    const place = bulkhead.enter(WAITS, kind);
    return place === false ? "refused" : Promise.resolve(place).then(() => order.push(kind));
  };

  const reads = [wait("read"), wait("read"), wait("read")];
  expect([bulkhead.isFull, wait("read")]).toEqual([true, "refused"]);
  const write = wait("write");
  expect(wait("write")).toBe("refused");
  for (const _ of [...reads, write]) {
    bulkhead.leave();
  }
  await Promise.all([...reads, write]);
  expect(order).toEqual(["write", "read", "read", "read"]);
});
