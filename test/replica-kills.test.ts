import { describe, expect, test } from "vitest";
import { seeded } from "./chance.ts";
import { type ReplicaStage, startReplicas } from "./replica-stage.ts";
import { leakedIn } from "./rule-eleven.ts";
import { send, stateOf, timesTaken, wordOf } from "./sends.ts";
import { POSTGRES, TEST_POSTGRES_URL } from "./stores.ts";
import { ask } from "./support.ts";
import { grownSince } from "./vitals.ts";

/** Clients, each with one key at a time. */
const LANES = 6;
const KILLS = 5;
/** Of a replica to the database, and a few to the platforms. */
const CONNECTIONS = 10;
/** What clients may hear while replicas are killed. */
const EXPECTED = new Set(["sent", "replayed", "data", "closed", "OUTCOME_UNKNOWN", "ATTEMPT_IN_PROGRESS"]);
const READ = "{ contacts(first: 5) { nodes { id } } participants(first: 5) { nodes { id } } }";

function urlOf({ replicas }: ReplicaStage, at: number): string {
  return replicas[at % replicas.length]?.url ?? "";
}

/** Sends and reads at all replicas, more at once than each makes connections. */
async function serve(stage: ReplicaStage, round: string): Promise<void> {
  await Promise.all(
    stage.replicas.flatMap(({ url }, at) =>
      Array.from({ length: 12 }, async (_, turn) => {
        await send(url, `warm ${round} ${at} ${turn}`);
        await ask(url, READ);
      }),
    ),
  );
}

/** What each replica holds does not grow with what it has served. */
async function expectNothingGrows(stage: ReplicaStage): Promise<void> {
  await serve(stage, "before");
  const before = await Promise.all(stage.replicas.map((replica) => replica.vitals()));
  for (let round = 0; round < 3; round += 1) {
    await serve(stage, String(round));
  }
  for (const [at, replica] of stage.replicas.entries()) {
    const first = before[at] ?? (await replica.vitals());
    // Up to all of its connections to the database and to both platforms, which it keeps.
    const most = { ...first, descriptors: first.descriptors + CONNECTIONS };
    const grown = async () => grownSince(most, await replica.vitals());
    await expect.poll(grown, { timeout: 5_000, interval: 100 }).toEqual([]);
  }
}

/** Lines other than those of a start and of operations; the last one of a process that was killed may be cut off. */
function badLines(log: string): string[] {
  return log.split("\n").filter((line) => line !== "" && !/^\{"level":[123]0,/.test(line));
}

describe.skipIf(!POSTGRES.isHere)("three replicas on PostgreSQL, killed at random (TEST_POSTGRES_URL)", () => {
  test("break no promise: nothing is sent twice or forgotten, told to the log, or kept", async () => {
    await using stage = await startReplicas({
      database: TEST_POSTGRES_URL,
      env: {
        SEND_TIMEOUT_MS: "1000",
        CONNECT_TIMEOUT_MS: "500",
        MUTATION_TIMEOUT_MS: "4000",
        LOG_LEVEL: "trace",
      },
    });
    stage.simulator.fault({ platform: "PIDJ", route: "POST /send", kind: "delay", milliseconds: 50 });
    const random = seeded(11);
    const keys: string[] = [];
    const heard: string[] = [];
    let asked = 0;
    let isOver = false;
    const hear = async (answer: Promise<string>) => {
      asked += 1;
      heard.push(await answer.catch(() => "closed"));
    };
    const lanes = Array.from({ length: LANES }, async () => {
      while (!isOver) {
        const at = keys.length;
        const key = `key ${at}`;
        keys.push(key);
        // A client that is cut off tries again at another replica.
        for (let tries = 0; tries < 3; tries += 1) {
          await hear(send(urlOf(stage, at + tries), key).then(wordOf));
        }
        await hear(ask(urlOf(stage, at), READ).then(({ errors }) => (errors === undefined ? "data" : "errors")));
      }
    });
    for (let kills = 0; kills < KILLS; kills += 1) {
      const enough = heard.length + 10 + random(40);
      await expect.poll(() => heard.length, { timeout: 20_000, interval: 5 }).toBeGreaterThan(enough);
      await stage.replace(random(stage.replicas.length));
    }
    isOver = true;
    await Promise.all(lanes);

    for (const [at, key] of keys.entries()) {
      const taken = timesTaken(stage.simulator.ledger, key);
      expect([0, 1], key).toContain(taken);
      if (taken === 1) {
        // Not later than the lease of a replica that died.
        await expect.poll(() => stateOf(urlOf(stage, at), key), { timeout: 10_000 }).toMatch(/ACCEPTED|UNKNOWN/);
      }
    }
    expect(heard).toHaveLength(asked);
    const words = new Set(heard);
    expect([...words.difference(EXPECTED)]).toEqual([]);
    // They were killed while they served.
    expect([...words]).toEqual(expect.arrayContaining(["sent", "replayed", "data", "closed"]));
    await expectNothingGrows(stage);
    expect(badLines(stage.log())).toEqual([]);
    expect(leakedIn(stage.log(), stage.simulator)).toEqual([]);
  }, 120_000);
});
