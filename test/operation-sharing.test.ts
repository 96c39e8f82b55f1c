import { setTimeout as wait } from "node:timers/promises";
import fetch from "node-fetch";
import { expect, test } from "vitest";
import { ask, type Stage, startStage } from "./support.ts";

const NAMES = "{ textizenGroups(first: 3) { nodes { name } } }";
const STATUS = "{ platformStatus(platform: PIDJ) { platform isAuthorized } }";

function startProduction(env: Record<string, string> = {}): Promise<Stage> {
  return startStage({ env: { NODE_ENV: "production", SNAPSHOT_SECONDS: "0", ...env } });
}

function requestsOf(stage: Stage, route: string): number {
  return stage.simulator.journal.filter((entry) => entry.route === route).length;
}

/** As many equal requests as told, all sent before the first is answered. */
async function askTogether(stage: Stage, count: number, query: string, headers?: Record<string, string>) {
  const held = stage.simulator.fault({ platform: "PIDJ", kind: "delay", milliseconds: count < 10 ? 100 : 3_000 });
  const answers = await Promise.all(Array.from({ length: count }, () => ask(stage.app.url, query, {}, headers)));
  held();
  return answers;
}

test("a thousand equal clients at once cost the platform calls of one, and get the same answer", async () => {
  await using stage = await startProduction({ READ_TIMEOUT_MS: "20000", QUERY_TIMEOUT_MS: "30000" });
  const alone = await stage.query(STATUS);
  stage.simulator.clearJournal();
  const answers = await askTogether(stage, 1_000, STATUS);
  expect(requestsOf(stage, "GET /authorization-check")).toBe(1);
  expect(new Set(answers.map((answer) => JSON.stringify(answer)))).toEqual(new Set([JSON.stringify(alone)]));
});

test("an operation that is joined is answered with the headers and bytes of the one that ran", async () => {
  await using stage = await startProduction();
  const post = async () => {
    const response = await fetch(stage.app.url, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ query: NAMES }),
    });
    const { date: _date, ...headers } = Object.fromEntries(response.headers);
    return { status: response.status, headers, body: await response.text() };
  };
  const alone = await post();
  stage.simulator.fault({ platform: "TEXTIZEN", kind: "delay", milliseconds: 60 });
  const together = await Promise.all([post(), post(), post()]);
  expect(together).toEqual([alone, alone, alone]);
});

test("a client who leaves takes nothing from those who asked the same", async () => {
  await using stage = await startProduction();
  await stage.query(STATUS);
  const held = stage.simulator.fault({ platform: "PIDJ", kind: "delay", milliseconds: 150 });
  const controller = new AbortController();
  const leaving = fetch(stage.app.url, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ query: STATUS, variables: {} }),
    signal: controller.signal,
  });
  const requests = stage.simulator.journal.length;
  while (stage.simulator.journal.length === requests) {
    await wait(5);
  }
  const staying = ask(stage.app.url, STATUS);
  await wait(20);
  controller.abort();
  await expect(leaving).rejects.toThrow();
  expect((await staying).data.platformStatus[0].isAuthorized).toBe(true);
  held();
});

test("executes for each of those who ask for nothing kept", async () => {
  await using stage = await startProduction();
  await stage.query(STATUS);
  stage.simulator.clearJournal();
  await askTogether(stage, 5, STATUS, { "cache-control": "no-cache" });
  expect(requestsOf(stage, "GET /authorization-check")).toBe(5);
});

test("executes for each outside production, so that each says what it cost itself", async () => {
  await using stage = await startProduction({ NODE_ENV: "" });
  await stage.query(STATUS);
  const answers = await askTogether(stage, 5, STATUS);
  // The platform call under way is shared all the same: one of the five has made it.
  expect(answers.map((answer) => answer.extensions.platforms.length).sort()).toEqual([0, 0, 0, 0, 1]);
});

test("executes every mutation, however equal", async () => {
  await using stage = await startProduction();
  const create = 'mutation { createTextizenGroup(input: { name: "Twice" }) { group { id } userErrors { code } } }';
  await stage.query(create);
  const held = stage.simulator.fault({ platform: "TEXTIZEN", kind: "delay", milliseconds: 60 });
  const answers = await Promise.all([1, 2, 3].map(() => stage.query(create)));
  held();
  expect(new Set(answers.map((answer) => answer.data.createTextizenGroup.group.id)).size).toBe(3);
});

test("a query that begins after a write has settled joins none from before it", async () => {
  await using stage = await startProduction();
  await stage.query(NAMES);
  const hold = stage.simulator.fault({ platform: "TEXTIZEN", route: "GET /api/groups", kind: "hold", times: 1 });
  const before = stage.query(NAMES);
  await hold.arrived;
  const [group] = stage.simulator.world.textizenGroups.values();
  const renamed = await stage.query(
    'mutation ($id: ID!) { updateTextizenGroup(input: { id: $id, name: "Renamed" }) { userErrors { code } } }',
    { id: `group:${group?.id}` },
  );
  expect(renamed.data.updateTextizenGroup.userErrors).toEqual([]);
  const after = await stage.query(NAMES);
  expect(after.data.textizenGroups.nodes[0].name).toBe("Renamed");
  hold.release();
  expect((await before).data.textizenGroups.nodes[0].name).toBe(group?.name);
});
