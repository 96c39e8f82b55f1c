import { Buckets, createRecipientLimit } from "./access/buckets.ts";
import { forgetFullBuckets, SharedBuckets } from "./access/shared-buckets.ts";
import { type Config, DEFAULT_STORE_URL } from "./config.ts";
import type { Services } from "./context.ts";
import type { PidjConfig, TextizenConfig } from "./credentials.ts";
import { PLATFORM_NAMES } from "./errors.ts";
import { createFeed } from "./events/feed.ts";
import { createOutgoingTexts } from "./events/outgoing.ts";
import { ALL_KEPT_LISTS, Versions } from "./freshness/versions.ts";
import { DetailWidth } from "./loaders/detail-width.ts";
import { createPidjLists } from "./loaders/pidj.ts";
import { createTextizenLists } from "./loaders/textizen.ts";
import type { Guards } from "./operations/guards.ts";
import { createPidjClient, type PidjClient } from "./pidj/client.ts";
import { DriftWatch } from "./rest/drift.ts";
import { FailureLog } from "./rest/failure-log.ts";
import { KeptDetails } from "./rest/kept-details.ts";
import type { ConnectionOptions } from "./rest/transport.ts";
import { createUnconfiguredClient } from "./rest/unconfigured.ts";
import { keepAnswerShapes } from "./store/answer-shapes.ts";
import { createAttempts } from "./store/attempts.ts";
import { createAuditLog } from "./store/audit.ts";
import { createContactDirectory } from "./store/contacts.ts";
import { createConversations } from "./store/conversations.ts";
import { createInbox } from "./store/inbox.ts";
import { createJobs } from "./store/jobs.ts";
import { createOptOuts } from "./store/opt-outs.ts";
import { isPostgresUrl } from "./store/postgres-url.ts";
import { type SharedToken, shareToken } from "./store/shared-token.ts";
import { shareVersions } from "./store/shared-versions.ts";
import { isMemoryStore } from "./store/sqlite.ts";
import type { Store } from "./store/store.ts";
import { createTurns } from "./store/turns.ts";
import type { Metrics } from "./telemetry/metrics.ts";
import { createTextizenClient, type TextizenClient } from "./textizen/client.ts";

const DAY_MS = 86_400_000;
/** Milliseconds after which an event of another process is found at the latest. */
const FEED_LOOK_MS = 250;
/** The same where the database tells of events, in case that it did not. */
const SAFETY_LOOK_MS = 5_000;
/** Milliseconds after which what a process left that died is found in a file. */
const LEFT_BEHIND_MS = 1_000;

const DRIFTS = { new: "is new", missing: "is missing", type: "has another type" } as const;

interface ServicesOptions {
  readonly store: Store;
  readonly guards: Guards;
  readonly metrics: Metrics;
  readonly warn: Services["warn"];
  readonly now: () => Date;
  /** Milliseconds of a clock that never goes back; for tests. */
  readonly clock?: (() => number) | undefined;
  /** Milliseconds after which jobs are looked at whose news did not come; for tests. */
  readonly jobLookMilliseconds?: number | undefined;
  readonly pauseAt: Services["pauseAt"];
}

interface BuiltServices {
  readonly services: Services;
  /** Whether no platform that is set up takes another call at the moment. */
  readonly areCallsFull: () => boolean;
  /** Waits for what is under way at the platforms, and for what is being learned of it. The store stays open. */
  readonly close: () => Promise<void>;
}

/** Builds what all operations share: both platforms' clients and lists, and everything that the store keeps. */
export function createServices(config: Config, options: ServicesOptions): BuiltServices {
  const { store, guards, metrics, warn, now, clock, pauseAt } = options;
  const storeUrl = config.storeUrl ?? DEFAULT_STORE_URL;
  const versions = new Versions({
    shared: isMemoryStore(storeUrl) ? null : shareVersions(store),
    isStrict: isPostgresUrl(storeUrl),
    ...(clock && { now: clock }),
  });
  const drift = new DriftWatch({
    kept: keepAnswerShapes(store),
    now: () => performance.now(),
    report: ({ platform, route, path, kind }) => {
      metrics.drift(platform, route, path, kind);
      warn(`${PLATFORM_NAMES[platform]}'s answers to ${route} have changed: ${path} ${DRIFTS[kind]}`, null);
    },
  });
  const failures = new FailureLog(now);
  const connection = {
    versions,
    meter: metrics,
    drift,
    failures,
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
    sharedToken: sharedTokenOf(config, store, { now, warn }),
  });
  const widths = { pidj: new DetailWidth(), textizen: new DetailWidth() };
  const keeping = {
    versions,
    snapshotMilliseconds: config.snapshotSeconds * 1_000,
    staleMilliseconds: config.staleSeconds * 1_000,
  };
  const connected = [config.pidj && pidj, config.textizen && textizen].filter((client) => client !== null);
  const inbox = createInbox(store, {
    now,
    repeatMilliseconds: config.events.repeatSeconds * 1_000,
    keptMilliseconds: config.events.keptDays * DAY_MS,
    mostKept: config.events.mostKept,
  });
  const audit = createAuditLog(store, { now, warn, keptMilliseconds: config.auditKeptDays * DAY_MS });
  const lookAt = (ofFile: number) => (isPostgresUrl(storeUrl) ? SAFETY_LOOK_MS : ofFile);
  const feed = createFeed({ inbox, lookMilliseconds: lookAt(FEED_LOOK_MS), warn });
  const outgoing = createOutgoingTexts({
    inbox,
    feed,
    find: (key) => services.attempts.find(key),
    lookMilliseconds: lookAt(LEFT_BEHIND_MS),
    warn,
  });
  const services: Services = {
    pidj: {
      client: pidj,
      lists: createPidjLists(pidj, { ...keeping, width: widths.pidj }),
      width: widths.pidj,
      hasContactList: config.contactsListMinutes !== null,
      isConfigured: config.pidj !== null,
    },
    textizen: {
      client: textizen,
      lists: createTextizenLists(textizen, { ...keeping, width: widths.textizen }),
      width: widths.textizen,
    },
    failures,
    details: new KeptDetails({ versions, milliseconds: config.detailSeconds * 1_000 }),
    directory: createContactDirectory(store, now, warn, () => void versions.raise([])),
    // Nobody knows which lists the dead process's write may have changed.
    attempts: createAttempts(store, {
      now,
      audit,
      onNews: outgoing.wake,
      onJobNews: (news) => services.jobs.hear(news),
      onAbandoned: () => versions.raise(ALL_KEPT_LISTS, { isUnknown: true }),
    }),
    optOuts: createOptOuts(store, now),
    takeTurn: createTurns(store, now),
    inbox,
    conversations: createConversations(store),
    jobs: createJobs(store, {
      now,
      keptMilliseconds: config.events.keptDays * DAY_MS,
      lookMilliseconds: options.jobLookMilliseconds ?? lookAt(LEFT_BEHIND_MS),
    }),
    jobDefaults: config.jobs,
    audit,
    onSettled: metrics.write,
    feed,
    versions,
    requireType: guards.requireType,
    mayRead: guards.mayRead,
    takeRecipients: createRecipientLimit(
      config.limits.recipientsPerMinute,
      isPostgresUrl(storeUrl) ? new SharedBuckets(store, now) : new Buckets(() => performance.now()),
    ),
    forgetFullBuckets: () => forgetFullBuckets(store, now()),
    ssoNextHosts: config.ssoNextHosts,
    defaultRegion: config.defaultRegion,
    listsCalls: !config.isProduction,
    // One attempt and the time to record its outcome. It is shorter than a mutation's time, so that a retry after a
    // crash learns within that time that the outcome is unknown.
    writeLeaseMilliseconds: config.timeouts.connect + config.timeouts.send + 1_000,
    pauseAt,
    now,
    warn,
  };
  return {
    services,
    areCallsFull: () => connected.length > 0 && connected.every((client) => client.state().isFull),
    close: async () => {
      await Promise.all([pidj.close(), textizen.close()]);
      await outgoing.stop();
      await Promise.all([drift.idle(), services.directory.idle(), audit.idle()]);
    },
  };
}

function connectPidj(config: PidjConfig | null, connection: Omit<ConnectionOptions, "baseUrl">): PidjClient {
  return config === null ? createUnconfiguredClient("PIDJ") : createPidjClient({ ...config, ...connection });
}

/** Null if each process signs in to Textizen by itself. */
function sharedTokenOf(
  { textizen, replicas }: Config,
  store: Store,
  { now, warn }: Pick<ServicesOptions, "now" | "warn">,
): SharedToken | null {
  const onOther = () => warn("another STORE_SECRET_KEY, or another user, was signed in to Textizen", null);
  return textizen !== null && "email" in textizen.credentials && replicas.secretKey !== null
    ? shareToken(store, textizen.credentials.email, replicas.secretKey, { now, onOther })
    : null;
}

function connectTextizen(
  config: TextizenConfig | null,
  connection: Omit<ConnectionOptions, "baseUrl"> & { readonly sharedToken: SharedToken | null },
): TextizenClient {
  return config === null ? createUnconfiguredClient("TEXTIZEN") : createTextizenClient({ ...config, ...connection });
}
