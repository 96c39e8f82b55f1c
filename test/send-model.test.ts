import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import fc from "fast-check";
import { expect, test } from "vitest";
import { addApiKey, removeApiKey } from "../src/access/api-keys.ts";
import { ACCOUNT } from "../src/config.ts";
import { credentialsOf } from "../src/simulator/credentials.ts";
import type { Fault } from "../src/simulator/faults.ts";
import { type Simulator, startSimulator } from "../src/simulator/simulator.ts";
import { type Attempts, createAttempts } from "../src/store/attempts.ts";
import { createAuditLog } from "../src/store/audit.ts";
import { openSqliteStore } from "../src/store/sqlite.ts";
import { makeFile, SECRET } from "./events.ts";
import { FROM, wordOf } from "./sends.ts";
import { forward } from "./subscribers.ts";
import { ask } from "./support.ts";

/*
 * Whatever happens in whatever order, rule 11 holds: a key's text is accepted once at most, an accepted one is known as
 * ACCEPTED or UNKNOWN, and what a client heard is true. A failure prints its seed: `MODEL_SEED=… npx vitest run` repeats it.
 */

const RUNS = Number(process.env["MODEL_RUNS"] ?? 200);
const SEED = process.env["MODEL_SEED"];

type Command =
  | { readonly kind: "send"; readonly key: number; readonly isOther: boolean; readonly waits: boolean }
  | { readonly kind: "fault"; readonly fault: number; readonly times: number }
  | { readonly kind: "webhook" | "stop"; readonly number: number }
  | { readonly kind: "kill" | "restart" | "revoke" };

type Kind = Fault extends infer Each ? (Each extends Fault ? Omit<Each, "platform" | "route"> : never) : never;
const FAULTS: readonly Kind[] = [
  { kind: "hang" },
  { kind: "refuse" },
  { kind: "reset-after-request" },
  { kind: "cut-body" },
  { kind: "malformed-json" },
  { kind: "delay", milliseconds: 100 },
  { kind: "status", status: 500, after: true },
  { kind: "status", status: 503 },
  { kind: "status", status: 401 },
  { kind: "status", status: 429 },
  { kind: "failure-in-200" },
];
const KEYS = 3;
const NUMBERS = 2;

const number = fc.nat(NUMBERS - 1);
// A key is used again more often than not, which makes most sends repeats.
const command: fc.Arbitrary<Command> = fc.oneof(
  {
    weight: 20,
    arbitrary: fc.record({
      kind: fc.constant("send" as const),
      key: fc.nat(KEYS - 1),
      isOther: fc.oneof({ weight: 5, arbitrary: fc.constant(false) }, { weight: 1, arbitrary: fc.constant(true) }),
      waits: fc.boolean(),
    }),
  },
  {
    weight: 8,
    arbitrary: fc.record({
      kind: fc.constant("fault" as const),
      fault: fc.nat(FAULTS.length - 1),
      times: fc.integer({ min: 1, max: 3 }),
    }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constantFrom("webhook" as const, "stop" as const), number }) },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constantFrom("kill" as const, "restart" as const, "revoke" as const) }),
  },
);

/** Two servers on one store. The first is used; the other takes its place when it ends, as a process started anew does. */
class Servers implements AsyncDisposable {
  readonly #env: Record<string, string>;
  readonly #ending: Promise<unknown>[] = [];
  #current: Promise<Server>;
  #spare: Promise<Server>;

  constructor(env: Record<string, string>) {
    this.#env = env;
    this.#current = startServer(env);
    this.#spare = startServer(env);
  }

  get current(): Promise<Server> {
    return this.#current;
  }

  async replace(signal: "SIGKILL" | "SIGTERM"): Promise<void> {
    const { child } = await this.#current;
    this.#current = this.#spare;
    this.#spare = startServer(this.#env);
    const ended = once(child, "exit");
    child.kill(signal);
    if (signal === "SIGKILL") {
      await ended;
    } else {
      this.#ending.push(ended);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#ending);
    for (const { child } of await Promise.all([this.#current, this.#spare])) {
      const ended = once(child, "exit");
      child.kill("SIGKILL");
      await ended;
    }
  }
}

interface Server {
  readonly url: string;
  readonly child: ChildProcess;
}

async function startServer(env: Record<string, string>): Promise<Server> {
  const program = fileURLToPath(new URL("stopping-child.ts", import.meta.url));
  const child = spawn(process.execPath, [program], { env, stdio: ["ignore", "pipe", "inherit"] });
  const [line] = await once(child.stdout, "data");
  return { child, url: String(line).trim().split(" ").at(-1) ?? "" };
}

interface Tools {
  readonly simulator: Simulator;
  readonly servers: Servers;
  readonly attempts: Attempts;
  readonly keysFile: string;
  /** One for each run. */
  readonly apiKeys: readonly string[];
}

/** One sequence of commands, with keys, numbers and a credential of its own, and what its clients heard. */
class Run {
  readonly #tools: Tools;
  readonly #id: number;
  readonly #apiKey: string;
  readonly #asked: Promise<void>[] = [];
  readonly #heard = Array.from({ length: KEYS }, () => [] as string[]);
  /** By key: whether every send of it began when it could not be sent any more. */
  readonly #isTooLate = Array.from({ length: KEYS }, () => true);
  readonly #stopped = new Set<number>();
  #isRevoked = false;
  #faults: (() => void)[] = [];

  constructor(id: number, tools: Tools) {
    this.#id = id;
    this.#tools = tools;
    this.#apiKey = tools.apiKeys[id - 1] ?? "";
  }

  async do(each: Command): Promise<void> {
    const { simulator, servers } = this.#tools;
    switch (each.kind) {
      case "send": {
        const asked = this.#send(each.key, each.isOther);
        this.#asked.push(asked);
        await (each.waits ? asked : null);
        break;
      }
      case "fault": {
        const fault = { ...FAULTS[each.fault], times: each.times, platform: "PIDJ", route: "POST /send" } as Fault;
        this.#faults.push(simulator.fault(fault));
        break;
      }
      case "webhook":
        await forward((await servers.current).url, `Hello ${this.#id}`, { from: this.#numberOf(each.number) });
        break;
      case "stop":
        await forward((await servers.current).url, "STOP", { from: this.#numberOf(each.number) });
        this.#stopped.add(each.number);
        break;
      case "kill":
        await servers.replace("SIGKILL");
        break;
      case "restart":
        await servers.replace("SIGTERM");
        break;
      case "revoke":
        await this.#revoke();
        break;
      default:
        each satisfies never;
    }
  }

  async #send(key: number, isOther: boolean): Promise<void> {
    this.#isTooLate[key] &&= this.#isRevoked || this.#stopped.has(key % NUMBERS);
    const { url } = await this.#tools.servers.current;
    const document = `mutation ($input: SendMessageInput!) {
      sendMessage(input: $input) { message { sentAt } isReplay userErrors { code } }
    }`;
    const input = {
      from: { phoneNumber: FROM },
      recipient: { phoneNumber: this.#numberOf(key) },
      text: `${isOther ? "Another text" : "Text"} of ${this.#keyOf(key)}`,
      idempotencyKey: this.#keyOf(key),
    };
    const answer = await ask(url, document, { input }, { "x-api-key": this.#apiKey }).catch(() => null);
    this.#heard[key]?.push(answer === null ? "closed" : wordOf(answer));
  }

  async #revoke(): Promise<void> {
    if (this.#isRevoked) {
      return;
    }
    removeApiKey(this.#tools.keysFile, `run-${this.#id}`);
    const { url } = await this.#tools.servers.current;
    const isRefused = async () => (await ask(url, "{ __typename }", {}, { "x-api-key": this.#apiKey })).status === 401;
    await expect.poll(isRefused, { timeout: 5_000, interval: 50 }).toBe(true);
    this.#isRevoked = true;
  }

  /** Rule 11, when all is quiet. */
  async end(): Promise<void> {
    await Promise.all(this.#asked);
    for (const end of this.#faults) {
      end();
    }
    const { attempts, simulator } = this.#tools;
    for (let key = 0; key < KEYS; key += 1) {
      const name = this.#keyOf(key);
      const stateOf = async () => (await attempts.find(name))?.state ?? "NONE";
      // The lease of a process that was killed must end first.
      await expect.poll(stateOf, { timeout: 5_000, interval: 20 }).not.toBe("IN_PROGRESS");
      const state = await stateOf();
      const accepted = simulator.ledger.filter(({ input }) =>
        String(input["text_body"]).endsWith(` of ${name}`),
      ).length;
      const heard = this.#heard[key] ?? [];
      expect(heard.includes("UNAUTHENTICATED") && !this.#isRevoked, name).toBe(false);
      const said = { name, state, accepted, heard };
      expect([0, 1], JSON.stringify(said)).toContain(accepted);
      if (accepted === 1) {
        expect(["ACCEPTED", "UNKNOWN"], JSON.stringify(said)).toContain(state);
        expect(this.#isTooLate[key], JSON.stringify(said)).toBe(false);
      } else {
        expect(["NONE", "REFUSED", "UNKNOWN"], JSON.stringify(said)).toContain(state);
      }
      if (heard.includes("sent") || heard.includes("replayed")) {
        expect([accepted, state], JSON.stringify(said)).toEqual([1, "ACCEPTED"]);
      }
    }
  }

  #keyOf(key: number): string {
    return `run ${this.#id} key ${key}.`;
  }

  /** A key's number is that of the same index, the keys beyond them begin again. */
  #numberOf(index: number): string {
    return `+1415556${String(this.#id * NUMBERS + (index % NUMBERS)).padStart(4, "0")}`;
  }
}

test(`rule 11 holds in ${RUNS} sequences of sends, repeats, kills, restarts, faults, webhooks, STOPs and revoked keys`, async () => {
  using file = makeFile();
  await using simulator = await startSimulator({ people: 3, polls: 0 });
  const keysFile = join(file.path, "../keys.json");
  // Before the servers start: they look for changes of the file once a second only.
  const apiKeys = Array.from({ length: RUNS }, (_, index) => {
    const limits = { expires: null, callsPerMinute: null, recipientsPerMinute: null };
    return addApiKey(keysFile, { name: `run-${index + 1}`, scopes: ["messages:send"], ...limits });
  });
  await using servers = new Servers({
    ...credentialsOf(simulator),
    PORT: "0",
    LOG_LEVEL: "silent",
    STORE_URL: file.url,
    API_KEYS_FILE: keysFile,
    WEBHOOK_SECRET: SECRET,
    WEBHOOK_REPEAT_SECONDS: "0",
    CONNECT_TIMEOUT_MS: "100",
    SEND_TIMEOUT_MS: "300",
    MUTATION_TIMEOUT_MS: "2000",
    BREAKER: "off",
    RETRIES_PER_SECOND: "1000",
    OVERLOAD_LAG_MS: "60000",
  });
  const store = openSqliteStore(file.url, ACCOUNT);
  const now = () => new Date();
  const audit = createAuditLog(store, { now, keptMilliseconds: 86_400_000, warn: () => undefined });
  const attempts = createAttempts(store, { now, audit });
  let id = 0;
  const property = fc.asyncProperty(fc.array(command, { minLength: 2, maxLength: 8 }), async (commands) => {
    id += 1;
    const run = new Run(id, { simulator, servers, attempts, keysFile, apiKeys });
    for (const each of commands) {
      await run.do(each);
    }
    await run.end();
  });
  await fc.assert(property, { numRuns: RUNS, endOnFailure: true, ...(SEED !== undefined && { seed: Number(SEED) }) });
  await store.close();
}, 240_000);
