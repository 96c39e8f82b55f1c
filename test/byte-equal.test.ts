import { expect, test } from "vitest";
import { startApp } from "../src/app.ts";
import { buildSchema } from "../src/operations/schema.ts";
import type { Simulator } from "../src/simulator/simulator.ts";
import { seeded } from "./chance.ts";
import { type Operation, RandomOperations } from "./random-operations.ts";
import { readValues } from "./random-values.ts";
import { configFor, startStage } from "./support.ts";
import { TextClient } from "./text-client.ts";

const OPERATIONS = 2_000;
const AT_ONCE = 20;
const SIZES = { people: 30, polls: 4, responsesPerPoll: 12, pidjGroups: 5, series: 4, textizenGroups: 4 };
const PATIENT = {
  NODE_ENV: "production",
  READ_TIMEOUT_MS: "60000",
  QUERY_TIMEOUT_MS: "120000",
};
const NO_CACHE = { "cache-control": "no-cache" };

/** Records and calls that fail, the same way whenever and however they are read. */
function addDefects({ fault }: Simulator): void {
  fault({ platform: "PIDJ", route: "GET /surveys", kind: "failure-in-200", message: "Not today." });
  fault({ platform: "PIDJ", route: "GET /contact/{id}", kind: "rewrite", rewrite: spoilContact });
  fault({ platform: "TEXTIZEN", route: /^GET \/api\/participants(\/\{id\})?$/, kind: "rewrite", rewrite: spoilNames });
  fault({ platform: "TEXTIZEN", route: "GET /api/polls/{id}", kind: "rewrite", rewrite: spoilResponses });
  fault({ platform: "TEXTIZEN", route: "GET /api/polls/{id}/mailings", kind: "rewrite", rewrite: spoilNames });
}

function spoilContact(json: unknown): unknown {
  const { contact } = json as { contact: { phone_number: string } };
  switch (Number(contact.phone_number.at(-1)) % 5) {
    case 0:
      return { code: 200, status: "failure", message: "No." };
    case 1:
      return { ...(json as object), contact: { ...contact, first_name: 17 } };
    default:
      return json;
  }
}

/** One record in three has a name, or a time, that is none. */
function spoilNames(json: unknown): unknown {
  const spoil = (row: { id: number }) => (row.id % 3 === 0 ? { ...row, name: [], send_at: "soon" } : row);
  return Array.isArray(json) ? json.map(spoil) : spoil(json as { id: number });
}

function spoilResponses(json: unknown): unknown {
  const poll = json as { id: number };
  return poll.id % 2 === 0 ? poll : { ...poll, response_sequences: "many" };
}

/** Twenty at a time, of which some are the same, and some were asked before. */
function* draw(operations: RandomOperations): Generator<readonly Operation[]> {
  const pick = seeded(7);
  const asked: Operation[] = [];
  for (let drawn = 0; drawn < OPERATIONS; drawn += AT_ONCE) {
    const wave: Operation[] = [];
    while (wave.length < AT_ONCE) {
      const earlier = [...wave, ...asked.slice(-AT_ONCE)];
      const operation = (pick(4) === 0 ? earlier[pick(earlier.length)] : undefined) ?? operations.next();
      wave.push(operation, ...(pick(8) === 0 && wave.length < AT_ONCE - 1 ? [operation] : []));
    }
    asked.push(...wave);
    yield wave;
  }
}

/** What the client gets, as text; a timing or a cost never counts. */
function partsOf(answer: string): { readonly text: string; readonly hasErrors: boolean; readonly hasData: boolean } {
  const { extensions: _extensions, ...parts } = JSON.parse(answer) as Record<string, unknown>;
  return { text: JSON.stringify(parts), hasErrors: "errors" in parts, hasData: "data" in parts };
}

test("answers are, byte for byte, those of a server that shares and keeps nothing", { timeout: 120_000 }, async () => {
  await using stage = await startStage({ simulator: SIZES, env: PATIENT });
  addDefects(stage.simulator);
  const config = configFor(stage.simulator, { ...PATIENT, SNAPSHOT_SECONDS: "0", SHARE_OPERATIONS: "off" });
  const alone = await startApp(config);
  await using client = new TextClient();
  // Both directories know what reading every contact once teaches them.
  const teach = "query ($ids: [ID!]!) { nodes(ids: $ids) { id } }";
  await Promise.all(
    [stage.app.url, alone.url].map((url) =>
      client.post(url, teach, { ids: [...stage.simulator.world.contacts.keys()] }),
    ),
  );
  const values = await readValues(stage);
  const operations = new RandomOperations(buildSchema(), values, 20_260_517);
  const ask = (url: string, headers: Record<string, string>) => (wave: readonly Operation[]) =>
    Promise.all(wave.map(async ({ query, variables }) => partsOf(await client.post(url, query, variables, headers))));
  const [askSharing, askAlone] = [ask(stage.app.url, {}), ask(alone.url, NO_CACHE)];
  const tally = { whole: 0, partial: 0, refused: 0 };
  const calls = { sharing: 0, alone: 0 };
  stage.calls();
  for (const wave of draw(operations)) {
    const sharing = await askSharing(wave);
    calls.sharing += stage.calls().length;
    // By now each is known to the server.
    const again = await askSharing(wave);
    stage.calls();
    const expected = await askAlone(wave);
    calls.alone += stage.calls().length;
    for (const [at, { text, hasErrors, hasData }] of expected.entries()) {
      expect(sharing[at]?.text, JSON.stringify(wave[at])).toBe(text);
      expect(again[at]?.text, JSON.stringify(wave[at])).toBe(text);
      tally[hasData ? (hasErrors ? "partial" : "whole") : "refused"] += 1;
    }
  }
  await alone.close();
  // Or it would have compared little: answers of every kind, and sharing that spared calls.
  expect(Math.min(tally.whole, tally.partial)).toBeGreaterThan(OPERATIONS / 4);
  expect(tally.refused).toBeGreaterThan(OPERATIONS / 100);
  expect(calls.sharing).toBeLessThan(0.75 * calls.alone);
});
