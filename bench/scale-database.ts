import { type ExecFileSyncOptionsWithStringEncoding, execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const SCHEMA = "textgraph_bench_scale";
const URL_OF_DATABASE = process.env["TEST_POSTGRES_URL"] ?? "postgres://postgres@127.0.0.1:5432/test";
const CONNECTIONS = 10;
const SECONDS = 5;

export interface DatabaseFigures {
  readonly version: string;
  /** Commits a second of ten connections, by what each transaction does. */
  readonly commits: number;
  readonly commitsWithNotify: number;
  /** Bytes of its log for each commit with a NOTIFY. */
  readonly logBytes: number;
}

function sql(text: string): string {
  const options: ExecFileSyncOptionsWithStringEncoding = { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] };
  return execFileSync("psql", [URL_OF_DATABASE, "-qAtc", text], options).trim();
}

function isThere(): boolean {
  try {
    execFileSync("pgbench", ["--version"], { stdio: "ignore" });
    sql("select 1");
    return true;
  } catch {
    return false;
  }
}

/** A place for a store, and how much is in it; removed with the scope. */
export interface StorePlace extends Disposable {
  readonly url: string;
  size(): { readonly bytes: number; readonly rowsWritten: number };
}

/** A schema of the database for a server's store; null without the database. */
export function makeDatabaseStore(): StorePlace | null {
  if (!isThere()) {
    return null;
  }
  const schema = `${SCHEMA}_store`;
  const drop = () => void sql(`drop schema if exists ${schema} cascade`);
  drop();
  const url = new URL(URL_OF_DATABASE);
  url.searchParams.set("schema", schema);
  return {
    url: url.href,
    size: () => {
      // A server's counts are passed on within a second after its last statement, or when its connection ends.
      sql("select pg_sleep(2)");
      const counts = sql(
        `select pg_total_relation_size(relid) || ' ' || n_tup_ins + n_tup_upd from pg_stat_user_tables where schemaname = '${schema}' and relname = 'entry'`,
      );
      const [bytes = 0, rowsWritten = 0] = counts.split(" ").map(Number);
      return { bytes, rowsWritten };
    },
    [Symbol.dispose]: drop,
  };
}

/**
 * What the PostgreSQL at TEST_POSTGRES_URL does at most with rows as large as those of an attempt: each in a transaction of its own,
 * on disk before the commit is answered. Null without pgbench or without the database.
 */
export function measureDatabase(): DatabaseFigures | null {
  if (!isThere()) {
    return null;
  }
  const folder = mkdtempSync(join(tmpdir(), "textgraph-scale-"));
  const run = (text: string): number => {
    const file = join(folder, "transaction.sql");
    writeFileSync(file, text);
    const options = [
      "-n",
      "-M",
      "prepared",
      "-c",
      CONNECTIONS,
      "-j",
      2,
      "-T",
      SECONDS,
      "-f",
      file,
      URL_OF_DATABASE,
    ].map(String);
    const said = execFileSync("pgbench", options, { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] });
    return Number(/^tps = ([\d.]+)/m.exec(said)?.[1]);
  };
  const log = () => Number(sql("select pg_current_wal_insert_lsn() - '0/0'"));
  const rows = () => Number(sql(`select count(*) from ${SCHEMA}.attempts`));
  try {
    sql(`drop schema if exists ${SCHEMA} cascade`);
    sql(`create schema ${SCHEMA}`);
    sql(`create table ${SCHEMA}.attempts (key text primary key, state text not null, body text not null)`);
    const insert = `insert into ${SCHEMA}.attempts values (gen_random_uuid()::text, 'IN_PROGRESS', repeat('x', 300))`;
    const commits = run(`${insert};\n`);
    const [logBefore, rowsBefore] = [log(), rows()];
    const commitsWithNotify = run(`begin;\n${insert};\nselect pg_notify('textgraph_bench', 'x');\nend;\n`);
    const logBytes = (log() - logBefore) / Math.max(1, rows() - rowsBefore);
    return { version: sql("show server_version").split(" ")[0] ?? "", commits, commitsWithNotify, logBytes };
  } finally {
    sql(`drop schema if exists ${SCHEMA} cascade`);
    rmSync(folder, { recursive: true });
  }
}
