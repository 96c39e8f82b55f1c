import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { Agent, request } from "node:http";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { startApp } from "../src/app.ts";
import { readConfig } from "../src/config.ts";
import { credentialsOf } from "../src/simulator/credentials.ts";
import { type Simulator, startSimulator } from "../src/simulator/simulator.ts";
import { Program } from "./program.ts";
import { INIT, RawSocket, subscribe } from "./raw-socket.ts";
import { send, stateOf, TO, timesTaken, wordOf } from "./sends.ts";
import { type Answer, ask } from "./support.ts";

const folder = mkdtempSync(join(tmpdir(), "textgraph-shutdown-"));
afterAll(() => rmSync(folder, { recursive: true }));

let files = 0;

function startStopping(simulator: Simulator, env: Record<string, string> = {}) {
  files += 1;
  const variables = { ...credentialsOf(simulator), STORE_URL: `sqlite:${join(folder, `${files}.db`)}`, ...env };
  const program = new Program(folder, variables, ["../test/stopping-child.ts"]);
  return { variables, program, [Symbol.asyncDispose]: () => program[Symbol.asyncDispose]() };
}

/** What a client got: the answer, or that its connection was closed or refused. */
const outcomeOf = (asked: Promise<Answer>) => asked.catch(() => "closed" as const);

function get(url: string, path: string, agent: Agent) {
  return new Promise<{ status: number; connection: string; body: string }>((resolve, reject) => {
    request(new URL(path, url), { agent }, (response) => {
      let body = "";
      response.on("data", (chunk) => {
        body += chunk;
      });
      response.on("end", () =>
        resolve({ status: response.statusCode ?? 0, connection: response.headers.connection ?? "", body }),
      );
    })
      .on("error", reject)
      .end();
  });
}

test("told to stop under load, it answers each request or closes its connection, loses no send, and exits with 0", async () => {
  await using simulator = await startSimulator({ people: 6, polls: 1 });
  await using stage = startStopping(simulator);
  const { program } = stage;
  const url = await program.url();
  simulator.fault({ platform: "PIDJ", kind: "delay", milliseconds: 150 });
  let isOver = false;
  const reads: (Answer | "closed")[] = [];
  const sends = new Map<string, Answer | "closed">();
  const workers = Array.from({ length: 30 }, async (_, worker) => {
    for (let round = 0; !isOver; round += 1) {
      if (worker % 2 === 0) {
        reads.push(await outcomeOf(ask(url, "{ surveys { totalCount } platformStatus { isAuthorized } }")));
      } else {
        const key = `${worker} ${round}`;
        sends.set(key, await outcomeOf(send(url, key)));
      }
    }
  });
  await expect.poll(() => simulator.ledger.length, { timeout: 10_000 }).toBeGreaterThan(30);

  program.signal("SIGTERM");
  const told = performance.now();
  expect(await program.exited).toBe(0);
  expect(performance.now() - told).toBeLessThan(15_000);
  isOver = true;
  await Promise.all(workers);

  expect(program.stderr).toBe("");
  const answered = [...reads, ...sends.values()].filter((each) => each !== "closed");
  const codes = answered.flatMap(({ errors = [] }) => errors.map(({ extensions }) => extensions["code"]));
  expect(new Set(codes).difference(new Set(["SHUTTING_DOWN"]))).toEqual(new Set());
  // The next process knows what became of each send that the platform took.
  const next = await startApp(readConfig({ ...stage.variables, PORT: "0" }));
  for (const [key, outcome] of sends) {
    const taken = timesTaken(simulator.ledger, key);
    const word = outcome === "closed" ? "closed" : wordOf(outcome);
    expect({ key, word, taken }).toEqual({ key, word, taken: word === "sent" ? 1 : word === "closed" ? taken : 0 });
    if (taken > 0) {
      expect(taken).toBe(1);
      expect(["ACCEPTED", "UNKNOWN"]).toContain(await stateOf(next.url, key));
    }
  }
  await next.close();
});

test("while a send is finished, it is not ready and alive, begins nothing, ends connections, and closes sockets with 1001", async () => {
  await using simulator = await startSimulator({ people: 3, polls: 0 });
  await using stage = startStopping(simulator, { WEBHOOK_SECRET: "a-secret-of-the-test" });
  const { program } = stage;
  const url = await program.url();
  const socket = new RawSocket({ app: { url } as never });
  await socket.send(INIT);
  await socket.seen("connection_ack");
  const hold = simulator.fault({ platform: "PIDJ", route: "POST /send", kind: "hold" });
  const mutation = `mutation { sendMessage(input: { from: { phoneNumber: "+18885552000" }, recipient: { phoneNumber: "${TO}" }, text: "Text of by socket", idempotencyKey: "by socket" }) { message { sentAt } } }`;
  await socket.send(subscribe("1", mutation));
  await hold.arrived;
  const agent = new Agent({ keepAlive: true });
  expect(await get(url, "/ready", agent)).toMatchObject({ status: 200, connection: "keep-alive" });

  program.signal("SIGTERM");
  await expect.poll(async () => (await get(url, "/ready", agent)).status).toBe(503);
  expect(await get(url, "/health", agent)).toMatchObject({ status: 200, connection: "close" });
  const refused = await ask(url, "{ surveys { totalCount } }");
  expect([refused.status, refused.errors?.[0]?.extensions]).toEqual([503, { code: "SHUTTING_DOWN", retryable: true }]);
  const next = await fetch(url, { method: "POST", headers: { "content-type": "application/json" }, body: "{}" });
  expect([next.status, next.headers.get("retry-after")]).toEqual([503, "1"]);
  await socket.send(subscribe("2", mutation.replaceAll("by socket", "too late")));
  // An event that a platform may push only once is still kept.
  const event = await fetch(new URL("/webhooks/pidj/a-secret-of-the-test?from=12025550101&message=STOP", url));
  expect(event.status).toBe(200);
  hold.release();

  expect((await socket.closed)[0]).toBe(1001);
  expect(await socket.seen("next")).toMatchObject([{ id: "1", payload: { data: { sendMessage: { message: {} } } } }]);
  expect(await program.exited).toBe(0);
  expect(simulator.ledger).toHaveLength(1);
  agent.destroy();
});

test("a second signal ends it at once", async () => {
  await using simulator = await startSimulator({ people: 3, polls: 0 });
  await using stage = startStopping(simulator);
  const url = await stage.program.url();
  const hold = simulator.fault({ platform: "PIDJ", route: "POST /send", kind: "hold" });
  const asked = outcomeOf(send(url, "k"));
  await hold.arrived;
  stage.program.signal("SIGTERM");
  await expect.poll(() => outcomeOf(ask(url, "{ __typename }"))).not.toMatchObject({ status: 200 });
  const told = performance.now();
  stage.program.signal("SIGINT");

  expect(await stage.program.exited).toBe(1);
  expect(performance.now() - told).toBeLessThan(1_000);
  expect(await asked).toBe("closed");
});

test("a client that never ends its request is left behind after 12 seconds", async () => {
  await using simulator = await startSimulator({ people: 3, polls: 0 });
  await using stage = startStopping(simulator);
  const { port } = new URL(await stage.program.url());
  const socket = connect(Number(port), "127.0.0.1").on("error", () => undefined);
  socket.write("POST /graphql HTTP/1.1\r\nhost: localhost\r\ncontent-length: 9\r\n\r\n{");
  await once(socket, "connect");
  const told = performance.now();
  stage.program.signal("SIGTERM");

  expect(await stage.program.exited).toBe(0);
  expect(performance.now() - told).toBeLessThan(15_000);
}, 20_000);

describe("an error that nothing caught", () => {
  test.each(["by throwing", "by a promise"])(
    "%s: it is logged in one line without its message, what is under way is answered, and the exit code is 1",
    async (FAILS) => {
      await using simulator = await startSimulator({ people: 3, polls: 0 });
      await using stage = startStopping(simulator, { FAILS });
      const { program } = stage;
      const url = await program.url();
      const hold = simulator.fault({ platform: "PIDJ", route: "POST /send", kind: "hold" });
      const asked = send(url, "k");
      await hold.arrived;
      program.signal("SIGUSR2");
      await expect.poll(() => program.stderr).toContain("uncaught error");
      hold.release();

      expect(wordOf(await asked)).toBe("sent");
      expect(await program.exited).toBe(1);
      const lines = program.stderr.trimEnd().split("\n");
      expect(lines).toHaveLength(1);
      expect(JSON.parse(lines[0] ?? "")).toMatchObject({
        level: 60,
        err: { type: "Error", message: "", stack: expect.stringContaining("stopping-child.ts") },
        msg: "uncaught error: stopping",
      });
      expect(program.stderr).not.toContain(TO);
    },
  );
});
