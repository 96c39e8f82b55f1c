import { readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { WebSocket } from "ws";
import { untilReady } from "./measure.ts";
import { type Platforms, startPlatforms } from "./platforms.ts";
import { liveBytes, pinSelf, SERVER_CORE, start, stop } from "./processes.ts";
import { SERVER_PORT, textgraph } from "./servers.ts";
import { API_KEY } from "./wire.ts";

// How long a start takes until its first answer, and what the server keeps in memory: by rows of a kept list, and by idle
// subscribers. Prints one line for each.

const ROWS = 100_000;
const SUBSCRIBERS = 1_000;
const SETTLE_MS = 3_000;
const LIST = "{ participants(first: 20) { totalCount nodes { id name } } }";

/** Resident memory of a process in bytes (proc(5), VmRSS). */
function residentBytes(pid: number): number {
  return Number(/VmRSS:\s*(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1] ?? 0) * 1024;
}

async function ask(query: string): Promise<void> {
  const response = await fetch(`http://127.0.0.1:${SERVER_PORT}/graphql`, {
    method: "POST",
    headers: { "content-type": "application/json", "x-api-key": API_KEY },
    body: JSON.stringify({ query }),
  });
  const body = await response.text();
  if (!response.ok || body.includes('"errors"')) {
    throw new Error(`the server answered ${response.status}: ${body.slice(0, 200)}`);
  }
}

function subscribe(): Promise<WebSocket> {
  const socket = new WebSocket(`ws://127.0.0.1:${SERVER_PORT}/graphql`, "graphql-transport-ws");
  return new Promise((resolve, reject) => {
    socket.on("error", reject);
    socket.on("open", () => socket.send(JSON.stringify({ type: "connection_init", payload: { apiKey: API_KEY } })));
    socket.once("message", () => {
      const payload = { query: "subscription { messageReceived { cursor } }" };
      socket.send(JSON.stringify({ type: "subscribe", id: "1", payload }));
      resolve(socket);
    });
  });
}

function say(what: string, value: number, unit: string): void {
  process.stdout.write(`${what.padEnd(60)} ${value.toFixed(unit === "s" ? 2 : 1).padStart(8)} ${unit}\n`);
}

async function measure(platforms: Platforms): Promise<void> {
  await platforms.hold(ROWS, 0);
  const began = performance.now();
  const child = start(textgraph.command(), SERVER_CORE);
  const pid = child.pid ?? 0;
  const resident = () => residentBytes(pid) / 1e6;
  const live = async () => ((await liveBytes(child)) ?? Number.NaN) / 1e6;
  try {
    await untilReady(child, SERVER_PORT);
    say("from npm start until it answers /health", (performance.now() - began) / 1e3, "s");
    const empty = resident();
    const emptyHeap = await live();
    await ask(LIST);
    say(
      `until its first answer about ${ROWS.toLocaleString("en")} participants`,
      (performance.now() - began) / 1e3,
      "s",
    );
    await sleep(SETTLE_MS);
    say("resident before", empty, "MB");
    say("more with the list kept", resident() - empty, "MB");
    const keptHeap = await live();
    say("  of it in the heap, garbage collected", keptHeap - emptyHeap, "MB");
    const kept = resident();
    const sockets = await Promise.all(Array.from({ length: SUBSCRIBERS }, subscribe));
    await sleep(SETTLE_MS);
    say(`more with ${SUBSCRIBERS.toLocaleString("en")} idle subscribers`, resident() - kept, "MB");
    say("  of it in the heap, garbage collected", (await live()) - keptHeap, "MB");
    for (const socket of sockets) {
      socket.terminate();
    }
  } finally {
    await stop(child);
  }
}

pinSelf();
await using platforms = await startPlatforms();
await measure(platforms);
