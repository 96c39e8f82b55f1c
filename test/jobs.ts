import type { Simulator } from "../src/simulator/simulator.ts";
import { FROM } from "./sends.ts";
import { type Answer, ask } from "./support.ts";

const CREATE = `mutation ($input: CreateSendJobInput!) {
  createSendJob(input: $input) {
    job { id state counts { total waiting accepted refused unknown cancelled } }
    check {
      rowCount acceptedCount refusedCount segmentCount platformCallCount quietCount quietEndsAt
      refusals { row recipient code message } previews { row recipient preview { text segmentCount } }
    }
    isReplay
    userErrors { code field message }
  }
}`;

/** Nobody's quiet hours, whatever the time of the test. */
export const ANY_HOUR = { start: "00:00", end: "00:00" };

/** Numbers of nobody: `+14155550100` and so on. */
export function numberAt(index: number): string {
  return `+1415${String(5_550_100 + index)}`;
}

export function rowsOf(count: number): object[] {
  return Array.from({ length: count }, (_, at) => ({
    phoneNumber: numberAt(at),
    values: [{ name: "name", value: `Person ${at}` }],
  }));
}

/** Makes a send job; `changes` replace parts of the usual input. */
export function createJob(url: string, changes: object = {}, headers: Record<string, string> = {}): Promise<Answer> {
  const input = {
    from: { phoneNumber: FROM },
    text: "Hello {name}",
    recipients: { rows: rowsOf(3) },
    quietHours: ANY_HOUR,
    idempotencyKey: "job",
    ...changes,
  };
  return ask(url, CREATE, { input }, headers);
}

const READ = `query ($id: ID!) {
  job(id: $id) {
    id name state waitsFor resumesAt createdBy endedAt counts { total waiting accepted refused unknown cancelled }
    rows(first: 100) { totalCount nodes { number recipient state code message text resumesAt idempotencyKey } }
  }
}`;

/** How many texts the platform was asked for. */
export function textsAsked({ journal }: Pick<Simulator, "journal">): number {
  return journal.filter(({ route }) => route === "POST /send").length;
}

export async function readJob(url: string, id: string): Promise<Answer["data"]> {
  return (await ask(url, READ, { id })).data.job;
}

/** Waits until the job satisfies a condition. */
export async function untilJob(
  url: string,
  id: string,
  holds: (job: Answer["data"]) => boolean,
  milliseconds = 20_000,
): Promise<Answer["data"]> {
  const end = performance.now() + milliseconds;
  for (;;) {
    const job = await readJob(url, id);
    if (holds(job)) {
      return job;
    }
    if (performance.now() > end) {
      throw new Error(`the job is still ${JSON.stringify({ ...job, rows: undefined })}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

export const hasEnded = ({ state }: { readonly state: string }) => state === "COMPLETED";
