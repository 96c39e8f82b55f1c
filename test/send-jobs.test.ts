import { expect, test } from "vitest";
import { ANY_HOUR, createJob, hasEnded, numberAt, readJob, rowsOf, textsAsked, untilJob } from "./jobs.ts";
import { FROM } from "./sends.ts";
import { onEachStore } from "./stores.ts";
import { errorsAt, startStage } from "./support.ts";

const CONTROL = (control: string, id: string) =>
  `mutation { ${control}Job(input: { id: "${id}" }) { job { state counts { waiting cancelled } } userErrors { code message } } }`;

onEachStore((make) => {
  test("a job texts each row once, with its own values, and tells of each", async () => {
    await using place = await make();
    await using stage = await startStage({ env: { STORE_URL: place.url } });
    const made = await createJob(stage.app.url, { name: "Road works" });
    expect(errorsAt(made)).toEqual({});
    const { job, check, userErrors } = made.data.createSendJob;
    expect(userErrors).toEqual([]);
    expect(job.counts).toEqual({ total: 3, waiting: 3, accepted: 0, refused: 0, unknown: 0, cancelled: 0 });
    expect(check).toMatchObject({ rowCount: 3, acceptedCount: 3, segmentCount: 3, platformCallCount: 3, refusals: [] });
    expect(check.previews[0]).toMatchObject({ row: 1, recipient: numberAt(0), preview: { text: "Hello Person 0" } });

    const done = await untilJob(stage.app.url, job.id, hasEnded);

    expect(done).toMatchObject({ name: "Road works", counts: { accepted: 3, waiting: 0 }, rows: { totalCount: 3 } });
    expect(done.rows.nodes[1]).toMatchObject({
      number: 2,
      recipient: numberAt(1),
      state: "ACCEPTED",
      code: null,
      text: "Hello Person 1",
      idempotencyKey: `${job.id}:2`,
    });
    const sent = stage.simulator.ledger.map(({ input }) => [input["to_number"], input["text_body"]]);
    expect(sent.toSorted()).toEqual([0, 1, 2].map((at) => [numberAt(at), `Hello Person ${at}`]));
  });

  test("the same key makes the job once; with another input it is refused", async () => {
    await using place = await make();
    await using stage = await startStage({ env: { STORE_URL: place.url } });
    const first = (await createJob(stage.app.url)).data.createSendJob;
    const again = (await createJob(stage.app.url)).data.createSendJob;
    const other = (await createJob(stage.app.url, { text: "Bye {name}" })).data.createSendJob;
    expect(again).toMatchObject({ isReplay: true, job: { id: first.job.id }, check: null });
    expect(other).toMatchObject({ job: null, userErrors: [{ code: "IDEMPOTENCY_KEY_REUSED" }] });
    await untilJob(stage.app.url, first.job.id, hasEnded);
    expect(stage.simulator.ledger).toHaveLength(3);
  });

  test("a cursor or an upload's id that the server never gave is refused, whatever it says", async () => {
    await using place = await make();
    await using stage = await startStage({ env: { STORE_URL: place.url } });
    await createJob(stage.app.url);
    for (const told of ["\0", "5", "zzz", "made 1 job:x"]) {
      const after = Buffer.from(JSON.stringify(["JOB", told])).toString("base64url");
      const answer = await stage.query(`query ($after: String) { jobs(after: $after) { nodes { id } } }`, { after });
      expect([told, errorsAt(answer)]).toEqual([told, { jobs: "BAD_USER_INPUT" }]);
    }
    const { data } = await createJob(stage.app.url, { idempotencyKey: "other", recipients: { uploadId: "\0" } });
    expect(data.createSendJob.userErrors).toMatchObject([
      { code: "NOT_FOUND", field: ["input", "recipients", "uploadId"] },
    ]);
  });

  test("a paused job begins no row until it is resumed, and a cancelled one never", async () => {
    await using place = await make();
    await using stage = await startStage({ env: { STORE_URL: place.url, JOB_ROWS_AT_ONCE: "1" } });
    const hold = stage.simulator.fault({ platform: "PIDJ", route: "POST /send", kind: "hold" });
    const { id } = (await createJob(stage.app.url)).data.createSendJob.job;
    await expect.poll(() => textsAsked(stage.simulator), { timeout: 10_000 }).toBeGreaterThan(0);
    const paused = await stage.query(CONTROL("pause", id));
    expect(paused.data.pauseJob.job.state).toBe("PAUSED");
    hold.release();
    const rest = await untilJob(stage.app.url, id, ({ counts }) => counts.accepted === 1);
    await new Promise((resolve) => setTimeout(resolve, 1_200));
    expect(stage.simulator.ledger).toHaveLength(1);
    expect(rest.state).toBe("PAUSED");

    expect((await stage.query(CONTROL("cancel", id))).data.cancelJob.job).toEqual({
      state: "CANCELLED",
      counts: { waiting: 0, cancelled: 2 },
    });
    expect((await readJob(stage.app.url, id)).rows.nodes.map(({ state }: { state: string }) => state)).toEqual([
      "ACCEPTED",
      "CANCELLED",
      "CANCELLED",
    ]);
    const resumed = await stage.query(CONTROL("resume", id));
    expect(resumed.data.resumeJob.userErrors[0].code).toBe("INVALID_INPUT");
  });
});

test("a dry run says what would happen to each row, and does nothing", async () => {
  await using stage = await startStage();
  const opt =
    'mutation { setOptOut(input: { phoneNumber: "+14155550199", isOptedOut: true, reason: "asked" }) { userErrors { code } } }';
  await stage.query(opt);
  const named = [{ name: "Name ", value: " Ada " }];
  const rows = [
    { phoneNumber: "+1 (415) 555-0100", values: named },
    { phoneNumber: "14155550100", values: named },
    { phoneNumber: "4155550101", values: named },
    { phoneNumber: "14155551212.0", values: named },
    { phoneNumber: "+14155550102" },
    { phoneNumber: "+14155550199", values: named },
    { values: named },
    { contactId: "gr:1", values: named },
  ];
  const { data } = await createJob(stage.app.url, { recipients: { rows }, isDryRun: true });
  const { job, check, userErrors } = data.createSendJob;
  expect({ job, userErrors }).toEqual({ job: null, userErrors: [] });
  expect(check).toMatchObject({ rowCount: 8, acceptedCount: 1, refusedCount: 7, segmentCount: 1 });
  expect(check.previews).toEqual([
    { row: 1, recipient: "+14155550100", preview: { text: "Hello Ada", segmentCount: 1 } },
  ]);
  expect(check.refusals.map(({ row, code }: { row: number; code: string }) => [row, code])).toEqual([
    [2, "INVALID_INPUT"],
    [3, "INVALID_INPUT"],
    [4, "INVALID_INPUT"],
    [5, "INVALID_INPUT"],
    [6, "RECIPIENT_OPTED_OUT"],
    [7, "INVALID_INPUT"],
    [8, "INVALID_INPUT"],
  ]);
  expect(check.refusals[0]).toMatchObject({ recipient: "+14155550100", message: "Row 1 has the same number." });
  expect(check.refusals[1]).toMatchObject({ recipient: "4155550101" });
  expect(JSON.stringify(check.refusals.map(({ message }: { message: string }) => message))).not.toContain("4155550101");
  expect(stage.calls()).toEqual(["PIDJ GET /groups"]);
  expect((await stage.query("{ jobs { totalCount } }")).data.jobs.totalCount).toBe(0);
});

test("somebody who opts out before the row's turn is refused by row", async () => {
  await using stage = await startStage({ env: { JOB_ROWS_AT_ONCE: "1" } });
  const hold = stage.simulator.fault({ platform: "PIDJ", route: "POST /send", kind: "hold" });
  const { id } = (await createJob(stage.app.url)).data.createSendJob.job;
  await expect.poll(() => textsAsked(stage.simulator), { timeout: 10_000 }).toBeGreaterThan(0);
  await stage.query(
    `mutation { setOptOut(input: { phoneNumber: "${numberAt(2)}", isOptedOut: true, reason: "asked" }) { userErrors { code } } }`,
  );
  hold.release();
  const done = await untilJob(stage.app.url, id, hasEnded);
  expect(done.counts).toMatchObject({ accepted: 2, refused: 1 });
  expect(done.rows.nodes[2]).toMatchObject({ state: "REFUSED", code: "RECIPIENT_OPTED_OUT" });
});

test("a contact whose number another row has is not texted a second time", async () => {
  await using stage = await startStage();
  const [contact] = stage.simulator.world.contacts.values();
  const rows = [
    { phoneNumber: contact?.phone_number, values: [{ name: "name", value: "Ada" }] },
    { contactId: contact?.id, values: [{ name: "name", value: "Ada" }] },
  ];
  const { id } = (await createJob(stage.app.url, { recipients: { rows } })).data.createSendJob.job;
  const done = await untilJob(stage.app.url, id, hasEnded);
  expect(done.counts).toMatchObject({ accepted: 1, refused: 1 });
  expect(stage.simulator.ledger).toHaveLength(1);
});

test("a contact whose number Pidj writes in no readable form is refused, and does not keep the job from its end", async () => {
  await using stage = await startStage();
  const { contacts } = stage.simulator.world;
  const [contact] = contacts.values();
  contacts.put({ ...contact, phone_number: { number: 1 } } as never);
  const rows = [{ contactId: contact?.id, values: [{ name: "name", value: "Ada" }] }, ...rowsOf(1)];
  const { id } = (await createJob(stage.app.url, { recipients: { rows } })).data.createSendJob.job;
  const done = await untilJob(stage.app.url, id, hasEnded);
  expect(done.counts).toMatchObject({ accepted: 1, refused: 1 });
  expect(done.rows.nodes[0]).toMatchObject({ state: "REFUSED", code: "INVALID_INPUT" });
});

test("an answer that is lost makes the row UNKNOWN, and it is never sent again", async () => {
  await using stage = await startStage({ env: { JOB_ROWS_AT_ONCE: "1" } });
  stage.simulator.fault({ platform: "PIDJ", route: "POST /send", kind: "reset-after-request", times: 1 });
  const { id } = (await createJob(stage.app.url)).data.createSendJob.job;
  const done = await untilJob(stage.app.url, id, hasEnded);
  expect(done.counts).toMatchObject({ accepted: 2, unknown: 1 });
  expect(done.rows.nodes[0]).toMatchObject({ state: "UNKNOWN", code: "OUTCOME_UNKNOWN" });
  expect(stage.simulator.ledger).toHaveLength(3);
});

test("no row is begun while the server refuses reads, also in the middle of a step", async () => {
  let [lagMilliseconds, looks] = [0, 0];
  const measure = () => {
    looks += 1;
    return { lagMilliseconds, heapPercent: 0 };
  };
  const untilMeasured = async () => {
    const seen = looks;
    await expect.poll(() => looks, { timeout: 10_000 }).toBeGreaterThan(seen);
  };
  await using stage = await startStage({ env: { JOB_ROWS_AT_ONCE: "1", OVERLOAD_LAG_MS: "1000" }, app: { measure } });
  const hold = stage.simulator.fault({ platform: "PIDJ", route: "POST /send", kind: "hold" });
  const { id } = (await createJob(stage.app.url)).data.createSendJob.job;
  await expect.poll(() => textsAsked(stage.simulator), { timeout: 10_000 }).toBe(1);
  lagMilliseconds = 1_500;
  await untilMeasured();
  hold.release();
  const { jobs } = stage.app.services;
  await expect.poll(async () => (await jobs.find(id))?.counts.accepted, { timeout: 10_000 }).toBe(1);
  // A job that is made now is not begun either.
  const late = await createJob(stage.app.url, { idempotencyKey: "late" });
  expect(late.data.createSendJob.userErrors).toEqual([]);
  await untilMeasured();
  await untilMeasured();
  expect(stage.simulator.ledger).toHaveLength(1);
  lagMilliseconds = 0;
  await expect.poll(() => stage.simulator.ledger.length, { timeout: 10_000 }).toBe(6);
  await untilJob(stage.app.url, id, hasEnded);
});

test.each([
  ["an open brace", { text: "Hello {name" }, ["input", "text"]],
  ["a blank placeholder", { text: "Hello { }" }, ["input", "text"]],
  ["a time that is none", { quietHours: { start: "25:00", end: "08:00" } }, ["input", "quietHours", "start"]],
  ["a group that is none", { from: { groupId: "co:1" } }, ["input", "from", "groupId"]],
  ["no rows", { recipients: { rows: [] } }, ["input", "recipients"]],
  ["an upload that is none", { recipients: { uploadId: "x" } }, ["input", "recipients", "uploadId"]],
])("%s is refused with its argument, and no job is made", async (_name, changes, field) => {
  await using stage = await startStage();
  const { data } = await createJob(stage.app.url, changes);
  expect(data.createSendJob).toMatchObject({ job: null, userErrors: [{ field }] });
});

test("jobs are listed newest first, by state, and their rows in pages", async () => {
  await using stage = await startStage();
  const ids: string[] = [];
  for (const key of ["a", "b", "c"]) {
    const { id } = (
      await createJob(stage.app.url, {
        idempotencyKey: key,
        recipients: { rows: rowsOf(5) },
        from: { phoneNumber: FROM },
        quietHours: ANY_HOUR,
      })
    ).data.createSendJob.job;
    ids.unshift(id);
    await untilJob(stage.app.url, id, hasEnded);
  }
  const page = async (args: string) =>
    (
      await stage.query(
        `{ jobs(${args}) { totalCount nodes { id } pageInfo { hasNextPage hasPreviousPage endCursor startCursor } } }`,
      )
    ).data.jobs;
  const first = await page("first: 2");
  expect(first).toMatchObject({
    totalCount: 3,
    nodes: [{ id: ids[0] }, { id: ids[1] }],
    pageInfo: { hasNextPage: true },
  });
  const second = await page(`first: 2, after: "${first.pageInfo.endCursor}"`);
  expect(second).toMatchObject({ nodes: [{ id: ids[2] }], pageInfo: { hasNextPage: false, hasPreviousPage: true } });
  expect(await page("last: 1")).toMatchObject({ nodes: [{ id: ids[2] }] });
  expect(await page("first: 5, filter: { states: [RUNNING] }")).toMatchObject({ totalCount: 0, nodes: [] });

  const rows = async (args: string) =>
    (
      await stage.query(
        `{ job(id: "${ids[0]}") { rows(${args}) { totalCount nodes { number } pageInfo { endCursor hasNextPage } } } }`,
      )
    ).data.job.rows;
  const two = await rows("first: 2, filter: { states: [ACCEPTED] }");
  expect(two).toMatchObject({ totalCount: 5, nodes: [{ number: 1 }, { number: 2 }], pageInfo: { hasNextPage: true } });
  expect(await rows(`first: 9, after: "${two.pageInfo.endCursor}"`)).toMatchObject({
    nodes: [{ number: 3 }, { number: 4 }, { number: 5 }],
  });
  expect(await rows("last: 2")).toMatchObject({ nodes: [{ number: 4 }, { number: 5 }] });
});

test("rows that were refused before are not counted among those under way", async () => {
  await using stage = await startStage();
  const hold = stage.simulator.fault({ platform: "PIDJ", route: "POST /send", kind: "hold" });
  const recipients = { rows: [{ phoneNumber: "1" }, ...rowsOf(2), { phoneNumber: "2" }] };
  const { id } = (await createJob(stage.app.url, { recipients })).data.createSendJob.job;
  await expect.poll(() => textsAsked(stage.simulator), { timeout: 10_000 }).toBe(2);
  const query = `{ job(id: "${id}") { rows(filter: { states: [IN_PROGRESS] }) { totalCount nodes { number } } } }`;
  expect((await stage.query(query)).data.job.rows).toEqual({ totalCount: 2, nodes: [{ number: 2 }, { number: 3 }] });
  hold.release();
  await untilJob(stage.app.url, id, hasEnded);
});
