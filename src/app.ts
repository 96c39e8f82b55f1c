import { fastifyApolloDrainPlugin } from "@as-integrations/fastify";
import { startAttemptSweep } from "./attempt-sweep.ts";
import { ACCOUNT, type Config, DEFAULT_STORE_URL, type PidjConfig, type TextizenConfig } from "./config.ts";
import { type ContactListSync, startContactListSync } from "./contact-list-sync.ts";
import { ChangeCounter, Context, type Services } from "./context.ts";
import { createPidjLists } from "./loaders/pidj.ts";
import { createTextizenLists } from "./loaders/textizen.ts";
import { createPidjClient, type PidjClient } from "./pidj/client.ts";
import type { ConnectionOptions } from "./rest/transport.ts";
import { createUnconfiguredClient } from "./rest/unconfigured.ts";
import { startGraphql } from "./server/graphql.ts";
import { addGraphql } from "./server/graphql-route.ts";
import { createHttp } from "./server/http.ts";
import { buildSchema, printSdl } from "./server/schema.ts";
import { createAttempts } from "./store/attempts.ts";
import { createContactDirectory } from "./store/contacts.ts";
import { openSqliteStore } from "./store/sqlite.ts";
import { createTextizenClient, type TextizenClient } from "./textizen/client.ts";

// Behind its time a list is still served this many times longer while a new one is read.
const STALE_FACTOR = 10;

/** The running server. */
export interface App {
  /** Where the graph is served, `http://127.0.0.1:4000/graphql`. */
  readonly url: string;
  readonly services: Services;
  /** Answers what is under way, then lets go of everything. */
  close(): Promise<void>;
}

export interface AppOptions {
  /** A number of somebody whom newcomers are shown first. */
  readonly exampleNumber?: string;
  /** Waits at a named point of every send; for tests of crashes. */
  readonly reach?: Services["reach"];
  /** Runs when everything is built, before the first request is taken. */
  readonly beforeListening?: (services: Services) => Promise<void>;
}

/** Builds everything that lives as long as the process, and listens. */
export async function startApp(config: Config, options: AppOptions = {}): Promise<App> {
  const store = openSqliteStore(config.storeUrl ?? DEFAULT_STORE_URL, ACCOUNT);
  const now = () => new Date();
  const connection = {
    timeouts: {
      readMilliseconds: config.timeouts.read,
      sendMilliseconds: config.timeouts.send,
      connectMilliseconds: config.timeouts.connect,
    },
  };
  const pidj = connectPidj(config.pidj, connection);
  const textizen = connectTextizen(config.textizen, connection);
  const times = {
    freshMilliseconds: config.snapshotSeconds * 1_000,
    staleMilliseconds: config.snapshotSeconds * 1_000 * STALE_FACTOR,
    now: () => performance.now(),
  };
  const schema = buildSchema();
  const http = createHttp({
    isProduction: config.isProduction,
    logLevel: config.logLevel,
    sdl: config.isProduction ? null : printSdl(schema),
  });
  const services: Services = {
    pidj: { client: pidj, lists: createPidjLists(pidj, times), hasContactList: config.contactsListMinutes !== null },
    textizen: { client: textizen, lists: createTextizenLists(textizen, times) },
    directory: createContactDirectory(store, now),
    attempts: createAttempts(store, now),
    changes: new ChangeCounter(),
    // A try, and time to write down what came of it; shorter than a mutation's time, so that a retry after a crash is
    // told within it that nobody knows.
    writeLeaseMilliseconds: config.timeouts.connect + config.timeouts.send + 1_000,
    reach: options.reach,
    now,
    warn: (message, error) => http.log.warn({ err: error }, message),
  };
  let sync: ContactListSync | null = null;
  let sweep: ReturnType<typeof startAttemptSweep> | null = null;
  const apollo = await startGraphql({
    schema,
    isProduction: config.isProduction,
    exampleNumber: options.exampleNumber ?? "+14155551212",
    report: (error) => http.log.error({ err: error }, "unexpected error"),
    plugins: [fastifyApolloDrainPlugin(http)],
  });
  addGraphql(http, apollo, {
    deadlines: { query: config.timeouts.query, send: config.timeouts.mutation },
    createContext: (operation) => new Context(services, operation),
    // Outside production every operation says what it cost by itself.
    sharesUnder: config.isProduction && config.sharesOperations ? () => services.changes.value : null,
  });
  const close = async () => {
    sync?.stop();
    sweep?.stop();
    await apollo.stop();
    await Promise.all([pidj.close(), textizen.close()]);
    await store.close();
  };
  try {
    await options.beforeListening?.(services);
    if (config.contactsListMinutes === null) {
      await services.directory.markComplete(null);
    } else {
      sync = startContactListSync(services, config.contactsListMinutes);
    }
    sweep = startAttemptSweep(services);
    const address = await http.listen({ host: config.host, port: config.port });
    return { url: `${address}/graphql`, services, close };
  } catch (error) {
    await close();
    throw error;
  }
}

function connectPidj(config: PidjConfig | null, connection: Pick<ConnectionOptions, "timeouts">): PidjClient {
  return config === null ? createUnconfiguredClient("PIDJ") : createPidjClient({ ...config, ...connection });
}

function connectTextizen(
  config: TextizenConfig | null,
  connection: Pick<ConnectionOptions, "timeouts">,
): TextizenClient {
  return config === null ? createUnconfiguredClient("TEXTIZEN") : createTextizenClient({ ...config, ...connection });
}
