import { expect, test } from "vitest";
import { createJob } from "./jobs.ts";
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
