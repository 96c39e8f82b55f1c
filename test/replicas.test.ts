import { describe, expect, test } from "vitest";
import { type ReplicaStage, startReplicas } from "./replica-stage.ts";
import { send, TO, timesTaken, wordOf } from "./sends.ts";
import { POSTGRES, TEST_POSTGRES_URL } from "./stores.ts";
import { forward, ON_TEXT, openSubscriber, textOf } from "./subscribers.ts";
import { ask } from "./support.ts";
import { TextClient } from "./text-client.ts";

/** Pairs of a write and a read; `npm run stress` tries the whole promise, 10,000. */
const PAIRS = Number(process.env["REPLICA_PAIRS"] ?? 900);
const LANES = 6;

const RENAME = `mutation ($id: ID!, $name: String!) {
  updateTextizenGroup(input: { id: $id, name: $name }) { userErrors { code } }
}`;
const READS = [
  "{ textizenGroups(first: 100) { nodes { id name } } }",
  "query ($id: ID!) { group(id: $id) { id name } }",
  '{ textizenGroups(filter: { name: "version" }, first: 100) { nodes { id name } } }',
];

function urlOf({ replicas }: ReplicaStage, at: number): string {
  return replicas[at % replicas.length]?.url ?? "";
}

describe.skipIf(!POSTGRES.isHere)("three replicas on PostgreSQL (TEST_POSTGRES_URL)", () => {
  test(
    `${PAIRS} writes are each seen by the next read at another replica`,
    async () => {
      await using stage = await startReplicas({
        database: TEST_POSTGRES_URL,
        env: { NODE_ENV: "production", SNAPSHOT_SECONDS: "3600" },
      });
      await using client = new TextClient();
      const ids = [...stage.simulator.world.textizenGroups.keys()].map((id) => `group:${id}`);
      const stale: string[] = [];
      let pairs = 0;
      const lane = async (at: number) => {
        for (let turn = at; turn < PAIRS; turn += LANES) {
          // Each lane has a record of its own, and both kinds of read: kept lists and single records.
          const id = ids[at % ids.length];
          const name = `version ${at} ${turn}`;
          const written = await client.post(urlOf(stage, turn), RENAME, { id, name });
          expect(written).toContain('"userErrors":[]');
          const read = READS[turn % READS.length] ?? "";
          const seen = await client.post(urlOf(stage, turn + 1 + (turn % 2)), read, { id });
          pairs += 1;
          if (!seen.includes(`"${name}"`)) {
            stale.push(`${name}: ${read}`);
          }
        }
      };
      await Promise.all(Array.from({ length: Math.min(LANES, ids.length) }, (_, at) => lane(at)));
      expect(stale).toEqual([]);
      expect(pairs).toBe(PAIRS);
    },
    30_000 + 100 * PAIRS,
  );

  test("what nobody changes is kept: reads at all replicas make one list call each", async () => {
    await using stage = await startReplicas({ database: TEST_POSTGRES_URL, env: { SNAPSHOT_SECONDS: "3600" } });
    await using client = new TextClient();
    stage.simulator.clearJournal();
    for (let turn = 0; turn < 60; turn += 1) {
      await client.post(urlOf(stage, turn), READS[0] ?? "");
    }
    expect(stage.simulator.journal.filter(({ route }) => route === "GET /api/groups")).toHaveLength(3);
  });

  test.each([20, 2_000])(
    "1,000 equal sends spread over them make one call of a platform that takes %i ms",
    async (milliseconds) => {
      await using stage = await startReplicas({ database: TEST_POSTGRES_URL });
      stage.simulator.fault({ platform: "PIDJ", route: "POST /send", kind: "delay", milliseconds });
      const answers = await Promise.all(
        Array.from({ length: 1_000 }, (_, at) => send(urlOf(stage, at), "one key").then(wordOf)),
      );
      expect(timesTaken(stage.simulator.ledger, "one key")).toBe(1);
      expect(stage.simulator.journal.filter(({ route }) => route === "POST /send")).toHaveLength(1);
      expect(answers.filter((word) => word === "sent")).toHaveLength(1);
      expect([...new Set(answers)].filter((word) => !["sent", "replayed"].includes(word))).toEqual([]);
    },
    60_000,
  );

  test("they sign in to Textizen once", async () => {
    await using stage = await startReplicas({ database: TEST_POSTGRES_URL });
    const answers = await Promise.all(
      stage.replicas.map(({ url }) => ask(url, "{ textizenGroups(first: 1) { nodes { id } } }")),
    );
    expect(answers.map(({ errors }) => errors)).toEqual([undefined, undefined, undefined]);
    expect(stage.simulator.journal.filter(({ path }) => path.includes("sign_in"))).toHaveLength(1);
  });

  test("a text to one wakes a subscriber of another at once, and its STOP stops the third", async () => {
    await using stage = await startReplicas({ database: TEST_POSTGRES_URL });
    const since = (await ask(urlOf(stage, 1), "{ eventCursor }")).data.eventCursor;
    await using client = openSubscriber(urlOf(stage, 1), "WebSocket");
    await using subscription = client.subscribe(ON_TEXT, { since });
    await forward(urlOf(stage, 0), "first");
    expect(textOf(await subscription.next()).text).toBe("first");
    const waits: number[] = [];
    for (let turn = 0; turn < 10; turn += 1) {
      const next = subscription.next();
      const began = performance.now();
      await forward(urlOf(stage, 2 * (turn % 2)), `text ${turn}`);
      expect(textOf(await next).text).toBe(`text ${turn}`);
      waits.push(performance.now() - began);
    }
    // Without news, the next look would come after five seconds.
    expect(waits.sort((a, b) => a - b)[5]).toBeLessThan(1_000);
    await forward(urlOf(stage, 0), "STOP", { from: TO });
    expect(wordOf(await send(urlOf(stage, 2), "after the stop"))).toBe("RECIPIENT_OPTED_OUT");
    expect(timesTaken(stage.simulator.ledger, "after the stop")).toBe(0);
  });

  test("a subscriber that goes on at another replica gets each text once, in order, while replicas are killed", async () => {
    await using stage = await startReplicas({ database: TEST_POSTGRES_URL });
    let cursor = (await ask(urlOf(stage, 0), "{ eventCursor }")).data.eventCursor;
    const texts = Array.from({ length: 30 }, (_, at) => `text ${at}`);
    const got: string[] = [];
    for (let round = 0; round < 3; round += 1) {
      await using client = openSubscriber(urlOf(stage, round), "server-sent events");
      await using subscription = client.subscribe(ON_TEXT, { since: cursor });
      for (const text of texts.slice(10 * round, 10 * round + 10)) {
        await forward(urlOf(stage, round + 1), text);
      }
      // The rest of each round is read at the next replica.
      while (got.length < 10 * round + 7) {
        const event = textOf(await subscription.next());
        got.push(event.text);
        cursor = event.cursor;
      }
      await stage.replace(round);
    }
    await using client = openSubscriber(urlOf(stage, 0), "server-sent events");
    await using subscription = client.subscribe(ON_TEXT, { since: cursor });
    while (got.length < texts.length) {
      got.push(textOf(await subscription.next()).text);
    }
    expect(got).toEqual(texts);
    // Six servers are started, on a machine that may do much else.
  }, 90_000);
});
