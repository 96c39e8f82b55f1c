import { writeFileSync } from "node:fs";
import { connect, type Socket } from "node:net";
import { cpus } from "node:os";
import { join } from "node:path";
import { load, quantile } from "./load.ts";
import { untilReady } from "./measure.ts";
import { type Platforms, startPlatforms } from "./platforms.ts";
import { pinSelf, SERVER_CORE, start, stop } from "./processes.ts";
import { commandOfRung, LIMIT, OURS, PLATFORM_PORT, SERVER_PORT, servers } from "./servers.ts";
import { frameOperation, onAnswer } from "./wire.ts";
import { PARTICIPANTS } from "./world.ts";

// What the server adds, for one client with one small query under way at a time, to the time that the platform calls it
// waits for take by the platform's own clock, and the same of the rung `bare`, which has nothing to add but Node and undici.
// The table goes to LATENCY.md.
//
//   node bench/latency.ts

const LATENCIES = [0, 5, 20, 100];
const CLIENTS = 50;
const CLIENTS_SECONDS = 3;
/** Of each way, at each latency: fewer where they take long. */
const OPERATIONS = 400;
const OPERATIONS_OF_SLOW = 100;
const WARM_UP = 1_000;
const BARE_PORT = SERVER_PORT + 1;
const ONE_CALL = "{ name displayPhoneNumber }";

/** One way to ask about participant `n`. */
interface Way {
  readonly name: string;
  readonly port: number;
  readonly socket: Socket;
  readonly frame: (n: number) => Buffer;
}

function openWays(): readonly Way[] {
  const query = (name: string, text: string, port = SERVER_PORT): Way => ({
    name,
    port,
    socket: open(port),
    frame: (n) => {
      const body = {
        query: `query ($participant: ID!) { participant(id: $participant) ${text} }`,
        variables: { participant: `participant:${n}` },
      };
      return frameOperation(port, JSON.stringify(body));
    },
  });
  return [
    {
      name: "no server: the platform asked directly",
      port: PLATFORM_PORT,
      socket: open(PLATFORM_PORT),
      frame: (n) =>
        Buffer.from(`GET /textizen/api/participants/${n} HTTP/1.1\r\nhost: 127.0.0.1:${PLATFORM_PORT}\r\n\r\n`),
    },
    query("`bare`, which waits for one call", ONE_CALL, BARE_PORT),
    query("a query that waits for one call", ONE_CALL),
    query("a query that waits for two calls, one after the other", "{ createdAt campaign { description } }"),
  ];
}

/** What is added each time, by way, ascending; in turn, so that whatever else the machine does befalls all of them. */
async function measure(platforms: Platforms, ways: readonly Way[], rounds: number): Promise<Map<Way, Float64Array>> {
  const added = new Map(ways.map((way) => [way, new Float64Array(rounds)]));
  for (let round = 0; round < rounds; round += 1) {
    for (const [{ socket, frame }, milliseconds] of added) {
      const bytes = frame((round % PARTICIPANTS) + 1);
      await platforms.takeSpent();
      const took = await time(socket, bytes);
      milliseconds[round] = took - (await platforms.takeSpent());
    }
  }
  return new Map([...added].map(([way, milliseconds]) => [way, milliseconds.sort()]));
}

/** Milliseconds until the whole answer is there. */
function time(socket: Socket, bytes: Buffer): Promise<number> {
  return new Promise((resolve) => {
    const began = performance.now();
    socket.removeAllListeners("data");
    onAnswer(socket, () => resolve(performance.now() - began));
    socket.write(bytes);
  });
}

function open(port: number): Socket {
  return connect({ port, host: "127.0.0.1", noDelay: true });
}

async function measureAll(platforms: Platforms): Promise<string[]> {
  const ways = openWays();
  await measure(platforms, ways, WARM_UP);
  const lines: string[] = [];
  for (const latency of LATENCIES) {
    await platforms.hold(100, latency);
    const rounds = latency > 20 ? OPERATIONS_OF_SLOW : OPERATIONS;
    for (const [{ name }, added] of await measure(platforms, ways, rounds)) {
      const figures = [0.1, 0.5, 0.99].map((share) => quantile(added, share)?.toFixed(2));
      lines.push(`| ${[latency, name, ...figures].join(" | ")} |`);
    }
  }
  for (const { socket } of ways) {
    socket.destroy();
  }
  return lines;
}

/**
 * What the server adds for fifty clients at once, each with one query under way: the quantile of its answers less that of
 * the platform's own, asked by as many.
 */
async function measureCrowd(platforms: Platforms): Promise<string[]> {
  const lines: string[] = [];
  for (const latency of LATENCIES) {
    await platforms.hold(100, latency);
    // A query that waits for two calls would have to be compared with two.
    const ways = openWays().slice(0, 3);
    const [direct, ...others] = await measureInTurn(ways);
    for (const { name, latencies } of others) {
      const figures = [0.5, 0.99].map((share) => {
        return ((quantile(latencies, share) ?? 0) - (quantile(direct?.latencies ?? latencies, share) ?? 0)).toFixed(2);
      });
      lines.push(`| ${[latency, name, ...figures].join(" | ")} |`);
    }
  }
  return lines;
}

async function measureInTurn(ways: readonly Way[]) {
  const measured: { name: string; latencies: Float64Array }[] = [];
  for (const { name, port, socket, frame } of ways) {
    const { latencies } = await load({
      port,
      shots: Array.from({ length: PARTICIPANTS }, (_, n) => ({
        bytes: frame(n + 1),
        isRight: ({ status }) => status === 200,
      })),
      connections: CLIENTS,
      warmUpSeconds: 1,
      seconds: CLIENTS_SECONDS,
      onStart: () => undefined,
      onEnd: () => undefined,
    });
    measured.push({ name, latencies });
    socket.destroy();
  }
  return measured;
}

function writeTable(lines: readonly string[], crowd: readonly string[]): string {
  return `# Latency that the server adds

Written by \`npm run bench:latency\`: milliseconds from the first byte of a query to the last of its answer, less what
the platform calls that it waits for take by the platform's own clock. One client, one query under way. \`bare\` is the rung
of that name: Node's own server and undici alone. What is ours is the rest.

${cpus()[0]?.model ?? "unknown processor"}, Node.js ${process.versions.node}

| a platform call takes, ms | what is asked | p10 | p50 | p99 |
| --- | --- | --- | --- | --- |
${lines.join("\n")}

Fifty clients, each with one query under way: the quantile of the answers, less that of the platform asked directly by as
many. Where the platform answers at once, the clients keep the server busy, so this is its rate, and not its latency.

| a platform call takes, ms | what is asked | p50 | p99 |
| --- | --- | --- | --- |
${crowd.join("\n")}
`;
}

const command = servers.find(({ name }) => name === OURS)?.command();
if (command === undefined) {
  throw new Error(`no server is called ${OURS}`);
}
pinSelf();
await using platforms = await startPlatforms();
const child = start(command, SERVER_CORE);
const bare = start(commandOfRung(LIMIT, BARE_PORT), SERVER_CORE);
try {
  await untilReady(child, SERVER_PORT);
  await untilReady(bare, BARE_PORT);
  const table = writeTable(await measureAll(platforms), await measureCrowd(platforms));
  writeFileSync(join(import.meta.dirname, "LATENCY.md"), table);
  process.stdout.write(table);
} finally {
  await stop(child);
  await stop(bare);
}
