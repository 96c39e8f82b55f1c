import { describe, expect, test } from "vitest";
import type { Fault } from "../src/simulator/faults.ts";
import type { PlatformName } from "../src/simulator/journal.ts";
import type { SimulatorOptions } from "../src/simulator/simulator.ts";
import { errorsAt, leaksOf, startStage } from "./support.ts";

const SMALL: SimulatorOptions = { people: 6, polls: 1, responsesPerPoll: 4 };
const ENV = { SNAPSHOT_SECONDS: "0" };
const IMPATIENT = { ...ENV, READ_TIMEOUT_MS: "200" };
const BOTH = `{
  pidjGroups { totalCount nodes { id name } }
  participants { totalCount nodes { id name } }
}`;
const STATUS = "{ platformStatus { platform isAuthorized latencyMilliseconds message checkedAt } }";
const FIELDS = { PIDJ: "pidjGroups", TEXTIZEN: "participants" } as const;
const ROUTES = { PIDJ: "GET /groups", TEXTIZEN: "GET /api/participants" } as const;
const OTHER = { PIDJ: "TEXTIZEN", TEXTIZEN: "PIDJ" } as const;
const PLATFORMS = ["PIDJ", "TEXTIZEN"] as const;

/** What a platform's words would be known by, if they came through. */
const UPSTREAM_BODY = "<p>upstream words at http://internal.example/secret?auth_token=hunter2</p>";

type Kind = Fault extends infer Each
  ? Each extends Fault
    ? Omit<Each, "platform" | "route" | "times">
    : never
  : never;
interface Expected {
  readonly code: string;
  readonly retryable: boolean;
  readonly retryAfter?: number;
  /** Whether the platform is asked again; a fault of a moment may be over. */
  readonly isRetried: boolean;
}

const unavailable = { code: "PLATFORM_UNAVAILABLE", retryable: true };
const unreadable = { code: "PLATFORM_BAD_RESPONSE", retryable: false, isRetried: false };
const limited = { code: "RATE_LIMITED", retryable: true, isRetried: false };
const words = { body: UPSTREAM_BODY, contentType: "text/html" };

const kinds: [name: string, kind: Kind, expected: Expected][] = [
  ["hangs", { kind: "hang" }, { code: "PLATFORM_TIMEOUT", retryable: true, isRetried: true }],
  ["cuts the connection", { kind: "refuse" }, { ...unavailable, isRetried: true }],
  ["stops in mid-answer", { kind: "cut-body" }, { ...unavailable, isRetried: true }],
  ["answers 500", { kind: "status", status: 500, ...words }, { ...unavailable, isRetried: false }],
  ["answers 503", { kind: "status", status: 503, ...words }, { ...unavailable, isRetried: true }],
  ["answers HTML with 200", { kind: "html-200" }, unreadable],
  ["answers malformed JSON", { kind: "malformed-json" }, unreadable],
  ["answers nothing with 200", { kind: "empty-body" }, unreadable],
  ["answers another shape", { kind: "rewrite", rewrite: () => ({ words: UPSTREAM_BODY }) }, unreadable],
  ["redirects", { kind: "redirect", location: "http://internal.example/" }, unreadable],
  [
    "refuses",
    {
      kind: "status",
      status: 400,
      body: JSON.stringify({ status: "failure", error: "Textizen refuses.", trace: UPSTREAM_BODY }),
    },
    { code: "PLATFORM_REFUSED", retryable: false, isRetried: false },
  ],
  ["asks to wait", { kind: "status", status: 429, ...words }, limited],
  [
    "asks to wait for half a minute",
    { kind: "status", status: 429, headers: { "retry-after": "30" } },
    { ...limited, retryAfter: 30 },
  ],
  [
    "asks to wait for a day",
    { kind: "status", status: 429, headers: { "retry-after": "86400" } },
    { ...limited, retryAfter: 60 },
  ],
];

describe.each(PLATFORMS)("%s", (platform) => {
  const name = platform === "PIDJ" ? "Pidj" : "Textizen";
  const field = FIELDS[platform];
  const other = FIELDS[OTHER[platform]];

  test.each(kinds)(
    "%s: its own field is null and says why, the other platform's is complete",
    async (_name, kind, expected) => {
      const env = kind.kind === "hang" ? IMPATIENT : ENV;
      await using stage = await startStage({ simulator: SMALL, env });
      const healthy = await stage.query(BOTH);
      stage.calls();
      stage.simulator.fault({ ...kind, platform, route: /^GET/ } as Fault);
      const answer = await stage.query(BOTH);
      const { isRetried, ...extensions } = expected;
      expect(answer.status).toBe(200);
      expect(answer.data).toEqual({ [field]: null, [other]: healthy.data[other] });
      expect(answer.errors).toHaveLength(1);
      expect(answer.errors?.[0]).toMatchObject({ path: [field], extensions: { ...extensions, platform } });
      expect(answer.errors?.[0]?.extensions["retryAfter"]).toBe(expected.retryAfter);
      const asked = stage.calls().filter((call) => call === `${platform} ${ROUTES[platform]}`);
      expect(asked.length > 1).toBe(isRetried);
      expect(asked.length).toBeLessThanOrEqual(3);
      expect(leaksOf(answer, stage)).toEqual([]);

      const status = await stage.query(STATUS);
      expect(errorsAt(status)).toEqual({});
      expect(status.data.platformStatus).toMatchObject(
        PLATFORMS.map((each) => ({ platform: each, isAuthorized: each !== platform })),
      );
      expect(status.data.platformStatus[PLATFORMS.indexOf(platform)].message).toMatch(new RegExp(`^${name} .+\\.$`));
      expect(leaksOf(status, stage)).toEqual([]);
    },
  );

  test("down: the other platform's field is complete, and it is back as soon as the platform is", async () => {
    await using stage = await startStage({ simulator: SMALL, env: ENV });
    const healthy = await stage.query(BOTH);
    const down = platform === "PIDJ" ? stage.simulator.pidj : stage.simulator.textizen;
    await down.stop();
    const answer = await stage.query(BOTH);
    expect(answer.data).toEqual({ [field]: null, [other]: healthy.data[other] });
    expect(answer.errors).toMatchObject([{ path: [field], extensions: { ...unavailable, platform } }]);
    expect(leaksOf(answer, stage)).toEqual([]);
    const { data } = await stage.query(STATUS);
    expect(data.platformStatus[PLATFORMS.indexOf(platform)]).toMatchObject({
      isAuthorized: false,
      latencyMilliseconds: null,
      message: `${name} could not be reached.`,
    });
    await down.start();
    expect((await stage.query(BOTH)).data).toEqual(healthy.data);
  });

  test("not configured: its field says so and nothing is sent, the other platform's is complete", async () => {
    const unset = platform === "PIDJ" ? ["PIDJ_ACCOUNT_KEY", "PIDJ_TOKEN"] : ["TEXTIZEN_EMAIL", "TEXTIZEN_PASSWORD"];
    const env = { ...ENV, ...Object.fromEntries(unset.map((name) => [name, ""])) };
    await using stage = await startStage({ simulator: SMALL, env });
    const answer = await stage.query(BOTH);
    const code = "PLATFORM_NOT_CONFIGURED";
    expect(answer.errors).toMatchObject([{ path: [field], extensions: { code, retryable: false, platform } }]);
    expect(answer.data[other].nodes.length).toBeGreaterThan(0);
    const status = await stage.query(STATUS);
    expect(status.data.platformStatus[PLATFORMS.indexOf(platform)]).toMatchObject({
      isAuthorized: false,
      message: `${name} is not set up on this server: it has no credentials for it.`,
    });
    expect(stage.simulator.journal.filter((entry) => entry.platform === platform)).toEqual([]);
    expect(leaksOf(answer, stage)).toEqual([]);
  });

  test("a moment's fault is got over without a word", async () => {
    await using stage = await startStage({ simulator: SMALL, env: ENV });
    const healthy = await stage.query(BOTH);
    const passing: Kind[] = [
      { kind: "refuse" },
      { kind: "reset-after-request" },
      { kind: "cut-body" },
      { kind: "status", status: 502 },
      { kind: "status", status: 429, headers: { "retry-after": "0" } },
    ];
    for (const kind of passing) {
      stage.simulator.fault({ ...kind, platform, route: ROUTES[platform], times: 1 } as Fault);
      const answer = await stage.query(BOTH);
      expect(answer.errors, kind.kind).toBeUndefined();
      expect(answer.data, kind.kind).toEqual(healthy.data);
    }
  });
});

test("both platforms down: every field says so, and the server lives", async () => {
  await using stage = await startStage({ simulator: SMALL, env: ENV });
  await Promise.all([stage.simulator.pidj.stop(), stage.simulator.textizen.stop()]);
  const answer = await stage.query(BOTH);
  expect(answer.data).toEqual({ pidjGroups: null, participants: null });
  expect(errorsAt(answer)).toEqual({ pidjGroups: unavailable.code, participants: unavailable.code });
  expect(leaksOf(answer, stage)).toEqual([]);
  const { data } = await stage.query(STATUS);
  expect(data.platformStatus).toMatchObject([{ isAuthorized: false }, { isAuthorized: false }]);
  expect((await fetch(new URL("/health", stage.app.url))).status).toBe(200);
});

test("a platform's own sentence reaches its status alone, without tags, at most 300 characters", async () => {
  await using stage = await startStage({ simulator: SMALL, env: ENV });
  const message = `<b>No</b> service today. ${"Come again. ".repeat(40)}`;
  const say = (platform: PlatformName, body: object) =>
    stage.simulator.fault({ platform, route: /^GET/, kind: "status", status: 403, body: JSON.stringify(body) });
  say("PIDJ", { code: 403, status: "failure", message });
  say("TEXTIZEN", { error: message });
  const status = await stage.query(STATUS);
  for (const { message: shown } of status.data.platformStatus) {
    expect(shown).toMatch(/^No service today\. Come again\./);
    expect(shown.length).toBeLessThanOrEqual(300);
  }
  expect(JSON.stringify((await stage.query(BOTH)).errors)).not.toContain("No service today");
});
