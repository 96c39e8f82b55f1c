import { describe, expect, test } from "vitest";
import { errorsAt, type Stage, startStage } from "./support.ts";

const NAMES = "query ($ids: [ID!]!) { nodes(ids: $ids) { id ... on Participant { name } ... on Poll { title } } }";

function start(env: Record<string, string> = {}): Promise<Stage> {
  return startStage({
    simulator: { people: 160, polls: 8, textizenGroups: 6 },
    env: { SNAPSHOT_SECONDS: "0", ...env },
  });
}

function idsOf({ simulator: { world } }: Stage, count: number): string[] {
  return [...world.participants.keys()].slice(0, count).map((id) => `participant:${id}`);
}

function countOf(calls: readonly string[], call: string): number {
  return calls.filter((each) => each === call).length;
}

test.each([
  ["HTTP 500", { kind: "status", status: 500 }],
  ["HTTP 404", { kind: "status", status: 404 }],
] as const)(
  "where the list answers %s, six records are read by id, and the list is left alone from then on",
  async (_name, fault) => {
    await using stage = await start();
    stage.simulator.fault({ platform: "TEXTIZEN", route: "GET /api/participants", ...fault });
    const ids = idsOf(stage, 6);
    for (const lists of [1, 0]) {
      const answer = await stage.query(NAMES, { ids });
      expect(answer.errors).toBeUndefined();
      expect(answer.data.nodes.map(({ id }: { id: string }) => id)).toEqual(ids);
      const calls = stage.calls();
      expect(countOf(calls, "TEXTIZEN GET /api/participants/{id}")).toBe(6);
      expect(countOf(calls, "TEXTIZEN GET /api/participants")).toBe(lists);
    }
  },
);

test("a hundred records are read by id in place of a list that fails", async () => {
  await using stage = await start();
  stage.simulator.fault({ platform: "TEXTIZEN", route: "GET /api/participants", kind: "status", status: 500 });
  const ids = idsOf(stage, 100);
  expect(ids).toHaveLength(100);
  const answer = await stage.query(NAMES, { ids });
  expect(answer.errors).toBeUndefined();
  expect(countOf(stage.calls(), "TEXTIZEN GET /api/participants/{id}")).toBe(100);
});

test("a list that hangs leaves time to read by id in its place", async () => {
  await using stage = await start({ QUERY_TIMEOUT_MS: "3000", READ_TIMEOUT_MS: "3000" });
  stage.simulator.fault({ platform: "TEXTIZEN", route: "GET /api/participants", kind: "hang" });
  const answer = await stage.query(NAMES, { ids: idsOf(stage, 6) });
  expect(answer.errors).toBeUndefined();
  expect(answer.data.nodes).toHaveLength(6);
});

describe("where a list of groups fails", () => {
  test("a group of Textizen is read by its id", async () => {
    await using stage = await start();
    stage.simulator.fault({ platform: "TEXTIZEN", route: "GET /api/groups", kind: "status", status: 500 });
    const [[id, group] = []] = stage.simulator.world.textizenGroups;
    const query = `{ group(id: "group:${id}") { id name } }`;
    for (const _time of [1, 2]) {
      const answer = await stage.query(query);
      expect(answer.errors).toBeUndefined();
      expect(answer.data.group).toEqual({ id: `group:${id}`, name: group?.name });
    }
    expect(stage.calls()).toEqual([
      "TEXTIZEN GET /api/groups",
      "TEXTIZEN GET /api/groups/{id}",
      "TEXTIZEN GET /api/groups/{id}",
    ]);
  });

  test("a group of Pidj, which has no read by id, is an error", async () => {
    await using stage = await start();
    stage.simulator.fault({ platform: "PIDJ", route: "GET /groups", kind: "status", status: 500 });
    const [[id] = []] = stage.simulator.world.pidjGroups;
    const answer = await stage.query(`{ group(id: "${id}") { id name } }`);
    expect(errorsAt(answer)).toEqual({ group: "PLATFORM_UNAVAILABLE" });
  });
});

test("the list itself is an error while it fails, and is there when it works again", async () => {
  await using stage = await start();
  const end = stage.simulator.fault({ platform: "TEXTIZEN", route: "GET /api/polls", kind: "status", status: 500 });
  expect(errorsAt(await stage.query("{ polls { nodes { id } } }"))).toEqual({ polls: "PLATFORM_UNAVAILABLE" });
  end();
  expect((await stage.query("{ polls { totalCount } }")).data.polls.totalCount).toBe(8);
});
