import { type ChildProcess, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { Client } from "pg";
import { Agent, request } from "undici";
import { credentialsOf } from "../src/simulator/credentials.ts";
import { type Simulator, startSimulator } from "../src/simulator/simulator.ts";
import { quantile } from "./load.ts";
import { cpuSeconds } from "./processes.ts";

// Latency and CPU of a send and of a person query, on SQLite and on PostgreSQL, in turn, so that whatever else the
// machine does befalls both. The platforms answer at once. Prints a table.
//
//   TEST_POSTGRES_URL=postgres://postgres@127.0.0.1:5432/test npm run bench:stores

const ROUNDS = 3;
const OPERATIONS = 400;
const CLIENTS = 8;
const MAIN = fileURLToPath(new URL("../src/main.ts", import.meta.url));
const SEND = `mutation ($input: SendMessageInput!) {
  sendMessage(input: $input) { message { sentAt } userErrors { code } }
}`;
const PERSON = `query ($number: PhoneNumber!) {
  person(phoneNumber: $number) { optedOutAt contactLink { state } participant { id name } }
}`;

interface Server {
  readonly name: string;
  readonly url: string;
  readonly child: ChildProcess;
}

interface Figures {
  readonly milliseconds: number[];
  cpu: number;
}

async function startServer(name: string, simulator: Simulator, storeUrl: string): Promise<Server> {
  const child = spawn(process.execPath, [MAIN], {
    env: {
      PORT: "0",
      NODE_ENV: "production",
      STORE_URL: storeUrl,
      ...credentialsOf(simulator),
    },
    stdio: ["ignore", "pipe", "inherit"],
  });
  for await (const chunk of child.stdout ?? []) {
    const url = /ready at (\S+)/.exec(String(chunk))?.[1];
    if (url !== undefined) {
      return { name, url, child };
    }
  }
  throw new Error(`the server on ${name} did not start`);
}

/** Runs operations with as many clients as there are at once. */
async function measure(server: Server, figures: Figures, bodies: readonly string[]): Promise<void> {
  const agent = new Agent({ connections: CLIENTS });
  const waiting = [...bodies];
  const pid = server.child.pid ?? 0;
  const before = cpuSeconds(pid);
  const client = async () => {
    for (let body = waiting.pop(); body !== undefined; body = waiting.pop()) {
      const began = performance.now();
      const answer = await request(server.url, {
        dispatcher: agent,
        method: "POST",
        headers: { "content-type": "application/json" },
        body,
      });
      const text = await answer.body.text();
      figures.milliseconds.push(performance.now() - began);
      if (answer.statusCode !== 200 || text.includes('"errors":') || /"userErrors":\[\{/.test(text)) {
        throw new Error(`${server.name}: ${text.slice(0, 300)}`);
      }
    }
  };
  await Promise.all(Array.from({ length: CLIENTS }, client));
  figures.cpu += cpuSeconds(pid) - before;
  await agent.close();
}

async function main(database: string): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "textgraph-bench-"));
  const schema = `bench_${randomBytes(4).toString("hex")}`;
  const postgres = new URL(database);
  postgres.searchParams.set("schema", schema);
  const simulator = await startSimulator({ people: 200, polls: 1, responsesPerPoll: 2 });
  const servers: Server[] = [];
  try {
    servers.push(await startServer("SQLite", simulator, `sqlite:${join(folder, "graph.db")}`));
    servers.push(await startServer("PostgreSQL", simulator, postgres.href));
    const numbers = [...simulator.world.participants.values()].filter(({ is_masked }) => !is_masked);
    const bodies = {
      send: (at: number) => ({
        query: SEND,
        variables: {
          input: {
            from: { phoneNumber: "+18885552000" },
            recipient: { phoneNumber: `+1415555${String(at % 10_000).padStart(4, "0")}` },
            text: "Hello",
            idempotencyKey: randomBytes(12).toString("hex"),
          },
        },
      }),
      person: (at: number) => ({
        query: PERSON,
        variables: { number: `+${numbers[at % numbers.length]?.phone_number}` },
      }),
    };
    const lines = ["| operation | store | p50, ms | p99, ms | server's CPU, ms |", "| --- | --- | --- | --- | --- |"];
    for (const [operation, bodyOf] of Object.entries(bodies)) {
      const figures = new Map(servers.map((server) => [server, { milliseconds: [], cpu: 0 } as Figures]));
      const warmUp = (server: Server) =>
        measure(
          server,
          { milliseconds: [], cpu: 0 },
          Array.from({ length: 200 }, (_, at) => JSON.stringify(bodyOf(at))),
        );
      await Promise.all(servers.map(warmUp));
      for (let round = 0; round < ROUNDS; round += 1) {
        for (const [server, each] of figures) {
          await measure(
            server,
            each,
            Array.from({ length: OPERATIONS }, (_, at) => JSON.stringify(bodyOf(at))),
          );
        }
      }
      for (const [{ name }, { milliseconds, cpu }] of figures) {
        const sorted = Float64Array.from(milliseconds).sort();
        const cells = [quantile(sorted, 0.5), quantile(sorted, 0.99), (1_000 * cpu) / sorted.length];
        lines.push(`| ${operation} | ${name} | ${cells.map((cell) => (cell ?? 0).toFixed(2)).join(" | ")} |`);
      }
    }
    process.stdout.write(`${lines.join("\n")}\n`);
  } finally {
    for (const { child } of servers) {
      child.kill("SIGKILL");
      await once(child, "exit");
    }
    await simulator.close();
    rmSync(folder, { recursive: true });
    const client = new Client({ connectionString: database });
    await client.connect();
    await client.query(`DROP SCHEMA IF EXISTS ${schema} CASCADE`);
    await client.end();
  }
}

const database = process.env["TEST_POSTGRES_URL"] ?? "";
if (database === "") {
  process.stderr.write("TEST_POSTGRES_URL is not set: set it to a database in which a schema may be made.\n");
  process.exitCode = 2;
} else {
  await main(database);
}
