import { type PidjConfig, readPidj, readTextizen, type TextizenConfig } from "./credentials.ts";
import { ConfigError, Environment } from "./environment.ts";
import { type JobDefaults, readJobDefaults } from "./job-defaults.ts";
import { isLoopbackHost } from "./loopback.ts";
import type { Region } from "./phone.ts";
import { type Protection, readProtection } from "./protection.ts";
import { type Replicas, readReplicas } from "./replicas.ts";

/** The checked environment variables. docs/configuration.md lists all of them. */
export interface Config {
  readonly host: string;
  /** How requests are authenticated; null: not at all, and `host` is a loopback address. */
  readonly access: AccessConfig | null;
  /** Names by which clients may call this server, besides loopback names and that of PUBLIC_URL. */
  readonly allowedHosts: readonly string[];
  /** Addresses or CIDR ranges of proxies whose `x-forwarded-…` headers are used. */
  readonly trustedProxies: readonly string[];
  readonly port: number;
  readonly isProduction: boolean;
  readonly logLevel: string;
  /** Null if there are no credentials for the platform. */
  readonly pidj: PidjConfig | null;
  readonly textizen: TextizenConfig | null;
  readonly storeUrl: string | null;
  readonly replicas: Replicas;
  /** Minutes from one read of Pidj's contact list into the directory to the next; null if the list is not read. */
  readonly contactsListMinutes: number | null;
  /** Hosts that a sign-in may redirect to; null for any. */
  readonly ssoNextHosts: readonly string[] | null;
  /** Whose national form numbers have that people search for. */
  readonly defaultRegion: Region;
  readonly snapshotSeconds: number;
  /** Seconds for which a record that was read by id is served; 0: it is read for each operation. */
  readonly detailSeconds: number;
  /** Seconds for which a list is served while its platform fails. */
  readonly staleSeconds: number;
  readonly protection: Protection;
  readonly events: EventsConfig;
  readonly jobs: JobDefaults;
  /** Whether equal queries that run at the same time are executed once, in production. */
  readonly sharesOperations: boolean;
  /** Further origins whose pages may query this server. */
  readonly corsOrigins: readonly string[];
  readonly limits: LimitsConfig;
  /** File with the only documents that clients may run; null: they may run any. */
  readonly trustedDocuments: string | null;
  /** Whether clients may read the schema. */
  readonly allowsIntrospection: boolean;
  /** Whether a router may compose this graph with others. */
  readonly isSubgraph: boolean;
  /** The most WebSockets and event streams that are open at once. */
  readonly subscriberConnections: number;
  readonly timeouts: Timeouts;
  /** Where spans are sent; null: nowhere. */
  readonly tracing: { readonly endpoint: string; readonly serviceName: string } | null;
  /** Days that entries of the audit log are kept. */
  readonly auditKeptDays: number;
  /** Where the metrics are served; null: beside the graph. */
  readonly metrics: { readonly host: string; readonly port: number } | null;
}

/** How much may be asked for. */
export interface LimitsConfig {
  /** Platform calls and objects that one operation may cost. */
  readonly calls: number;
  readonly objects: number;
  /** Limits of a caller whose key has none of its own. */
  readonly callsPerMinute: number;
  readonly recipientsPerMinute: number;
  /** Of every caller. */
  readonly objectsPerMinute: number;
}

/** At least one of the two is not null. */
export interface AccessConfig {
  readonly keysFile: string | null;
  readonly tokens: { readonly issuer: string; readonly audience: string; readonly jwksUrl: string } | null;
}

/** Webhooks, and the events that they bring. */
export interface EventsConfig {
  /** Each is accepted in the URL of a webhook; the first is shown at the start. Empty: there are no webhooks. */
  readonly webhookSecrets: readonly string[];
  /** The URL by which the platforms reach this server; null if it is the address that the server listens at. */
  readonly publicUrl: string | null;
  readonly repeatSeconds: number;
  readonly keptDays: number;
  readonly mostKept: number;
  readonly optOutWords: readonly string[];
  /** Seconds from one event of the simulated platforms to the next; null for none. */
  readonly chatterSeconds: number | null;
}

/** Milliseconds for a whole operation, for connecting to a platform, and for a whole platform call. */
export interface Timeouts {
  readonly query: number;
  readonly mutation: number;
  readonly connect: number;
  readonly read: number;
  readonly send: number;
}

/** One process serves one account of each platform. Every row of the store carries this name. */
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
  const isProduction = env.text("NODE_ENV") === "production";
  const hasContactList = env.choice("PIDJ_CONTACTS_LIST", ["off", "on"], "off") === "on";
  const contactsListMinutes = env.number("CONTACTS_LIST_MINUTES", 15, { min: 1, max: 1_440 });
  return {
    host,
    access: readAccess(env, host),
    allowedHosts: env.names("ALLOWED_HOSTS"),
    trustedProxies: env.networks("TRUST_PROXY"),
    port: env.number("PORT", 4000, { min: 0, max: 65_535 }),
    isProduction,
    logLevel: env.choice("LOG_LEVEL", LOG_LEVELS, "warn"),
    pidj: readPidj(env),
    textizen: readTextizen(env),
    storeUrl: env.text("STORE_URL"),
    replicas: readReplicas(env),
    contactsListMinutes: hasContactList ? contactsListMinutes : null,
    ssoNextHosts: env.text("SSO_NEXT_HOSTS") === "*" ? null : env.hosts("SSO_NEXT_HOSTS"),
    defaultRegion: env.region("DEFAULT_REGION", "US"),
    snapshotSeconds: env.number("SNAPSHOT_SECONDS", 30, { min: 0, max: 3_600 }),
    detailSeconds: env.number("DETAIL_SECONDS", 0, { min: 0, max: 3_600 }),
    staleSeconds: env.number("STALE_SECONDS", 600, { min: 0, max: 86_400 }),
    protection: readProtection(env),
    events: readEvents(env),
    jobs: readJobDefaults(env),
    sharesOperations: env.choice("SHARE_OPERATIONS", ["on", "off"], "on") === "on",
    corsOrigins: env.origins("CORS_ORIGINS"),
    limits: {
      calls: env.number("MAX_QUERY_CALLS", 1_000, { min: 1, max: 1_000_000 }),
      objects: env.number("MAX_QUERY_OBJECTS", 20_000, { min: 1, max: 1_000_000 }),
      callsPerMinute: env.number("CALLS_PER_MINUTE", 6_000, { min: 1, max: 100_000_000 }),
      objectsPerMinute: env.number("OBJECTS_PER_MINUTE", 1_200_000, { min: 1, max: 1_000_000_000 }),
      recipientsPerMinute: env.number("RECIPIENTS_PER_MINUTE", 1_200, { min: 1, max: 100_000_000 }),
    },
    trustedDocuments: env.text("TRUSTED_DOCUMENTS"),
    allowsIntrospection: env.choice("INTROSPECTION", ["on", "off"], isProduction ? "off" : "on") === "on",
    isSubgraph: env.choice("SUBGRAPH", ["on", "off"], "off") === "on",
    subscriberConnections: env.number("SUBSCRIBER_CONNECTIONS", 10_000, { min: 0, max: 1_000_000 }),
    timeouts: readTimeouts(env),
    tracing: readTracing(env),
    auditKeptDays: env.number("AUDIT_KEPT_DAYS", 365, { min: 1, max: 36_500 }),
    metrics:
      env.text("METRICS_PORT") === null
        ? null
        : {
            host: env.text("METRICS_HOST") ?? "127.0.0.1",
            port: env.number("METRICS_PORT", 0, { min: 0, max: 65_535 }),
          },
  };
}

/** Spans hold nothing secret, so a receiver may be asked by http. */
function readTracing(env: Environment): Config["tracing"] {
  const endpoint = env.text("OTEL_EXPORTER_OTLP_ENDPOINT");
  if (endpoint === null) {
    return null;
  }
  const url = URL.parse(endpoint);
  if (url === null || !/^https?:$/.test(url.protocol) || url.search !== "" || url.hash !== "" || url.username !== "") {
    throw new ConfigError("OTEL_EXPORTER_OTLP_ENDPOINT must be a URL such as http://127.0.0.1:4318.");
  }
  return { endpoint, serviceName: env.text("OTEL_SERVICE_NAME") ?? "textgraph" };
}

/** The least time that a write may have for its answer, unless SEND_TIMEOUT_MS is less. */
const LEAST_SEND_MS = 1_000;
/** The time that a mutation takes in addition to its platform call: checks, records and the answer to the client. */
const LEAST_REST_MS = 1_000;

/**
 * Throws ConfigError for timeouts with which nothing could ever be sent. The timeout of a read may be longer than that
 * of its operation, with which the read ends.
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
      `MUTATION_TIMEOUT_MS must be at least ${leastMutation} if SEND_TIMEOUT_MS is ${timeouts.send}: with less, no ` +
        "write would ever be begun.",
    );
  }
  return timeouts;
}

/**
 * Whether the server simulates both platforms: if SIMULATE is on, or if the environment contains nothing about the
 * platforms and this is not production. Throws ConfigError if there are no credentials and a simulation cannot be
 * meant: a text that only a simulator accepted must never be reported as accepted to somebody who meant the platform.
 */
export function readSimulation(environment: NodeJS.ProcessEnv, { pidj, textizen, isProduction }: Config): boolean {
  const choice = new Environment(environment).choice("SIMULATE", ["on", "off"], null);
  if (choice === "on" || pidj !== null || textizen !== null) {
    return choice === "on";
  }
  // A blank or misspelled variable counts too.
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

/** Throws ConfigError if other machines could query without a credential. */
function readAccess(env: Environment, host: string): AccessConfig | null {
  const keysFile = env.text("API_KEYS_FILE");
  const tokens = readTokens(env);
  const choice = env.choice("AUTH", ["on", "off"], null);
  if (choice !== "off" && (keysFile !== null || tokens !== null)) {
    return { keysFile, tokens };
  }
  if (choice === "on") {
    throw new ConfigError("AUTH is on: set API_KEYS_FILE, or JWT_ISSUER, JWT_AUDIENCE and JWKS_URL.");
  }
  if (!isLoopbackHost(host)) {
    throw new ConfigError(
      choice === "off"
        ? "HOST must be a loopback address (127.0.0.1, ::1 or localhost) while AUTH is off."
        : "HOST must be a loopback address while authentication is off: set API_KEYS_FILE (npm run keys:create makes a key), or JWT_ISSUER, JWT_AUDIENCE and JWKS_URL.",
    );
  }
  return null;
}

function readTokens(env: Environment): AccessConfig["tokens"] {
  const issuer = env.text("JWT_ISSUER");
  const audience = env.text("JWT_AUDIENCE");
  const jwksUrl = env.text("JWKS_URL") && env.url("JWKS_URL", "https://id.example.org/.well-known/jwks.json");
  if (issuer === null && audience === null && jwksUrl === null) {
    return null;
  }
  if (issuer === null || audience === null || jwksUrl === null) {
    const missing = issuer === null ? "JWT_ISSUER" : audience === null ? "JWT_AUDIENCE" : "JWKS_URL";
    throw new ConfigError(
      `${missing} is not set: tokens are checked by JWT_ISSUER, JWT_AUDIENCE and JWKS_URL together.`,
    );
  }
  return { issuer, audience, jwksUrl };
}

function readEvents(env: Environment): EventsConfig {
  const webhookSecrets = env.list("WEBHOOK_SECRET", "");
  // RFC 3986 §2.3: characters that a path holds unescaped, so that the URL can be copied by hand.
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
    optOutWords: readOptOutWords(env),
    chatterSeconds: chatterSeconds === 0 ? null : chatterSeconds,
  };
}

/** Throws ConfigError if nobody could opt out by a text. */
function readOptOutWords(env: Environment): string[] {
  const words = env.list("OPT_OUT_WORDS", OPT_OUT_WORDS);
  if (words.length === 0 || !words.every((word) => /[\p{L}\p{N}]/u.test(word))) {
    throw new ConfigError("OPT_OUT_WORDS must be words separated by commas, such as STOP,QUIT.");
  }
  return words;
}
