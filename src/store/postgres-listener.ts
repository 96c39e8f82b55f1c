import { Client } from "pg";
import { channelOf } from "./postgres-schema.ts";
import { parsePostgresUrl } from "./postgres-url.ts";

export interface ListenerOptions {
  /** The database itself: a pooler in transaction mode passes no news on. */
  readonly url: string;
  /** Of the store: a listener of another address still listens to it. */
  readonly storeUrl: string;
  readonly account: string;
  /** Called when an event was stored, and after each time in which one may have been missed. */
  readonly onNews: () => void;
  /** Called when the connection is lost; called again only after it was there in between. */
  readonly warn: (message: string, error: unknown) => void;
}

const RETRY_MS = 500;
/** How long a dead connection may look alive. */
const CHECK_MS = 5_000;

/** Hears of new events that other servers store, by one connection of its own, which is made anew when it is lost. */
export function listenForEvents({ url, storeUrl, account, onNews, warn }: ListenerOptions): { stop(): Promise<void> } {
  const { connectionString } = parsePostgresUrl(url, "STORE_LISTEN_URL");
  const channel = channelOf(parsePostgresUrl(storeUrl).schema);
  let client: Client | null = null;
  let timer: NodeJS.Timeout | undefined;
  let isStopped = false;
  let isWarned = false;

  async function connect(): Promise<void> {
    const mine = new Client({
      connectionString,
      application_name: "textgraph events",
      connectionTimeoutMillis: CHECK_MS,
      query_timeout: CHECK_MS,
      keepAlive: true,
    });
    client = mine;
    const lose = (error: unknown) => {
      if (client !== mine) {
        return;
      }
      client = null;
      void mine.end().catch(() => undefined);
      if (!isStopped) {
        if (!isWarned) {
          warn("new events of other replicas are looked for, because the database tells of none", error);
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
        onNews();
      }
    });
    const check = () => {
      timer = setTimeout(() => mine.query("SELECT 1").then(check, lose), CHECK_MS).unref();
    };
    try {
      await mine.connect();
      await mine.query(`LISTEN ${channel}`);
      isWarned = false;
      onNews();
      check();
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
