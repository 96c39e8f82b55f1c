import { randomUUID } from "node:crypto";
import { setTimeout as wait } from "node:timers/promises";
import { Client } from "pg";
import { channelOf, newsOf } from "./postgres-schema.ts";
import { parsePostgresUrl } from "./postgres-url.ts";

export interface ListenerOptions {
  /** The database itself: a pooler in transaction mode passes no news on. */
  readonly url: string;
  /** Of the store: a listener of another address still listens to it, and is tried by it. */
  readonly storeUrl: string;
  readonly account: string;
  /** Called when an event was stored, and after each time in which one may have been missed. */
  readonly onEvents: () => void;
  /** Called with other news, and with null after each time in which some may have been missed. */
  readonly onNews: (news: string | null) => void;
  /** Called when the connection is lost; called again only after it was there in between. */
  readonly warn: (message: string, error: unknown) => void;
}

const RETRY_MS = 500;
/** How long a dead connection may look alive. */
const CHECK_MS = 5_000;
/** How long news from one connection to another may take. */
const NEWS_MS = 2_000;

const ADVICE =
  "leads to a pooler in transaction mode or to another database. Set STORE_LISTEN_URL to the database of STORE_URL itself, or new events of other replicas are found after 5 seconds only";

/** Hears of new events that other servers store, and of their other news, by one connection of its own, which is made anew when it is lost. */
export function listenForEvents({ url, storeUrl, account, onEvents, onNews, warn }: ListenerOptions): {
  stop(): Promise<void>;
} {
  const variable = url === storeUrl ? "STORE_URL" : "STORE_LISTEN_URL";
  const { connectionString } = parsePostgresUrl(url, variable);
  const store = parsePostgresUrl(storeUrl);
  const channel = channelOf(store.schema);
  let client: Client | null = null;
  let timer: NodeJS.Timeout | undefined;
  let isStopped = false;
  let isWarned = false;
  let isTried = false;

  const createClient = (address: string) =>
    new Client({
      connectionString: address,
      application_name: "textgraph events",
      connectionTimeoutMillis: CHECK_MS,
      query_timeout: CHECK_MS,
      keepAlive: true,
    });

  /**
   * Tries once whether news of the store reach this connection. LISTEN succeeds through a pooler in transaction mode and at
   * another database too, and none come.
   */
  async function tryNews(listening: Client): Promise<void> {
    const word = randomUUID();
    let isHeard = false;
    listening.on("notification", ({ payload }) => {
      isHeard ||= payload === word;
    });
    const teller = createClient(store.connectionString);
    teller.on("error", () => undefined);
    try {
      await teller.connect();
      await teller.query("SELECT pg_notify($1, $2)", [channel, word]);
    } finally {
      await teller.end().catch(() => undefined);
    }
    for (let waited = 0; !isHeard && waited < NEWS_MS && client === listening; waited += NEWS_MS / 100) {
      await wait(NEWS_MS / 100, undefined, { ref: false });
    }
    if (!isHeard && client === listening) {
      warn(`no news come from the database: ${variable} ${ADVICE}`, null);
    }
    isTried = true;
  }

  async function connect(): Promise<void> {
    const mine = createClient(connectionString);
    client = mine;
    const lose = (error: unknown) => {
      if (client !== mine) {
        return;
      }
      client = null;
      void mine.end().catch(() => undefined);
      if (!isStopped) {
        if (!isWarned) {
          warn(`new events of other replicas are looked for, because the database tells of none: ${variable}`, error);
        }
        isWarned = true;
        clearTimeout(timer);
        timer = setTimeout(connect, RETRY_MS * (1 + Math.random())).unref();
      }
    };
    mine.on("error", lose);
    mine.on("end", () => lose(null));
    mine.on("notification", ({ payload }) => {
      if (payload === account) {
        onEvents();
      } else if (payload?.startsWith(newsOf(account, ""))) {
        onNews(payload.slice(newsOf(account, "").length));
      }
    });
    const check = () => {
      timer = setTimeout(() => mine.query("SELECT 1").then(check, lose), CHECK_MS).unref();
    };
    try {
      await mine.connect();
      await mine.query(`LISTEN ${channel}`);
      isWarned = false;
      onEvents();
      onNews(null);
      check();
      if (!isTried) {
        await tryNews(mine);
      }
    } catch (error) {
      lose(error);
    }
  }

  void connect();
  return {
    stop: async () => {
      isStopped = true;
      clearTimeout(timer);
      const last = client;
      client = null;
      await last?.end().catch(() => undefined);
    },
  };
}
