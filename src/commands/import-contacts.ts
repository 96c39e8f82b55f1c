import { createHash } from "node:crypto";
import { readFile, rename, rm, writeFile } from "node:fs/promises";
import { parseArgs } from "node:util";
import { ACCOUNT, DEFAULT_STORE_URL, readConfig } from "../config.ts";
import { loadEnvFile } from "../env-file.ts";
import { PlatformError, StoreError } from "../errors.ts";
import { type ContactId, parseId } from "../ids.ts";
import { createPidjClient, type PidjClient } from "../pidj/client.ts";
import { type Output, runProgram } from "../program.ts";
import { ReadScope } from "../rest/calls.ts";
import { type ContactImport, type FailedRead, type ImportProgress, importContacts } from "../store/contact-import.ts";
import { createContactDirectory } from "../store/contacts.ts";
import { describeStore, openStore } from "../store/open.ts";
import { readContactIds } from "./contact-ids.ts";

/** What the program uses from its environment. */
export interface ImportSurroundings extends Pick<ContactImport, "directory" | "now" | "wait" | "signal"> {
  readonly readContact: ContactImport["read"];
  readonly stdout: Output;
  readonly stderr: Output;
}

interface Arguments {
  readonly file: string;
  readonly perSecond: number;
  readonly restart: boolean;
}

/** The content of `<file>.progress`: how far a file of this content was read, and which ids failed. */
interface SavedProgress {
  readonly sha256: string;
  readonly done: number;
  readonly learned: number;
  readonly failed: readonly ContactId[];
}

const USAGE = "Usage: npm run contacts:import -- ids.csv [--per-second 10] [--restart]\n";
const CHECK_ACCOUNT =
  "check that PIDJ_BASE_URL, PIDJ_ACCOUNT_KEY and PIDJ_TOKEN are those of the account that the file is from.";
const CONCURRENCY = 8;
const WRONG_LINES_SHOWN = 20;
const BAR_WIDTH = 30;

/**
 * Fills the contact directory from a CSV file of contact ids, and continues where it stopped before. Resolves to the
 * exit code: 0 if every id was read, 1 if some failed or it was stopped, 2 for a wrong call.
 */
export async function runImport(argv: readonly string[], surroundings: ImportSurroundings): Promise<number> {
  const { stderr } = surroundings;
  const options = parseArguments(argv);
  if (options === null) {
    stderr.write(USAGE);
    return 2;
  }
  let file: Buffer;
  try {
    file = await readFile(options.file);
  } catch (error) {
    stderr.write(
      `${options.file} cannot be read${reasonOf(error)}: name a file that is there and that you may read.\n`,
    );
    return 2;
  }
  try {
    return await importFile(file, options, surroundings);
  } catch (error) {
    if (!(error instanceof StoreError)) {
      throw error;
    }
    stderr.write(`\n${error.message}. Run the same command again to go on.\n`);
    return 1;
  }
}

function parseArguments(argv: readonly string[]): Arguments | null {
  try {
    const { values, positionals } = parseArgs({
      args: [...argv],
      allowPositionals: true,
      options: { "per-second": { type: "string", default: "10" }, restart: { type: "boolean", default: false } },
    });
    const [file, ...others] = positionals;
    const perSecond = Number(values["per-second"]);
    const isPace = Number.isFinite(perSecond) && perSecond > 0;
    return file === undefined || others.length > 0 || !isPace ? null : { file, perSecond, restart: values.restart };
  } catch {
    return null;
  }
}

async function importFile(content: Buffer, { file, perSecond, restart }: Arguments, surroundings: ImportSurroundings) {
  const { stdout, stderr, readContact, directory, now, wait, signal } = surroundings;
  const { ids: all, wrongLines } = readContactIds(content);
  tellWrongLines(wrongLines, stderr);
  if (all.length === 0) {
    stderr.write(`${file} has no contact ids (co:…) in its first column: nothing was read.\n`);
    return 2;
  }
  const sha256 = createHash("sha256").update(content).digest("hex");
  const saved = restart ? null : await loadProgress(`${file}.progress`, sha256);
  const { done, learned: learnedBefore, failed: retried } = saved ?? { done: 0, learned: 0, failed: [] };
  // Ids that failed before come last, so that ids that always fail do not delay the rest.
  const ids = [...all.slice(done), ...retried];
  stdout.write(opening(ids.length, all.length, done, perSecond));

  const show = createProgressDisplay(stdout, ids.length);
  const outcome = await importContacts({
    ids,
    read: readContact,
    directory,
    hasLearned: learnedBefore > 0,
    concurrency: CONCURRENCY,
    perSecond,
    now,
    ...(wait === undefined ? {} : { wait }),
    ...(signal === undefined ? {} : { signal }),
    onProgress: async (progress) => {
      const untried = retried.slice(Math.max(0, progress.done - (all.length - done)));
      await saveProgress(`${file}.progress`, {
        sha256,
        done: Math.min(all.length, done + progress.done),
        learned: learnedBefore + progress.learned,
        failed: [...new Set([...untried, ...progress.failed.map(({ id }) => id)])],
      });
      show(progress);
    },
  });

  const { learned, missing, failed, ended } = outcome;
  const unread = ids.length - outcome.done;
  const behindBar = stdout.isTTY && unread > 0 ? "\n" : "";
  stdout.write(
    `${behindBar}${learned} learned, ${missing} unknown to Pidj, ${failed.length} failed, ${unread} not read yet.\n`,
  );
  for (const failure of failed) {
    stderr.write(`${failure.id} could not be read${reasonOf(failure.error)}\n`);
  }
  const isFruitless = learnedBefore + learned === 0 && ended !== "aborted";
  if (isFruitless) {
    stderr.write(`Nothing was learned, and nothing was unlearned: ${CHECK_ACCOUNT}\n`);
  }
  if (ended === "done" && failed.length === 0) {
    await rm(`${file}.progress`, { force: true });
    return isFruitless ? 1 : 0;
  }
  stderr.write(farewell(ended, failed));
  return 1;
}

function opening(pending: number, total: number, done: number, perSecond: number): string {
  const minutes = Math.floor(pending / perSecond / 60);
  const time = minutes === 0 ? "less than a minute" : `about ${minutes + 1} min at ${perSecond} a second`;
  const where = done === 0 ? "" : `, going on after ${done} of ${total}`;
  return `${pending === 1 ? "1 contact" : `${pending} contacts`} to read${where}: ${time}\n`;
}

function farewell(ended: "done" | "aborted" | "failing", failed: readonly FailedRead[]): string {
  const again = "Run the same command again to";
  switch (ended) {
    case "aborted":
      return `Stopped. ${again} go on.\n`;
    case "failing":
      return `Stopped, because one read after the other failed. ${again} go on.\n`;
    case "done":
      return `${failed.length} contacts could not be read. ${again} try these once more.\n`;
    default:
      return ended satisfies never;
  }
}

function tellWrongLines(lines: readonly number[], stderr: Output): void {
  for (const line of lines.slice(0, WRONG_LINES_SHOWN)) {
    // The line itself is not shown: if it is no id, it may be a person's number.
    stderr.write(`line ${line}: not a contact id (co:…), skipped\n`);
  }
  if (lines.length > 0) {
    stderr.write(`${lines.length} ${lines.length === 1 ? "line" : "lines"} skipped\n`);
  }
}

/** A progress bar on a terminal; elsewhere a line for every twentieth part. */
function createProgressDisplay(stdout: Output, total: number): (progress: ImportProgress) => void {
  let shown = 0;
  return ({ done, failed }) => {
    const figures = `${done} of ${total}${failed.length === 0 ? "" : `, ${failed.length} failed`}`;
    const share = total === 0 ? 1 : done / total;
    if (stdout.isTTY) {
      const bar = "█".repeat(Math.round(share * BAR_WIDTH)).padEnd(BAR_WIDTH, "░");
      stdout.write(`\r\u001B[K${bar} ${figures}${done === total ? "\n" : ""}`);
    } else if (Math.floor(share * 20) > shown) {
      shown = Math.floor(share * 20);
      stdout.write(`${figures}\n`);
    }
  };
}

/** Null if there is none or if the file's content was another: then the file is read from its beginning. */
async function loadProgress(path: string, sha256: string): Promise<SavedProgress | null> {
  try {
    const saved: unknown = JSON.parse(await readFile(path, "utf8"));
    return isProgress(saved) && saved.sha256 === sha256 ? saved : null;
  } catch {
    return null;
  }
}

function isProgress(value: unknown): value is SavedProgress {
  return (
    typeof value === "object" &&
    value !== null &&
    "sha256" in value &&
    "done" in value &&
    Number.isSafeInteger(value.done) &&
    "learned" in value &&
    Number.isSafeInteger(value.learned) &&
    "failed" in value &&
    Array.isArray(value.failed) &&
    value.failed.every((id) => typeof id === "string" && parseId("Contact", id) !== null)
  );
}

/** Writes a second file and renames it, so that a crash leaves the old one complete. */
async function saveProgress(path: string, progress: SavedProgress): Promise<void> {
  await writeFile(`${path}.new`, JSON.stringify(progress), { mode: 0o600 });
  await rename(`${path}.new`, path);
}

/** Only sentences that are made for logs; other errors may contain data that must not be shown. */
function reasonOf(error: unknown): string {
  if (error instanceof PlatformError) {
    return `: ${error.message}`;
  }
  return error instanceof Error && "code" in error && typeof error.code === "string" ? ` (${error.code})` : "";
}

export function createContactReader(client: PidjClient): ContactImport["read"] {
  const scope = new ReadScope({
    signal: new AbortController().signal,
    deadline: () => Number.POSITIVE_INFINITY,
    isFresh: true,
    record: () => undefined,
  });
  return (id) => client.contact(id, scope);
}

/** The program: `npm run contacts:import -- ids.csv`. */
async function main(): Promise<number> {
  const config = readConfig(loadEnvFile(process.env));
  if (config.pidj === null) {
    process.stderr.write(
      "PIDJ_ACCOUNT_KEY and PIDJ_TOKEN are not set: set them to those of the account that the ids are from.\n",
    );
    return 2;
  }
  const stopped = new AbortController();
  process.once("SIGINT", () => stopped.abort());
  const storeUrl = config.storeUrl ?? DEFAULT_STORE_URL;
  const store = await openStore(storeUrl, ACCOUNT);
  process.stdout.write(`Contacts are learned into ${describeStore(storeUrl)} (STORE_URL).\n`);
  const client = createPidjClient(config.pidj);
  try {
    return await runImport(process.argv.slice(2), {
      directory: createContactDirectory(store, () => new Date()),
      readContact: createContactReader(client),
      now: () => new Date(),
      signal: stopped.signal,
      stdout: process.stdout,
      stderr: process.stderr,
    });
  } finally {
    await client.close();
    await store.close();
  }
}

if (import.meta.main) {
  runProgram(main);
}
