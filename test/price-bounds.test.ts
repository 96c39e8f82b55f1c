import { expect, test } from "vitest";
import { buildSchema } from "../src/operations/schema.ts";
import { RandomOperations } from "./random-operations.ts";
import { readValues } from "./random-values.ts";
import { startStage } from "./support.ts";

const OPERATIONS = 2_000;
const SIZES = { people: 30, polls: 6, responsesPerPoll: 12, pidjGroups: 5, series: 4, textizenGroups: 6 };
/** Prices of all sizes are compared, those that the defaults refuse too. */
const ENV = { MAX_QUERY_CALLS: "1000000", MAX_QUERY_OBJECTS: "1000000", QUERY_TIMEOUT_MS: "60000" };
const NO_CACHE = { "cache-control": "no-cache" };

test("no valid operation makes more calls, or has more objects, than its price says", {
  timeout: 180_000,
}, async () => {
  await using stage = await startStage({ simulator: SIZES, env: ENV });
  await stage.learnContacts();
  const operations = new RandomOperations(buildSchema(), await readValues(stage), 20_261_126);
  const over: string[] = [];
  const tally = { priced: 0, calls: 0 };
  stage.calls();
  for (let drawn = 0; drawn < OPERATIONS; drawn += 1) {
    const { query, variables } = operations.next();
    // Cold, then as lists are kept.
    for (const headers of [NO_CACHE, {}]) {
      const { extensions } = await stage.query(query, variables, headers);
      const calls = stage.calls().length;
      if (extensions !== undefined) {
        const { asked, actual } = extensions.cost;
        tally.priced += 1;
        tally.calls += calls;
        if (calls > asked.calls || actual.objects > asked.objects) {
          over.push(
            `${calls} calls of ${asked.calls}, ${actual.objects} objects of ${asked.objects}: ${query} ${JSON.stringify(variables)}`,
          );
        }
      }
    }
  }
  expect(tally.priced).toBeGreaterThan(OPERATIONS);
  expect(tally.calls).toBeGreaterThan(OPERATIONS);
  expect(over).toEqual([]);
});
