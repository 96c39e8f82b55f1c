import { createHash } from "node:crypto";
import { Pool, type PoolClient, type QueryResult, type QueryResultRow } from "pg";
import { StoreError } from "../errors.ts";
import type { PostgresAddress } from "./postgres-url.ts";

export interface PoolOptions {
  readonly address: PostgresAddress;
  /** The most connections. */
  readonly most: number;
  /** Milliseconds after which the database itself ends a statement. */
  readonly statementMilliseconds: number;
}

/** A statement and its values. The text is the same each time, so that the database prepares it once for a connection. */
export interface Statement {
  readonly text: string;
  readonly values: readonly unknown[];
}

/** Milliseconds from one try to the next while the database does not answer. */
const PROBE_MS = 500;
const NAME_CHARACTERS = 32;
/** Errors after which a connection may lead to a server that is no longer the right one. */
const OTHER_SERVER = ["25006", "57P01", "57P02", "57P03"];
/** A prepared statement is not there, or there already: a pooler gave the connection to another server process. */
const NOT_PREPARED = ["26000", "42P05"];

/**
 * Connections to the database: few, and every wait is bounded, for a connection as well as for an answer. A connection
 * whose answer did not come in time is closed. Once the database has not answered, those who are in a hurry are refused
 * at once until it answers again.
 */
export class PostgresPool {
  readonly #pool: Pool;
  /** The database's clock in milliseconds since 1970, less that of this process; never ahead of the truth. */
  #clockOffset = 0;
  #isSilent = false;
  /** False once it was seen that a pooler changes the process behind a connection, which loses what it has prepared. */
  #prepares = true;
  readonly #names = new Map<string, string>();
  #probe: NodeJS.Timeout | null = null;

  constructor({ address, most, statementMilliseconds }: PoolOptions) {
    this.#pool = new Pool({
      connectionString: address.connectionString,
      application_name: "textgraph",
      max: most,
      statement_timeout: statementMilliseconds,
      query_timeout: statementMilliseconds,
      connectionTimeoutMillis: statementMilliseconds,
      idleTimeoutMillis: 60_000,
      keepAlive: true,
      onConnect: async (client) => {
        const { rows } = await client.query<{ at: number; standby: boolean }>(
          "SELECT extract(epoch FROM clock_timestamp())::float8 * 1000 AS at, pg_is_in_recovery() AS standby",
        );
        if (rows[0]?.standby !== false) {
          throw new Error("this server is a standby");
        }
        this.setClock(rows[0].at);
      },
    });
    // An idle connection that ends is replaced when it is needed.
    this.#pool.on("error", () => undefined);
    // One that ends while it is used fails its query, and says so once more, to nobody in particular.
    this.#pool.on("connect", (client) => client.on("error", () => undefined));
  }

  /** The database's time now, as far as this process can tell; never ahead of it. */
  get databaseNow(): number {
    return performance.now() + this.#clockOffset;
  }

  /** Takes over the database's time from an answer that has just come. */
  setClock(at: number): void {
    this.#clockOffset = at - performance.now();
  }

  /**
   * Runs one statement within so many milliseconds, the wait for a connection included. A function is called when the
   * connection is there, with the milliseconds that are left. With `isHurried` it fails at
   * once while the database does not answer. Throws StoreError; its cause is the database's own error, if it had one.
   */
  async run<Row extends QueryResultRow>(
    statement: Statement | ((millisecondsLeft: number) => Statement),
    { milliseconds, isHurried = false }: { readonly milliseconds: number; readonly isHurried?: boolean },
  ): Promise<QueryResult<Row>> {
    if (isHurried && this.#isSilent) {
      throw new StoreError("The database does not answer", null);
    }
    const deadline = performance.now() + milliseconds;
    const client = await this.#connect(deadline);
    try {
      const result = await this.#ask<Row>(client, statement, deadline);
      client.release();
      return result;
    } catch (cause) {
      const code = codeOf(cause);
      // An error with a code is the database's answer, after which the connection can be used again.
      client.release(code === null || OTHER_SERVER.includes(code));
      if (code === null) {
        this.#fallSilent();
      }
      throw new StoreError(code === null ? "The database did not answer in time" : "The database failed", cause);
    }
  }

  async close(): Promise<void> {
    if (this.#probe !== null) {
      clearTimeout(this.#probe);
    }
    if (!this.#pool.ended) {
      await this.#pool.end();
    }
  }

  async #ask<Row extends QueryResultRow>(
    client: PoolClient,
    statement: Statement | ((millisecondsLeft: number) => Statement),
    deadline: number,
  ): Promise<QueryResult<Row>> {
    const left = Math.max(1, Math.ceil(deadline - performance.now()));
    const { text, values } = typeof statement === "function" ? statement(left) : statement;
    // The client library takes a timeout for each query; its types know it for connections only.
    const bounded = { text, values: [...values], query_timeout: left };
    if (!this.#prepares) {
      return client.query<Row>(bounded);
    }
    try {
      return await client.query<Row>({ ...bounded, name: this.#nameOf(text) });
    } catch (error) {
      if (!NOT_PREPARED.includes(codeOf(error) ?? "")) {
        throw error;
      }
      // Nothing was carried out.
      this.#prepares = false;
      return this.#ask(client, statement, deadline);
    }
  }

  /** Behind a pooler, processes share what is prepared: another schema's or version's statement must not have this name. */
  #nameOf(text: string): string {
    const name = this.#names.get(text) ?? createHash("sha256").update(text).digest("hex").slice(0, NAME_CHARACTERS);
    this.#names.set(text, name);
    return name;
  }

  async #connect(deadline: number): Promise<PoolClient> {
    const connecting = this.#pool.connect();
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<null>((resolve) => {
      timer = setTimeout(resolve, Math.max(1, deadline - performance.now()), null);
    });
    try {
      const client = await Promise.race([connecting, late]);
      if (client !== null) {
        return client;
      }
    } catch (cause) {
      throw new StoreError("The database cannot be reached", cause);
    } finally {
      clearTimeout(timer);
    }
    // It goes to somebody else when it comes.
    connecting.then(
      (client) => client.release(),
      () => undefined,
    );
    this.#fallSilent();
    throw new StoreError("No connection to the database came free in time", null);
  }

  #fallSilent(): void {
    this.#isSilent = true;
    if (this.#probe === null && !this.#pool.ended) {
      this.#probe = setTimeout(() => {
        this.#probe = null;
        this.run({ text: "SELECT 1", values: [] }, { milliseconds: 2 * PROBE_MS }).then(
          () => {
            this.#isSilent = false;
          },
          () => this.#fallSilent(),
        );
      }, PROBE_MS).unref();
    }
  }
}

/** The SQLSTATE of an error that is the database's answer; null for any other. */
export function codeOf(error: unknown): string | null {
  return error instanceof Error && "severity" in error && "code" in error ? String(error.code) : null;
}
