import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import { Agent, request } from "undici";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { WebSocket } from "ws";
import { credentialsOf } from "../src/simulator/credentials.ts";
import { type Simulator, startSimulator } from "../src/simulator/simulator.ts";
import { HOSTILE_BODIES, type HostileBody, HUGE_BODIES } from "./hostile-bodies.ts";
import { startWatched, type WatchedServer } from "./watched-server.ts";

/** For a refusal, in milliseconds of the server's own time. */
const MOST_BLOCKED_MS = 100;
const MOST_MORE_BYTES = 20e6;

let simulator: Simulator;
let server: WatchedServer;
const agent = new Agent();
const bystander = new Agent({ connections: 1 });

beforeAll(async () => {
  simulator = await startSimulator({ people: 100, polls: 20, responsesPerPoll: 20 });
  server = await startWatched({ ...credentialsOf(simulator), NODE_ENV: "production" }, 400);
  await serve();
}, 60_000);

afterAll(async () => {
  await Promise.all([agent.destroy(), bystander.destroy()]);
  await server[Symbol.asyncDispose]();
  await simulator.close();
}, 60_000);

/** An honest query of somebody else: it must be answered. */
async function serve(): Promise<void> {
  const { statusCode, body } = await request(server.url, {
    dispatcher: bystander,
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ query: "{ polls(first: 1) { nodes { title } } }" }),
  });
  expect(await body.json()).toMatchObject({ data: { polls: { nodes: [{ title: expect.any(String) }] } } });
  expect(statusCode).toBe(200);
}

interface Refusal {
  readonly codes: readonly string[];
  readonly text: string;
}

function codesOf(text: string): string[] {
  const { errors } = JSON.parse(text) as { errors?: { extensions?: { code?: string } }[] };
  return (errors ?? [{ extensions: { code: "OK" } }]).map(({ extensions }) => extensions?.code ?? "none");
}

async function overHttp(body: string, accept = "application/json"): Promise<Refusal> {
  const answer = await request(server.url, {
    dispatcher: agent,
    method: "POST",
    headers: { "content-type": "application/json", accept },
    body,
  });
  const text = await answer.body.text();
  return { codes: codesOf(text), text };
}

async function overEvents(body: string): Promise<Refusal> {
  const answer = await request(server.url, {
    dispatcher: agent,
    method: "POST",
    headers: { "content-type": "application/json", accept: "text/event-stream" },
    body,
  });
  const text = await answer.body.text();
  const [, data = text] = /^event: next\ndata: (.*)$/m.exec(text) ?? [];
  return { codes: codesOf(data), text };
}

/** The message as text, and the codes of its answer; `closed` and the code where the socket was closed. */
async function overSocket(body: string): Promise<Refusal> {
  const socket = new WebSocket(server.url.replace("http", "ws"), "graphql-transport-ws");
  await once(socket, "open");
  socket.send('{"type":"connection_init"}');
  await once(socket, "message");
  socket.send(`{"id":"1","type":"subscribe","payload":${body}}`);
  const answer = await Promise.race([
    once(socket, "message").then(([data]) => String(data)),
    once(socket, "close").then(([code]) => `closed ${code}`),
  ]);
  socket.terminate();
  if (answer.startsWith("closed")) {
    return { codes: [answer], text: answer };
  }
  const { type, payload } = JSON.parse(answer) as { type: string; payload: unknown };
  return { codes: codesOf(JSON.stringify(type === "error" ? { errors: payload } : payload)), text: answer };
}

const TRANSPORTS = { HTTP: overHttp, "an event stream": overEvents, "a WebSocket": overSocket };

describe.each(Object.entries(TRANSPORTS))("over %s", (transport, send) => {
  test.each(HOSTILE_BODIES)("$name: is refused at once", { retry: 2 }, async ({ body, codes }: HostileBody) => {
    await server.tell("watch");
    const refusal = await send(body);
    const { longestBlock } = await server.tell("look");

    const known = transport === "a WebSocket" ? [...codes, "closed 4400", "closed 1009"] : codes;
    expect(known, refusal.text.slice(0, 300)).toContain(refusal.codes[0]);
    expect(refusal.text.length).toBeLessThan(30_000);
    expect(refusal.text).not.toMatch(/at .*\.ts:\d+|RangeError|Did you mean/);
    expect(longestBlock).toBeLessThan(MOST_BLOCKED_MS);
    await serve();
  });

  test.each(HUGE_BODIES)("$name: is not read to its end", async ({ body }: HostileBody) => {
    const refusal = await send(body).catch((error: Error) => ({ codes: ["cut"], text: error.message }));
    expect(["cut", "closed 1009", "BAD_USER_INPUT"]).toContain(refusal.codes[0]);
    await serve();
  });
});

test("all of them at once: another client is served meanwhile, by the same process, which holds no more afterwards", async () => {
  const all = () =>
    Promise.all(HOSTILE_BODIES.flatMap(({ body }) => Object.values(TRANSPORTS).map((send) => send(body))));
  await all();
  const before = await server.tell("look");
  const latencies: number[] = [];
  const attack = new AbortController();
  const others = (async () => {
    while (!attack.signal.aborted) {
      const began = performance.now();
      await serve();
      latencies.push(performance.now() - began);
      await sleep(5);
    }
  })();
  for (let round = 0; round < 3; round += 1) {
    await all();
  }
  attack.abort();
  await others;

  const after = await server.tell("look");
  latencies.sort((one, other) => one - other);
  expect(latencies.length).toBeGreaterThan(5);
  expect(latencies[Math.floor(latencies.length / 2)]).toBeLessThan(1_000);
  expect(after.memory - before.memory).toBeLessThan(MOST_MORE_BYTES);
  expect(() => process.kill(server.pid, 0)).not.toThrow();
});
