import { ACCOUNT, DEFAULT_STORE_URL, readConfig } from "../config.ts";
import { loadEnvFile } from "../env-file.ts";
import { type Output, runProgram } from "../program.ts";
import { type AttemptRecord, type Attempts, createAttempts } from "../store/attempts.ts";
import { createAuditLog } from "../store/audit.ts";
import { describeStore, openStore } from "../store/open.ts";

/** What the program uses from its environment. */
interface SettleSurroundings {
  readonly attempts: Pick<Attempts, "unknown" | "resolve">;
  readonly stdout: Output;
  readonly stderr: Output;
}

const USAGE = `Usage: npm run attempts                             lists what may or may not have been sent
       npm run attempts -- settle KEY sent          the platform has it: never send it again
       npm run attempts -- settle KEY not-sent      the platform does not have it: the key is free again
`;

const WORDS = { sent: "ACCEPTED", "not-sent": "REFUSED" } as const;

/**
 * Lists the attempts with an unknown outcome, or settles one on a person's word. Resolves to the exit code: 0 if it was
 * done, 1 if there is no such attempt, 2 for a wrong call.
 */
export async function runSettle(argv: readonly string[], surroundings: SettleSurroundings): Promise<number> {
  const [command, key, word, ...others] = argv;
  if (command === undefined) {
    return list(surroundings);
  }
  const isWord = word === "sent" || word === "not-sent";
  if (command !== "settle" || key === undefined || !isWord || others.length > 0) {
    surroundings.stderr.write(USAGE);
    return 2;
  }
  return settle(key, word, surroundings);
}

async function list({ attempts, stdout }: SettleSurroundings): Promise<number> {
  const records = await attempts.unknown();
  if (records.length === 0) {
    stdout.write("No attempt is of unknown outcome.\n");
    return 0;
  }
  const rows = [["started", "mutation", "caller", "key"], ...records.map(toCells)];
  const widths = [0, 1, 2].map((column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  for (const row of rows) {
    stdout.write(`${row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join("  ")}\n`);
  }
  stdout.write(`\n${records.length} of unknown outcome. Look at the platform, then settle each:\n${USAGE}`);
  return 0;
}

/** Control characters of a client's text must not reach a terminal. */
function toCells({ startedAt, mutation, caller, key }: AttemptRecord): string[] {
  const show = (text: string) => (/\p{Cc}/u.test(text) ? JSON.stringify(text) : text);
  return [startedAt.toISOString(), mutation, show(caller), show(key)];
}

async function settle(
  key: string,
  word: keyof typeof WORDS,
  { attempts, stdout, stderr }: SettleSurroundings,
): Promise<number> {
  const resolution = await attempts.resolve(key, { state: WORDS[word], by: "operator" });
  switch (resolution.kind) {
    case "settled":
      stdout.write(`Settled as ${word}.\n`);
      return 0;
    case "not-unknown":
      stderr.write(`This attempt is ${resolution.record.state}: only one of unknown outcome can be settled.\n`);
      return 1;
    case "missing":
      stderr.write("No attempt has this key. npm run attempts lists those that can be settled.\n");
      return 1;
    default:
      return resolution satisfies never;
  }
}

/** The program: `npm run attempts`. */
async function main(): Promise<number> {
  const { storeUrl, auditKeptDays } = readConfig(loadEnvFile(process.env));
  const url = storeUrl ?? DEFAULT_STORE_URL;
  const store = await openStore(url, ACCOUNT, { mustExist: true });
  process.stdout.write(`Attempts in ${describeStore(url)} (STORE_URL):\n`);
  const now = () => new Date();
  const audit = createAuditLog(store, { now, keptMilliseconds: auditKeptDays * 86_400_000, warn: () => undefined });
  try {
    return await runSettle(process.argv.slice(2), {
      attempts: createAttempts(store, { now, audit }),
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
