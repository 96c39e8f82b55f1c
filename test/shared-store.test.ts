import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { expect, onTestFinished, test } from "vitest";
import { type App, type AppOptions, startApp } from "../src/app.ts";
import { type Simulator, startSimulator } from "../src/simulator/simulator.ts";
import { ask, configFor } from "./support.ts";

const GROUPS = "{ textizenGroups(first: 100) { nodes { name } } }";

interface Pair extends AsyncDisposable {
  readonly simulator: Simulator;
  readonly one: App;
  readonly other: App;
  /** Both servers' clock, in milliseconds. */
  readonly clock: { time: number };
  readonly file: string;
}

/** Two servers over the same platforms and one SQLite file, as two processes would be. */
async function startPair(env: Record<string, string> = {}, options: AppOptions = {}): Promise<Pair> {
  const folder = mkdtempSync(join(tmpdir(), "textgraph-pair-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const file = join(folder, "graph.db");
  const simulator = await startSimulator();
  const clock = { time: 0 };
  const start = () =>
    startApp(
      configFor(simulator, { STORE_URL: `sqlite:${file}`, NODE_ENV: "production", SNAPSHOT_SECONDS: "3600", ...env }),
      { ...options, clock: () => clock.time },
    );
  const [one, other] = [await start(), await start()];
  return {
    simulator,
    one,
    other,
    clock,
    file,
    [Symbol.asyncDispose]: async () => {
      await Promise.all([one.close(), other.close()]);
      await simulator.close();
    },
  };
}

async function namesAt({ url }: App): Promise<string[]> {
  const { data } = await ask(url, GROUPS);
  return data.textizenGroups.nodes.map(({ name }: { name: string }) => name);
}

function rename({ url }: App, { simulator }: Pair, name: string) {
  const [id] = simulator.world.textizenGroups.keys();
  return ask(
    url,
    `mutation { updateTextizenGroup(input: { id: "group:${id}", name: "${name}" }) { userErrors { code } } }`,
  );
}

test("a write through one server is seen by a read that begins a second later at another", async () => {
  await using pair = await startPair();
  const { one, other, clock, simulator } = pair;
  expect(await namesAt(other)).not.toContain("New name");
  simulator.clearJournal();
  for (clock.time = 100; clock.time < 5_000; clock.time += 100) {
    await namesAt(other);
  }
  // Looking at the store alone makes no call.
  expect(simulator.journal).toEqual([]);
  expect((await rename(one, pair, "New name")).data.updateTextizenGroup.userErrors).toEqual([]);
  clock.time += 1_000;
  expect(await namesAt(other)).toContain("New name");
  expect(await namesAt(other)).toContain("New name");
  expect(simulator.journal.filter(({ route }) => route === "GET /api/groups")).toHaveLength(1);
});

test("a write with an unknown outcome is looked for on the platform by every server", async () => {
  await using pair = await startPair({ SEND_TIMEOUT_MS: "1000", MUTATION_TIMEOUT_MS: "4000" });
  const { one, other, clock, simulator } = pair;
  await namesAt(other);
  simulator.fault({ platform: "TEXTIZEN", route: "PUT /api/groups/{id}", kind: "hang" });
  expect((await rename(one, pair, "Late")).errors).toHaveLength(1);
  simulator.clearJournal();
  for (const _look of [1, 2]) {
    clock.time += 1_000;
    await namesAt(other);
  }
  expect(simulator.journal.filter(({ route }) => route === "GET /api/groups")).toHaveLength(2);
});

test("a server that is cut off from the store trusts no list for longer than a second, and goes on reading", async () => {
  await using pair = await startPair();
  const { other, clock, simulator, file } = pair;
  await namesAt(other);
  simulator.clearJournal();
  clock.time = 999;
  const database = new DatabaseSync(file);
  database.exec("DROP TABLE entry");
  database.close();
  expect((await namesAt(other)).length).toBeGreaterThan(0);
  expect(simulator.journal).toEqual([]);
  for (const _second of [1, 2]) {
    clock.time += 1_000;
    expect((await namesAt(other)).length).toBeGreaterThan(0);
  }
  expect(simulator.journal.filter(({ route }) => route === "GET /api/groups")).toHaveLength(2);
});

test("a write that needs no store is made while the store is out of reach", async () => {
  await using pair = await startPair();
  const { one, file } = pair;
  const database = new DatabaseSync(file);
  database.exec("DROP TABLE entry");
  database.close();
  expect((await rename(one, pair, "Stored nowhere")).data.updateTextizenGroup.userErrors).toEqual([]);
  expect(await namesAt(one)).toContain("Stored nowhere");
});

test.each([
  [
    "tries the same key again",
    `mutation { createTextizenGroup(input: { name: "Perhaps", idempotencyKey: "key" }) { userErrors { code } } }`,
    { createTextizenGroup: { userErrors: [{ code: "OUTCOME_UNKNOWN" }] } },
  ],
  ["asks for the attempt", `{ attempt(idempotencyKey: "key") { state } }`, { attempt: { state: "UNKNOWN" } }],
])("whoever %s after its server died, and then looks, sees the platform", async (_name, question, answer) => {
  let time = Date.parse("2026-11-01T12:00:00Z");
  const died = Promise.withResolvers<void>();
  const stayDead = Promise.withResolvers<void>();
  await using pair = await startPair(
    {},
    {
      now: () => new Date(time),
      pauseAt: async (point) => {
        if (point === "answered") {
          died.resolve();
          await stayDead.promise;
        }
      },
    },
  );
  const { one, other, simulator } = pair;
  const dying = ask(
    one.url,
    `mutation { createTextizenGroup(input: { name: "Perhaps", idempotencyKey: "key" }) { userErrors { code } } }`,
  );
  await died.promise;
  // From before the platform came to it, as far as this server can tell.
  await namesAt(other);
  simulator.clearJournal();
  time += 60_000;
  expect((await ask(other.url, question)).data).toEqual(answer);
  for (const _look of [1, 2]) {
    await namesAt(other);
  }
  expect(simulator.journal.filter(({ route }) => route === "GET /api/groups")).toHaveLength(2);
  stayDead.resolve();
  await dying;
});
