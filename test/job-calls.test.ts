import { expect, test } from "vitest";
import { ANY_HOUR, createJob, hasEnded, numberAt, untilJob } from "./jobs.ts";
import { contactOf, startStage } from "./support.ts";

const NIGHT = { start: "21:00", end: "08:00" };
const values = [{ name: "name", value: "Ada" }];

test.each([
  ["no quiet hours", ANY_HOUR, "off", (numbers: number, ids: number) => numbers + 2 * ids],
  ["quiet hours", NIGHT, "off", (numbers: number, ids: number) => 3 * numbers + 3 * ids],
  ["quiet hours, and Pidj's list of contacts", NIGHT, "on", (numbers: number, ids: number) => 3 * numbers + 3 * ids],
])(
  "%s: a job makes no more calls than its check says, and asks each contact's own zone",
  async (_name, quietHours, list, price) => {
    // 04:00 in New York, 22:00 in Honolulu: it waits twice.
    let now = new Date("2026-07-01T08:00:00Z");
    await using stage = await startStage({
      simulator: { people: 12, contactsList: true },
      env: { PIDJ_CONTACTS_LIST: list },
      app: { now: () => now },
    });
    const { world } = stage.simulator;
    for (const contact of world.contacts.values()) {
      world.contacts.put({ ...contact, timezone: "Pacific/Honolulu" });
    }
    await stage.learnContacts();
    const all = [...world.contacts.values()].filter(({ phone_number }) => phone_number?.startsWith("+"));
    const [named, numbered] = [all.slice(0, 3), all.slice(3, 7)];
    const rows = [
      ...named.map(({ id }) => ({ contactId: id, values })),
      ...numbered.map(({ phone_number }) => ({ phoneNumber: phone_number, values })),
      { phoneNumber: numberAt(0), values },
    ];
    const made = await createJob(stage.app.url, { recipients: { rows }, quietHours });
    const { job, check } = made.data.createSendJob;
    expect(check).toMatchObject({ acceptedCount: 8, platformCallCount: price(numbered.length, named.length) + 1 });

    if (quietHours === NIGHT) {
      await untilJob(stage.app.url, job.id, ({ waitsFor }) => waitsFor === "QUIET_HOURS");
      expect(stage.simulator.ledger).toEqual([]);
      // Noon in San Francisco, where the number of nobody is; 09:00 in Honolulu.
      now = new Date("2026-07-01T19:00:00Z");
    }
    await untilJob(stage.app.url, job.id, hasEnded);
    expect(stage.simulator.ledger).toHaveLength(8);
    const lists = ["PIDJ GET /contacts", "PIDJ GET /groups"];
    const calls = stage.calls().filter((call) => !lists.includes(call));
    expect(calls.length).toBe(check.platformCallCount);
  },
);

test("of a group's member the subscription is read once, right before the text", async () => {
  let now = new Date("2026-07-01T08:00:00Z");
  await using stage = await startStage({ simulator: { people: 20 }, app: { now: () => now } });
  await stage.learnContacts();
  const group = (await stage.query("{ textizenGroups(first: 1) { nodes { id } } }")).data.textizenGroups.nodes[0].id;
  stage.calls();
  const made = await createJob(stage.app.url, { recipients: { groupId: group }, text: "Hello", quietHours: NIGHT });
  const { job, check } = made.data.createSendJob;
  const checking = stage.calls().length;
  await untilJob(stage.app.url, job.id, ({ waitsFor }) => waitsFor === "QUIET_HOURS");
  const before = stage.calls();
  expect(before.filter((call) => call.includes("participants"))).toEqual([]);
  now = new Date("2026-07-01T19:00:00Z");
  const done = await untilJob(stage.app.url, job.id, hasEnded);
  const after = stage.calls();
  expect(after.filter((call) => call.includes("GET /api/participants/{id}"))).toHaveLength(check.acceptedCount);
  expect(done.counts.accepted).toBe(stage.simulator.ledger.length);
  expect(before.length + after.length).toBeLessThanOrEqual(check.platformCallCount);
  expect(checking).toBeLessThanOrEqual(3);
  const known = [...stage.simulator.world.participants.values()].some(
    (participant) => contactOf(stage.simulator.world, participant) !== null,
  );
  expect(known).toBe(true);
});
