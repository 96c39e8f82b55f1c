import { expect, test } from "vitest";
import { startApp } from "../src/app.ts";
import { type Simulator, startSimulator } from "../src/simulator/simulator.ts";
import { environmentFor, startChild } from "./child-server.ts";
import { hasEnded, numberAt, untilJob } from "./jobs.ts";
import { onEachStore, SQLITE } from "./stores.ts";
import { type Answer, ask, configFor, startStage } from "./support.ts";

const CREATE = `mutation ($input: CreateImportJobInput!) {
  createImportJob(input: $input) {
    job { id groupIds } check { acceptedCount platformCallCount refusals { row code message } } userErrors { code field message }
  }
}`;
const GROUPS = ["group:71", "group:72"];
const MINUTE_MS = 60_000;

async function createImport(url: string, changes: object = {}): Promise<Answer["data"]> {
  const rows = [0, 1].map((at) => ({ phoneNumber: numberAt(at), values: [{ name: "name", value: `Person ${at}` }] }));
  const input = { target: "PARTICIPANTS", rows: { rows }, groupIds: GROUPS, idempotencyKey: "import", ...changes };
  const answer = await ask(url, CREATE, { input });
  expect(answer.errors).toBeUndefined();
  return answer.data.createImportJob;
}

/** The groups of each participant whom the tests create. */
function groupsOf({ world }: Simulator): Record<string, readonly number[]> {
  const created = [...world.participants.values()].filter(({ name }) => name?.startsWith("Person "));
  return Object.fromEntries(created.map(({ name, group_ids }) => [name, group_ids]));
}

function timesCalled({ journal }: Simulator, method: string, path: RegExp): number {
  return journal.filter((entry) => entry.method === method && path.test(entry.path)).length;
}

onEachStore((make) => {
  test("participants are created and put into groups, and a platform that takes no calls delays it", async () => {
    await using place = await make();
    let ahead = 0;
    const now = () => new Date(Date.now() + ahead);
    await using stage = await startStage({ env: { STORE_URL: place.url, JOB_ROWS_AT_ONCE: "1" }, app: { now } });
    const { simulator, app } = stage;
    const dry = await createImport(app.url, { isDryRun: true });
    expect(dry).toMatchObject({ job: null, check: { acceptedCount: 2, platformCallCount: 10 }, userErrors: [] });
    const heal = simulator.fault({ platform: "TEXTIZEN", route: /subscriptions$/, kind: "status", status: 429 });
    const { job } = await createImport(app.url);
    expect(job.groupIds).toEqual(GROUPS);
    await untilJob(app.url, job.id, ({ waitsFor }) => waitsFor === "PLATFORM");
    expect(groupsOf(simulator)).toEqual({ "Person 0": [] });

    heal();
    // Long after the keys of what was done are forgotten.
    ahead = 100 * 60 * MINUTE_MS;
    const done = await untilJob(app.url, job.id, hasEnded);

    expect(done.counts).toMatchObject({ accepted: 2 });
    expect(groupsOf(simulator)).toEqual({ "Person 0": [71, 72], "Person 1": [71, 72] });
    expect(timesCalled(simulator, "POST", /participants$/)).toBe(2);
  });
});

test.each([
  ["answered", { unknown: 1, accepted: 1 }],
  ["settled", { unknown: 0, accepted: 2 }],
])(
  "after a crash with the first row %s, nobody is created or put into a group twice",
  async (point, counts) => {
    await using place = await SQLITE.make();
    await using simulator = await startSimulator({ people: 6 });
    const { url, email, password } = simulator.textizen;
    const env = {
      ...{ TEXTIZEN_BASE_URL: url, TEXTIZEN_EMAIL: email, TEXTIZEN_PASSWORD: password },
      STORE_URL: place.url,
      JOB_ROWS_AT_ONCE: "1",
    };
    const child = await startChild({ ...environmentFor(simulator, ""), ...env, CRASH_AT: point });
    await createImport(child.url).catch(() => null);
    await child.ended;
    // Leases of the dead process are over.
    const app = await startApp(configFor(simulator, env), { now: () => new Date(Date.now() + MINUTE_MS) });
    try {
      const { jobs } = (await ask(app.url, "{ jobs(first: 1) { nodes { id } } }")).data;
      const done = await untilJob(app.url, jobs.nodes[0].id, hasEnded);
      expect(done.counts).toMatchObject(counts);
      const created = groupsOf(simulator);
      expect(created["Person 1"]).toEqual([71, 72]);
      expect(created["Person 0"]).toEqual({ answered: [], settled: [71, 72] }[point]);
      expect(timesCalled(simulator, "POST", /participants$/)).toBe(Object.keys(created).length);
    } finally {
      await app.close();
    }
  },
  MINUTE_MS,
);

test.each([
  ["refused", "REFUSED", "ALREADY_EXISTS"],
  ["record", "ACCEPTED", null],
] as const)(
  "a group's refusal is told by row, and a number on record has what the platform makes of it: %s",
  async (existingParticipant, state, code) => {
    await using stage = await startStage({ simulator: { people: 6, shapes: { existingParticipant } } });
    const [earlier] = [...stage.simulator.world.participants.values()].filter(({ is_masked }) => !is_masked);
    stage.simulator.fault({
      platform: "TEXTIZEN",
      route: /subscriptions$/,
      kind: "status",
      status: 422,
      body: '{"error":"Group is full"}',
      times: 1,
    });
    const rows = [numberAt(0), `+${earlier?.phone_number}`].map((phoneNumber, at) => ({
      phoneNumber,
      values: [{ name: "name", value: `Person ${at}` }],
    }));
    const { job } = await createImport(stage.app.url, { rows: { rows } });
    const done = await untilJob(stage.app.url, job.id, hasEnded);
    expect(done.rows.nodes).toMatchObject([
      { state: "REFUSED", message: expect.stringMatching(/^Created, and not put into group:71: .*full/) },
      { state, code },
    ]);
    expect(groupsOf(stage.simulator)["Person 0"]).toEqual([72]);
    const groups = stage.simulator.world.participants.get(earlier?.id ?? 0)?.group_ids;
    const joined = [...new Set([...(earlier?.group_ids ?? []), 71, 72])];
    expect(groups?.toSorted()).toEqual((state === "REFUSED" ? earlier?.group_ids : joined)?.toSorted());
  },
);

test("contacts are created in their Pidj group, by one call each", async () => {
  await using stage = await startStage({ simulator: { people: 6, pidjGroups: 2 } });
  const [group] = stage.simulator.world.pidjGroups.values();
  const rows = [{ phoneNumber: numberAt(0), values: [{ name: "firstName", value: "Ada" }] }];
  const changes = { target: "CONTACTS", rows: { rows }, groupIds: [group?.id] };
  const { job, check } = await createImport(stage.app.url, changes);
  expect(check.platformCallCount).toBe(1);
  await untilJob(stage.app.url, job.id, hasEnded);
  const created = [...stage.simulator.world.contacts.values()].find(({ phone_number }) => phone_number === numberAt(0));
  expect(created).toMatchObject({ first_name: "Ada", group_id: group?.id });
});

test.each([
  ["PARTICIPANTS", ["group:999"], "NOT_FOUND", ["input", "groupIds", "0"]],
  ["PARTICIPANTS", ["gr:1"], "INVALID_INPUT", ["input", "groupIds", "0"]],
  ["CONTACTS", ["gr:none"], "NOT_FOUND", ["input", "groupIds", "0"]],
  ["CONTACTS", ["gr:1", "gr:2"], "INVALID_INPUT", ["input", "groupIds"]],
  ["PARTICIPANTS", [1, 2, 3, 4, 5, 6].map((at) => `group:${at}`), "INVALID_INPUT", ["input", "groupIds"]],
])("%s into %j are refused when they are checked: %s", async (target, groupIds, code, field) => {
  await using stage = await startStage({ simulator: { people: 6 } });
  const { job, check, userErrors } = await createImport(stage.app.url, { target, groupIds, isDryRun: true });
  expect({ job, check, userErrors }).toMatchObject({ job: null, check: null, userErrors: [{ code, field }] });
});
