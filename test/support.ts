import fetch from "node-fetch";
import { type App, type AppOptions, startApp } from "../src/app.ts";
import { createContactReader } from "../src/commands/import-contacts.ts";
import { type Config, readConfig } from "../src/config.ts";
import { parseId } from "../src/ids.ts";
import { buildGraph, type Graph } from "../src/operations/graph.ts";
import { credentialsOf } from "../src/simulator/credentials.ts";
import type { JournalEntry } from "../src/simulator/journal.ts";
import { type Simulator, type SimulatorOptions, startSimulator } from "../src/simulator/simulator.ts";
import type { Contact, Participant, World } from "../src/simulator/world.ts";
import { importContacts } from "../src/store/contact-import.ts";

/** One GraphQL answer, as a client reads it. */
export interface Answer {
  readonly status: number;
  // biome-ignore lint/suspicious/noExplicitAny: what a test asked for is known to the test alone.
  readonly data: any;
  readonly errors?: readonly GraphqlError[];
  // biome-ignore lint/suspicious/noExplicitAny: likewise.
  readonly extensions?: any;
}

export interface GraphqlError {
  readonly message: string;
  readonly path?: readonly (string | number)[];
  readonly extensions: Readonly<Record<string, unknown>>;
}

/** The server under test and the simulated platforms behind it, both over real sockets; disposed by scope. */
export interface Stage extends AsyncDisposable {
  readonly app: App;
  readonly simulator: Simulator;
  query(document: string, variables?: object, headers?: Record<string, string>): Promise<Answer>;
  /** The platform calls since the last look, as `PIDJ GET /groups`, in order of arrival; sign-ins left out. */
  calls(): string[];
  /** Fills the contact directory from the simulator's own ids, then forgets the calls that it took. */
  learnContacts(): Promise<void>;
}

export interface StageOptions {
  readonly simulator?: SimulatorOptions;
  /** Environment variables over those that point at the simulator. An empty text unsets one. */
  readonly env?: Record<string, string>;
  readonly app?: AppOptions;
}

export async function startStage(options: StageOptions = {}): Promise<Stage> {
  const simulator = await startSimulator(options.simulator);
  const app = await start(simulator, options).catch(async (error: unknown) => {
    await simulator.close();
    throw error;
  });
  return {
    app,
    simulator,
    query: (document, variables, headers) => ask(app.url, document, variables, headers),
    calls: () => {
      const calls = describeCalls(simulator.journal);
      simulator.clearJournal();
      return calls;
    },
    learnContacts: async () => {
      await learnContacts(app, simulator);
      simulator.clearJournal();
    },
    [Symbol.asyncDispose]: async () => {
      await app.close();
      await simulator.close();
    },
  };
}

async function start(simulator: Simulator, { env, app }: StageOptions): Promise<App> {
  const config = configFor(simulator, env);
  return startApp(config, { graph: await graphFor(config), ...app });
}

const graphs = new Map<string, Promise<Graph>>();

/** Built once for all servers of a test file that have the same one: it takes longer than all the rest of their start. */
function graphFor({ isSubgraph, allowsIntrospection, limits }: Config): Promise<Graph> {
  const options = { isSubgraph, allowsIntrospection, limits };
  const key = JSON.stringify(options);
  const graph = graphs.get(key) ?? buildGraph(options);
  graphs.set(key, graph);
  return graph;
}

/** The configuration that a process would read to use these platforms. */
export function configFor(simulator: Simulator, env: Record<string, string> = {}): Config {
  return readConfig({
    PORT: "0",
    LOG_LEVEL: "silent",
    STORE_URL: "sqlite::memory:",
    SSO_NEXT_HOSTS: "example.com",
    // The process under measure is that of the tests, which starts servers and simulators while others run.
    OVERLOAD_LAG_MS: "60000",
    ...credentialsOf(simulator),
    ...env,
  });
}

export async function ask(
  url: string,
  query: string,
  variables: object = {},
  headers: Record<string, string> = {},
): Promise<Answer> {
  const response = await fetch(url, {
    method: "POST",
    headers: { "content-type": "application/json", ...headers },
    body: JSON.stringify({ query, variables }),
  });
  const answer = (await response.json()) as Omit<Answer, "status">;
  return { ...answer, status: response.status };
}

/** What went wrong where: the codes of an answer's errors by their paths, as `polls.nodes.0.title`. */
export function errorsAt({ errors = [] }: Answer): Record<string, unknown> {
  return Object.fromEntries(errors.map(({ path = [], extensions }) => [path.join("."), extensions["code"]]));
}

/** What an answer tells of what lies behind the graph, or of a bug of ours: nothing, it is hoped. */
export function leaksOf(answer: Answer, { simulator: { pidj, textizen } }: Pick<Stage, "simulator">): string[] {
  const secrets = [pidj.accountKey, pidj.token, textizen.email, textizen.password, "simulated-session", "hunter2"];
  const places = ["127.0.0.1", "localhost", "://", "auth_token", "authorization:", "basic ", "upstream words"];
  const traces = [".ts:", "node_modules", "econn", "undici", "<p>", "<html", "stacktrace", "internal_server_error"];
  const text = JSON.stringify(answer).toLowerCase();
  return [...secrets, ...places, ...traces].filter((leak) => text.includes(leak.toLowerCase()));
}

function describeCalls(journal: readonly JournalEntry[]): string[] {
  return journal.filter(({ path }) => !path.includes("sign_in")).map(({ platform, route }) => `${platform} ${route}`);
}

async function learnContacts({ services }: App, { world }: Simulator): Promise<void> {
  await importContacts({
    ids: [...world.contacts.keys()].map((id) => parseId("Contact", id)).filter((id) => id !== null),
    read: createContactReader(services.pidj.client),
    directory: services.directory,
    concurrency: 16,
    now: services.now,
  });
}

/** The contact with a participant's number, as the simulated world has it; a masked number is nobody's. */
export function contactOf({ contacts }: World, { phone_number, is_masked }: Participant): Contact | null {
  const same = (contact: Contact) => contact.phone_number === `+${phone_number}`;
  return is_masked ? null : ([...contacts.values()].find(same) ?? null);
}

/** What a contact of the simulated world is called: each has a first name, so none is called by its business. */
export function nameOfContact({ display_name, first_name, last_name }: Contact): string {
  return display_name || [first_name, last_name].filter(Boolean).join(" ");
}
