import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { project, startCommand } from "./checkouts.ts";
import { load, quantile, type Shot } from "./load.ts";
import { untilReady } from "./measure.ts";
import { startPlatforms } from "./platforms.ts";
import { cpuSeconds, pinSelf, SERVER_CORE, start, stop } from "./processes.ts";
import { environmentOf, SERVER_PORT } from "./servers.ts";
import { frameOperation } from "./wire.ts";

// Sends a second: each with a key of its own, on record on the disk before its first byte goes out and again when it is
// answered (SQLite). One checkout, or two in turns.

const USAGE = "npm run bench:sends [-- OTHER_CHECKOUT] [--rounds N] [--seconds N]\n";
const CONNECTIONS = [1, 50];
const SEND = `mutation Send($key: String!) {
  sendMessage(input: {
    from: { phoneNumber: "+18885552000" } recipient: { phoneNumber: "+14155550100" } text: "Hello" idempotencyKey: $key
  }) { message { sentAt } userErrors { code } }
}`;
/** More than any server sends in a phase. */
const MOST_SENDS = 60_000;

let key = 0;

function shots(port: number): Shot[] {
  return Array.from({ length: MOST_SENDS }, () => {
    key += 1;
    return {
      bytes: frameOperation(port, JSON.stringify({ query: SEND, variables: { key: `bench-${key}` } })),
      isRight: ({ status, body }) => status === 200 && body.includes('"sentAt":"') && body.includes('"userErrors":[]'),
    };
  });
}

async function measure(checkout: string, connections: number, seconds: number): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), "textgraph-sends-"));
  const environment = { ...environmentOf(SERVER_PORT), STORE_URL: `sqlite:${join(folder, "graph.db")}` };
  const child = start(startCommand(checkout, { ...environment, RECIPIENTS_PER_MINUTE: "100000000" }), SERVER_CORE);
  try {
    await untilReady(child, SERVER_PORT);
    const cpu: number[] = [];
    const outcome = await load({
      port: SERVER_PORT,
      shots: shots(SERVER_PORT),
      connections,
      warmUpSeconds: 1,
      seconds,
      onStart: () => cpu.push(cpuSeconds(child.pid ?? 0)),
      onEnd: () => cpu.push(cpuSeconds(child.pid ?? 0)),
    });
    const { latencies } = outcome;
    if (outcome.failures > 0) {
      throw new Error(`${outcome.failures} sends were refused or lost`);
    }
    const [before = 0, after = 0] = cpu;
    return [
      `${(latencies.length / outcome.seconds).toFixed(0)} sends/s`,
      `p50 ${quantile(latencies, 0.5)?.toFixed(1)} ms`,
      `p99 ${quantile(latencies, 0.99)?.toFixed(1)} ms`,
      `${(((after - before) / latencies.length) * 1_000).toFixed(2)} CPU s per 1,000`,
    ].join(", ");
  } finally {
    await stop(child);
    rmSync(folder, { recursive: true });
  }
}

async function main(): Promise<number> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { rounds: { type: "string", default: "3" }, seconds: { type: "string", default: "3" } },
  });
  const checkouts = [project, ...positionals.map((folder) => resolve(folder))];
  const [rounds, seconds] = [Number(values.rounds), Number(values.seconds)];
  if (checkouts.length > 2 || !(rounds >= 1) || !(seconds > 0) || !checkouts.every((folder) => existsSync(folder))) {
    process.stderr.write(USAGE);
    return 2;
  }
  pinSelf();
  await using _platforms = await startPlatforms();
  for (const connections of CONNECTIONS) {
    for (let round = 1; round <= rounds; round += 1) {
      for (const checkout of checkouts) {
        const figures = await measure(checkout, connections, seconds);
        process.stdout.write(`${connections} connections, ${checkout}: ${figures}\n`);
      }
    }
  }
  return 0;
}

process.exitCode = await main();
