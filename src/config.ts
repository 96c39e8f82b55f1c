import { isLoopbackHost } from "./loopback.ts";
import { isTimeZone } from "./time-zones.ts";

/** What the process was told by its environment, checked. README lists every variable. */
export interface Config {
  readonly host: string;
  readonly port: number;
  readonly isProduction: boolean;
  readonly logLevel: string;
  /** Null where this process has no credentials for the platform. */
  readonly pidj: PidjConfig | null;
  readonly textizen: TextizenConfig | null;
  readonly storeUrl: string | null;
  /** How often Pidj's contact list is read into the directory, in minutes; null where it is not read. */
  readonly contactsListMinutes: number | null;
  /** Hosts that a sign-in may redirect to; null for any. */
  readonly ssoNextHosts: readonly string[] | null;
  readonly snapshotSeconds: number;
  readonly events: EventsConfig;
  /** Whether equal queries under way are executed once, in production. */
  readonly sharesOperations: boolean;
  /** Origins whose pages may ask this server, beside its own. */
  readonly corsOrigins: readonly string[];
  /** WebSockets and event streams that are served at a time. */
  readonly subscriberConnections: number;
  readonly timeouts: Timeouts;
}

export interface PidjConfig {
  readonly baseUrl: string;
  readonly accountKey: string;
  readonly token: string;
}

export interface TextizenConfig {
  readonly baseUrl: string;
  readonly credentials: { readonly email: string; readonly password: string } | { readonly authToken: string };
  readonly tokenIn: "body" | "query";
  /** How a participant's update and a removal from a group are written: see `TextizenOptions`. */
  readonly participantUpdate: "top" | "wrapped";
  readonly unsubscribe: "wrapped" | "top";
  /** IANA zone in whose local time a mailing's time is written; null for UTC. */
  readonly sendAtZone: string | null;
}

/** What the platforms push here, and what is kept of it. */
export interface EventsConfig {
  /** Each opens the webhooks; the first is the one to hand out. None closes them. */
  readonly webhookSecrets: readonly string[];
  /** Where this server is reached from outside; null where that is where it listens. */
  readonly publicUrl: string | null;
  readonly repeatSeconds: number;
  readonly keptDays: number;
  readonly mostKept: number;
  readonly optOutWords: readonly string[];
  /** How often simulated platforms push something; null where they are silent. */
  readonly chatterSeconds: number | null;
}

/** Milliseconds, each for the whole of what it names. */
export interface Timeouts {
  readonly query: number;
  readonly mutation: number;
  readonly connect: number;
  readonly read: number;
  readonly send: number;
}

/** A variable that is missing or wrong; the message is one sentence that names it, and never holds a secret. */
export class ConfigError extends Error {
  override readonly name = "ConfigError";
}

/** One process serves one account of each platform; everything kept is kept under its name. */
export const ACCOUNT = "default";
export const DEFAULT_STORE_URL = "sqlite:./data/textgraph.db";

const WITHOUT_CREDENTIALS =
  "but there are no credentials: set PIDJ_ACCOUNT_KEY and PIDJ_TOKEN, or TEXTIZEN_EMAIL and TEXTIZEN_PASSWORD, or both pairs; or SIMULATE=on to simulate both platforms.";
const OPT_OUT_WORDS = "STOP,STOPALL,UNSUBSCRIBE,CANCEL,END,QUIT,REVOKE,OPTOUT";
const LOG_LEVELS = ["fatal", "error", "warn", "info", "debug", "trace", "silent"] as const;

/** Reads and checks the environment. Throws ConfigError at the first variable that is wrong. */
export function readConfig(environment: NodeJS.ProcessEnv): Config {
  const env = new Environment(environment);
  const host = env.text("HOST") ?? "127.0.0.1";
  if (!isLoopbackHost(host)) {
    throw new ConfigError(
      "HOST must be a loopback address (127.0.0.1, ::1 or localhost): this server has no authentication yet.",
    );
  }
  const hasContactList = env.choice("PIDJ_CONTACTS_LIST", ["off", "on"], "off") === "on";
  const contactsListMinutes = env.number("CONTACTS_LIST_MINUTES", 15, { min: 1, max: 1_440 });
  return {
    host,
    port: env.number("PORT", 4000, { min: 0, max: 65_535 }),
    isProduction: env.text("NODE_ENV") === "production",
    logLevel: env.choice("LOG_LEVEL", LOG_LEVELS, "warn"),
    pidj: readPidj(env),
    textizen: readTextizen(env),
    storeUrl: env.text("STORE_URL"),
    contactsListMinutes: hasContactList ? contactsListMinutes : null,
    ssoNextHosts: env.text("SSO_NEXT_HOSTS") === "*" ? null : env.list("SSO_NEXT_HOSTS", ""),
    snapshotSeconds: env.number("SNAPSHOT_SECONDS", 30, { min: 0, max: 3_600 }),
    events: readEvents(env),
    sharesOperations: env.choice("SHARE_OPERATIONS", ["on", "off"], "on") === "on",
    corsOrigins: env.origins("CORS_ORIGINS"),
    subscriberConnections: env.number("SUBSCRIBER_CONNECTIONS", 10_000, { min: 0, max: 1_000_000 }),
    timeouts: readTimeouts(env),
  };
}

/** The least that a write may be left for its answer, if SEND_TIMEOUT_MS is not less. */
const LEAST_SEND_MS = 1_000;
/** What a mutation takes beside its platform call: checks, records and the answer to the client. */
const LEAST_REST_MS = 500;

/**
 * Throws ConfigError for times with which nothing could ever be sent. A read may be given more time than its operation:
 * it ends with the operation.
 */
function readTimeouts(env: Environment): Timeouts {
  const limits = { min: 1, max: 600_000 };
  const timeouts = {
    query: env.number("QUERY_TIMEOUT_MS", 8_000, limits),
    mutation: env.number("MUTATION_TIMEOUT_MS", 12_000, limits),
    connect: env.number("CONNECT_TIMEOUT_MS", 1_000, limits),
    read: env.number("READ_TIMEOUT_MS", 3_000, limits),
    send: env.number("SEND_TIMEOUT_MS", 8_000, limits),
  };
  const leastMutation = Math.min(LEAST_SEND_MS, timeouts.send) + LEAST_REST_MS;
  if (timeouts.mutation < leastMutation) {
    throw new ConfigError(
      `MUTATION_TIMEOUT_MS must be at least ${leastMutation} where SEND_TIMEOUT_MS is ${timeouts.send}: with less, no ` +
        "write would ever be begun.",
    );
  }
  return timeouts;
}

/**
 * Whether the server simulates both platforms: if SIMULATE is on, or if the environment says nothing about the platforms
 * and this is not production. Throws ConfigError where there are no credentials and simulating cannot be meant: a text
 * that only a simulator took must never be reported as accepted to somebody who meant the platform.
 */
export function readSimulation(environment: NodeJS.ProcessEnv, { pidj, textizen, isProduction }: Config): boolean {
  const choice = new Environment(environment).choice("SIMULATE", ["on", "off"], null);
  if (choice === "on" || pidj !== null || textizen !== null) {
    return choice === "on";
  }
  // Also one that is blank or misspelled.
  const variable = Object.keys(environment).find((name) => /^(PIDJ|TEXTIZEN)_/.test(name));
  if (variable !== undefined) {
    throw new ConfigError(
      `${variable} is ${environment[variable]?.trim() === "" ? "blank" : "set"}, ${WITHOUT_CREDENTIALS}`,
    );
  }
  if (choice === "off" || isProduction) {
    throw new ConfigError(`${isProduction ? "NODE_ENV is production" : "SIMULATE is off"}, ${WITHOUT_CREDENTIALS}`);
  }
  return true;
}

function readEvents(env: Environment): EventsConfig {
  const webhookSecrets = env.list("WEBHOOK_SECRET", "");
  // RFC 3986 §2.3: what stands in a path as it is, so that the URL can be copied by hand.
  if (!webhookSecrets.every((secret) => /^[A-Za-z0-9._~-]{16,100}$/.test(secret))) {
    throw new ConfigError(
      "WEBHOOK_SECRET must be 16 to 100 letters, digits, dots, dashes, underscores or tildes each.",
    );
  }
  const chatterSeconds = env.number("SIMULATOR_CHATTER_SECONDS", 0, { min: 0, max: 86_400 });
  return {
    webhookSecrets,
    publicUrl: env.text("PUBLIC_URL") && env.url("PUBLIC_URL", "https://texts.example.org"),
    repeatSeconds: env.number("WEBHOOK_REPEAT_SECONDS", 10, { min: 0, max: 3_600 }),
    keptDays: env.number("EVENTS_KEPT_DAYS", 30, { min: 1, max: 3_650 }),
    mostKept: env.number("EVENTS_KEPT", 1_000_000, { min: 1, max: 100_000_000 }),
    optOutWords: env.list("OPT_OUT_WORDS", OPT_OUT_WORDS),
    chatterSeconds: chatterSeconds === 0 ? null : chatterSeconds,
  };
}

function readPidj(env: Environment): PidjConfig | null {
  const baseUrl = env.url("PIDJ_BASE_URL", "https://gopidj.com/api/2020");
  const accountKey = env.secret("PIDJ_ACCOUNT_KEY");
  const token = env.secret("PIDJ_TOKEN");
  if (accountKey === null && token === null) {
    return null;
  }
  if (accountKey === null || token === null) {
    throw new ConfigError(`${accountKey === null ? "PIDJ_ACCOUNT_KEY" : "PIDJ_TOKEN"} is not set: Pidj takes both.`);
  }
  return { baseUrl, accountKey, token };
}

function readTextizen(env: Environment): TextizenConfig | null {
  const baseUrl = env.url("TEXTIZEN_BASE_URL", "https://textizen.com");
  const forms = {
    tokenIn: env.choice("TEXTIZEN_TOKEN_IN", ["body", "query"], "body"),
    participantUpdate: env.choice("TEXTIZEN_PARTICIPANT_UPDATE", ["top", "wrapped"], "top"),
    unsubscribe: env.choice("TEXTIZEN_UNSUBSCRIBE", ["wrapped", "top"], "wrapped"),
    sendAtZone: env.timeZone("TEXTIZEN_SEND_AT_ZONE"),
  };
  const authToken = env.secret("TEXTIZEN_AUTH_TOKEN");
  const email = env.text("TEXTIZEN_EMAIL");
  const password = env.secret("TEXTIZEN_PASSWORD");
  if (authToken !== null) {
    if (email !== null || password !== null) {
      throw new ConfigError(
        "TEXTIZEN_AUTH_TOKEN is set beside TEXTIZEN_EMAIL or TEXTIZEN_PASSWORD: set one or the other.",
      );
    }
    return { baseUrl, credentials: { authToken }, ...forms };
  }
  if (email === null && password === null) {
    return null;
  }
  if (email === null || password === null) {
    const missing = email === null ? "TEXTIZEN_EMAIL" : "TEXTIZEN_PASSWORD";
    throw new ConfigError(`${missing} is not set: Textizen signs in with both.`);
  }
  return { baseUrl, credentials: { email, password }, ...forms };
}

/** A line break at the end comes from a file that a secret was read out of; no platform takes it. */
function withoutControls(name: string, value: string): string {
  if (/\p{Cc}/u.test(value)) {
    throw new ConfigError(`${name} holds a line break or another control character: set it without.`);
  }
  return value;
}

/** The variables, by form. A blank one counts as not set. */
class Environment {
  readonly #variables: NodeJS.ProcessEnv;

  constructor(variables: NodeJS.ProcessEnv) {
    this.#variables = variables;
  }

  text(name: string): string | null {
    const value = this.#variables[name]?.trim() ?? "";
    return value === "" ? null : withoutControls(name, value);
  }

  /** Letter for letter: a password may begin or end with a blank. */
  secret(name: string): string | null {
    return this.text(name) === null ? null : withoutControls(name, this.#variables[name] ?? "");
  }

  choice<Choice extends string, Otherwise extends Choice | null>(
    name: string,
    choices: readonly Choice[],
    otherwise: Otherwise,
  ): Choice | Otherwise {
    const value = this.text(name);
    if (value === null) {
      return otherwise;
    }
    const choice = choices.find((each) => each === value);
    if (choice === undefined) {
      throw new ConfigError(`${name} must be one of ${choices.join(", ")}.`);
    }
    return choice;
  }

  number(name: string, otherwise: number, { min, max }: { min: number; max: number }): number {
    const value = this.text(name) ?? String(otherwise);
    if (!/^\d+$/.test(value) || Number(value) < min || Number(value) > max) {
      throw new ConfigError(`${name} must be a whole number from ${min} to ${max}.`);
    }
    return Number(value);
  }

  /** Texts between commas, blank ones left out. */
  list(name: string, otherwise: string): string[] {
    const items = (this.text(name) ?? otherwise).split(",").map((item) => item.trim());
    return items.filter((item) => item !== "");
  }

  /** Origins as browsers write them (https://html.spec.whatwg.org/#ascii-serialisation-of-an-origin), between commas. */
  origins(name: string): string[] {
    return this.list(name, "").map((text) => {
      const url = URL.canParse(text) ? new URL(text) : null;
      // A final slash is no part of it, but often written.
      if (url === null || !/^https?:$/.test(url.protocol) || url.href !== `${url.origin}/` || text.includes("*")) {
        throw new ConfigError(`${name} must be origins such as https://app.example.org, separated by commas.`);
      }
      return url.origin;
    });
  }

  /** An IANA time zone by its name; null where not set. */
  timeZone(name: string): string | null {
    const value = this.text(name);
    if (value !== null && !isTimeZone(value)) {
      throw new ConfigError(`${name} must be an IANA time zone, letter case included, such as America/New_York.`);
    }
    return value;
  }

  /** An http or https URL without a query; https, or http on a loopback address, since credentials travel over it. */
  url(name: string, otherwise: string): string {
    const value = this.text(name) ?? otherwise;
    const url = URL.canParse(value) ? new URL(value) : null;
    if (url === null || url.search !== "" || url.hash !== "" || url.username !== "" || url.password !== "") {
      throw new ConfigError(`${name} must be a URL such as ${otherwise}, without credentials and query.`);
    }
    if (url.protocol !== "https:" && !(url.protocol === "http:" && isLoopbackHost(url.hostname))) {
      throw new ConfigError(`${name} must be an https URL: credentials travel over it.`);
    }
    return value;
  }
}
