import type { ClientBase } from "pg";
import { StoreError } from "../errors.ts";
import type { PostgresAddress } from "./postgres-url.ts";

const FORMAT = 1;
const LEAST_SERVER_VERSION = 140_000;

/** What `commit` of the schema returns as `done`. */
export const COMMITTED = 1;
export const TOO_LATE = -1;

/** Error code with which a commit is undone whose key another one has inserted meanwhile. */
export const LOST_RACE = "TG001";

/** The channel on which the schema's stores are told of new events, by the account alone, and of other news. */
export function channelOf(schema: string): string {
  return `textgraph_${schema}`;
}

/** Other news of an account as the channel has them: its name, a blank, and the news. */
export function newsOf(account: string, news: string): string {
  return `${account} ${news}`;
}

/**
 * Makes the schema, or brings it to this version's format. Any number of servers may do so at once: one does it, the
 * others wait for it. Throws StoreError if the format is a newer one's, if the database is not fit, and, with
 * `mustExist`, if there is no schema.
 */
export async function prepareSchema(
  client: ClientBase,
  { schema, shown }: PostgresAddress,
  { mustExist = false } = {},
): Promise<void> {
  await requireFitness(client, shown);
  const format = await formatOf(client, schema, shown);
  if (format === FORMAT) {
    return;
  }
  if (mustExist) {
    throw new StoreError(`There is no store in ${shown}: set STORE_URL to what the server has.`, null);
  }
  await client.query("BEGIN");
  try {
    await client.query("SELECT pg_advisory_xact_lock(hashtextextended($1, 0))", [`textgraph schema ${schema}`]);
    if ((await formatOf(client, schema, shown)) < FORMAT) {
      // To make a schema, also one that is there, takes a right on the database, which its owner may lack.
      const found = await client.query("SELECT FROM pg_namespace WHERE nspname = $1", [schema]);
      if (found.rowCount === 0) {
        await client.query(`CREATE SCHEMA ${schema}`);
      }
      await client.query(firstFormat(schema));
    }
    await client.query("COMMIT");
  } catch (error) {
    await client.query("ROLLBACK");
    throw error;
  }
}

async function requireFitness(client: ClientBase, shown: string): Promise<void> {
  const { rows } = await client.query<{ version: string; encoding: string }>(
    "SELECT current_setting('server_version_num') AS version, current_setting('server_encoding') AS encoding",
  );
  const { version = "0", encoding = "" } = rows[0] ?? {};
  if (Number(version) < LEAST_SERVER_VERSION) {
    throw new StoreError(`The database ${shown} (STORE_URL) must be PostgreSQL 14 or later.`, null);
  }
  if (encoding !== "UTF8") {
    throw new StoreError(`The database ${shown} (STORE_URL) must have the encoding UTF8, and has ${encoding}.`, null);
  }
}

/** 0 if there is no schema yet. */
async function formatOf(client: ClientBase, schema: string, shown: string): Promise<number> {
  // Not by `to_regclass`, which may still say what was so before the wait for the lock.
  const found = await client.query("SELECT FROM pg_tables WHERE schemaname = $1 AND tablename = 'format'", [schema]);
  if (found.rowCount === 0) {
    return 0;
  }
  const { rows } = await client.query(`SELECT version FROM ${schema}.format`);
  const version = Number(rows[0]?.version ?? 0);
  if (version > FORMAT) {
    throw new StoreError(
      `The store ${shown} has format ${version}; this version reads up to ${FORMAT}: start the newer version again.`,
      null,
    );
  }
  return version;
}

/**
 * `commit` is one round trip, and a transaction of its own. The locks of rows that are there are taken first, in order,
 * so that what is compared stays so. A row that another commit inserts meanwhile is met by its unique key. `deadline` is
 * on the database's own clock: a commit that was stuck on its way must not be carried out after its caller gave up.
 */
function firstFormat(schema: string): string {
  return `
CREATE TABLE ${schema}.format (version integer NOT NULL);
INSERT INTO ${schema}.format VALUES (1);
CREATE TABLE ${schema}.entry (
  collection text COLLATE "C" NOT NULL,
  account text COLLATE "C" NOT NULL,
  key text COLLATE "C" NOT NULL,
  value text NOT NULL,
  PRIMARY KEY (collection, account, key)
);
CREATE FUNCTION ${schema}.commit(
  in_account text, tables text[], keys text[], checked boolean[], was text[], becomes text[],
  durable boolean, deadline double precision, OUT done integer, OUT at double precision
) LANGUAGE plpgsql AS $body$
DECLARE
  milliseconds double precision := deadline - extract(epoch FROM clock_timestamp()) * 1000;
  expected bigint;
  inserted bigint;
BEGIN
  at := extract(epoch FROM clock_timestamp()) * 1000;
  IF milliseconds <= 0 THEN
    done := ${TOO_LATE};
    RETURN;
  END IF;
  PERFORM set_config('lock_timeout', greatest(1, floor(milliseconds))::text, true);
  IF NOT durable THEN
    PERFORM set_config('synchronous_commit', 'off', true);
  ELSIF current_setting('synchronous_commit') = 'off' THEN
    PERFORM set_config('synchronous_commit', 'on', true);
  END IF;
  PERFORM 1 FROM ${schema}.entry e JOIN unnest(tables, keys) c(t, k) ON e.collection = c.t AND e.key = c.k
    WHERE e.account = in_account ORDER BY e.collection, e.key FOR UPDATE OF e;
  IF EXISTS (
    SELECT FROM unnest(tables, keys, checked, was) c(t, k, is_checked, was)
    LEFT JOIN ${schema}.entry e ON e.collection = c.t AND e.account = in_account AND e.key = c.k
    WHERE c.is_checked AND e.value IS DISTINCT FROM c.was
  ) THEN
    done := 0;
    RETURN;
  END IF;
  DELETE FROM ${schema}.entry e USING unnest(tables, keys, becomes) c(t, k, v)
    WHERE c.v IS NULL AND e.collection = c.t AND e.account = in_account AND e.key = c.k;
  SELECT count(*) INTO expected FROM unnest(checked, was, becomes) c(is_checked, was, v)
    WHERE c.is_checked AND c.was IS NULL AND c.v IS NOT NULL;
  IF expected > 0 THEN
    INSERT INTO ${schema}.entry (collection, account, key, value)
      SELECT c.t, in_account, c.k, c.v FROM unnest(tables, keys, checked, was, becomes) c(t, k, is_checked, was, v)
      WHERE c.is_checked AND c.was IS NULL AND c.v IS NOT NULL
      ORDER BY c.t COLLATE "C", c.k COLLATE "C"
    ON CONFLICT DO NOTHING;
    GET DIAGNOSTICS inserted = ROW_COUNT;
    IF inserted < expected THEN
      RAISE EXCEPTION 'another commit was first' USING ERRCODE = '${LOST_RACE}';
    END IF;
  END IF;
  INSERT INTO ${schema}.entry (collection, account, key, value)
    SELECT c.t, in_account, c.k, c.v FROM unnest(tables, keys, checked, was, becomes) c(t, k, is_checked, was, v)
    WHERE c.v IS NOT NULL AND NOT (c.is_checked AND c.was IS NULL)
    ORDER BY c.t COLLATE "C", c.k COLLATE "C"
  ON CONFLICT (collection, account, key) DO UPDATE SET value = excluded.value;
  IF 'event-state' = ANY (tables) THEN
    PERFORM pg_notify('${channelOf(schema)}', in_account);
  END IF;
  at := extract(epoch FROM clock_timestamp()) * 1000;
  IF at > deadline THEN
    RAISE EXCEPTION 'too late' USING ERRCODE = '57014';
  END IF;
  done := ${COMMITTED};
END $body$;`;
}
