import { accessSync, constants } from "node:fs";
import { StoreError } from "../errors.ts";

/** Where a store in PostgreSQL is. */
export interface PostgresAddress {
  /** What the client library is given: the URL without the parameters that are this program's own. */
  readonly connectionString: string;
  readonly schema: string;
  /** For people to read: without user and password. */
  readonly shown: string;
}

const DEFAULT_SCHEMA = "textgraph";
const SSL_MODES = ["disable", "require", "verify-ca", "verify-full", "no-verify"];

export function isPostgresUrl(url: string): boolean {
  return /^postgres(ql)?:/.test(url);
}

/**
 * Reads `postgres://user:password@host:5432/database?schema=textgraph&sslmode=verify-full`. Throws a StoreError that
 * names the variable and does not repeat the value, which may contain a password.
 */
export function parsePostgresUrl(url: string, variable = "STORE_URL"): PostgresAddress {
  const parsed = URL.parse(url);
  if (parsed === null || !isPostgresUrl(url) || parsed.pathname.length < 2) {
    throw new StoreError(`${variable} must be postgres://user:password@host:5432/database.`, null);
  }
  const schema = parsed.searchParams.get("schema") ?? DEFAULT_SCHEMA;
  if (!/^[a-z_][a-z0-9_]{0,39}$/.test(schema)) {
    throw new StoreError(
      `The schema of ${variable} must be up to 40 lower case letters, digits and underscores, and begin with no digit.`,
      null,
    );
  }
  parsed.searchParams.delete("schema");
  const mode = parsed.searchParams.get("sslmode");
  if (mode !== null && !SSL_MODES.includes(mode)) {
    throw new StoreError(`The sslmode of ${variable} must be one of ${SSL_MODES.join(", ")}.`, null);
  }
  const authority = parsed.searchParams.get("sslrootcert");
  if (mode === "verify-ca" && authority === null) {
    throw new StoreError(
      `${variable} has sslmode=verify-ca: name the file of the authority's certificate by sslrootcert, or take verify-full.`,
      null,
    );
  }
  if (authority !== null && !isReadable(authority)) {
    throw new StoreError(`The sslrootcert of ${variable} names no file that can be read.`, null);
  }
  if (mode !== null && mode !== "no-verify") {
    // Without it, the client library takes `require` for `verify-full`, unlike every other program.
    parsed.searchParams.set("uselibpqcompat", "true");
  }
  return {
    connectionString: parsed.href,
    schema,
    shown: `postgres://${parsed.host}${parsed.pathname} (schema ${schema})`,
  };
}

function isReadable(path: string): boolean {
  try {
    accessSync(path, constants.R_OK);
    return true;
  } catch {
    return false;
  }
}
