import { randomUUID } from "node:crypto";
import { mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { cpus, loadavg, tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { Pool } from "undici";
import { credentialsOf } from "../src/simulator/credentials.ts";
import { type Simulator, startSimulator } from "../src/simulator/simulator.ts";
import { project, startCommand } from "./checkouts.ts";
import { untilReady } from "./measure.ts";
import { cpuSeconds, pinSelf, SERVER_CORE, start, stop } from "./processes.ts";
import { type DatabaseFigures, makeDatabaseStore, measureDatabase, type StorePlace } from "./scale-database.ts";
import { capacityOf, type Kind, type Measured, MIX, needOf } from "./scale-model.ts";

// What one server and one database do on this machine, and how many of each 10, 1,000 and 100,000 operations a second would
// want by that. The tables go to SCALE.md.
//
//   node bench/scale.ts

const OPERATIONS: Readonly<Record<Kind, number>> = { read: 3_000, send: 800, event: 800 };
const WARM_UP = 300;
const AT_ONCE = 16;
const LOADS = [10, 1_000, 100_000];
const SECRET = "a-secret-of-sixteen-letters";
const READ = `query Person($contact: ID!, $participant: ID!) {
  contact(id: $contact) { firstName lastName emailAddress displayPhoneNumber }
  participant(id: $participant) { name displayPhoneNumber groups { name } }
}`;
const SEND = `mutation Send($from: ID!, $to: PhoneNumber!, $key: String!) {
  sendMessage(input: { from: { groupId: $from }, recipient: { phoneNumber: $to }, text: "Your appointment is tomorrow at 9.", idempotencyKey: $key }) {
    userErrors { code }
  }
}`;

interface Request {
  readonly path: string;
  readonly body: string;
  readonly contentType: string;
}

interface Figures {
  readonly perSecond: number;
  /** CPU milliseconds, platform calls, bytes and written rows of the store, for one operation. */
  readonly cpu: number;
  readonly calls: number;
  readonly bytes: number;
  readonly rows: number;
}

function requestsFor({ world }: Simulator): Readonly<Record<Kind, (at: number) => Request>> {
  const contacts = [...world.contacts.keys()];
  const participants = [...world.participants.keys()];
  const [from] = world.pidjGroups.keys();
  const graphql = (query: string, variables: object): Request => ({
    path: "/graphql",
    contentType: "application/json",
    body: JSON.stringify({ query, variables }),
  });
  const numberOf = (at: number) => `+1201555${String(at % 10_000).padStart(4, "0")}`;
  return {
    read: (at) =>
      graphql(READ, {
        contact: contacts[at % contacts.length],
        participant: `participant:${participants[at % participants.length]}`,
      }),
    send: (at) => graphql(SEND, { from, to: numberOf(at), key: randomUUID() }),
    event: (at) => ({
      path: `/webhooks/pidj/${SECRET}`,
      contentType: "application/x-www-form-urlencoded",
      body: new URLSearchParams({
        message: `Text ${at} ${randomUUID()}`,
        from: numberOf(at),
        group_id: "gr:1",
      }).toString(),
    }),
  };
}

/** All of a kind, so many at once, each answered before the next one of its connection. */
async function load(pool: Pool, count: number, requestAt: (at: number) => Request): Promise<void> {
  let next = 0;
  const worker = async () => {
    for (let at = next++; at < count; at = next++) {
      const { path, body, contentType } = requestAt(at);
      const answer = await pool.request({ path, method: "POST", body, headers: { "content-type": contentType } });
      const text = await answer.body.text();
      if (answer.statusCode !== 200 || text.includes('"errors"') || text.includes('"code"')) {
        throw new Error(`${path} was answered with ${answer.statusCode}: ${text.slice(0, 300)}`);
      }
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
}

function makeFileStore(): StorePlace {
  const folder = mkdtempSync(join(tmpdir(), "textgraph-scale-"));
  const file = join(folder, "graph.db");
  return {
    url: `sqlite:${file}`,
    size: () => {
      // What is in its log is moved to the file first. It does not count rows.
      const store = new DatabaseSync(file);
      store.exec("PRAGMA busy_timeout = 5000; PRAGMA wal_checkpoint(TRUNCATE)");
      store.close();
      return { bytes: statSync(file).size, rowsWritten: 0 };
    },
    [Symbol.dispose]: () => rmSync(folder, { recursive: true }),
  };
}

async function measure(store: StorePlace): Promise<Readonly<Record<Kind, Figures>>> {
  const simulator = await startSimulator();
  const port = await freePort();
  const child = start(startCommand(project, environmentFor(simulator, store.url, port)), SERVER_CORE);
  const pool = new Pool(`http://127.0.0.1:${port}`, { connections: AT_ONCE });
  const figures: Partial<Record<Kind, Figures>> = {};
  try {
    await untilReady(child, port);
    for (const [kind, requestAt] of Object.entries(requestsFor(simulator)) as [Kind, (at: number) => Request][]) {
      await load(pool, WARM_UP, (at) => requestAt(at + 1_000_000));
      simulator.clearJournal();
      const count = OPERATIONS[kind];
      const [size, used, began] = [store.size(), cpuSeconds(child.pid ?? 0), performance.now()];
      await load(pool, count, requestAt);
      const seconds = (performance.now() - began) / 1_000;
      const cpu = ((cpuSeconds(child.pid ?? 0) - used) * 1_000) / count;
      const grown = store.size();
      figures[kind] = {
        perSecond: count / seconds,
        cpu,
        calls: simulator.journal.length / count,
        bytes: Math.max(0, grown.bytes - size.bytes) / count,
        rows: Math.max(0, grown.rowsWritten - size.rowsWritten) / count,
      };
    }
    return figures as Record<Kind, Figures>;
  } finally {
    await pool.destroy();
    await stop(child);
    await simulator.close();
  }
}

function environmentFor(simulator: Simulator, storeUrl: string, port: number): Record<string, string> {
  return {
    PORT: String(port),
    LOG_LEVEL: "warn",
    STORE_URL: storeUrl,
    RECIPIENTS_PER_MINUTE: "100000000",
    // What is measured is what one process can do at most.
    OVERLOAD_LAG_MS: "60000",
    WEBHOOK_SECRET: SECRET,
    ...credentialsOf(simulator),
  };
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  return typeof address === "object" && address !== null ? address.port : 0;
}

type ByKind = Readonly<Record<Kind, Figures>>;

function rowsOf(name: string, figures: ByKind): string[] {
  return Object.entries(figures).map(([kind, { perSecond, cpu, calls, bytes, rows }]) => {
    const written = name === "SQLite" ? "–" : rows.toFixed(1);
    return `| ${[name, kind, round(perSecond), cpu.toFixed(3), calls.toFixed(2), written, round(bytes)].join(" | ")} |`;
  });
}

/** The database's own figures are those of `database`; without it, the rows of its table are not there. */
function write(onFile: ByKind, onDatabase: ByKind | null, database: DatabaseFigures | null): string {
  const figures = onDatabase ?? onFile;
  const of = (what: "cpu" | "calls" | "bytes" | "rows") =>
    ({ read: figures.read[what], send: figures.send[what], event: figures.event[what] }) as const;
  const measured: Measured = {
    cpu: of("cpu"),
    calls: of("calls"),
    bytes: of("bytes"),
    rows: of("rows"),
    commitsPerSecond: database?.commits ?? null,
  };
  const capacity = capacityOf(measured);
  const rows = [...rowsOf("SQLite", onFile), ...(onDatabase === null ? [] : rowsOf("PostgreSQL", onDatabase))];
  const needs = LOADS.map((each) => needOf(measured, each, capacity)).map((need) =>
    [
      round(need.perSecond),
      round(need.replicas),
      round(need.connections),
      round(need.rowsPerSecond),
      need.ofDatabase === null ? "–" : `${(need.ofDatabase * 100).toFixed(1)} %`,
      need.gigabytesPerDay.toFixed(2),
      round(need.platformCallsPerSecond),
      round(need.platformCallsAtOnce),
      round(need.replicasForCalls),
    ].join(" | "),
  );
  return `# How far it goes

Written by \`npm run bench:scale\`; docs/scale.md says what to make of it.

- ${cpus()[0]?.model ?? "unknown processor"}, Node.js ${process.versions.node}; the server on one core, the load and the simulated platforms on the other;
  PostgreSQL wherever there was room
- Everything on one machine; its load average was ${loadavg()[1]?.toFixed(1)} on ${cpus().length} cores, of which this takes about 2. With more, other programs were
  in the way: the figures are then lower than the machine's own.

## Measured

| store | operation | at most a second | CPU ms of the server | platform calls | rows written | bytes that stay |
| --- | --- | --- | --- | --- | --- | --- |
${rows.join("\n")}

read: a contact and a participant with its groups, from records that are not kept; send: \`sendMessage\` with a key, on disk before
and after, with its entry in the audit log and the versions that it raises; event: a forwarded text, on disk before its webhook is answered.

${
  database === null
    ? "No PostgreSQL was measured: pgbench or the database is missing."
    : `PostgreSQL ${database.version} alone (pgbench), ten connections, rows of 300 bytes: ${round(database.commits)} commits a second, ${round(database.commitsWithNotify)} with a NOTIFY each; ${round(database.logBytes)} bytes of its log for each.`
}

## Computed

${MIX.read * 100} % reads, ${MIX.send * 100} % sends, ${MIX.event * 100} % events. One process serves ${round(capacity)} of them a second if 99 of 100 are to wait at most 20 ms
for it. A platform call is assumed to take 200 ms. Each row counts as a commit. One replica more than is needed.

| operations a second | replicas | connections | rows a second | of the database above | GB a day | platform calls a second | under way at once | replicas for those alone |
| --- | --- | --- | --- | --- | --- | --- | --- | --- |
| ${needs.join(" |\n| ")} |
`;
}

function round(value: number): string {
  return Math.round(value).toLocaleString("en");
}

async function measureIn(place: StorePlace): Promise<ByKind> {
  using store = place;
  return await measure(store);
}

pinSelf();
const onFile = await measureIn(makeFileStore());
const inDatabase = makeDatabaseStore();
const onDatabase = inDatabase && (await measureIn(inDatabase));
const page = write(onFile, onDatabase, measureDatabase());
writeFileSync(join(import.meta.dirname, "SCALE.md"), page);
process.stdout.write(page);
