import { expect, test } from "vitest";
import { createJob, hasEnded, readJob, rowsOf, untilJob } from "./jobs.ts";
import { openSubscriber } from "./subscribers.ts";
import { startStage } from "./support.ts";

const WATCH = "subscription ($id: ID!) { jobProgress(id: $id) { job { state counts { waiting accepted } } } }";

test.each(["WebSocket", "server-sent events"] as const)(
  "over %s a job is shown as it is, then as it goes on, and ends with the job; a later subscriber sees its end",
  async (transport) => {
    await using stage = await startStage();
    const hold = stage.simulator.fault({ platform: "PIDJ", route: "POST /send", kind: "hold" });
    const { id } = (await createJob(stage.app.url)).data.createSendJob.job;
    await using subscriber = openSubscriber(stage.app.url, transport);
    await using progress = subscriber.subscribe(WATCH, { id });
    const first = await progress.next();
    expect(first.data.jobProgress.job).toEqual({ state: "RUNNING", counts: { waiting: 3, accepted: 0 } });
    hold.release();
    const last = await progress.next();
    const done = { state: "COMPLETED", counts: { waiting: 0, accepted: 3 } };
    expect(last.data.jobProgress.job).toEqual(done);
    expect(await progress.isOver()).toBe(true);

    await using again = subscriber.subscribe(WATCH, { id });
    expect((await again.next()).data.jobProgress.job).toEqual(done);
    expect(await again.isOver()).toBe(true);
  },
);

test("what is done is shown while a slow row is under way, and only what was begun is in progress", async () => {
  await using stage = await startStage({ env: { JOB_ROWS_AT_ONCE: "2" } });
  const hold = stage.simulator.fault({ platform: "PIDJ", route: "POST /send", kind: "hold", times: 1 });
  stage.simulator.fault({ platform: "PIDJ", route: "POST /send", kind: "delay", milliseconds: 400 });
  const { id } = (await createJob(stage.app.url, { recipients: { rows: rowsOf(8) } })).data.createSendJob.job;
  const states = async () => (await readJob(stage.app.url, id)).rows.nodes.map(({ state }: { state: string }) => state);

  const job = await untilJob(stage.app.url, id, ({ counts }) => counts.accepted > 1 && counts.waiting > 2);
  const count = (wanted: string) => job.rows.nodes.filter(({ state }: { state: string }) => state === wanted).length;
  expect(count("ACCEPTED")).toBe(job.counts.accepted);
  expect(count("IN_PROGRESS")).toBe(2);
  await untilJob(stage.app.url, id, ({ counts }) => counts.waiting === 1);
  expect((await states()).toSorted()).toEqual([...Array(7).fill("ACCEPTED"), "IN_PROGRESS"]);
  hold.release();
  await untilJob(stage.app.url, id, hasEnded);
  expect(stage.simulator.ledger).toHaveLength(8);
});
