import { expect, test } from "vitest";
import { firstAllowed } from "../src/jobs/quiet-hours.ts";
import { createJob, hasEnded, readJob, untilJob } from "./jobs.ts";
import { startStage } from "./support.ts";

const NIGHT = { start: "21:00", end: "08:00" };
const name = [{ name: "name", value: "Ada" }];

test.each([
  ["by day", "2026-07-01T18:00:00Z", ["America/New_York"], "2026-07-01T18:00:00Z"],
  ["in the evening", "2026-07-02T01:00:00Z", ["America/New_York"], "2026-07-02T12:00:00Z"],
  ["after midnight", "2026-07-01T05:00:00Z", ["America/New_York"], "2026-07-01T12:00:00Z"],
  ["at the very end", "2026-07-01T12:00:00Z", ["America/New_York"], "2026-07-01T12:00:00Z"],
  [
    "in several zones: all must allow it",
    "2026-07-01T12:00:00Z",
    ["America/New_York", "Pacific/Honolulu"],
    "2026-07-01T18:00:00Z",
  ],
  ["in the night that is an hour shorter", "2026-03-08T05:00:00Z", ["America/New_York"], "2026-03-08T12:00:00Z"],
  ["in the night that is an hour longer", "2026-11-01T05:00:00Z", ["America/New_York"], "2026-11-01T13:00:00Z"],
])("%s", (_name, now, zones, first) => {
  expect(firstAllowed(new Date(now), zones, NIGHT)).toEqual(new Date(first));
});

test("an end that the clocks show twice is the second one where the first has passed", () => {
  // 01:10 for the second time in New York.
  const now = new Date("2026-11-01T06:10:00Z");
  expect(firstAllowed(now, ["America/New_York"], { start: "01:00", end: "01:30" })).toEqual(
    new Date("2026-11-01T06:30:00Z"),
  );
});

test.each([
  ["2026-03-08T05:00:00Z", "America/New_York", "02:30", "2026-03-08T07:00:00Z"],
  ["2026-03-08T06:59:00Z", "America/New_York", "02:00", "2026-03-08T07:00:00Z"],
  ["2026-03-08T07:10:00Z", "America/New_York", "02:30", "2026-03-08T07:10:00Z"],
  // Clocks of Cuba skip midnight.
  ["2026-03-08T04:30:00Z", "America/Havana", "00:20", "2026-03-08T05:00:00Z"],
])("at %s in %s, an end at %s that the clocks skip is when they are put forward", (now, zone, end, first) => {
  expect(firstAllowed(new Date(now), [zone], { start: "22:00", end })).toEqual(new Date(first));
});

test("equal times mean never, and zones without a common moment give none", () => {
  const now = new Date("2026-07-01T05:00:00Z");
  expect(firstAllowed(now, ["America/New_York"], { start: "08:00", end: "08:00" })).toEqual(now);
  expect(
    firstAllowed(now, ["Pacific/Guam", "Pacific/Honolulu", "America/St_Johns", "Europe/Berlin"], NIGHT),
  ).toBeNull();
});

test("each recipient is texted when it is no night there, and the job says until when it waits", async () => {
  let now = new Date("2026-07-01T13:00:00Z");
  await using stage = await startStage({ app: { now: () => now } });
  const [contact] = stage.simulator.world.contacts.values();
  if (contact !== undefined) {
    stage.simulator.world.contacts.put({ ...contact, timezone: "Pacific/Honolulu" });
  }
  // 09:00 in New York, 06:00 in Los Angeles, 03:00 where the contact is; the last number is of no place.
  const rows = [
    { phoneNumber: "+14155550100", values: name },
    { phoneNumber: "+12125550100", values: name },
    { contactId: contact?.id, values: name },
    { phoneNumber: "+883510000000", values: name },
  ];
  const made = await createJob(stage.app.url, { recipients: { rows }, quietHours: NIGHT });
  const { id } = made.data.createSendJob.job;
  const sentTo = () => stage.simulator.ledger.map(({ input }) => input["to_number"]).toSorted();

  const waiting = await untilJob(stage.app.url, id, ({ waitsFor }) => waitsFor === "QUIET_HOURS");
  expect(waiting).toMatchObject({ state: "WAITING", resumesAt: "2026-07-01T15:00:00.000Z", counts: { accepted: 2 } });
  expect(waiting.rows.nodes[0]).toMatchObject({ state: "WAITING", resumesAt: "2026-07-01T15:00:00.000Z" });
  expect(sentTo()).toEqual(["+12125550100", "+883510000000"]);

  now = new Date("2026-07-01T15:00:00Z");
  const later = await untilJob(stage.app.url, id, ({ resumesAt }) => resumesAt === "2026-07-01T18:00:00.000Z");
  expect(later.counts).toMatchObject({ accepted: 3, waiting: 1 });

  now = new Date("2026-07-01T18:00:00Z");
  await untilJob(stage.app.url, id, hasEnded);
  expect(sentTo()).toHaveLength(4);
});

test("a job whose platform takes no calls waits, and is carried out later", async () => {
  let now = new Date("2026-07-01T18:00:00Z");
  await using stage = await startStage({ app: { now: () => now } });
  const heal = stage.simulator.fault({ platform: "PIDJ", route: "POST /send", kind: "status", status: 429 });
  const { id } = (await createJob(stage.app.url)).data.createSendJob.job;
  const waiting = await untilJob(stage.app.url, id, ({ state }) => state !== "RUNNING");
  expect(waiting).toMatchObject({ state: "WAITING", waitsFor: "PLATFORM", counts: { waiting: 3 } });
  heal();
  now = new Date("2026-07-01T18:10:00Z");
  const done = await untilJob(stage.app.url, id, hasEnded);
  expect(done.counts).toMatchObject({ accepted: 3 });
  expect(stage.simulator.ledger).toHaveLength(3);
});

test("a row that waited for morning has no turn any more once its job is cancelled", async () => {
  const now = new Date("2026-07-01T05:00:00Z");
  await using stage = await startStage({ app: { now: () => now } });
  const recipients = { rows: [{ phoneNumber: "+12125550100", values: name }] };
  const { id } = (await createJob(stage.app.url, { recipients, quietHours: NIGHT })).data.createSendJob.job;
  await untilJob(stage.app.url, id, ({ waitsFor }) => waitsFor === "QUIET_HOURS");
  await stage.query(`mutation { cancelJob(input: { id: "${id}" }) { job { state } } }`);
  expect((await readJob(stage.app.url, id)).rows.nodes).toMatchObject([{ state: "CANCELLED", resumesAt: null }]);
});
