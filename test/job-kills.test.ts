import { setTimeout as sleep } from "node:timers/promises";
import fetch from "node-fetch";
import { expect, test } from "vitest";
import { type Simulator, startSimulator } from "../src/simulator/simulator.ts";
import { type ChildServer, environmentFor, startChild } from "./child-server.ts";
import { createJob, numberAt, readJob } from "./jobs.ts";
import { onEachStore } from "./stores.ts";
import { type Answer, ask } from "./support.ts";

/** `npm run stress` asks for 50,000 rows and 40 kills. */
const ROWS = Number(process.env["STRESS_JOB_ROWS"] ?? 400);
const KILLS = Number(process.env["STRESS_JOB_KILLS"] ?? 2);
const REPLICAS = 2;
const MINUTES = 60_000;

onEachStore((make) => {
  test(
    `${ROWS} rows, and servers that are killed ${KILLS} times: each row is sent once, or UNKNOWN and said so`,
    async () => {
      await using place = await make();
      await using simulator = await startSimulator({ people: 2 });
      const environment = {
        ...environmentFor(simulator, ""),
        STORE_URL: place.url,
        // A short lease for who dies, so that nobody waits long for its death to be noticed.
        CONNECT_TIMEOUT_MS: "500",
        SEND_TIMEOUT_MS: "3000",
      };
      simulator.fault({ platform: "PIDJ", route: "POST /send", kind: "delay", milliseconds: 20 });
      await using servers = new Servers(environment);
      await servers.start();
      const id = await upload(servers.url);
      for (let kill = 0; kill < KILLS; kill += 1) {
        // In the middle of rows: each share of them is about to be reached, or the first kills would hit nothing.
        const reached = (ROWS * (kill + Math.random())) / (KILLS + 1);
        while (simulator.ledger.length < reached) {
          await sleep(5);
        }
        await (kill % 2 === 0 ? servers.killAll() : servers.killOne());
      }
      const job = await untilDone(servers, id);

      const taken = countTaken(simulator);
      const twice = [...taken].filter(([, times]) => times > 1).map(([number]) => number);
      expect(twice).toEqual([]);
      expect(job.counts.total).toBe(ROWS);
      expect(job.counts.accepted + job.counts.unknown).toBe(ROWS);
      const unknown = await unknownOf(servers.url, id);
      expect(unknown).toHaveLength(job.counts.unknown);
      // Whoever is not UNKNOWN was texted, once.
      const missing = Array.from({ length: ROWS }, (_, at) => numberAt(at)).filter((number) => !taken.has(number));
      expect(missing.filter((number) => !unknown.includes(number))).toEqual([]);
      process.stdout.write(
        `${ROWS} rows, ${KILLS} kills: ${job.counts.accepted} accepted, ${unknown.length} unknown\n`,
      );
    },
    ROWS > 1_000 ? 60 * MINUTES : 2 * MINUTES,
  );
});

/** Several servers on one store. Whoever is killed is started again. */
class Servers implements AsyncDisposable {
  readonly #environment: Record<string, string>;
  #children: ChildServer[] = [];

  constructor(environment: Record<string, string>) {
    this.#environment = environment;
  }

  get url(): string {
    return this.#children[0]?.url ?? "";
  }

  async start(): Promise<void> {
    this.#children = await Promise.all(Array.from({ length: REPLICAS }, () => startChild(this.#environment)));
  }

  /** Among them is the one that works on the job. */
  async killAll(): Promise<void> {
    await this[Symbol.asyncDispose]();
    await this.start();
  }

  async killOne(): Promise<void> {
    const at = Math.floor(Math.random() * this.#children.length);
    await this.#children[at]?.kill();
    this.#children.splice(at, 1, await startChild(this.#environment));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#children.map((child) => child.kill()));
  }
}

async function upload(url: string): Promise<string> {
  const rows = Array.from({ length: ROWS }, (_, at) => `${numberAt(at)},Person ${at}`);
  const response = await fetch(new URL("/jobs", url), {
    method: "POST",
    headers: { "content-type": "text/csv" },
    body: ["phone,name", ...rows].join("\n"),
  });
  const { uploadId } = (await response.json()) as { readonly uploadId: string };
  const made = await createJob(url, { recipients: { uploadId }, idempotencyKey: "kills" });
  return made.data.createSendJob.job.id;
}

async function untilDone(servers: Servers, id: string) {
  for (;;) {
    const job = await readJob(servers.url, id).catch(() => null);
    if (job?.state === "COMPLETED") {
      return job;
    }
    await sleep(500);
  }
}

function countTaken({ ledger }: Simulator): Map<string, number> {
  const taken = new Map<string, number>();
  for (const { input } of ledger) {
    const number = String(input["to_number"]);
    taken.set(number, (taken.get(number) ?? 0) + 1);
  }
  return taken;
}

async function unknownOf(url: string, id: string): Promise<string[]> {
  const found: string[] = [];
  for (let after: string | null = null; ; ) {
    const query = `query ($id: ID!, $after: String) {
      job(id: $id) { rows(first: 100, after: $after, filter: { states: [UNKNOWN] }) {
        nodes { recipient code } pageInfo { hasNextPage endCursor }
      } }
    }`;
    const { rows }: Answer["data"] = (await ask(url, query, { id, after })).data.job;
    found.push(...rows.nodes.map(({ recipient }: { recipient: string }) => recipient));
    if (!rows.pageInfo.hasNextPage) {
      return found;
    }
    after = rows.pageInfo.endCursor;
  }
}
