import { expect, test } from "vitest";
import { type Stage, startStage } from "./support.ts";

const start = () => startStage({ simulator: { people: 3, polls: 4, responsesPerPoll: 0 } });

/** Rewrites every row of the list of polls. */
function rewritePolls(stage: Stage, rewrite: (row: Record<string, unknown>) => object): void {
  stage.simulator.fault({
    platform: "TEXTIZEN",
    route: "GET /api/polls",
    kind: "rewrite",
    rewrite: (answer) =>
      (answer as Record<string, unknown>[]).map((row) => rewrite((row["poll"] as Record<string, unknown>) ?? row)),
  });
}

async function pollsOf({ query }: Stage): Promise<(readonly { id: string }[] | null)[]> {
  const { data, errors } = await query("{ campaigns { nodes { polls { id } } } }");
  expect(errors).toBeUndefined();
  return data.campaigns.nodes.map(({ polls }: { polls: { id: string }[] | null }) => polls);
}

test("a campaign without polls has an empty list of them, in an account without polls too", async () => {
  await using stage = await start();
  stage.simulator.world.polls.clear();
  const found = await pollsOf(stage);
  expect(found.length).toBeGreaterThan(0);
  expect(found).toEqual(found.map(() => []));
});

test("polls that belong to no campaign leave every campaign's list empty", async () => {
  await using stage = await start();
  rewritePolls(stage, (poll) => ({ ...poll, campaign_id: null }));
  const found = await pollsOf(stage);
  expect(found).toEqual(found.map(() => []));
});

test("a campaign that is named by no poll has an empty list, another one its own", async () => {
  await using stage = await start();
  const [first] = [...stage.simulator.world.campaigns.keys()];
  rewritePolls(stage, (poll) => ({ ...poll, campaign_id: first }));
  const [own, ...others] = await pollsOf(stage);
  expect(own).toHaveLength(4);
  expect(others).toEqual(others.map(() => []));
});

test("where no poll says its campaign, nobody knows which are whose", async () => {
  await using stage = await start();
  rewritePolls(stage, ({ campaign_id: _campaign, ...poll }) => poll);
  const found = await pollsOf(stage);
  expect(found).toEqual(found.map(() => null));
});
