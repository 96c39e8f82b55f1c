import { expect, test } from "vitest";
import { seeded } from "./chance.ts";
import { ANY_HOUR, createJob, numberAt, untilJob } from "./jobs.ts";
import { ask, startStage } from "./support.ts";

const NIGHT = { start: "21:00", end: "08:00" };
const values = [{ name: "name", value: "Ada" }];
const IMPORT = `mutation ($input: CreateImportJobInput!) {
  createImportJob(input: $input) { check { acceptedCount quietCount quietEndsAt } }
}`;

const SAN_FRANCISCO = numberAt(0);
const NEW_YORK = "+12125550100";
const HONOLULU = "+18085550100";
const BERLIN = "+49301234567";
/** Of a network that is in no country. */
const NOWHERE = "+883510000000";

async function check(url: string, recipients: readonly string[], changes: object = {}): Promise<object> {
  const rows = recipients.map((to) => ({ [to.startsWith("+") ? "phoneNumber" : "contactId"]: to, values }));
  const made = await createJob(url, { recipients: { rows }, quietHours: NIGHT, isDryRun: true, ...changes });
  expect(made.errors).toBeUndefined();
  return made.data.createSendJob.check;
}

test("a check counts who is asleep, each by the number's own zone, and says when the last of them may be texted", async () => {
  // 06:00 in San Francisco, 09:00 in New York, 03:00 in Honolulu, 15:00 in Berlin.
  await using stage = await startStage({ app: { now: () => new Date("2026-07-01T13:00:00Z") } });
  const { url } = stage.app;
  const [contact] = stage.simulator.world.contacts.values();
  const refused = ["415 555", HONOLULU];

  expect(await check(url, [SAN_FRANCISCO, NEW_YORK, HONOLULU, BERLIN, NOWHERE, ...refused])).toMatchObject({
    acceptedCount: 5,
    quietCount: 2,
    quietEndsAt: "2026-07-01T18:00:00.000Z",
  });
  expect(await check(url, [SAN_FRANCISCO, NEW_YORK])).toMatchObject({
    quietCount: 1,
    quietEndsAt: "2026-07-01T15:00:00.000Z",
  });
  // Whoever tells no zone counts by the job's: New York, or the one that is given.
  const unknown = [NOWHERE, contact?.id ?? ""];
  expect(await check(url, unknown)).toMatchObject({ acceptedCount: 2, quietCount: 0, quietEndsAt: null });
  expect(await check(url, unknown, { timeZone: "America/Denver" })).toMatchObject({
    quietCount: 2,
    quietEndsAt: "2026-07-01T14:00:00.000Z",
  });
  expect(stage.calls()).toEqual(["PIDJ GET /groups"]);
});

test("nobody is counted by day, without quiet hours, and in imports", async () => {
  let now = new Date("2026-07-01T18:00:00Z");
  await using stage = await startStage({ app: { now: () => now } });
  const { url } = stage.app;
  const nobody = { quietCount: 0, quietEndsAt: null };
  expect(await check(url, [SAN_FRANCISCO, NEW_YORK, HONOLULU])).toMatchObject({ acceptedCount: 3, ...nobody });

  now = new Date("2026-07-01T08:00:00Z");
  expect(await check(url, [SAN_FRANCISCO])).toMatchObject({ quietCount: 1 });
  expect(await check(url, [SAN_FRANCISCO], { quietHours: ANY_HOUR })).toMatchObject({ acceptedCount: 1, ...nobody });
  const input = {
    target: "PARTICIPANTS",
    rows: { rows: [{ phoneNumber: SAN_FRANCISCO, values }] },
    isDryRun: true,
    idempotencyKey: "import",
  };
  const imported = await ask(url, IMPORT, { input });
  expect(imported.data.createImportJob.check).toEqual({ acceptedCount: 1, ...nobody });
});

/** Beginnings of numbers in zones all around the earth, some of which do not tell one zone. */
const BEGINNINGS = [
  ...["1212", "1312", "1303", "1415", "1808", "1907", "1888", "1709"],
  ...["44", "49", "351", "33", "7495", "7423", "91", "81", "61", "64", "55", "5411", "5255", "52", "234", "27", "883"],
];

test.each([
  ["2026-07-01T13:00:00Z", NIGHT],
  ["2026-03-08T06:59:00Z", { start: "22:30", end: "07:15" }],
  ["2026-11-01T05:30:00Z", { start: "12:00", end: "13:30" }],
  ["2026-12-31T23:59:59Z", { start: "00:00", end: "23:59" }],
])("at %s, the rows that are counted are those that then wait", async (at, quietHours) => {
  await using stage = await startStage({ app: { now: () => new Date(at) } });
  const { url } = stage.app;
  const pick = seeded(Date.parse(at) / 1000);
  const recipients = BEGINNINGS.flatMap((beginning) =>
    [1, 2].map(() => `+${beginning}${String(1_000_000_000 + pick(9_000_000_000)).slice(0, 11 - beginning.length)}`),
  );
  const all = await check(url, recipients, { quietHours });

  const rows = recipients.map((phoneNumber) => ({ phoneNumber, values }));
  const made = await createJob(url, { recipients: { rows }, quietHours });
  expect(made.data.createSendJob.check).toEqual(all);
  const job = await untilJob(url, made.data.createSendJob.job.id, ({ state }) => state !== "RUNNING");
  const nodes: readonly { recipient: string; state: string; resumesAt: string | null }[] = job.rows.nodes;
  const waiting = nodes.filter(({ resumesAt }) => resumesAt !== null);
  const sent = nodes.filter(({ state }) => state === "ACCEPTED");
  expect(waiting.length + sent.length).toBe(recipients.length);
  expect(Math.min(waiting.length, sent.length)).toBeGreaterThan(0);
  expect(all).toMatchObject({
    quietCount: waiting.length,
    quietEndsAt: waiting
      .map(({ resumesAt }) => resumesAt)
      .toSorted()
      .at(-1),
  });
  // Row by row, and not only as many.
  const of = (some: typeof nodes) => some.map(({ recipient }) => recipient);
  expect(await check(url, of(waiting), { quietHours })).toMatchObject({ quietCount: waiting.length });
  expect(await check(url, of(sent), { quietHours })).toMatchObject({ quietCount: 0, quietEndsAt: null });
});
