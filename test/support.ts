import fetch from "node-fetch";
import { type App, type AppOptions, startApp } from "../src/app.ts";
import { type Config, readConfig } from "../src/config.ts";
import { parseId } from "../src/ids.ts";
import { createContactReader } from "../src/import-contacts.ts";
import type { JournalEntry } from "../src/simulator/journal.ts";
import { type Simulator, type SimulatorOptions, startSimulator } from "../src/simulator/simulator.ts";
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
  const app = await startApp(configFor(simulator, options.env), options.app).catch(async (error: unknown) => {
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

/** The configuration that a process would read to use these platforms. */
export function configFor(simulator: Simulator, env: Record<string, string> = {}): Config {
  return readConfig({
    PORT: "0",
    LOG_LEVEL: "silent",
    STORE_URL: "sqlite::memory:",
    PIDJ_BASE_URL: simulator.pidj.url,
    PIDJ_ACCOUNT_KEY: simulator.pidj.accountKey,
    PIDJ_TOKEN: simulator.pidj.token,
    TEXTIZEN_BASE_URL: simulator.textizen.url,
    TEXTIZEN_EMAIL: simulator.textizen.email,
    TEXTIZEN_PASSWORD: simulator.textizen.password,
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
