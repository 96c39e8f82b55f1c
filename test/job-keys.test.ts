import { expect, test } from "vitest";
import { createJob, hasEnded, numberAt, rowsOf, untilJob } from "./jobs.ts";
import { FROM, send, stateOf } from "./sends.ts";
import { startStage } from "./support.ts";

test.each([
  ["sendMessage", { from: { phoneNumber: FROM }, recipient: { phoneNumber: numberAt(0) }, text: "Hello" }],
  ["createContact", { phoneNumber: numberAt(0), firstName: "Ada" }],
  ["createParticipant", { phoneNumber: numberAt(0), name: "Ada" }],
  ["createTextizenGroup", { name: "Neighbors" }],
  ["createSendJob", { from: { phoneNumber: FROM }, text: "Hello", recipients: { rows: rowsOf(1) } }],
  ["createImportJob", { target: "PARTICIPANTS", rows: { rows: rowsOf(1) } }],
])("%s takes no key that names a job's row", async (mutation, input) => {
  await using stage = await startStage();
  const type = `${mutation[0]?.toUpperCase()}${mutation.slice(1)}Input!`;
  const document = `mutation ($input: ${type}) { ${mutation}(input: $input) { userErrors { code field } } }`;
  for (const idempotencyKey of ["job:abc:1", "job:abc:1:group:72"]) {
    const { data } = await stage.query(document, { input: { ...input, idempotencyKey } });
    expect(data[mutation].userErrors).toEqual([{ code: "INVALID_INPUT", field: ["input", "idempotencyKey"] }]);
  }
  expect(stage.simulator.ledger).toEqual([]);
});

test("nobody takes the key of a row that waits: the row is carried out", async () => {
  let now = new Date("2026-07-01T08:00:00Z");
  await using stage = await startStage({ app: { now: () => now } });
  const made = await createJob(stage.app.url, { quietHours: { start: "21:00", end: "08:00" } });
  const { id } = made.data.createSendJob.job;
  await send(stage.app.url, `${id}:1`);
  expect(await stateOf(stage.app.url, `${id}:1`)).toBeNull();
  now = new Date("2026-07-01T19:00:00Z");
  expect((await untilJob(stage.app.url, id, hasEnded)).counts).toMatchObject({ accepted: 3 });
});
