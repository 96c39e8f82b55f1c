import { expect, test, vi } from "vitest";
import { startApp } from "../src/app.ts";
import { Overload } from "../src/overload.ts";
import { startSimulator } from "../src/simulator/simulator.ts";
import { INIT, RawSocket, subscribe } from "./raw-socket.ts";
import { send, wordOf } from "./sends.ts";
import { ask, configFor, startStage } from "./support.ts";

const READ = "{ surveys { totalCount } }";
const LIMITS = { lagMilliseconds: 200, heapPercent: 90 };

/** A server whose process is loaded as the test says, and the time that it takes to notice. */
async function startLoaded() {
  const load = { lagMilliseconds: 0, heapPercent: 10 };
  const stage = await startStage({
    simulator: { people: 3, polls: 0 },
    env: { OVERLOAD_LAG_MS: String(LIMITS.lagMilliseconds) },
    app: { measure: () => ({ ...load }) },
  });
  const ready = () => fetch(new URL("/ready", stage.app.url)).then(({ status }) => status);
  const become = async (changes: Partial<typeof load>, status: number) => {
    Object.assign(load, changes);
    await expect.poll(ready, { timeout: 5_000 }).toBe(status);
  };
  return { stage, become, [Symbol.asyncDispose]: () => stage[Symbol.asyncDispose]() };
}

test.each([
  ["an event loop that is late", { lagMilliseconds: 200 }],
  ["a heap that is nearly full", { heapPercent: 90 }],
])("%s: queries are refused at once, sends go out, health stays 200, and it is not ready", async (_name, load) => {
  await using loaded = await startLoaded();
  const { stage, become } = loaded;
  await become(load, 503);
  stage.calls();

  const response = await fetch(stage.app.url, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ query: READ }),
  });
  expect([response.status, response.headers.get("retry-after"), await response.json()]).toEqual([
    503,
    "1",
    {
      errors: [
        {
          message: "This server has more to do than it can at the moment: ask again in a second.",
          extensions: { code: "OVERLOADED", retryable: true, retryAfter: 1 },
        },
      ],
    },
  ]);
  expect(stage.calls()).toEqual([]);
  expect(wordOf(await send(stage.app.url, "k"))).toBe("sent");
  expect((await fetch(new URL("/health", stage.app.url))).status).toBe(200);

  await become({ lagMilliseconds: 0, heapPercent: 10 }, 200);
  expect((await stage.query(READ)).data.surveys.totalCount).toBeGreaterThan(0);
});

test.each([
  ["three times as late", { lagMilliseconds: 600 }],
  ["with half of its rest used", { heapPercent: 95 }],
])("%s: sends are refused too, on sockets too, and a send that had begun is finished", async (_name, load) => {
  await using loaded = await startLoaded();
  const { stage, become } = loaded;
  const hold = stage.simulator.fault({ platform: "PIDJ", route: "POST /send", kind: "hold" });
  const begun = send(stage.app.url, "begun");
  await hold.arrived;
  const socket = new RawSocket(stage);
  await socket.send(INIT);
  await socket.seen("connection_ack");
  await become(load, 503);

  const refused = await send(stage.app.url, "refused");
  expect([refused.status, wordOf(refused)]).toEqual([503, "OVERLOADED"]);
  await socket.send(subscribe("1", READ));
  const [answer] = [...(await socket.seen("error"))];
  expect(JSON.stringify(answer)).toContain("OVERLOADED");
  hold.release();
  expect(wordOf(await begun)).toBe("sent");
  expect(stage.simulator.ledger).toHaveLength(1);
  socket.socket.terminate();
});

test("no room for another call to any platform: queries are refused, one platform alone refuses its own fields", async () => {
  await using stage = await startStage({
    simulator: { people: 3, polls: 1 },
    env: { PLATFORM_CALLS: "1", PLATFORM_QUEUE: "0", SNAPSHOT_SECONDS: "0" },
  });
  await stage.query("{ platformStatus { isAuthorized } }");
  const holds = [
    stage.simulator.fault({ platform: "PIDJ", route: "GET /surveys", kind: "hold" }),
    stage.simulator.fault({ platform: "TEXTIZEN", route: "GET /api/groups", kind: "hold" }),
  ] as const;
  const first = stage.query(READ);
  await holds[0].arrived;
  const half = await stage.query("{ pidjGroups { totalCount } campaigns { totalCount } }");
  expect([half.status, half.data.pidjGroups, half.errors?.[0]?.extensions["code"]]).toEqual([200, null, "OVERLOADED"]);
  expect(half.data.campaigns.totalCount).toBeGreaterThan(0);

  const second = stage.query("{ textizenGroups { totalCount } }");
  await holds[1].arrived;
  const refused = await stage.query("{ pidjGroups { totalCount } campaigns { totalCount } }");
  expect([refused.status, refused.data]).toEqual([503, undefined]);
  for (const hold of holds) {
    hold.release();
  }
  expect([(await first).status, (await second).status]).toEqual([200, 200]);
});

test("the lag of a loop that is kept busy is measured, and one pause is no overload", async () => {
  const overload = new Overload({ limits: { ...LIMITS, lagMilliseconds: 50 }, areCallsFull: () => false });
  const busy = (milliseconds: number) => {
    const end = performance.now() + milliseconds;
    while (performance.now() < end) {}
  };
  overload.begin();
  expect(overload.refusesReads).toBe(false);
  const timer = setInterval(() => busy(120), 1);
  await vi.waitUntil(() => overload.refusesReads, { timeout: 5_000 });
  clearInterval(timer);
  await vi.waitUntil(() => !overload.refusesReads, { timeout: 5_000 });
  overload.close();
});

test("what the start itself takes is no overload", async () => {
  let measured = 0;
  const measure = () => {
    measured += 1;
    return { lagMilliseconds: 1_000, heapPercent: 10 };
  };
  // Longer than from one measurement to the next.
  const beforeListening = () => new Promise<void>((resolve) => setTimeout(resolve, 400));
  await using stage = await startStage({
    simulator: { people: 1, polls: 0 },
    env: { OVERLOAD_LAG_MS: "200" },
    app: { measure, beforeListening },
  });

  expect(measured).toBe(0);
  expect((await stage.query(READ)).status).toBe(200);
});

test("the server measures by itself", async () => {
  await using simulator = await startSimulator({ people: 1, polls: 0 });
  const app = await startApp(configFor(simulator, { OVERLOAD_HEAP_PERCENT: "1" }));
  await expect.poll(async () => (await ask(app.url, READ)).status, { timeout: 5_000 }).toBe(503);
  await app.close();
});
