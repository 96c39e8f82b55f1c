import { createHash } from "node:crypto";
import { describe, expect, test } from "vitest";
import { startApp } from "../src/app.ts";
import { jobIdOf } from "../src/jobs/rows.ts";
import { startSimulator } from "../src/simulator/simulator.ts";
import { createJob, hasEnded, numberAt, readJob, textsAsked, untilJob } from "./jobs.ts";
import { POSTGRES, TEST_POSTGRES_URL } from "./stores.ts";
import { openSubscriber } from "./subscribers.ts";
import { ask, configFor, startStage } from "./support.ts";

const HOUR_MS = 3_600_000;
const WATCH = "subscription ($id: ID!) { jobProgress(id: $id) { job { state counts { waiting accepted } } } }";
const control = (url: string, change: string, id: string) =>
  ask(url, `mutation ($id: ID!) { ${change}Job(input: { id: $id }) { job { state } } }`, { id });

test("jobs that another process is at work on leave room for the next one", async () => {
  await using stage = await startStage({ app: { jobLookMilliseconds: HOUR_MS } });
  const keys = ["a", "b", "c", "d", "e"];
  const idOf = (key: string) => jobIdOf(createHash("sha256").update(key).digest("base64url").slice(0, 22));
  // A process looks at jobs in this order, and works on four at once.
  const inOrder = keys.toSorted((one, other) => (idOf(one) < idOf(other) ? -1 : 1));
  const ids = inOrder.map(idOf);
  for (const id of ids.slice(0, 4)) {
    expect(await stage.app.services.jobs.lease({ id, owner: "another process" }, 10_000)).toBe(true);
  }
  // The one that nobody is at work on is made last: at its turn, the four are there.
  for (const [at, key] of inOrder.entries()) {
    const rows = [{ phoneNumber: numberAt(at), values: [{ name: "name", value: key }] }];
    const { job } = (await createJob(stage.app.url, { idempotencyKey: key, recipients: { rows } })).data.createSendJob;
    expect(ids).toContain(job.id);
  }

  await untilJob(stage.app.url, ids.at(-1) ?? "", hasEnded);
  expect(textsAsked(stage.simulator)).toBe(1);
});

describe.skipIf(!POSTGRES.isHere)("two replicas on PostgreSQL (TEST_POSTGRES_URL)", () => {
  test.each([
    { news: "are heard", listenUrl: "", look: HOUR_MS },
    {
      news: "are lost",
      listenUrl: Object.assign(new URL(TEST_POSTGRES_URL || "x:"), { pathname: "/template1" }).href,
      look: 50,
    },
  ])(
    "where news $news, a replica shows, pauses and resumes a job of another one",
    async ({ listenUrl, look }) => {
      await using place = await POSTGRES.make();
      const env = { STORE_URL: place.url, STORE_LISTEN_URL: listenUrl, JOB_ROWS_AT_ONCE: "1" };
      await using stage = await startStage({ env, app: { jobLookMilliseconds: look } });
      const { simulator } = stage;
      const hold = simulator.fault({ platform: "PIDJ", route: "POST /send", kind: "hold" });
      const { id } = (await createJob(stage.app.url)).data.createSendJob.job;
      await expect.poll(() => textsAsked(simulator), { timeout: 10_000 }).toBe(1);
      // It finds the job in work already.
      const other = await startApp(configFor(simulator, env), { jobLookMilliseconds: look });
      try {
        await using subscriber = openSubscriber(other.url, "server-sent events");
        await using progress = subscriber.subscribe(WATCH, { id });
        const shown = async () => (await progress.next()).data.jobProgress.job;
        expect(await shown()).toEqual({ state: "RUNNING", counts: { waiting: 3, accepted: 0 } });

        await control(other.url, "pause", id);
        expect(await shown()).toEqual({ state: "PAUSED", counts: { waiting: 3, accepted: 0 } });
        hold.release();
        expect(await shown()).toEqual({ state: "PAUSED", counts: { waiting: 2, accepted: 1 } });
        expect((await readJob(stage.app.url, id)).rows.nodes.map(({ state }: { state: string }) => state)).toEqual([
          "ACCEPTED",
          "WAITING",
          "WAITING",
        ]);
        expect(simulator.ledger).toHaveLength(1);

        await control(other.url, "resume", id);
        await untilJob(stage.app.url, id, hasEnded);
        let last = await shown();
        while (last.state !== "COMPLETED") {
          last = await shown();
        }
        expect(last.counts).toEqual({ waiting: 0, accepted: 3 });
        expect(await progress.isOver()).toBe(true);
        expect(simulator.ledger).toHaveLength(3);
      } finally {
        await other.close();
      }
    },
    40_000,
  );

  test("what a replica leaves that stops in order, another one takes up at once", async () => {
    await using place = await POSTGRES.make();
    const env = { STORE_URL: place.url, JOB_ROWS_AT_ONCE: "1" };
    await using simulator = await startSimulator();
    const config = configFor(simulator, env);
    const first = await startApp(config, { jobLookMilliseconds: HOUR_MS });
    const hold = simulator.fault({ platform: "PIDJ", route: "POST /send", kind: "hold" });
    const { id } = (await createJob(first.url)).data.createSendJob.job;
    await expect.poll(() => textsAsked(simulator), { timeout: 10_000 }).toBe(1);
    const second = await startApp(config, { jobLookMilliseconds: HOUR_MS });
    try {
      const isClosed = first.close();
      hold.release();
      await isClosed;
      const done = await untilJob(second.url, id, hasEnded);
      expect(done.counts).toMatchObject({ accepted: 3 });
      expect(simulator.ledger).toHaveLength(3);
    } finally {
      await second.close();
    }
  });
});
