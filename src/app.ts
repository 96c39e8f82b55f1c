import { type Access, createAccess, OPEN_ACCESS } from "./access/access.ts";
import { createApiKeys } from "./access/api-keys.ts";
import { Buckets, type CallerBuckets } from "./access/buckets.ts";
import { ReportedBuckets } from "./access/reported-buckets.ts";
import { createTokens } from "./access/tokens.ts";
import { warnOfCredentials } from "./background/check-credentials.ts";
import { startContactListSync } from "./background/contact-list-sync.ts";
import { applyEvent } from "./background/event-effects.ts";
import { startSweeps } from "./background/sweeps.ts";
import { ACCOUNT, type AccessConfig, type Config, DEFAULT_STORE_URL, type EventsConfig } from "./config.ts";
import { Context, type Services } from "./context.ts";
import type { Platform } from "./errors.ts";
import { createReception } from "./events/reception.ts";
import { startWorker } from "./jobs/worker.ts";
import type { Connections } from "./live/connections.ts";
import { addSubscriptions, type SubscriptionsOptions } from "./live/subscriptions.ts";
import { Admission } from "./operations/admission.ts";
import { buildGraph, type Graph } from "./operations/graph.ts";
import { createOperations } from "./operations/operations.ts";
import { ANY_DOCUMENT, readTrustedDocuments } from "./operations/trusted-documents.ts";
import { Overload, type OverloadOptions } from "./overload.ts";
import { startApollo } from "./server/apollo.ts";
import { addExplorer } from "./server/explorer.ts";
import { addGraphql } from "./server/graphql-route.ts";
import { createHttp } from "./server/http.ts";
import { addJobs } from "./server/jobs-route.ts";
import { addMetrics, listenForMetrics } from "./server/metrics-route.ts";
import { createHosts, createOrigins } from "./server/origins.ts";
import { addWebhooks, createWebhookGuard, webhookPath } from "./server/webhooks.ts";
import { createServices } from "./services.ts";
import type { Appended } from "./store/inbox-arrivals.ts";
import { openStore } from "./store/open.ts";
import { listenForEvents } from "./store/postgres-listener.ts";
import { isPostgresUrl } from "./store/postgres-url.ts";
import { createLineStream, createLogOptions, type LogStream } from "./telemetry/log.ts";
import { createMetrics, type Metrics } from "./telemetry/metrics.ts";
import { createObserver } from "./telemetry/observer.ts";
import { startTracing } from "./telemetry/tracing.ts";

/** One for all apps of the process. */
const STDERR = createLineStream({ write: (lines) => process.stderr.write(lines) });
/** Milliseconds that a stop waits for running operations: by default the longest time of a send. */
const LONGEST_STOP_MS = 12_000;

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
  /** What `buildGraph` returns for this configuration, built already; for tests, which start many servers. */
  readonly graph?: Graph;
  /** Milliseconds after which jobs are looked at whose news did not come; for tests. */
  readonly jobLookMilliseconds?: number;
  /** Milliseconds within which a request's body must arrive, or go on arriving; for tests. */
  readonly bodyMilliseconds?: number;
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
  const metrics = createMetrics();
  const tracing = config.tracing && (await startTracing(config.tracing));
  const { schema, guards, price, explain, sdl } = options.graph ?? (await buildGraph(config));
  const isWebhook = createWebhookGuard(config.events.webhookSecrets);
  const origins = createOrigins(config.isProduction, config.corsOrigins);
  const hosts = createHosts({
    names: [config.host, ...config.allowedHosts],
    publicName: config.events.publicUrl === null ? null : new URL(config.events.publicUrl).hostname,
    isOpen: config.access === null,
  });
  const overload = new Overload({
    limits: config.protection.overload,
    areCallsFull: () => built.areCallsFull(),
    ...(options.measure && { measure: options.measure }),
  });
  const http = await createHttp({
    log: createLogOptions(config.logLevel, options.logTo ?? STDERR),
    origins,
    hosts,
    trustedProxies: config.trustedProxies,
    overload,
    bodyMilliseconds: options.bodyMilliseconds ?? 30_000,
    onAnswer: metrics.request,
    isBehindTls: config.events.publicUrl?.startsWith("https:") ?? false,
  });
  const warn = (message: string, error: unknown) => http.log.warn({ err: error }, message);
  const report = (error: unknown) => http.log.error({ err: error }, "unexpected error");
  const built = createServices(config, {
    store,
    guards,
    metrics,
    warn,
    now,
    clock: options.clock,
    jobLookMilliseconds: options.jobLookMilliseconds,
    pauseAt: options.pauseAt,
  });
  const { services } = built;
  let ownMetrics: Awaited<ReturnType<typeof listenForMetrics>> | null = null;
  let sync: ReturnType<typeof startContactListSync> | null = null;
  let sweeps: ReturnType<typeof startSweeps> | null = null;
  let worker: ReturnType<typeof startWorker> | null = null;
  let listener: ReturnType<typeof listenForEvents> | null = null;
  const createBuckets = (unit: "calls" | "objects"): CallerBuckets => {
    const clock = () => performance.now();
    return isPostgresUrl(storeUrl) ? new ReportedBuckets({ store, unit, now, clock }) : new Buckets(clock);
  };
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
      buckets: { calls: createBuckets("calls"), objects: createBuckets("objects") },
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
  addJobs(http, access, services);
  addGraphql(http, apollo, {
    access,
    operations,
    trustsOnlyKnown: config.trustedDocuments !== null,
    sdl,
    hasPage: !config.isProduction,
    stream,
  });
  const { inbox, optOuts, feed, jobs } = services;
  const onKept = (kept: Appended) => applyEvent(services, kept);
  const { optOutWords } = config.events;
  addWebhooks(http, isWebhook, createReception({ inbox, optOuts, optOutWords, onKept, warn }));
  const close = async () => {
    sync?.stop();
    overload.close();
    sweeps?.stop();
    const rowsDone = worker?.stop();
    ownMetrics?.close();
    // Connections are closed first, so that the clients of subscriptions know that they should connect again.
    const timer = setTimeout(() => http.server.closeAllConnections(), LONGEST_STOP_MS);
    await http.close();
    await rowsDone;
    clearTimeout(timer);
    await apollo.stop();
    feed.close();
    await listener?.stop();
    await built.close();
    await tracing?.close();
    await store.close();
  };
  const reportFatal = (error: unknown) => http.log.fatal({ err: error }, "uncaught error: stopping");
  try {
    await services.attempts.open().catch((error: unknown) => warn("the store cannot be written", error));
    await options.beforeListening?.(services);
    if (config.contactsListMinutes !== null) {
      sync = startContactListSync(services, config.contactsListMinutes);
    }
    sweeps = startSweeps(services);
    worker = startWorker({
      services,
      rowsAtOnce: config.jobs.rowsAtOnce,
      rowMilliseconds: config.timeouts.mutation,
      isOverloaded: () => overload.refusesReads,
      recall: access.recall,
    });
    if (isPostgresUrl(storeUrl)) {
      const url = config.replicas.listenUrl ?? storeUrl;
      listener = listenForEvents({ url, storeUrl, account: ACCOUNT, onEvents: feed.wake, onNews: jobs.hear, warn });
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
