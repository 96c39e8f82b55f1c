import { type Access, createAccess, OPEN_ACCESS } from "./access/access.ts";
import { createApiKeys } from "./access/api-keys.ts";
import { Buckets, createRecipientLimit } from "./access/buckets.ts";
import { SharedBuckets } from "./access/shared-buckets.ts";
import { createTokens } from "./access/tokens.ts";
import { warnOfCredentials } from "./background/check-credentials.ts";
import { startContactListSync } from "./background/contact-list-sync.ts";
import { applyEvent } from "./background/event-effects.ts";
import { startSweeps } from "./background/sweeps.ts";
import {
  ACCOUNT,
  type AccessConfig,
  type Config,
  DEFAULT_STORE_URL,
  type EventsConfig,
  type PidjConfig,
  type TextizenConfig,
} from "./config.ts";
import { Context, type Services } from "./context.ts";
import { PLATFORM_NAMES, type Platform } from "./errors.ts";
import { createFeed } from "./events/feed.ts";
import { createReception } from "./events/reception.ts";
import { ALL_KEPT_LISTS, Versions } from "./freshness/versions.ts";
import type { Connections } from "./live/connections.ts";
import { addSubscriptions, type SubscriptionsOptions } from "./live/subscriptions.ts";
import { DetailWidth } from "./loaders/detail-width.ts";
import { createPidjLists } from "./loaders/pidj.ts";
import { createTextizenLists } from "./loaders/textizen.ts";
import { Admission } from "./operations/admission.ts";
import { buildGraph } from "./operations/graph.ts";
import { createOperations } from "./operations/operations.ts";
import { ANY_DOCUMENT, readTrustedDocuments } from "./operations/trusted-documents.ts";
import { Overload, type OverloadOptions } from "./overload.ts";
import { createPidjClient, type PidjClient } from "./pidj/client.ts";
import { DriftWatch } from "./rest/drift.ts";
import { KeptDetails } from "./rest/kept-details.ts";
import type { ConnectionOptions } from "./rest/transport.ts";
import { createUnconfiguredClient } from "./rest/unconfigured.ts";
import { startApollo } from "./server/apollo.ts";
import { addExplorer } from "./server/explorer.ts";
import { addGraphql } from "./server/graphql-route.ts";
import { createHttp } from "./server/http.ts";
import { addMetrics, listenForMetrics } from "./server/metrics-route.ts";
import { createHosts, createOrigins } from "./server/origins.ts";
import { addWebhooks, createWebhookGuard, webhookPath } from "./server/webhooks.ts";
import { keepAnswerShapes } from "./store/answer-shapes.ts";
import { createAttempts } from "./store/attempts.ts";
import { createAuditLog } from "./store/audit.ts";
import { createContactDirectory } from "./store/contacts.ts";
import { type Appended, createInbox } from "./store/inbox.ts";
import { openStore } from "./store/open.ts";
import { createOptOuts } from "./store/opt-outs.ts";
import { listenForEvents } from "./store/postgres-listener.ts";
import { isPostgresUrl } from "./store/postgres-url.ts";
import { type SharedToken, shareToken } from "./store/shared-token.ts";
import { shareVersions } from "./store/shared-versions.ts";
import { isMemoryStore } from "./store/sqlite.ts";
import type { Store } from "./store/store.ts";
import { createTurns } from "./store/turns.ts";
import { createLineStream, createLogOptions, type LogStream } from "./telemetry/log.ts";
import { createMetrics, type Metrics } from "./telemetry/metrics.ts";
import { createObserver } from "./telemetry/observer.ts";
import { startTracing } from "./telemetry/tracing.ts";
import { createTextizenClient, type TextizenClient } from "./textizen/client.ts";

const DAY_MS = 86_400_000;
/** One for all apps of the process. */
const STDERR = createLineStream({ write: (lines) => process.stderr.write(lines) });
/** Milliseconds after which an event of another process is found at the latest. */
const FEED_LOOK_MS = 250;
/** The same where the database tells of events, in case that it did not. */
const SAFETY_LOOK_MS = 5_000;
/** Milliseconds that a stop waits for running operations: by default the longest time of a send. */
const LONGEST_STOP_MS = 12_000;

const DRIFTS = { new: "is new", missing: "is missing", type: "has another type" } as const;

interface Webhooks {
  readonly pidj: string;
  readonly textizen: string;
}

/** The running server. */
export interface App {
  /** Where the graph is served, `http://127.0.0.1:4000/graphql`. */
  readonly url: string;
  /** The webhooks' URLs for the platforms' settings; null without a secret. */
  readonly webhooks: Webhooks | null;
  /** Where the metrics are served if not beside the graph. */
  readonly metricsUrl: string | null;
  readonly services: Services;
  /** Asks both platforms whether they take our credentials, and says so, one line each, where one does not. */
  warnOfCredentials(say: (line: string) => void): Promise<void>;
  /** Refuses new operations, answers running ones within 12 seconds, then releases everything. */
  close(): Promise<void>;
  /** Logs an error that ends the process: its kind and place only, because nobody knows what its message contains. */
  reportFatal(error: unknown): void;
}

export interface AppOptions {
  /** The time of day; for tests. */
  readonly now?: () => Date;
  /** Milliseconds of a clock that never goes back: the age of kept lists; for tests. */
  readonly clock?: () => number;
  /** The phone number in the explorer's first query. */
  readonly exampleNumber?: string;
  /** Replaces stderr for log lines; for tests. */
  readonly logTo?: LogStream;
  /** Called at points of every send; for tests of crashes. */
  readonly pauseAt?: Services["pauseAt"];
  /** Measures the process; for tests. */
  readonly measure?: OverloadOptions["measure"];
  /** Limits that differ from the defaults. */
  readonly connectionLimits?: Partial<SubscriptionsOptions["limits"]>;
  /** Runs when everything is built, before the first request is accepted. */
  readonly beforeListening?: (services: Services) => Promise<void>;
}

/** Builds everything that lives as long as the process, and listens. */
export async function startApp(config: Config, options: AppOptions = {}): Promise<App> {
  const storeUrl = config.storeUrl ?? DEFAULT_STORE_URL;
  const store = await openStore(storeUrl, ACCOUNT, { connections: config.replicas.connections });
  const now = options.now ?? (() => new Date());
  const versions = new Versions({
    shared: isMemoryStore(storeUrl) ? null : shareVersions(store),
    isStrict: isPostgresUrl(storeUrl),
    ...(options.clock && { now: options.clock }),
  });
  const metrics = createMetrics();
  const tracing = config.tracing && (await startTracing(config.tracing));
  const drift = new DriftWatch({
    kept: keepAnswerShapes(store),
    now: () => performance.now(),
    report: ({ platform, route, path, kind }) => {
      metrics.drift(platform, route, path, kind);
      warn(`${PLATFORM_NAMES[platform]}'s answers to ${route} have changed: ${path} ${DRIFTS[kind]}`, null);
    },
  });
  const connection = {
    versions,
    meter: metrics,
    drift,
    ...config.protection,
    timeouts: {
      readMilliseconds: config.timeouts.read,
      sendMilliseconds: config.timeouts.send,
      connectMilliseconds: config.timeouts.connect,
    },
  };
  const pidj = connectPidj(config.pidj, connection);
  const textizen = connectTextizen(config.textizen, {
    ...connection,
    sharedToken: sharedTokenOf(config, store, now),
  });
  const widths = { pidj: new DetailWidth(), textizen: new DetailWidth() };
  const keeping = {
    versions,
    snapshotMilliseconds: config.snapshotSeconds * 1_000,
    staleMilliseconds: config.staleSeconds * 1_000,
  };
  const { schema, guards, price, explain, sdl } = await buildGraph(config);
  const isWebhook = createWebhookGuard(config.events.webhookSecrets);
  const origins = createOrigins(config.isProduction, config.corsOrigins);
  const hosts = createHosts({
    names: [config.host, ...config.allowedHosts],
    publicName: config.events.publicUrl === null ? null : new URL(config.events.publicUrl).hostname,
    isOpen: config.access === null,
  });
  const connected = [config.pidj && pidj, config.textizen && textizen].filter((client) => client !== null);
  const overload = new Overload({
    limits: config.protection.overload,
    areCallsFull: () => connected.length > 0 && connected.every((client) => client.state().isFull),
    ...(options.measure && { measure: options.measure }),
  });
  const http = await createHttp({
    log: createLogOptions(config.logLevel, options.logTo ?? STDERR),
    origins,
    hosts,
    trustedProxies: config.trustedProxies,
    overload,
    onAnswer: metrics.request,
    isBehindTls: config.events.publicUrl?.startsWith("https:") ?? false,
  });
  const warn = (message: string, error: unknown) => http.log.warn({ err: error }, message);
  const report = (error: unknown) => http.log.error({ err: error }, "unexpected error");
  const inbox = createInbox(store, {
    now,
    repeatMilliseconds: config.events.repeatSeconds * 1_000,
    keptMilliseconds: config.events.keptDays * DAY_MS,
    mostKept: config.events.mostKept,
  });
  const audit = createAuditLog(store, { now, warn, keptMilliseconds: config.auditKeptDays * DAY_MS });
  const lookMilliseconds = isPostgresUrl(storeUrl) ? SAFETY_LOOK_MS : FEED_LOOK_MS;
  const feed = createFeed({ inbox, lookMilliseconds, warn });
  const services: Services = {
    pidj: {
      client: pidj,
      lists: createPidjLists(pidj, { ...keeping, width: widths.pidj }),
      width: widths.pidj,
      hasContactList: config.contactsListMinutes !== null,
    },
    textizen: {
      client: textizen,
      lists: createTextizenLists(textizen, { ...keeping, width: widths.textizen }),
      width: widths.textizen,
    },
    details: new KeptDetails({ versions, milliseconds: config.detailSeconds * 1_000 }),
    directory: createContactDirectory(store, now, warn, () => void versions.raise([])),
    // Nobody knows which lists the dead process's write may have changed.
    attempts: createAttempts(store, {
      now,
      audit,
      onAbandoned: () => versions.raise(ALL_KEPT_LISTS, { isUnknown: true }),
    }),
    optOuts: createOptOuts(store, now),
    takeTurn: createTurns(store, now),
    inbox,
    audit,
    onSettled: metrics.write,
    feed,
    versions,
    // One attempt and the time to record its outcome. It is shorter than a mutation's time, so that a retry after a
    // crash learns within that time that the outcome is unknown.
    requireType: guards.requireType,
    mayRead: guards.mayRead,
    takeRecipients: createRecipientLimit(
      config.limits.recipientsPerMinute,
      isPostgresUrl(storeUrl) ? new SharedBuckets(store, now) : createBuckets(),
    ),
    ssoNextHosts: config.ssoNextHosts,
    listsCalls: !config.isProduction,
    writeLeaseMilliseconds: config.timeouts.connect + config.timeouts.send + 1_000,
    pauseAt: options.pauseAt,
    now,
    warn,
  };
  let ownMetrics: Awaited<ReturnType<typeof listenForMetrics>> | null = null;
  let sync: ReturnType<typeof startContactListSync> | null = null;
  let sweeps: ReturnType<typeof startSweeps> | null = null;
  let listener: ReturnType<typeof listenForEvents> | null = null;
  const common = { schema, isProduction: config.isProduction, report };
  const operations = createOperations({
    ...common,
    deadlines: config.timeouts,
    createContext: (operation) => new Context(services, operation),
    versions: services.versions,
    overload,
    admission: new Admission({
      schema,
      price,
      limits: config.limits,
      buckets: { calls: createBuckets(), objects: createBuckets() },
    }),
    explain,
    observer: createObserver({ log: http.log, metrics, tracing }),
    trusted: config.trustedDocuments === null ? ANY_DOCUMENT : readTrustedDocuments(config.trustedDocuments, schema),
    allowsIntrospection: config.allowsIntrospection,
    sharesQueries: config.sharesOperations,
  });
  const exampleNumber = options.exampleNumber ?? "+14155551212";
  const apollo = await startApollo({ ...common, keepsQueries: config.trustedDocuments === null, exampleNumber });
  if (!config.isProduction) {
    await addExplorer(http, { exampleNumber });
  }
  const access =
    config.access === null
      ? OPEN_ACCESS
      : connectAccess({ ...config.access, isSubgraph: config.isSubgraph }, now, warn);
  const stream = addSubscriptions(http, {
    access,
    schema,
    operations,
    origins,
    hosts,
    answerMilliseconds: Math.min(config.timeouts.mutation, LONGEST_STOP_MS),
    limits: { connections: config.subscriberConnections, ...options.connectionLimits },
    report,
    onStart: (connections) => watchMetrics(metrics, services, connections),
  });
  if (config.metrics === null) {
    addMetrics(http, access, metrics);
  }
  addGraphql(http, apollo, {
    access,
    operations,
    trustsOnlyKnown: config.trustedDocuments !== null,
    sdl,
    hasPage: !config.isProduction,
    stream,
  });
  const { optOuts } = services;
  const onKept = (kept: Appended) => applyEvent(services, kept);
  const { optOutWords } = config.events;
  addWebhooks(http, isWebhook, createReception({ inbox, optOuts, optOutWords, onKept, warn }));
  const close = async () => {
    sync?.stop();
    overload.close();
    sweeps?.stop();
    ownMetrics?.close();
    // Connections are closed first, so that the clients of subscriptions know that they should connect again.
    const timer = setTimeout(() => http.server.closeAllConnections(), LONGEST_STOP_MS);
    await http.close();
    clearTimeout(timer);
    await apollo.stop();
    feed.close();
    await listener?.stop();
    await Promise.all([pidj.close(), textizen.close()]);
    await Promise.all([drift.idle(), services.directory.idle(), services.audit.idle(), tracing?.close()]);
    await store.close();
  };
  const reportFatal = (error: unknown) => http.log.fatal({ err: error }, "uncaught error: stopping");
  try {
    await options.beforeListening?.(services);
    if (config.contactsListMinutes !== null) {
      sync = startContactListSync(services, config.contactsListMinutes);
    }
    sweeps = startSweeps(services);
    if (isPostgresUrl(storeUrl)) {
      const url = config.replicas.listenUrl ?? storeUrl;
      listener = listenForEvents({ url, storeUrl, account: ACCOUNT, onNews: feed.wake, warn });
    }
    ownMetrics = config.metrics && (await listenForMetrics(config.metrics, metrics));
    const address = await http.listen({ host: config.host, port: config.port });
    overload.begin();
    return {
      url: `${address}/graphql`,
      webhooks: webhooksAt(config.events, address),
      services,
      close,
      reportFatal,
      warnOfCredentials: (say) => warnOfCredentials(services, platformsOf(config), say),
      metricsUrl: ownMetrics?.url ?? null,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

function watchMetrics(metrics: Metrics, services: Services, connections: Connections): void {
  const { pidj, textizen, attempts, warn } = services;
  const lists = Object.entries({
    ...prefixed("pidj", { ...pidj.lists }),
    ...prefixed("textizen", { ...textizen.lists }),
  });
  metrics.watch({
    platforms: { PIDJ: pidj.client.state, TEXTIZEN: textizen.client.state },
    lists: Object.fromEntries(lists.map(([name, list]) => [name, () => list.ageMilliseconds])),
    connections: () => connections.counts,
    countUnknown: async () => (await attempts.unknown()).length,
    warn,
  });
}

function prefixed<List>(prefix: string, lists: Readonly<Record<string, List>>): Record<string, List> {
  return Object.fromEntries(Object.entries(lists).map(([name, list]) => [`${prefix} ${name}`, list]));
}

function createBuckets(): Buckets {
  return new Buckets(() => performance.now());
}

function platformsOf({ pidj, textizen }: Config): Platform[] {
  return [...(pidj === null ? [] : ["PIDJ" as const]), ...(textizen === null ? [] : ["TEXTIZEN" as const])];
}

function webhooksAt({ webhookSecrets: [secret], publicUrl }: EventsConfig, address: string): Webhooks | null {
  const base = (publicUrl ?? address).replace(/\/+$/, "");
  return secret === undefined
    ? null
    : { pidj: base + webhookPath("pidj", secret), textizen: base + webhookPath("textizen", secret) };
}

function connectAccess(
  { keysFile, tokens, isSubgraph }: AccessConfig & Pick<Config, "isSubgraph">,
  time: () => Date,
  warn: (message: string, error: unknown) => void,
): Access {
  const now = () => time().getTime();
  return createAccess({
    keys: keysFile === null ? null : createApiKeys({ path: keysFile, now, warn }),
    tokens: tokens && createTokens({ ...tokens, now, warn }),
    isSubgraph,
    now,
  });
}

function connectPidj(config: PidjConfig | null, connection: Omit<ConnectionOptions, "baseUrl">): PidjClient {
  return config === null ? createUnconfiguredClient("PIDJ") : createPidjClient({ ...config, ...connection });
}

/** Null if each process signs in to Textizen by itself. */
function sharedTokenOf({ textizen, replicas }: Config, store: Store, now: () => Date): SharedToken | null {
  return textizen !== null && "email" in textizen.credentials && replicas.secretKey !== null
    ? shareToken(store, textizen.credentials.email, replicas.secretKey, now)
    : null;
}

function connectTextizen(
  config: TextizenConfig | null,
  connection: Omit<ConnectionOptions, "baseUrl"> & { readonly sharedToken: SharedToken | null },
): TextizenClient {
  return config === null ? createUnconfiguredClient("TEXTIZEN") : createTextizenClient({ ...config, ...connection });
}
