import { createClient as createStreamClient } from "graphql-sse";
import { createClient as createSocketClient } from "graphql-ws";
import { expect, test } from "vitest";
import { WebSocket } from "ws";
import { startSimulator } from "../src/simulator/simulator.ts";
import { seeded } from "./chance.ts";
import { type ChildServer, environmentFor, startChild } from "./child-server.ts";
import { makeFile, SECRET } from "./events.ts";
import { forward, ON_TEXT, type Transport } from "./subscribers.ts";
import { ask } from "./support.ts";

/** `npm run stress` asks for 500. */
const KILLS = Number(process.env["STRESS_KILLS"] ?? 20);
const EVENTS = KILLS * 50;
const SEED = 5;

type Results = AsyncIterableIterator<{ data?: { messageReceived: { cursor: string; message: { text: string } } } }>;

/** A server that is killed and started anew, on the same store. */
class Server implements AsyncDisposable {
  readonly #environment: Record<string, string>;
  #running: Promise<ChildServer>;

  constructor(environment: Record<string, string>) {
    this.#environment = environment;
    this.#running = startChild(environment);
  }

  /** Where it is, as soon as it is somewhere. */
  async url(): Promise<string> {
    return (await this.#running).url;
  }

  restart(): void {
    this.#running = this.#running.then(async (child) => {
      await child.kill();
      return startChild(this.#environment);
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await (await this.#running).kill();
  }
}

/** A client that comes back with the cursor of the last event that it has seen, however often it is cut off. */
class Inbox {
  readonly texts: string[] = [];
  readonly #transport: Transport;
  readonly #server: Server;
  #cut: () => void = () => undefined;
  #isOver = false;

  constructor(transport: Transport, server: Server) {
    this.#transport = transport;
    this.#server = server;
  }

  async read(since: string): Promise<void> {
    let cursor = since;
    while (!this.#isOver) {
      const results = this.#connect(await this.#server.url(), cursor);
      try {
        for await (const { data } of results) {
          if (data) {
            this.texts.push(data.messageReceived.message.text);
            cursor = data.messageReceived.cursor;
          }
        }
      } catch {
        // Cut off, by either side.
      }
    }
  }

  /** Ends the connection without a word. */
  cut(): void {
    this.#cut();
  }

  end(): void {
    this.#isOver = true;
    this.#cut();
  }

  #connect(url: string, since: string): Results {
    const request = { query: ON_TEXT, variables: { since } };
    if (this.#transport === "server-sent events") {
      const client = createStreamClient({ url, retryAttempts: 0 });
      this.#cut = () => client.dispose();
      return client.iterate(request) as unknown as Results;
    }
    const client = createSocketClient({
      url: url.replace("http", "ws"),
      webSocketImpl: WebSocket,
      retryAttempts: 0,
      on: {
        opened: (socket) => {
          this.#cut = () => (socket as WebSocket).terminate();
        },
      },
    });
    return client.iterate(request) as unknown as Results;
  }
}

/** As a platform that tries again until it is told 200. */
async function deliver(server: Server, text: string): Promise<void> {
  for (;;) {
    try {
      await forward(await server.url(), text);
      return;
    } catch {
      // Not there, or gone before it had answered.
    }
  }
}

test(`${KILLS} times cut off at random, while ${EVENTS} texts come in, clients get each once, in order`, {
  timeout: 60_000 + KILLS * 3_000,
}, async () => {
  using file = makeFile();
  await using simulator = await startSimulator({ people: 0, polls: 0 });
  const environment = { ...environmentFor(simulator, file.path), WEBHOOK_SECRET: SECRET, WEBHOOK_REPEAT_SECONDS: "60" };
  await using server = new Server(environment);
  const { data } = await ask(await server.url(), "{ eventCursor }");
  const inboxes = [new Inbox("WebSocket", server), new Inbox("server-sent events", server)];
  const reading = inboxes.map((inbox) => inbox.read(data.eventCursor));

  const pick = seeded(SEED);
  const kills = new Set<number>();
  while (kills.size < KILLS) {
    kills.add(pick(EVENTS));
  }
  const sent: string[] = [];
  for (let at = 0; at < EVENTS; at += 1) {
    const delivered = deliver(server, `text ${at}`);
    if (kills.has(at)) {
      const which = pick(3);
      if (which !== 0) {
        server.restart();
      }
      if (which !== 1) {
        for (const inbox of inboxes) {
          inbox.cut();
        }
      }
    }
    await delivered;
    sent.push(`text ${at}`);
  }

  for (const inbox of inboxes) {
    await expect.poll(() => inbox.texts.length, { timeout: 30_000 }).toBeGreaterThanOrEqual(EVENTS);
  }
  for (const inbox of inboxes) {
    inbox.end();
    expect(inbox.texts).toEqual(sent);
  }
  await Promise.all(reading);
});
