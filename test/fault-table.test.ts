import { afterEach, expect, test } from "vitest";
import type { Fault } from "../src/simulator/faults.ts";
import type { LedgerEntry } from "../src/simulator/journal.ts";
import {
  countOf,
  expectRule11,
  type Heard,
  isSend,
  LOAD,
  load,
  type Platform,
  startWatched,
  type WatchedStage,
} from "./rule-eleven.ts";
import { FROM } from "./sends.ts";

/*
 * Faults of a platform, under 100 requests a second: reads and sends of both platforms in turn. What one request meets
 * alone is proven elsewhere:
 *
 * - reads: faults.test.ts, faults-limits.test.ts, transport-retries.test.ts; a bad row: faults-rows.test.ts
 * - sends: send-faults.test.ts; a store that is down: store-faults.test.ts, store-hung.test.ts; kill -9: crash-matrix.test.ts
 * - the breaker: suspension.test.ts; 401 with many requests under way, redirects: faults-limits.test.ts
 * - answers of somebody else: foreign-answers.test.ts, foreign-writes.test.ts; a list that fails: list-fallback.test.ts
 * - SIGTERM: shutdown.test.ts; a query without end: limits.test.ts; 100,000 rows: large-lists.test.ts
 * - webhooks and STOP: webhooks*.test.ts, opt-outs*.test.ts
 */

const PLATFORMS: readonly Platform[] = ["PIDJ", "TEXTIZEN"];

type Kind = Fault extends infer Each ? (Each extends Fault ? Omit<Each, "platform"> : never) : never;

interface Row {
  readonly name: string;
  readonly begin: (stage: WatchedStage) => void | Promise<void>;
  readonly end?: (stage: WatchedStage) => Promise<void>;
  readonly env?: Record<string, string>;
  /** What reads and sends may hear; the first must be heard. */
  readonly reads: readonly Heard[];
  readonly sends: readonly Heard[];
  /** If they differ from those to Pidj. */
  readonly sendsToTextizen?: readonly Heard[];
  /** Requests that a platform may get for one send. */
  readonly mostCalls?: number;
}

const both = (kind: Kind) => (stage: WatchedStage) => {
  for (const platform of PLATFORMS) {
    stage.simulator.fault({ route: /^(?!POST \/api\/users)/, ...kind, platform } as Fault);
  }
};

const IMPATIENT = { READ_TIMEOUT_MS: "200", SEND_TIMEOUT_MS: "400" };
// The breaker refuses what follows, and calls that wait fill the bulkhead.
const SUSPENDED = "PLATFORM_UNAVAILABLE";
const UNREADABLE = { reads: ["PLATFORM_BAD_RESPONSE"], sends: ["OUTCOME_UNKNOWN"] };
const LOST = { reads: [SUSPENDED], sends: ["OUTCOME_UNKNOWN", SUSPENDED] };
const LATE = {
  env: IMPATIENT,
  reads: ["PLATFORM_TIMEOUT", SUSPENDED, "OVERLOADED"],
  sends: ["OUTCOME_UNKNOWN", SUSPENDED, "OVERLOADED"],
};

const rows: readonly Row[] = [
  { name: "half a second late", begin: both({ kind: "delay", milliseconds: 500 }), reads: ["data"], sends: ["sent"] },
  { name: "hangs", begin: both({ kind: "hang" }), ...LATE },
  {
    name: "refuses connections",
    begin: async ({ simulator }) => void (await Promise.all([simulator.pidj.stop(), simulator.textizen.stop()])),
    end: async ({ simulator }) => void (await Promise.all([simulator.pidj.start(), simulator.textizen.start()])),
    reads: [SUSPENDED],
    sends: [SUSPENDED],
    mostCalls: 0,
  },
  { name: "resets after the request", begin: both({ kind: "reset-after-request" }), ...LOST },
  { name: "ends in mid-body", begin: both({ kind: "cut-body" }), ...LOST },
  { name: "malformed JSON", begin: both({ kind: "malformed-json" }), ...UNREADABLE },
  { name: "HTML with 200", begin: both({ kind: "html-200" }), ...UNREADABLE },
  {
    name: "an empty body",
    begin: both({ kind: "empty-body" }),
    ...UNREADABLE,
    // docs/platforms.md T-12: Textizen may answer a write with 2xx and nothing.
    sendsToTextizen: ["sent"],
  },
  { name: "503", begin: both({ kind: "status", status: 503 }), ...LOST },
  { name: "500, carried out", begin: both({ kind: "status", status: 500, after: true }), ...LOST },
  {
    name: "a failure in 200",
    begin: both({ kind: "failure-in-200" }),
    reads: ["PLATFORM_REFUSED"],
    sends: ["REFUSED_BY_PLATFORM"],
  },
  {
    name: "sessions that end again and again",
    begin: async ({ simulator }) => {
      const end = setInterval(() => simulator.expireSessions(), 200);
      setTimeout(() => clearInterval(end), 1_000);
    },
    reads: ["data"],
    sends: ["sent"],
    mostCalls: 2,
  },
  {
    name: "429 for a day",
    begin: both({ kind: "status", status: 429, headers: { "retry-after": "86400" } }),
    reads: ["RATE_LIMITED"],
    sends: ["RATE_LIMITED"],
  },
  ...["1", () => new Date(Date.now() + 2_000).toUTCString(), "soon"].map((after): Row => {
    const told = typeof after === "string" ? after : after();
    return {
      name: `429 with Retry-After: ${typeof after === "string" ? after : "a date"}`,
      begin: both({ kind: "status", status: 429, headers: { "retry-after": told } }),
      // A read waits, if its time allows for that.
      env: { QUERY_TIMEOUT_MS: "500" },
      reads: ["RATE_LIMITED"],
      sends: ["RATE_LIMITED"],
      // It proves that nothing was taken, so a send may be made again when that time is over.
      mostCalls: 3,
    };
  }),
  { name: "one byte a second", begin: both({ kind: "slow-body", millisecondsPerByte: 1_000 }), ...LATE },
  {
    name: "a body beyond its cap",
    begin: both({ kind: "huge-body", bytes: 1_100_000 }),
    env: { RECORD_MEGABYTES: "1", LIST_MEGABYTES: "1" },
    ...UNREADABLE,
  },
  {
    name: "12 MB where a record is expected",
    begin: both({ kind: "huge-body", bytes: 12_000_000, times: 6 }),
    // The other requests are answered as ever.
    reads: ["data", "PLATFORM_BAD_RESPONSE"],
    sends: ["sent", "OUTCOME_UNKNOWN"],
  },
  ...(["nginx-404", "kong-404", "kong-403", "nginx-502"] as const).map(
    (answer): Row => ({
      name: `somebody else's answer (${answer})`,
      begin: both({ kind: "foreign", answer }),
      reads: answer === "nginx-502" ? [SUSPENDED] : ["PLATFORM_BAD_RESPONSE"],
      sends:
        answer === "nginx-502" ? ["OUTCOME_UNKNOWN", SUSPENDED] : ["REFUSED_BY_PLATFORM", "OUTCOME_UNKNOWN", SUSPENDED],
      // After a 403 of Textizen, a send is made once more (docs/platforms.md T-1).
      mostCalls: answer === "kong-403" ? 2 : 1,
    }),
  ),
  ...(["other-json-200", "portal-200"] as const).map(
    (answer): Row => ({
      name: `somebody else's answer (${answer})`,
      begin: both({ kind: "foreign", answer }),
      ...UNREADABLE,
      // docs/platforms.md T-12: any JSON with a 2xx status is Textizen's success.
      ...(answer === "other-json-200" && { sendsToTextizen: ["sent"] }),
    }),
  ),
  { name: "redirects", begin: both({ kind: "redirect", location: "http://127.0.0.1:1/" }), ...UNREADABLE },
];

let stage: WatchedStage | null = null;
afterEach(async () => {
  await stage?.[Symbol.asyncDispose]();
});

/** Both platforms answer, and the session is there. */
async function warmUp(watched: WatchedStage): Promise<void> {
  for (const platform of PLATFORMS) {
    expect(await watched.read(platform)).toBe("data");
    expect(await watched.send(platform)).toBe("sent");
  }
  watched.simulator.clearJournal();
}

test.each(rows)("$name, at 100 requests a second", async (row) => {
  const { begin, end, env = {}, reads, mostCalls = 1 } = row;
  stage = await startWatched({ env: { ...env, BREAKER_PAUSE_MS: "300" } });
  await warmUp(stage);
  const warm = stage.simulator.ledger.length;
  await begin(stage);
  const heard = await load(stage);

  for (const platform of PLATFORMS) {
    const sends = platform === "TEXTIZEN" ? (row.sendsToTextizen ?? row.sends) : row.sends;
    expect([...heard("reads", platform)].filter((each) => !reads.includes(each))).toEqual([]);
    expect([...heard("sends", platform)].filter((each) => !sends.includes(each))).toEqual([]);
    expect(heard("reads", platform)).toContain(reads[0]);
    expect(heard("sends", platform)).toContain(sends[0]);
  }
  const requests = stage.simulator.journal.filter(isSend);
  for (let at = warm; at < warm + LOAD / 2; at += 1) {
    const platform = at % 2 === 0 ? "PIDJ" : "TEXTIZEN";
    expect(countOf(requests, `key ${at}.`, platform)).toBeLessThanOrEqual(mostCalls);
  }
  await end?.(stage);
  await expectRule11(stage);
});

test.each(PLATFORMS)("%s down, at 100 requests a second: the other's reads and sends are as ever", async (platform) => {
  stage = await startWatched();
  await warmUp(stage);
  stage.simulator.fault({ platform, kind: "status", status: 503 });
  const heard = await load(stage);

  const other = platform === "PIDJ" ? "TEXTIZEN" : "PIDJ";
  expect([heard("reads", other), heard("sends", other)]).toEqual([new Set(["data"]), new Set(["sent"])]);
  expect(heard("reads", platform)).toEqual(new Set([SUSPENDED]));
  await expectRule11(stage);
});

const REFUSED_SIGN_IN: readonly [string, Kind, Record<string, string>, readonly Heard[]][] = [
  [
    "is refused",
    { kind: "status", status: 401, body: '{"error":"Invalid email or password."}' },
    {},
    ["PLATFORM_UNAUTHORIZED"],
  ],
  ["fails", { kind: "status", status: 503 }, {}, [SUSPENDED]],
  ["hangs", { kind: "hang" }, IMPATIENT, [SUSPENDED, "PLATFORM_TIMEOUT", "OVERLOADED"]],
];

const isTextizen = ({ call }: LedgerEntry) => call !== "POST /send";

test.each(REFUSED_SIGN_IN)(
  "a sign-in that %s, at 100 requests a second: nothing is sent to Textizen, and few sign-ins are tried",
  async (_name, fault, env, heardThen) => {
    stage = await startWatched({ env });
    await warmUp(stage);
    const { simulator } = stage;
    const taken = simulator.ledger.filter(isTextizen).length;
    simulator.expireSessions();
    simulator.fault({ ...fault, platform: "TEXTIZEN", route: "POST /api/users/sign_in" } as Fault);
    const heard = await load(stage);

    for (const kind of ["reads", "sends"] as const) {
      expect(heard(kind, "PIDJ")).toEqual(new Set([kind === "reads" ? "data" : "sent"]));
      expect([...heard(kind, "TEXTIZEN")].filter((each) => !heardThen.includes(each))).toEqual([]);
      expect(heard(kind, "TEXTIZEN")).toContain(heardThen[0]);
    }
    expect(simulator.ledger.filter(isTextizen)).toHaveLength(taken);
    const signIns = simulator.journal.filter(({ route }) => route === "POST /api/users/sign_in");
    expect(signIns.length).toBeGreaterThan(0);
    expect(signIns.length).toBeLessThanOrEqual(4);
    await expectRule11(stage);
  },
);

test("a leak into the log and a second accepted send of a key are caught", async () => {
  stage = await startWatched();
  await warmUp(stage);
  process.stderr.write(`{"msg":"called ${FROM}"}\n`);
  await expect(expectRule11(stage)).rejects.toThrow(FROM.slice(1));

  const [accepted] = stage.simulator.ledger.filter(({ call }) => call === "POST /send");
  stage.simulator.ledger.push(accepted as NonNullable<typeof accepted>);
  await expect(expectRule11(stage)).rejects.toThrow("key 0.");
});
