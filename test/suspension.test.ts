import { expect, test } from "vitest";
import { PlatformError } from "../src/errors.ts";
import { Guard } from "../src/rest/guard.ts";
import type { ConnectionOptions } from "../src/rest/transport.ts";
import { connect, READ, SEND } from "./calls.ts";
import { errorsAt, startStage } from "./support.ts";
import { createScope, createWriteScope, failureOf, startUpstream } from "./upstream.ts";

interface Behaviour {
  /** What the platform answers with, until the test changes it. */
  status: number;
  /** Answers are held back while this is pending. */
  hold?: Promise<void>;
}

/** A transport to a platform of the test's own, its clock the test's. */
async function start(options: Partial<ConnectionOptions> & { readonly probe?: () => Promise<unknown> } = {}) {
  const behaviour: Behaviour = { status: 200 };
  const upstream = await startUpstream(async (_request, response) => {
    await behaviour.hold;
    response.writeHead(behaviour.status, { "content-type": "application/json" }).end("{}");
  });
  const clock = { time: 0 };
  const transport = connect(upstream.url, { clock: () => clock.time, random: () => 0, ...options });
  let asked = 0;
  return {
    upstream,
    behaviour,
    clock,
    // Each read asks for something else, so that no two of them are one call.
    read: () => {
      asked += 1;
      return transport.read({ ...READ, id: String(asked) }, createScope()).then(() => "read", reasonOf);
    },
    send: () => transport.write(SEND, createWriteScope()).then(() => "sent", reasonOf),
    [Symbol.asyncDispose]: async () => {
      await transport[Symbol.asyncDispose]();
      await upstream[Symbol.asyncDispose]();
    },
  };
}

function reasonOf(error: unknown): string {
  return error instanceof PlatformError ? error.reason : String(error);
}

test("a platform that keeps failing is asked no more than a fifth above once a read, then not at all", async () => {
  await using stage = await start();
  stage.behaviour.status = 503;
  const outcomes: string[] = [];

  for (let each = 0; each < 30; each += 1) {
    outcomes.push(await stage.read());
  }

  // The budget begins with ten repeats: after those, and their reads, twenty calls have failed.
  expect(stage.upstream.requests.length).toBe(20);
  expect(outcomes.at(0)).toBe("unreachable");
  expect(outcomes.slice(-20)).toEqual(Array.from({ length: 20 }, () => "suspended"));
});

test("what it takes back by a 4xx or a 429 is no failure: it works", async () => {
  await using stage = await start();
  for (const status of [404, 429]) {
    stage.behaviour.status = status;
    for (let each = 0; each < 30; each += 1) {
      await stage.read();
    }
  }

  stage.behaviour.status = 200;
  expect(await stage.read()).toBe("read");
});

test("after five seconds one read finds out, and all go out again once it has succeeded", async () => {
  await using stage = await start();
  stage.behaviour.status = 500;
  while ((await stage.read()) !== "suspended") {}
  const before = stage.upstream.requests.length;
  const { promise, resolve } = Promise.withResolvers<void>();
  stage.behaviour.status = 200;
  stage.behaviour.hold = promise;
  stage.clock.time += 5_000;

  const probing = stage.read();
  expect(await stage.read()).toBe("suspended");
  resolve();
  expect(await probing).toBe("read");
  expect(await stage.read()).toBe("read");
  expect(stage.upstream.requests.length - before).toBe(2);
});

test("reads that fail do not suspend writes, and writes that fail do not suspend reads", async () => {
  await using stage = await start();
  stage.behaviour.status = 500;
  while ((await stage.read()) !== "suspended") {}
  stage.behaviour.status = 200;
  expect(await stage.send()).toBe("sent");

  await using other = await start();
  other.behaviour.status = 500;
  while ((await other.send()) !== "suspended") {}
  other.behaviour.status = 200;
  expect(await other.read()).toBe("read");
});

test("no send finds out whether the platform works again: a read does, before the send", async () => {
  let works = false;
  let probes = 0;
  const probe = async () => {
    probes += 1;
    if (!works) {
      throw new PlatformError("PIDJ", "unreachable", "GET /status: HTTP status 500");
    }
  };
  await using stage = await start({ probe });
  stage.behaviour.status = 500;
  while ((await stage.send()) !== "suspended") {}
  const before = stage.upstream.requests.length;
  stage.behaviour.status = 200;

  expect([await stage.send(), probes]).toEqual(["suspended", 0]);
  stage.clock.time += 5_000;
  expect([await stage.send(), probes]).toEqual(["suspended", 1]);
  expect(stage.upstream.requests.length).toBe(before);
  works = true;
  stage.clock.time += 5_000;
  expect([await stage.send(), probes]).toEqual(["sent", 2]);
  expect([await stage.send(), probes]).toEqual(["sent", 2]);
});

test("reads that were refused in this process allow no retries", async () => {
  const guard = new Guard({
    platform: "PIDJ",
    now: () => 0,
    random: () => 0,
    bulkhead: { inFlight: 1, waiting: 0, waitMilliseconds: 0 },
    breaker: { isOn: true, leastCalls: 1, failurePercent: 50, pauseMilliseconds: 5_000 },
    retries: { percent: 100, perSecond: 0 },
    probe: async () => undefined,
  });
  const enter = async () => guard.enter(READ.route, "read", true, new AbortController().signal);
  (await enter()).end(new PlatformError("PIDJ", "unreachable", "down"));
  for (let each = 0; each < 50; each += 1) {
    expect(await failureOf(enter())).toMatchObject({ reason: "suspended" });
  }

  // Ten from the start, and one for the call that was made.
  expect(Array.from({ length: 40 }, () => guard.mayRepeat()).filter(Boolean)).toHaveLength(11);
});

test("a read that may not be repeated because its breaker has opened fails at once", async () => {
  const sleeps: number[] = [];
  const sleep = async (milliseconds: number) => void sleeps.push(milliseconds);
  await using stage = await start({ breaker: { leastCalls: 1 }, sleep });
  stage.behaviour.status = 503;

  expect(await stage.read()).toBe("unreachable");
  expect(stage.upstream.requests).toHaveLength(1);
  expect(sleeps).toHaveLength(1);
});

test("a probe for writes that is itself refused here says nothing: the next write has it made again", async () => {
  let probes = 0;
  const probe = async () => {
    probes += 1;
    if (probes === 1) {
      throw new PlatformError("PIDJ", "suspended", "GET /status: the platform keeps failing", { mayHaveTaken: false });
    }
  };
  await using stage = await start({ probe });
  stage.behaviour.status = 500;
  while ((await stage.send()) !== "suspended") {}
  stage.behaviour.status = 200;
  stage.clock.time += 5_000;

  expect([await stage.send(), probes]).toEqual(["suspended", 1]);
  expect([await stage.send(), probes]).toEqual(["sent", 2]);
});

test("a call whose client leaves while it waits for a place is not made", async () => {
  await using upstream = await startUpstream((_request, response) => void response.end("{}"));
  await using transport = connect(upstream.url, { bulkhead: { inFlight: 1, waitMilliseconds: 10_000 } });
  const leaving = new AbortController();
  const first = transport.read(READ, createScope());
  const second = transport.write(SEND, createWriteScope({ signal: leaving.signal }));
  leaving.abort();

  expect(await failureOf(second)).toMatchObject({ reason: "cancelled", mayHaveTaken: false });
  await first.catch(() => undefined);
  expect(upstream.requests).toHaveLength(1);
});

test("calls beyond those that may be under way wait, and those beyond the queue are refused at once", async () => {
  await using stage = await start({ bulkhead: { inFlight: 2, waiting: 1 } });
  const { promise, resolve } = Promise.withResolvers<void>();
  stage.behaviour.hold = promise;

  const [first, second, third] = [stage.read(), stage.read(), stage.read()];
  expect(await stage.send()).toBe("overloaded");
  expect(await stage.read()).toBe("overloaded");
  resolve();
  expect(await Promise.all([first, second, third])).toEqual(["read", "read", "read"]);
  expect(stage.upstream.requests).toHaveLength(3);
});

test("a call that waits longer than it may is refused, and sends nothing", async () => {
  await using stage = await start({ bulkhead: { inFlight: 1, waiting: 5, waitMilliseconds: 20 } });
  const { promise, resolve } = Promise.withResolvers<void>();
  stage.behaviour.hold = promise;

  const first = stage.read();
  expect(await stage.send()).toBe("overloaded");
  resolve();
  await first;
  expect(stage.upstream.requests).toHaveLength(1);
});

test.each(["PIDJ", "TEXTIZEN"] as const)(
  "while %s keeps failing its fields say so within 50 ms, its sends are refused before they go out, the other is served",
  async (platform) => {
    await using stage = await startStage({ simulator: { people: 4, polls: 1 }, env: { SNAPSHOT_SECONDS: "0" } });
    const QUERY = "{ pidjGroups { totalCount } textizenGroups { totalCount } }";
    const [mine, other] = platform === "PIDJ" ? ["pidjGroups", "textizenGroups"] : ["textizenGroups", "pidjGroups"];
    // Signs in to Textizen while that still works.
    await stage.query(QUERY);
    stage.simulator.fault({ kind: "status", status: 503, platform });
    for (let each = 0; each < 25; each += 1) {
      await stage.query(QUERY);
    }
    stage.calls();

    const began = performance.now();
    const answer = await stage.query(QUERY);
    const took = performance.now() - began;

    expect(errorsAt(answer)).toEqual({ [mine as string]: "PLATFORM_UNAVAILABLE" });
    expect(answer.errors?.[0]?.extensions).toMatchObject({ platform, retryable: true, retryAfter: expect.any(Number) });
    expect(answer.data[other as string].totalCount).toBeGreaterThan(0);
    expect(took).toBeLessThan(50);
    expect(stage.calls().filter((call) => call.startsWith(platform))).toEqual([]);
  },
);
