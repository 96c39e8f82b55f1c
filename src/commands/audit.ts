import { parseArgs } from "node:util";
import { ACCOUNT, DEFAULT_STORE_URL, readConfig } from "../config.ts";
import { loadEnvFile } from "../env-file.ts";
import { type Output, runProgram } from "../program.ts";
import { type AuditEntry, type AuditLog, createAuditLog } from "../store/audit.ts";
import { describeStore, openStore } from "../store/open.ts";

/** What the program uses from its environment. */
interface AuditSurroundings {
  readonly audit: Pick<AuditLog, "entries" | "hashOf">;
  readonly now: () => Date;
  readonly stdout: Output;
  readonly stderr: Output;
}

const USAGE = `Usage: npm run audit -- [--since 2027-01-31 | 24h | 7d] [--caller key:console] [--mutation sendMessage]
         [--target +14155551212] [--key IDEMPOTENCY_KEY] [--json]
Lists who wrote what, the oldest first. Keys and targets are kept as hashes: --key and --target find what you name.
`;

const OPTIONS = {
  since: { type: "string" },
  caller: { type: "string" },
  mutation: { type: "string" },
  target: { type: "string" },
  key: { type: "string" },
  json: { type: "boolean" },
} as const;

/** Lists the audit log. Resolves to the exit code: 0, or 2 for a wrong call. */
export async function runAudit(argv: readonly string[], surroundings: AuditSurroundings): Promise<number> {
  const { audit, now, stdout, stderr } = surroundings;
  const options = readOptions(argv);
  const since = options?.since === undefined ? undefined : parseSince(options.since, now());
  if (options === null || since === null) {
    stderr.write(USAGE);
    return 2;
  }
  const { caller, mutation, key, json = false } = options;
  const keyHash = key === undefined ? null : await audit.hashOf(key);
  const targetHash = options.target === undefined ? null : await audit.hashOf(options.target);
  const isWanted = (entry: AuditEntry) =>
    (caller === undefined || entry.caller === caller) &&
    (mutation === undefined || entry.mutation === mutation) &&
    (keyHash === null || entry.keyHash === keyHash) &&
    (targetHash === null || entry.targetHashes.includes(targetHash));
  for await (const entry of audit.entries(since)) {
    if (isWanted(entry)) {
      stdout.write(`${json ? JSON.stringify(entry) : toLine(entry)}\n`);
    }
  }
  return 0;
}

type Options = {
  readonly [Name in keyof typeof OPTIONS]?: (typeof OPTIONS)[Name]["type"] extends "boolean" ? boolean : string;
};

function readOptions(argv: readonly string[]): Options | null {
  try {
    return { ...parseArgs({ args: [...argv], options: OPTIONS, allowPositionals: false }).values };
  } catch {
    return null;
  }
}

/** A date, a time, or so many hours or days ago; null for anything else. */
function parseSince(text: string, now: Date): Date | null {
  const [, count, unit] = /^(\d{1,6})([hd])$/.exec(text) ?? [];
  if (count !== undefined) {
    return new Date(now.getTime() - Number(count) * (unit === "h" ? 3_600_000 : 86_400_000));
  }
  const date = /^\d{4}-\d\d-\d\d(T[\d:.]+(Z|[+-]\d\d:\d\d))?$/.test(text) ? new Date(text) : null;
  return date === null || Number.isNaN(date.getTime()) ? null : date;
}

/** Control characters of a token's subject must not reach a terminal. */
function toLine({ at, caller, mutation, outcome, keyHash, targetHashes }: AuditEntry): string {
  const who = /\p{Cc}/u.test(caller) ? JSON.stringify(caller) : caller;
  const targets = targetHashes.length === 0 ? "-" : targetHashes.map((hash) => hash.slice(0, 12)).join(",");
  return [at.toISOString(), outcome.padEnd(8), mutation, who, keyHash?.slice(0, 12) ?? "-", targets].join("  ");
}

/** The program: `npm run audit`. */
async function main(): Promise<number> {
  const { storeUrl, auditKeptDays } = readConfig(loadEnvFile(process.env));
  const url = storeUrl ?? DEFAULT_STORE_URL;
  const store = await openStore(url, ACCOUNT, { mustExist: true });
  process.stderr.write(`The audit log in ${describeStore(url)} (STORE_URL):\n`);
  const now = () => new Date();
  try {
    return await runAudit(process.argv.slice(2), {
      audit: createAuditLog(store, { now, keptMilliseconds: auditKeptDays * 86_400_000, warn: () => undefined }),
      now,
      stdout: process.stdout,
      stderr: process.stderr,
    });
  } finally {
    await store.close();
  }
}

if (import.meta.main) {
  runProgram(main);
}
