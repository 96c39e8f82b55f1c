import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { Client } from "pg";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { addApiKey } from "../src/access/api-keys.ts";
import { HAS_POSTGRES, startPostgres } from "./own-postgres.ts";
import { type ReplicaStage, startReplicas } from "./replica-stage.ts";
import { POSTGRES, TEST_POSTGRES_URL } from "./stores.ts";
import { ask, startStage } from "./support.ts";

/** A key's limit: 120 calls at once, 10 more each second, and a slice of 12. */
const PER_MINUTE = 600;
const BURST = 120;
const SLICE = 12;
const SLOW_MACHINE_MS = 15_000;
const CONTACT = "query ($id: ID!) { contact(id: $id) { firstName } }";

let folder: string;
let file: string;
const keys = new Map<string, { readonly authorization: string }>();

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "textgraph-budgets-"));
  file = join(folder, "keys.json");
  for (const name of ["everywhere", "alone", "moving"]) {
    const key = addApiKey(file, {
      name,
      scopes: ["contacts:read", "participants:read"],
      expires: null,
      callsPerMinute: PER_MINUTE,
      recipientsPerMinute: null,
    });
    keys.set(name, { authorization: `Bearer ${key}` });
  }
});
afterAll(() => rmSync(folder, { recursive: true }));

/**
 * Reads contacts, a call each, from these replicas for so long, and until something is refused. How many were read, the
 * waits of what was refused, and for how long it went on.
 */
async function load(stage: ReplicaStage, key: string, replicas: readonly number[], milliseconds: number) {
  const ids = [...stage.simulator.world.contacts.keys()];
  const began = performance.now();
  let asked = 0;
  let read = 0;
  const waits: number[] = [];
  const lane = async (at: number) => {
    while (performance.now() - began < (waits.length === 0 ? SLOW_MACHINE_MS : milliseconds)) {
      asked += 1;
      const { data, errors = [] } = await ask(
        stage.replicas[at]?.url ?? "",
        CONTACT,
        { id: ids[asked % ids.length] },
        keys.get(key),
      );
      if (errors.length === 0) {
        read += data.contact === null ? 0 : 1;
      } else {
        expect(errors[0]?.extensions["code"]).toBe("RATE_LIMITED");
        waits.push(Number(errors[0]?.extensions["retryAfter"]));
      }
    }
  };
  await Promise.all([...replicas, ...replicas].map(lane));
  return { read, waits, seconds: (performance.now() - began) / 1_000 };
}

describe.skipIf(!POSTGRES.isHere)("callers of three replicas on PostgreSQL (TEST_POSTGRES_URL)", () => {
  test("have one budget over all of them, and their whole budget at one", async () => {
    await using stage = await startReplicas({
      database: TEST_POSTGRES_URL,
      env: { API_KEYS_FILE: file, SNAPSHOT_SECONDS: "0" },
    });
    const everywhere = await load(stage, "everywhere", [0, 1, 2], 3_000);
    const restored = (everywhere.seconds * PER_MINUTE) / 60;

    expect(everywhere.read).toBeGreaterThanOrEqual(BURST);
    expect(everywhere.read).toBeLessThanOrEqual(BURST + restored + 4 * SLICE);
    expect(Math.min(...everywhere.waits)).toBeGreaterThanOrEqual(1);

    const alone = await load(stage, "alone", [2], 1_500);
    expect(alone.read).toBeGreaterThanOrEqual(BURST);
    expect(alone.read).toBeLessThanOrEqual(BURST + (alone.seconds * PER_MINUTE) / 60 + 4 * SLICE);

    await load(stage, "moving", [0], 1_000);
    const [id] = stage.simulator.world.contacts.keys();
    const at = (replica: number) => ask(stage.replicas[replica]?.url ?? "", CONTACT, { id }, keys.get("moving"));
    await expect.poll(async () => (await at(0)).errors?.[0]?.extensions["retryAfter"] ?? 0).toBeGreaterThan(0);
    const seconds = await retryAfterOf(at(0));
    await sleep(1_000 * seconds);
    expect((await at(1)).errors).toBeUndefined();
  }, 60_000);

  test("cost at most two statements for a person, with a budget as without", async () => {
    await using place = await POSTGRES.make();
    await using stage = await startStage({ env: { STORE_URL: place.url, API_KEYS_FILE: file } });
    await stage.learnContacts();
    const [participant] = stage.simulator.world.participants.values();
    const document = `query ($number: PhoneNumber!) {
      person(phoneNumber: $number) { contactLink { state } optedOutAt participant { id } }
    }`;
    const counts: number[] = [];
    const query = vi.spyOn(Client.prototype, "query");
    try {
      for (let turn = 0; turn < 10; turn += 1) {
        await stage.app.services.directory.idle();
        query.mockClear();
        const { errors } = await stage.query(document, { number: `+${participant?.phone_number}` }, keys.get("alone"));
        expect(errors).toBeUndefined();
        counts.push(query.mock.calls.length);
      }
    } finally {
      query.mockRestore();
    }
    // What is learned and reported behind an answer comes on top now and then.
    expect(counts.filter((count) => count <= 2).length).toBeGreaterThanOrEqual(7);
  });
});

async function retryAfterOf(answer: ReturnType<typeof ask>): Promise<number> {
  return Number((await answer).errors?.[0]?.extensions["retryAfter"] ?? 0);
}

describe.skipIf(!HAS_POSTGRES)("with a PostgreSQL of its own (Debian's, in /usr/lib/postgresql)", () => {
  test("hung: each replica gives its share without a wait, and all of the limit when the database answers again", async () => {
    using database = await startPostgres();
    await using stage = await startReplicas({
      database: database.url,
      env: { API_KEYS_FILE: file, SNAPSHOT_SECONDS: "0" },
    });
    // Each of them hears of the others.
    await load(stage, "everywhere", [0, 1, 2], 1_000);
    database.freeze("SIGSTOP");
    try {
      // The first operation of each waits for the versions of kept lists, and one for the budget.
      await load(stage, "everywhere", [0, 1, 2], 3_000);
      const { read, seconds, waits } = await load(stage, "everywhere", [0, 1, 2], 3_000);
      // A third of the limit at each.
      const restored = (seconds * PER_MINUTE) / 60;
      expect(read).toBeGreaterThan(restored / 2);
      expect(read).toBeLessThanOrEqual(restored + SLICE);
      // Who has used it up is refused at once.
      expect(waits.length).toBeGreaterThan(50);
    } finally {
      database.freeze("SIGCONT");
    }
    await expect
      .poll(async () => (await load(stage, "alone", [1], 1_000)).read, { timeout: 15_000 })
      .toBeGreaterThanOrEqual(BURST / 3 + 2 * SLICE);
  }, 60_000);
});
