import type { Textgraph } from "../kit/testing/textgraph.ts";

// Sends to many, one in each state that the console shows: under way, waiting for the morning, paused, stopped and done.

export type JobName = "running" | "waiting" | "paused" | "stopped" | "done";

export interface ConsoleJobs {
  readonly ids: Readonly<Record<JobName, string>>;
  /** Lets the job that is under way go on, so that its graph can close. */
  release(): void;
}

/** What the graph of the jobs needs: one row after the other, and a platform that may think as long as it wants. */
export const JOBS_ENV = { JOB_ROWS_AT_ONCE: "1", SEND_TIMEOUT_MS: "600000", MUTATION_TIMEOUT_MS: "600000" };

const CREATE = "mutation ($input: CreateSendJobInput!) { createSendJob(input: $input) { job { id } } }";
const PAUSE = "mutation ($input: PauseJobInput!) { pauseJob(input: $input) { job { id } } }";
const CANCEL = "mutation ($input: CancelJobInput!) { cancelJob(input: $input) { job { id } } }";
const STATE = "query ($id: ID!) { job(id: $id) { state counts { waiting } } }";
const SEND = { platform: "PIDJ", route: "POST /send" } as const;
const AT_NO_HOUR = { start: "00:00", end: "00:00" };
const AT_EVERY_HOUR = { start: "00:00", end: "23:59" };
const HOUR_MS = 60 * 60_000;

export type Run = (query: string, variables: object) => Promise<{ data: Record<string, unknown> }>;

/** `run` asks the graph as the clerk; `setTime` turns its clock, which stands still in between. */
export async function makeJobs(
  graph: Textgraph,
  run: Run,
  now: number,
  setTime: (at: number) => void,
): Promise<ConsoleJobs> {
  const numbers = [...graph.simulator.world.contacts.values()].map(({ phone_number }) => phone_number);
  const names = [...graph.simulator.world.contacts.values()].map(({ first_name }) => first_name);
  const groupId = [...graph.simulator.world.pidjGroups.values()][0]?.id;
  const make = async (name: string, text: string, count: number, quietHours: object): Promise<string> => {
    const rows = numbers
      .slice(0, count)
      .map((phoneNumber, at) => ({ phoneNumber, values: [{ name: "name", value: names[at] ?? "neighbor" }] }));
    const input = { name, text, from: { groupId }, recipients: { rows }, quietHours, idempotencyKey: name };
    const { data } = await run(CREATE, { input });
    return (data as { createSendJob: { job: { id: string } } }).createSendJob.job.id;
  };
  const until = async (id: string, holds: (job: { state: string; counts: { waiting: number } }) => boolean) => {
    for (;;) {
      const { data } = await run(STATE, { id });
      if (holds((data as { job: { state: string; counts: { waiting: number } } }).job)) {
        return;
      }
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  };

  setTime(now - 50 * HOUR_MS);
  await graph.receiveText({ from: numbers[6] ?? "", message: "STOP" });
  const mend = graph.fault({ ...SEND, kind: "rewrite", rewrite: failSecondAndFourth() });
  const done = await make(
    "Elm Street closed",
    "Hello {name}, Elm Street is closed on Monday from 8 to 12.",
    9,
    AT_NO_HOUR,
  );
  await until(done, ({ state }) => state === "COMPLETED");
  mend();

  setTime(now - 27 * HOUR_MS);
  const stopped = await make("Flu shots", "Hello {name}, flu shots are on Sunday.", 14, AT_EVERY_HOUR);
  await run(CANCEL, { input: { id: stopped } });
  setTime(now - 3 * HOUR_MS);
  const paused = await make("Park cleanup", "Hello {name}, can you help in the park?", 22, AT_EVERY_HOUR);
  await run(PAUSE, { input: { id: paused } });
  setTime(now - HOUR_MS);
  const waiting = await make("Library survey", "Hello {name}, which hours suit you?", 18, AT_EVERY_HOUR);
  await until(waiting, ({ state }) => state === "WAITING");

  // Each send is held until the next one is, and the last for good: the worker counts the first 16 rows as done by then.
  setTime(now - 60_000);
  let held = graph.fault({ ...SEND, kind: "hold", times: 1 });
  const running = await make(
    "Water shut-off",
    "Hello {name}, there is no water on Oak Avenue from 2 to 4.",
    40,
    AT_NO_HOUR,
  );
  for (let sent = 0; sent < 17; sent++) {
    await held.arrived;
    const next = graph.fault({ ...SEND, kind: "hold", times: 1 });
    held.release();
    held = next;
  }
  await held.arrived;
  await until(running, ({ counts }) => counts.waiting <= 24);
  return { ids: { running, waiting, paused, stopped, done }, release: held.release };
}

/** The carrier refuses the second text; of the fourth, nobody hears what became of it. */
function failSecondAndFourth(): (answer: unknown) => unknown {
  let sends = 0;
  return (answer) => {
    sends += 1;
    if (sends === 2) {
      return { code: 200, status: "failure", message: "The carrier does not take texts for this number." };
    }
    return sends === 4 ? "lost" : answer;
  };
}
