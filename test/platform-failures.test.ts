import { expect, test } from "vitest";
import { PlatformError, type PlatformErrorReason } from "../src/errors.ts";
import { FailureLog } from "../src/rest/failure-log.ts";
import { leaksOf, startStage } from "./support.ts";

const BREAKERS = `{ platformStatus {
  platform readBreaker { state nextTryAt } writeBreaker { state nextTryAt }
} }`;
const FAILURES = "{ platformFailures { platform route reason httpStatus count firstAt latestAt } }";

test("an open breaker and the calls that failed are told without a call, and name nobody", async () => {
  const simulator = { people: 6, polls: 1, responsesPerPoll: 4 };
  const env = { BREAKER_CALLS: "3", BREAKER_PAUSE_MS: "60000", SNAPSHOT_SECONDS: "0" };
  await using stage = await startStage({ simulator, env });
  const closed = { state: "CLOSED", nextTryAt: null };
  expect((await stage.query(BREAKERS)).data.platformStatus).toEqual(
    ["PIDJ", "TEXTIZEN"].map((platform) => ({ platform, readBreaker: closed, writeBreaker: closed })),
  );
  expect((await stage.query(FAILURES)).data.platformFailures).toEqual([]);

  stage.simulator.fault({ platform: "PIDJ", route: /^GET/, kind: "status", status: 500 });
  for (const id of ["co:11111111-1111", "co:11111111-1112", "co:11111111-1113", "co:11111111-1114"]) {
    await stage.query("query ($id: ID!) { contact(id: $id) { firstName } }", { id });
  }
  stage.calls();
  const before = Date.now();
  const status = await stage.query(BREAKERS);
  const failures = await stage.query(FAILURES);

  const [pidj, textizen] = status.data.platformStatus;
  expect(pidj).toMatchObject({ readBreaker: { state: "OPEN" }, writeBreaker: closed });
  const milliseconds = Date.parse(pidj.readBreaker.nextTryAt) - before;
  expect(milliseconds).toBeGreaterThan(50_000);
  expect(milliseconds).toBeLessThanOrEqual(72_000);
  expect(textizen).toMatchObject({ readBreaker: closed, writeBreaker: closed });
  const shared = { platform: "PIDJ", route: "GET /contact/{id}" };
  expect(failures.data.platformFailures).toMatchObject([
    { ...shared, reason: "SUSPENDED", httpStatus: null, count: 1 },
    { ...shared, reason: "UNREACHABLE", httpStatus: 500, count: 3 },
  ]);
  expect(JSON.stringify(failures.data)).not.toContain("1111");
  expect(leaksOf(failures, stage)).toEqual([]);
  expect(stage.calls()).toEqual([]);
  expect(failures.extensions?.["cost"]).toMatchObject({ actual: { calls: 0 } });
});

test("failures that are alike are counted on one, which becomes the latest; a hundred are kept", () => {
  let time = 0;
  const log = new FailureLog(() => new Date(time));
  const add = (route: string, reason: PlatformErrorReason, status: number | null = null) => {
    time += 1;
    log.add(route, new PlatformError("PIDJ", reason, "+14155551212 said something", { status }));
  };

  add("GET /groups", "unreachable", 503);
  add("GET /series", "timeout");
  add("GET /groups", "unreachable", 503);
  add("GET /groups", "cancelled");
  add("GET /groups", "not-configured");
  add("GET /series", "unreachable", 502);
  add("GET /series", "timeout");
  const shown = log.list().map(({ route, reason, status, count, firstAt, latestAt }) => {
    return [route, reason, status, count, firstAt.getTime(), latestAt.getTime()];
  });
  expect(shown).toEqual([
    ["GET /series", "timeout", null, 1, 7, 7],
    ["GET /series", "unreachable", 502, 1, 6, 6],
    ["GET /groups", "unreachable", 503, 2, 1, 3],
    ["GET /series", "timeout", null, 1, 2, 2],
  ]);
  expect(JSON.stringify(log.list())).not.toContain("1415");

  for (let each = 0; each < 120; each += 1) {
    add(`GET /${each}`, "timeout");
  }
  expect(log.list()).toHaveLength(100);
  expect(log.list().at(-1)?.route).toBe("GET /20");
});
