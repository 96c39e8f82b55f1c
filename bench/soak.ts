import { type ChildProcess, fork } from "node:child_process";
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { Agent, fetch } from "undici";
import { WebSocket } from "ws";
import { credentialsOf } from "../src/simulator/credentials.ts";
import type { Fault } from "../src/simulator/faults.ts";
import { type Simulator, startSimulator } from "../src/simulator/simulator.ts";
import type { Vitals } from "./soak-server.ts";

/*
 * The server under load for a long time, with faults of its platforms in turn: what it holds must not grow. Prints one line
 * after each fault, when the load has paused and connections have had time to close; exits with 1 if the last lines hold
 * more than the first.
 */

const USAGE = "Usage: npm run soak [-- --minutes 20]\n";
const PER_SECOND = 100;
const LOAD_MS = 10_000;
/** Longer than the clients keep a connection without use. */
const PAUSE_MS = 4_000;
const SOCKETS = 20;
/** The first faults fill caches and pools: they are not compared. */
const WARM_UP = 3;
const MOST_MORE: Vitals = { megabytes: 20, descriptors: 10, timers: 10 };

type Kind = Fault extends infer Each ? (Each extends Fault ? Omit<Each, "platform"> : never) : never;
const FAULTS: readonly (Kind | null)[] = [
  null,
  { kind: "hang" },
  { kind: "status", status: 503 },
  { kind: "reset-after-request" },
  { kind: "cut-body" },
  { kind: "malformed-json" },
  { kind: "delay", milliseconds: 500 },
  { kind: "status", status: 429, headers: { "retry-after": "1" } },
  { kind: "status", status: 401 },
  { kind: "slow-body", millisecondsPerByte: 500 },
  { kind: "huge-body", bytes: 12_000_000, times: 20 },
];

const CONTACT = "query Contact($id: ID!) { contact(id: $id) { id firstName } }";
const PARTICIPANT = "query Participant($id: ID!) { participant(id: $id) { id groups { name } } }";
const LISTS = "query Lists { participants { totalCount nodes { name } } seriesList { totalCount } }";
const SEND = `mutation Send($key: String!) {
  sendMessage(input: {
    from: { phoneNumber: "+18885552000" } recipient: { phoneNumber: "+14155550100" } text: "Hello" idempotencyKey: $key
  }) { message { sentAt } userErrors { code } }
}`;

/** The clients' own connections must be closed when the server is looked at. */
const CLIENT = new Agent({ keepAliveTimeout: 1_000, keepAliveMaxTimeout: 1_000 });

interface Counts {
  asked: number;
  answered: number;
  failed: number;
}

async function main(): Promise<number> {
  const { values } = parseArgs({ options: { minutes: { type: "string", default: "20" } } });
  const minutes = Number(values.minutes);
  if (!(minutes > 0)) {
    process.stderr.write(USAGE);
    return 2;
  }
  const folder = mkdtempSync(join(tmpdir(), "textgraph-soak-"));
  const simulator = await startSimulator({ people: 100, polls: 2, responsesPerPoll: 5 });
  const server = fork(fileURLToPath(new URL("soak-server.ts", import.meta.url)), {
    execArgv: ["--expose-gc", "--max-semi-space-size=64"],
    env: environmentFor(simulator, join(folder, "graph.db")),
  });
  // The server must not outlive this process, however it ends.
  process.once("exit", () => server.kill("SIGKILL"));
  process.once("SIGINT", () => process.exit(130)).once("SIGTERM", () => process.exit(143));
  try {
    const [url] = (await once(server, "message")) as [string];
    return await soak(simulator, server, url, minutes * 60_000);
  } finally {
    server.kill("SIGKILL");
    await simulator.close();
    rmSync(folder, { recursive: true });
  }
}

async function soak(simulator: Simulator, server: ChildProcess, url: string, milliseconds: number): Promise<number> {
  const until = performance.now() + milliseconds;
  const looks: Vitals[] = [];
  process.stdout.write("| fault | asked | answered with data | answered with errors | MB | descriptors | timers |\n");
  process.stdout.write("| --- | ---: | ---: | ---: | ---: | ---: | ---: |\n");
  for (let round = 0; performance.now() < until || looks.length < WARM_UP + 2; round += 1) {
    const kind = FAULTS[round % FAULTS.length] ?? null;
    const platforms = kind === null ? [] : (["PIDJ", "TEXTIZEN"] as const);
    const ends = platforms.map((platform) => simulator.fault({ ...kind, platform } as Fault));
    const counts = await load(url, simulator);
    for (const end of ends) {
      end();
    }
    // Simulated platforms keep connections for ten minutes: those are the server's pool, and no leak.
    await Promise.all([simulator.pidj.stop(), simulator.textizen.stop()]);
    await Promise.all([simulator.pidj.start(), simulator.textizen.start()]);
    await sleep(PAUSE_MS);
    const vitals = await look(server);
    looks.push(vitals);
    const name = kind === null ? "none" : "status" in kind ? `${kind.kind} ${kind.status}` : kind.kind;
    const figures = [counts.asked, counts.answered, counts.failed, vitals.megabytes.toFixed(1)];
    process.stdout.write(`| ${[name, ...figures, vitals.descriptors, vitals.timers].join(" | ")} |\n`);
    // Otherwise the simulator's own lists would be what grows.
    simulator.clearJournal();
    simulator.ledger.length = 0;
    if (counts.asked !== counts.answered + counts.failed) {
      process.stdout.write("A request was not answered.\n");
      return 1;
    }
  }
  const grown = grownOf(looks.slice(WARM_UP));
  process.stdout.write(grown.length === 0 ? "Flat.\n" : `Grown: ${grown.join("; ")}.\n`);
  return grown.length === 0 ? 0 : 1;
}

/** What the last look holds more of than the first may explain. */
function grownOf(looks: readonly Vitals[]): string[] {
  const [first] = looks;
  const last = looks.at(-1);
  if (first === undefined || last === undefined) {
    return ["there are too few looks"];
  }
  const names = ["megabytes", "descriptors", "timers"] as const;
  return names.flatMap((name) =>
    last[name] > first[name] + MOST_MORE[name] ? [`${name} from ${first[name]} to ${last[name]}`] : [],
  );
}

async function look(server: ChildProcess): Promise<Vitals> {
  server.send("look");
  const [vitals] = (await once(server, "message")) as [Vitals];
  return vitals;
}

/** Requests at a steady rate, whatever became of the earlier ones, and sockets that come and go. */
async function load(url: string, simulator: Simulator): Promise<Counts> {
  const counts: Counts = { asked: 0, answered: 0, failed: 0 };
  const sockets = Array.from({ length: SOCKETS }, () => openSubscription(url));
  const contacts = [...simulator.world.contacts.keys()];
  const participants = [...simulator.world.participants.keys()];
  const asked: Promise<void>[] = [];
  const began = performance.now();
  for (let count = 0; count < (LOAD_MS * PER_SECOND) / 1_000; count += 1) {
    const [query = "", variables = {}] =
      [
        [CONTACT, { id: contacts[count % contacts.length] }],
        [SEND, { key: randomUUID() }],
        [PARTICIPANT, { id: `participant:${participants[count % participants.length]}` }],
        [LISTS, {}],
      ][count % 4] ?? [];
    asked.push(ask(url, { query, variables }, counts));
    await sleep(Math.max(0, began + (count * 1_000) / PER_SECOND - performance.now()));
  }
  await Promise.all(asked);
  for (const socket of sockets) {
    socket.terminate();
  }
  return counts;
}

async function ask(url: string, body: object, counts: Counts): Promise<void> {
  counts.asked += 1;
  const headers = { "content-type": "application/json" };
  const response = await fetch(url, { method: "POST", headers, body: JSON.stringify(body), dispatcher: CLIENT });
  const { errors } = (await response.json()) as { readonly errors?: unknown };
  counts[errors === undefined ? "answered" : "failed"] += 1;
}

function openSubscription(url: string): WebSocket {
  const socket = new WebSocket(url.replace("http", "ws"), "graphql-transport-ws");
  const query = "subscription { messageReceived { cursor } }";
  socket.on("open", () => socket.send(JSON.stringify({ type: "connection_init" })));
  socket.once("message", () => socket.send(JSON.stringify({ type: "subscribe", id: "1", payload: { query } })));
  socket.on("error", () => undefined);
  return socket;
}

function environmentFor(simulator: Simulator, file: string): NodeJS.ProcessEnv {
  return {
    PATH: process.env["PATH"],
    NODE_ENV: "production",
    PORT: "0",
    LOG_LEVEL: "silent",
    RECIPIENTS_PER_MINUTE: "1000000",
    STORE_URL: `sqlite:${file}`,
    ...credentialsOf(simulator),
  };
}

process.exitCode = await main();
