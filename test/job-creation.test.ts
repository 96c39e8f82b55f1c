import { expect, test } from "vitest";
import { StoreError } from "../src/errors.ts";
import { createJob, numberAt } from "./jobs.ts";
import { type Stage, startStage } from "./support.ts";

const ROWS = 2_500;

/** Rows as `POST /jobs` keeps them. */
async function upload({ app: { services } }: Stage): Promise<string> {
  const { rows } = services.jobs;
  const createdAt = Date.now();
  const set = await rows.create(createdAt);
  await rows.write(
    set,
    Array.from({ length: ROWS }, (_, at) => ({ number: at + 1, to: numberAt(at), values: { name: "Ada" } })),
  );
  await rows.finish(set, { createdAt, rowCount: ROWS });
  return set;
}

test("rows are written while the next ones are checked, and all are there when the job is", async () => {
  await using stage = await startStage();
  const { jobs, optOuts } = stage.app.services;
  const uploadId = await upload(stage);
  const gate = Promise.withResolvers<void>();
  const { write } = jobs.rows;
  const { states } = optOuts;
  let checked = 0;
  Object.assign(jobs.rows, { write: (...args: Parameters<typeof write>) => gate.promise.then(() => write(...args)) });
  Object.assign(optOuts, {
    states: (...args: Parameters<typeof states>) => {
      checked += 1;
      return states(...args);
    },
  });
  const creation = createJob(stage.app.url, { recipients: { uploadId }, quietHours: { start: "00:00", end: "23:59" } });
  await expect.poll(() => checked).toBe(2);
  gate.resolve();
  const { job } = (await creation).data.createSendJob;
  expect(job.counts).toMatchObject({ total: ROWS, waiting: ROWS });
  const record = await jobs.find(job.id);
  expect(await jobs.rows.read(record?.set ?? "", { limit: 2 * ROWS })).toHaveLength(ROWS);
});

test("of a job whose rows cannot all be written nothing is kept", async () => {
  await using stage = await startStage();
  const { rows } = stage.app.services.jobs;
  const uploadId = await upload(stage);
  const { write } = rows;
  let calls = 0;
  Object.assign(rows, {
    write: async (...args: Parameters<typeof write>) => {
      calls += 1;
      await write(...args);
      if (calls === 2) {
        throw new StoreError("The store is full", null);
      }
    },
  });
  const made = await createJob(stage.app.url, { recipients: { uploadId } });
  expect(made.errors).toMatchObject([{ extensions: { code: "STORE_UNAVAILABLE" } }]);
  expect(await rows.startedBefore(Number.POSITIVE_INFINITY)).toEqual([uploadId]);
});
