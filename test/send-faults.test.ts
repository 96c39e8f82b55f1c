import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { describe, expect, test } from "vitest";
import type { Fault } from "../src/simulator/faults.ts";
import { FROM, send, stateOf, TO, timesTaken, wordOf } from "./sends.ts";
import { type Answer, errorsAt, type Stage, type StageOptions, startStage } from "./support.ts";

const start = (options: StageOptions = {}): Promise<Stage> =>
  startStage({ simulator: { people: 6, polls: 1, responsesPerPoll: 4 }, ...options });

const payload = (answer: Answer) => answer.data.sendMessage;

type Kind = Fault extends infer Each
  ? Each extends Fault
    ? Omit<Each, "platform" | "route" | "times">
    : never
  : never;

function spoil({ simulator }: Stage, kind: Kind): () => void {
  return simulator.fault({ ...kind, platform: "PIDJ", route: "POST /send" } as Fault);
}

const lost: [name: string, kind: Kind][] = [
  ["hangs before it does anything", { kind: "hang" }],
  ["cuts the connection before it does anything", { kind: "refuse" }],
  ["takes it and cuts the connection", { kind: "reset-after-request" }],
  ["stops in mid-answer", { kind: "cut-body" }],
  ["answers one byte a second", { kind: "slow-body", millisecondsPerByte: 1_000 }],
  ["answers endlessly", { kind: "huge-body", bytes: 12_000_000 }],
  ["answers malformed JSON", { kind: "malformed-json" }],
  ["answers HTML with 200", { kind: "html-200" }],
  ["answers nothing with 200", { kind: "empty-body" }],
  ["answers another shape", { kind: "rewrite", rewrite: () => ({ words: "of another kind" }) }],
  ["takes it and answers 500", { kind: "status", status: 500, after: true }],
  ["takes it and answers 502", { kind: "status", status: 502, after: true }],
  ["answers 503 and when to come again", { kind: "status", status: 503, headers: { "retry-after": "0" } }],
  ["answers a code of 500 with 200", { kind: "failure-in-200", code: 500, status: "error" }],
  ["redirects", { kind: "redirect", location: "http://127.0.0.1:1/elsewhere" }],
];

describe("a platform that", () => {
  test.each(lost)(
    "%s: the outcome is unknown, now and for the same key later, and it is called once",
    async (_name, kind) => {
      const isSlow = kind.kind === "hang" || kind.kind === "slow-body";
      await using stage = await start(isSlow ? { env: { SEND_TIMEOUT_MS: "200" } } : {});
      const mend = spoil(stage, kind);
      const answer = await send(stage.app.url, "k");
      expect(errorsAt(answer)).toEqual({});
      expect(payload(answer)).toMatchObject({
        message: null,
        isReplay: false,
        userErrors: [{ code: "OUTCOME_UNKNOWN", field: null }],
      });
      mend();
      const again = await send(stage.app.url, "k");
      expect(payload(again).userErrors).toMatchObject([
        { code: "OUTCOME_UNKNOWN", field: ["input", "idempotencyKey"] },
      ]);
      expect(wordOf(await send(stage.app.url, "k", { text: "other" }))).toBe("IDEMPOTENCY_KEY_REUSED");
      expect(stage.calls()).toEqual(["PIDJ POST /send"]);
      expect(timesTaken(stage.simulator.ledger, "k")).toBeLessThanOrEqual(1);
      expect(await stateOf(stage.app.url, "k")).toBe("UNKNOWN");
    },
  );

  test("is slow by half a second: accepted, by one call", async () => {
    await using stage = await start();
    spoil(stage, { kind: "delay", milliseconds: 500 });
    expect(wordOf(await send(stage.app.url, "k"))).toBe("sent");
    expect(stage.calls().filter((call) => call === "PIDJ POST /send")).toHaveLength(1);
    expect(await stateOf(stage.app.url, "k")).toBe("ACCEPTED");
  });

  test("refuses the connection: one more try, then an error that may be retried, and the key is free", async () => {
    await using stage = await start();
    await stage.simulator.pidj.stop();
    const answer = await send(stage.app.url, "k");
    expect(answer.data).toEqual({ sendMessage: null });
    expect(answer.errors?.[0]?.extensions).toMatchObject({ code: "PLATFORM_UNAVAILABLE", retryable: true });
    expect(answer.extensions.platforms).toMatchObject([
      { route: "POST /send", status: null },
      { route: "POST /send", status: null },
    ]);
    expect(await stateOf(stage.app.url, "k")).toBe("REFUSED");
    await stage.simulator.pidj.start();
    expect(wordOf(await send(stage.app.url, "k", { text: "other" }))).toBe("sent");
  });

  test.each([
    [
      "does not accept our credentials",
      { kind: "status", status: 401 },
      { code: "PLATFORM_UNAUTHORIZED", retryable: false },
    ],
    [
      "asks to wait for longer than a mutation has",
      { kind: "status", status: 429, headers: { "retry-after": "12" } },
      { code: "RATE_LIMITED", retryable: true, retryAfter: 12 },
    ],
    ["asks to wait by a code of 429 with 200", { kind: "failure-in-200", code: 429 }, { code: "RATE_LIMITED" }],
  ] as [string, Kind, object][])("%s: an error, and the key is free", async (_name, kind, extensions) => {
    await using stage = await start();
    const mend = spoil(stage, kind);
    const answer = await send(stage.app.url, "k");
    expect(answer.data).toEqual({ sendMessage: null });
    expect(answer.errors?.[0]?.extensions).toMatchObject(extensions);
    expect(stage.calls()).toEqual(["PIDJ POST /send"]);
    expect(await stateOf(stage.app.url, "k")).toBe("REFUSED");
    mend();
    expect(wordOf(await send(stage.app.url, "k", { text: "other" }))).toBe("sent");
  });

  test.each([
    [
      "refuses by its own words",
      { kind: "failure-in-200", message: "Not <b>today</b> please." },
      "REFUSED_BY_PLATFORM",
      "Not today please.",
    ],
    [
      "refuses by a status",
      { kind: "status", status: 403 },
      "REFUSED_BY_PLATFORM",
      "Pidj refused, and did not say why.",
    ],
  ] as [string, Kind, string, string][])(
    "%s: a user error, and the key is free",
    async (_name, kind, code, message) => {
      await using stage = await start();
      const mend = spoil(stage, kind);
      expect(payload(await send(stage.app.url, "k"))).toEqual({
        message: null,
        isReplay: false,
        userErrors: [{ code, field: null, message }],
      });
      mend();
      expect(wordOf(await send(stage.app.url, "k", { text: "other" }))).toBe("sent");
    },
  );

  test("has no number for the group says so", async () => {
    await using stage = await start();
    const silent = [...stage.simulator.world.pidjGroups.values()].find((group) => group.phone_number === null);
    const answer = await send(stage.app.url, "k", { from: { groupId: silent?.id } });
    expect(payload(answer).userErrors).toMatchObject([{ code: "GROUP_CANNOT_SEND" }]);
    expect(stage.simulator.ledger).toEqual([]);
  });
});

describe("the store", () => {
  async function withFile(run: (stage: Stage, breakStore: () => void) => Promise<void>, app: StageOptions["app"] = {}) {
    const folder = mkdtempSync(join(tmpdir(), "textgraph-send-"));
    const file = join(folder, "graph.db");
    const breakStore = () => {
      const database = new DatabaseSync(file);
      database.exec("DROP TABLE entry");
      database.close();
    };
    const pauseAt = app.pauseAt ?? (async () => undefined);
    try {
      await using stage = await start({ env: { STORE_URL: `sqlite:${file}` }, app: { pauseAt } });
      await run(stage, breakStore);
    } finally {
      rmSync(folder, { recursive: true });
    }
  }

  test("that cannot be written stops a send before it begins", () =>
    withFile(async (stage, breakStore) => {
      breakStore();
      expect(errorsAt(await send(stage.app.url, "k"))).toEqual({ sendMessage: "STORE_UNAVAILABLE" });
      expect(stage.calls()).toEqual([]);
    }));

  test("that fails behind an accepted send does not make an error of it", async () => {
    let broken: () => void = () => undefined;
    const pauseAt = async (point: string) => (point === "answered" ? broken() : undefined);
    await withFile(
      async (stage, breakStore) => {
        broken = breakStore;
        expect(wordOf(await send(stage.app.url, "k"))).toBe("sent");
        expect(stage.simulator.ledger).toHaveLength(1);
      },
      { pauseAt },
    );
  });
});

test("a client that has gone does not stop its send", async () => {
  const answered = Promise.withResolvers<void>();
  const pauseAt = async (point: string) => (point === "settled" ? answered.resolve() : undefined);
  await using stage = await start({ app: { pauseAt } });
  const hold = stage.simulator.fault({ platform: "PIDJ", route: "POST /send", kind: "hold" });
  const gone = new AbortController();
  const sending = fetch(stage.app.url, {
    method: "POST",
    signal: gone.signal,
    headers: { "content-type": "application/json" },
    body: JSON.stringify({
      query: `mutation { sendMessage(input: { from: { phoneNumber: "${FROM}" } recipient: { phoneNumber: "${TO}" }
        text: "Hello" idempotencyKey: "k" }) { isReplay } }`,
    }),
  });
  await hold.arrived;
  gone.abort();
  await expect(sending).rejects.toThrow();
  hold.release();
  await answered.promise;
  expect(await stateOf(stage.app.url, "k")).toBe("ACCEPTED");
});

test("sends nothing, and says so, when this process was held up until its attempt is anybody's to settle", async () => {
  let hour = 0;
  const now = () => new Date(Date.UTC(2026, 0, 1, hour));
  const pauseAt = async (point: string) => {
    hour = point === "recorded" ? 1 : hour;
  };
  await using stage = await start({ app: { now, pauseAt } });
  expect(errorsAt(await send(stage.app.url, "late"))).toEqual({ sendMessage: "PLATFORM_TIMEOUT" });
  expect(stage.calls()).toEqual([]);
  expect(await stateOf(stage.app.url, "late")).toBe("REFUSED");
});
