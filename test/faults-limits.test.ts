import { describe, expect, test } from "vitest";
import type { SimulatorOptions } from "../src/simulator/simulator.ts";
import { errorsAt, leaksOf, type Stage, startStage } from "./support.ts";
import { sendJson, startUpstream } from "./upstream.ts";

const SMALL: SimulatorOptions = { people: 9, polls: 1, responsesPerPoll: 6 };
const STATUS = "{ platformStatus { platform isAuthorized message textizenUser { id } } }";

function signIns({ simulator }: Stage): number {
  return simulator.journal.filter(({ route }) => route === "POST /api/users/sign_in").length;
}

describe("Textizen's session", () => {
  test.each(["shared", "exclusive"] as const)(
    "once expired under 50 queries is renewed by one sign-in (%s sessions)",
    async (sessions) => {
      await using stage = await startStage({ simulator: { people: 90, polls: 0, shapes: { sessions } } });
      const ids = [...stage.simulator.world.participants.keys()].slice(0, 50);
      const ask = (id: number | undefined) => stage.query(`{ participant(id: "participant:${id}") { id } }`);
      await ask(ids[0]);
      stage.simulator.expireSessions();
      stage.simulator.clearJournal();
      const answers = await Promise.all(ids.map(ask));
      expect(answers.map(({ data, errors }) => ({ data, errors }))).toEqual(
        ids.map((id) => ({ data: { participant: { id: `participant:${id}` } }, errors: undefined })),
      );
      expect(signIns(stage)).toBe(1);
    },
  );

  test("renewed meanwhile serves a call whose refusal came late, without another sign-in", async () => {
    await using stage = await startStage({ simulator: { ...SMALL, shapes: { sessions: "exclusive" } } });
    const [late, early] = [...stage.simulator.world.participants.keys()].map((id) => `participant:${id}`);
    const ask = (id: string | undefined) => stage.query(`{ participant(id: "${id}") { id } }`);
    await ask(early);
    stage.simulator.expireSessions();
    stage.simulator.clearJournal();
    const hold = stage.simulator.fault({
      platform: "TEXTIZEN",
      route: "GET /api/participants/{id}",
      kind: "hold",
      times: 1,
    });
    const held = ask(late);
    await hold.arrived;
    expect((await ask(early)).data).toEqual({ participant: { id: early } });
    hold.release();
    expect((await held).data).toEqual({ participant: { id: late } });
    expect(signIns(stage)).toBe(1);
  });

  test("is begun by one sign-in for all queries that come at once", async () => {
    await using stage = await startStage({ simulator: SMALL });
    const documents = ["{ polls { totalCount } }", "{ campaigns { totalCount } }", "{ textizenGroups { totalCount } }"];
    const answers = await Promise.all(documents.map((document) => stage.query(document)));
    expect(answers.map(errorsAt)).toEqual([{}, {}, {}]);
    expect(signIns(stage)).toBe(1);
  });

  test("that never lasts ends in an error after one renewal", async () => {
    await using stage = await startStage({ simulator: SMALL });
    await stage.query("{ polls { totalCount } }");
    stage.calls();
    stage.simulator.fault({ platform: "TEXTIZEN", route: /^GET/, kind: "status", status: 401 });
    const answer = await stage.query("{ campaigns { totalCount } }");
    expect(errorsAt(answer)).toEqual({ campaigns: "PLATFORM_UNAUTHORIZED" });
    expect(stage.simulator.journal.map(({ route }) => route)).toEqual([
      "GET /api/campaigns",
      "POST /api/users/sign_in",
      "GET /api/campaigns",
    ]);
  });
});

describe("credentials that a platform does not accept", () => {
  const wrong: [platform: "PIDJ" | "TEXTIZEN", env: Record<string, string>][] = [
    ["PIDJ", { PIDJ_TOKEN: "hunter2" }],
    ["TEXTIZEN", { TEXTIZEN_PASSWORD: "hunter2" }],
    ["TEXTIZEN", { TEXTIZEN_EMAIL: "", TEXTIZEN_PASSWORD: "", TEXTIZEN_AUTH_TOKEN: "hunter2" }],
  ];

  test.each(wrong)("%s %j: are told of by code, and by the platform's status", async (platform, env) => {
    await using stage = await startStage({ simulator: SMALL, env });
    const field = platform === "PIDJ" ? "surveys" : "campaigns";
    const answer = await stage.query("{ surveys { totalCount } campaigns { totalCount } }");
    const code = "PLATFORM_UNAUTHORIZED";
    expect(answer.errors).toMatchObject([{ path: [field], extensions: { code, retryable: false, platform } }]);
    const status = await stage.query(STATUS);
    expect(status.data.platformStatus[platform === "PIDJ" ? 0 : 1]).toEqual({
      platform,
      isAuthorized: false,
      message: `${platform === "PIDJ" ? "Pidj" : "Textizen"} does not accept this server's credentials.`,
      textizenUser: null,
    });
    expect(leaksOf(answer, stage)).toEqual([]);
    expect(leaksOf(status, stage)).toEqual([]);
  });

  test("are not tried again and again: a wrong password makes one sign-in in many queries", async () => {
    await using stage = await startStage({ simulator: SMALL, env: { TEXTIZEN_PASSWORD: "hunter2" } });
    for (let round = 0; round < 5; round += 1) {
      await Promise.all([stage.query("{ campaigns { totalCount } }"), stage.query("{ polls { totalCount } }")]);
    }
    expect(signIns(stage)).toBe(1);
  });
});

test("a body of 200 MB is read to the cap and no further, and nothing of it is kept", { timeout: 60_000 }, async () => {
  await using stage = await startStage({
    simulator: { people: 2, polls: 0 },
    env: { READ_TIMEOUT_MS: "30000", QUERY_TIMEOUT_MS: "40000", OVERLOAD_LAG_MS: "60000" },
  });
  stage.simulator.fault({
    platform: "TEXTIZEN",
    route: "GET /api/participants",
    kind: "huge-body",
    bytes: 200_000_000,
  });
  const before = process.memoryUsage().arrayBuffers;

  const { errors } = await stage.query("{ participants { totalCount } }");

  expect(errors?.[0]?.extensions["code"]).toBe("PLATFORM_BAD_RESPONSE");
  await expect.poll(() => process.memoryUsage().arrayBuffers - before, { timeout: 10_000 }).toBeLessThan(100_000_000);
});

test.each([301, 302, 307, 308])("a redirect (%i) takes nobody's credentials elsewhere", async (status) => {
  await using trap = await startUpstream((_request, response) =>
    sendJson(response, { status: "success", surveys: [] }),
  );
  await using stage = await startStage({ simulator: SMALL });
  for (const platform of ["PIDJ", "TEXTIZEN"] as const) {
    stage.simulator.fault({ platform, kind: "redirect", status, location: `${trap.url}/anywhere` });
  }
  const answer = await stage.query("{ surveys { totalCount } campaigns { totalCount } }");
  expect(errorsAt(answer)).toEqual({ surveys: "PLATFORM_BAD_RESPONSE", campaigns: "PLATFORM_BAD_RESPONSE" });
  expect(trap.connections).toBe(0);
  expect(leaksOf(answer, stage)).toEqual([]);
});

describe("an operation's time", () => {
  const env = { QUERY_TIMEOUT_MS: "400", READ_TIMEOUT_MS: "60000" };

  const slow: [platform: "PIDJ" | "TEXTIZEN", route: string, document: string, field: string][] = [
    ["PIDJ", "GET /series", "seriesList { totalCount }", "seriesList"],
    ["PIDJ", "GET /contact/{id}", `contact(id: "co:1") { id }`, "contact"],
    ["TEXTIZEN", "GET /api/polls", "polls { totalCount }", "polls"],
    ["TEXTIZEN", "GET /api/mailings/{id}", `mailing(id: "mailing:5001") { id }`, "mailing"],
  ];
  test.each(slow)(
    "%s %s: ends what takes longer, and what is there is served",
    async (platform, route, selection, field) => {
      await using stage = await startStage({ simulator: SMALL, env });
      const ready = await stage.query("{ surveys { totalCount } campaigns { totalCount } }");
      const hold = stage.simulator.fault({ platform, route, kind: "hold" });
      const answer = await stage.query(`{ surveys { totalCount } campaigns { totalCount } ${selection} }`);
      hold.release();
      const code = "PLATFORM_TIMEOUT";
      expect(answer.errors).toMatchObject([{ path: [field], extensions: { code, retryable: true, platform } }]);
      expect(answer.data).toEqual({ ...ready.data, [field]: null });
      expect(leaksOf(answer, stage)).toEqual([]);
    },
  );

  test("that is over before a list is read leaves the list to those who come after", async () => {
    await using stage = await startStage({ simulator: SMALL, env });
    const hold = stage.simulator.fault({ platform: "PIDJ", route: "GET /surveys", kind: "hold" });
    expect(errorsAt(await stage.query("{ surveys { totalCount } }"))).toEqual({ surveys: "PLATFORM_TIMEOUT" });
    const second = stage.query("{ surveys { totalCount } }");
    hold.release();
    expect((await second).data).toEqual({ surveys: { totalCount: 4 } });
    expect(stage.calls()).toEqual(["PIDJ GET /surveys"]);
  });
});

test("a client that goes away takes its reads with it, and the server lives", async () => {
  const closed = Promise.withResolvers<void>();
  await using silent = await startUpstream((_request, response) => {
    response.once("close", closed.resolve);
  });
  await using stage = await startStage({
    simulator: SMALL,
    env: { PIDJ_BASE_URL: silent.url, READ_TIMEOUT_MS: "60000" },
  });
  const leaving = new AbortController();
  const asked = fetch(stage.app.url, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ query: `{ nodes(ids: ["co:1", "co:2"]) { id } }` }),
    signal: leaving.signal,
  });
  await expect.poll(() => silent.requests.length).toBe(2);
  leaving.abort();
  await expect(asked).rejects.toThrow();
  await closed.promise;
  // Read for nobody any more, and so not tried again.
  expect(silent.requests).toHaveLength(2);
  expect((await stage.query("{ campaigns { totalCount } }")).data).toEqual({ campaigns: { totalCount: 3 } });
});
