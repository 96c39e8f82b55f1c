import { Client } from "pg";
import { StoreError } from "../errors.ts";
import { createPostgresStore } from "./postgres.ts";
import { codeOf } from "./postgres-pool.ts";
import { prepareSchema } from "./postgres-schema.ts";
import { isPostgresUrl, type PostgresAddress, parsePostgresUrl } from "./postgres-url.ts";
import { openSqliteStore, parseStoreUrl } from "./sqlite.ts";
import type { Store } from "./store.ts";

export interface OpenOptions {
  /** The most connections to a database. */
  readonly connections?: number;
  /** The longest time of a call of the store. */
  readonly milliseconds?: number;
  /** If true, a file that is not there is not made. */
  readonly mustExist?: boolean;
}

const CONNECTIONS = 10;
const CALL_MS = 5_000;
const UNKNOWN_AUTHORITY = [
  "DEPTH_ZERO_SELF_SIGNED_CERT",
  "SELF_SIGNED_CERT_IN_CHAIN",
  "UNABLE_TO_GET_ISSUER_CERT",
  "UNABLE_TO_GET_ISSUER_CERT_LOCALLY",
  "UNABLE_TO_VERIFY_LEAF_SIGNATURE",
];
/** Making the schema may have to wait for another server that does so. */
const PREPARE_MS = 30_000;

/** The store's place as it may be shown to people. Throws StoreError if the URL is wrong. */
export function describeStore(url: string): string {
  return isPostgresUrl(url) ? parsePostgresUrl(url).shown : parseStoreUrl(url);
}

/**
 * Opens the store of a STORE_URL, and makes what it is kept in if that is not there. Throws a StoreError that names the
 * variable and says what to do.
 */
export async function openStore(
  url: string,
  account: string,
  { connections = CONNECTIONS, milliseconds = CALL_MS, mustExist = false }: OpenOptions = {},
): Promise<Store> {
  if (!isPostgresUrl(url)) {
    return openSqliteStore(url, account, { busyMilliseconds: milliseconds, mustExist });
  }
  const address = parsePostgresUrl(url);
  await prepare(address, mustExist);
  return createPostgresStore({ address, account, connections, milliseconds });
}

async function prepare(address: PostgresAddress, mustExist: boolean): Promise<void> {
  let client: Client | null = null;
  try {
    client = new Client({
      connectionString: address.connectionString,
      application_name: "textgraph",
      connectionTimeoutMillis: CALL_MS,
      query_timeout: PREPARE_MS,
      // The store's connections set it too, and a pooler that refuses it is to say so now.
      statement_timeout: PREPARE_MS,
    });
    // A connection that ends is reported by the query, too.
    client.on("error", () => undefined);
    await client.connect();
    await prepareSchema(client, address, { mustExist });
  } catch (cause) {
    throw cause instanceof StoreError ? cause : new StoreError(explainOpening(address.shown, cause), cause);
  } finally {
    await client?.end().catch(() => undefined);
  }
}

/** Why the database cannot be used, and what to do. */
function explainOpening(shown: string, cause: unknown): string {
  const where = `The database ${shown} (STORE_URL)`;
  switch (codeOf(cause)) {
    case "28P01":
    case "28000":
      return `${where} refuses the user or the password: correct them in STORE_URL.`;
    case "3D000":
      return `${where} does not exist: create it, or correct its name in STORE_URL.`;
    case "42501":
      return `${where} does not let this user make the schema: GRANT CREATE ON DATABASE to the user of STORE_URL.`;
    case "25006":
      return `${where} is read-only: set STORE_URL to the server that takes writes.`;
    case "53300":
      return `${where} has no connection left: raise its max_connections, or lower STORE_CONNECTIONS.`;
    case "08P01":
    case "0A000":
      return `${where} refuses the connection's settings: behind PgBouncer, set ignore_startup_parameters = statement_timeout.`;
    case null:
      return explainConnecting(where, cause);
    default:
      return `${where} refuses with error ${codeOf(cause)} of PostgreSQL: restore its schema, or name another one by ?schema= in STORE_URL.`;
  }
}

/** Why no connection came about. */
function explainConnecting(where: string, cause: unknown): string {
  const message = cause instanceof Error ? cause.message : "no reason is known";
  const code = cause instanceof Error && "code" in cause ? String(cause.code) : null;
  if (message.includes("does not support SSL")) {
    return `${where} has no TLS: turn it on there, or set sslmode=disable in STORE_URL.`;
  }
  if (code === "ERR_TLS_CERT_ALTNAME_INVALID") {
    return `${where} shows a certificate of another host: correct the host in STORE_URL, or set sslmode=verify-ca.`;
  }
  if (code === "CERT_HAS_EXPIRED") {
    return `${where} shows a certificate that has expired: renew it, or set sslmode=require in STORE_URL meanwhile.`;
  }
  if (code !== null && UNKNOWN_AUTHORITY.includes(code)) {
    return `${where} shows a certificate of an unknown authority: set sslrootcert in STORE_URL to the file of the authority's own certificate.`;
  }
  return `${where} cannot be reached (${code ?? message}): start it, or correct host, port and sslmode in STORE_URL.`;
}
