import { createHash } from "node:crypto";
import type { Context } from "../context.ts";
import { TooCostlyError } from "../errors.ts";
import type { MessagePreview } from "../message-preview.ts";
import type { Region } from "../phone.ts";
import type { JobKind, JobRecord, JobText, NumberedRow } from "../store/jobs.ts";
import { attemptOf } from "../writes/idempotency.ts";
import { Refused } from "../writes/refusal.ts";
import { QuietRows } from "./quiet-rows.ts";
import { batchesOf, type RowSource } from "./recipients.ts";
import { pastCallerOf } from "./rights.ts";
import { callsOfRows } from "./row-price.ts";
import {
  type CheckedRow,
  jobIdOf,
  type NamedValue,
  namedValues,
  numberOf,
  RowChecks,
  type RowRefusal,
} from "./rows.ts";
import { parseTemplate } from "./template.ts";

interface RefusedRow extends RowRefusal {
  readonly row: number;
  readonly line: number | null;
  readonly recipient: string;
  readonly values: readonly NamedValue[];
}

/** What was found in the rows of a job: the graph's `JobCheck`. */
export interface JobCheck {
  readonly rowCount: number;
  readonly acceptedCount: number;
  readonly refusedCount: number;
  readonly segmentCount: number;
  readonly platformCallCount: number;
  readonly quietCount: number;
  readonly quietEndsAt: Date | null;
  readonly refusals: readonly RefusedRow[];
  readonly previews: readonly { readonly row: number; readonly recipient: string; readonly preview: MessagePreview }[];
}

/** A job that was made, or the check of a dry run. */
export interface MadeJob {
  readonly job: JobRecord | null;
  readonly check: JobCheck | null;
  readonly isReplay: boolean;
}

/** A job whose own input was checked; its rows were not. */
export interface NewJob {
  readonly mutation: string;
  readonly kind: JobKind;
  readonly name: string | null;
  readonly send: JobText | null;
  /** Groups that imported records are put into; they are there. */
  readonly groupIds: readonly string[];
  readonly rows: RowSource;
  /** The path of the argument that has the rows. */
  readonly rowsField: readonly string[];
  /** Of the numbers that a person wrote without a plus. */
  readonly region: Region | null;
  readonly isDryRun: boolean;
  readonly idempotencyKey: string;
  /** Reads whether what the input names is there, and may throw Refused. Not called for a job that was made before. */
  readonly requireNamed: () => Promise<void>;
  /** The input without the key and `isDryRun`. */
  readonly input: unknown;
}

export const MOST_ROWS = 100_000;
const MOST_REFUSALS = 100;
const MOST_PREVIEWS = 5;

/**
 * Checks all rows, and makes the job unless it is a dry run or nothing would be carried out. Throws Refused for an input
 * that another one can correct.
 */
export async function makeJob(context: Context, made: NewJob): Promise<MadeJob> {
  const { jobs, now } = context.services;
  const { idempotencyKey, mutation, input } = made;
  const attempt = attemptOf({ idempotencyKey, mutation, input }, null);
  const id = jobIdOf(createHash("sha256").update(made.idempotencyKey).digest("base64url").slice(0, 22));
  const fingerprint = `${made.mutation} ${attempt?.fingerprint}`;
  const earlier = made.isDryRun ? null : await jobs.find(id);
  if (earlier !== null) {
    return replay(earlier, fingerprint);
  }
  await made.requireNamed();
  const set = made.isDryRun ? null : await jobs.rows.create(now().getTime());
  const check = new Counting(made.send && new QuietRows(now(), made.send));
  try {
    await writeRows(context, made, set, check);
  } catch (error) {
    if (set !== null) {
      await jobs.rows.delete(set);
    }
    throw error;
  }
  if (set === null) {
    return { job: null, check: check.result(), isReplay: false };
  }
  if (check.acceptedCount === 0) {
    await jobs.rows.delete(set);
    return { job: null, check: check.result(), isReplay: false };
  }
  const { job, isNew } = await jobs.create({
    id,
    name: made.name,
    kind: made.kind,
    fingerprint,
    set,
    createdAt: now().getTime(),
    caller: pastCallerOf(context.caller),
    send: made.send,
    groupIds: made.groupIds,
    namesContacts: check.contactCount > 0,
    state: "RUNNING",
    waits: null,
    endedAt: null,
    counts: {
      total: check.rowCount,
      waiting: check.acceptedCount,
      accepted: 0,
      refused: check.rowCount - check.acceptedCount,
      unknown: 0,
    },
    next: 1,
    claim: null,
  });
  if (!isNew) {
    await jobs.rows.delete(set);
    return replay(job, fingerprint);
  }
  context.services.audit.append({
    caller: context.caller.id,
    mutation: made.mutation,
    outcome: "ACCEPTED",
    idempotencyKey: made.idempotencyKey,
    targets: [id],
  });
  return { job, check: check.result(), isReplay: false };
}

function replay(job: JobRecord, fingerprint: string): MadeJob {
  if (job.fingerprint !== fingerprint) {
    throw new Refused({
      code: "IDEMPOTENCY_KEY_REUSED",
      field: ["input", "idempotencyKey"],
      message: "This idempotency key was used before, with another input or another mutation.",
    });
  }
  return { job, check: null, isReplay: true };
}

/** Checks the rows in batches, counts them, and writes them into the set if there is one: a batch while the next is checked. */
async function writeRows(context: Context, made: NewJob, set: string | null, check: Counting): Promise<void> {
  const { jobs, now } = context.services;
  const template = made.send === null ? null : parseTemplate(made.send.text);
  const checks = new RowChecks({
    kind: made.kind,
    template,
    allowTruncation: made.send?.allowTruncation ?? false,
    // What a platform wrote without a plus lacks nothing else.
    region: made.rows.rows || made.rows.uploadId ? made.region : null,
  });
  let writing = Promise.resolve();
  try {
    for await (const batch of batchesOf(context, made.rows, made.rowsField)) {
      if (context.scope.signal.aborted) {
        throw new TooCostlyError("time");
      }
      const checked = batch.map((given) => checks.check(given, check.nextNumber()));
      if (check.rowCount > MOST_ROWS) {
        throw new Refused({
          code: "INVALID_INPUT",
          field: made.rowsField,
          message: `A job has at most ${MOST_ROWS.toLocaleString("en")} rows.`,
        });
      }
      // Asked at the same time.
      const [rows, calls] = await Promise.all([
        withoutOptedOut(context, made.kind, checked),
        callsOfRows(context, made, checked),
      ]);
      for (const [at, row] of rows.entries()) {
        check.add(row, calls[at] ?? 0);
      }
      await writing;
      if (set !== null) {
        const stored = rows.map((row) => toStored(row, now().getTime()));
        writing = jobs.rows.write(set, stored);
        // What it throws is thrown where it is waited for.
        writing.catch(() => undefined);
      }
    }
  } finally {
    // After a failure too: nothing is written any more when the set is deleted.
    await writing;
  }
}

/** The rows, those refused whose owners opted out. */
async function withoutOptedOut(
  { services }: Context,
  kind: JobKind,
  rows: readonly CheckedRow[],
): Promise<readonly CheckedRow[]> {
  const numbers = kind === "SEND" ? rows.map(numberOf).filter((number) => number !== null) : [];
  const states = await services.optOuts.states(numbers);
  const optedOut = new Set(numbers.filter((_, at) => states[at]));
  return rows.map((row) =>
    row.refusal === null && optedOut.has(row.to as (typeof numbers)[number])
      ? { ...row, refusal: { code: "RECIPIENT_OPTED_OUT" as const, message: "This person asked not to be texted." } }
      : row,
  );
}

function toStored({ refusal, preview: _, ...row }: CheckedRow, at: number): NumberedRow {
  return { ...row, ...(refusal && { outcome: { state: "REFUSED", ...refusal, at } }) };
}

/** Counts checked rows. */
class Counting {
  rowCount = 0;
  acceptedCount = 0;
  contactCount = 0;
  #callCount = 0;
  #segmentCount = 0;
  readonly #refusals: JobCheck["refusals"][number][] = [];
  readonly #previews: JobCheck["previews"][number][] = [];
  /** Null for imports. */
  readonly #quiet: QuietRows | null;

  constructor(quiet: QuietRows | null) {
    this.#quiet = quiet;
  }

  nextNumber(): number {
    this.rowCount += 1;
    return this.rowCount;
  }

  add(row: CheckedRow, calls: number): void {
    const { number, line = null, to, refusal, preview } = row;
    if (refusal !== null) {
      if (this.#refusals.length < MOST_REFUSALS) {
        this.#refusals.push({ row: number, line, recipient: to, values: namedValues(row.values), ...refusal });
      }
      return;
    }
    this.acceptedCount += 1;
    this.contactCount += to.startsWith("co:") ? 1 : 0;
    this.#callCount += calls;
    this.#segmentCount += preview?.segmentCount ?? 0;
    this.#quiet?.add(numberOf(row));
    if (preview !== null && this.#previews.length < MOST_PREVIEWS) {
      this.#previews.push({ row: number, recipient: to, preview });
    }
  }

  result(): JobCheck {
    const { rowCount, acceptedCount } = this;
    return {
      rowCount,
      acceptedCount,
      refusedCount: rowCount - acceptedCount,
      segmentCount: this.#segmentCount,
      platformCallCount: this.#callCount,
      quietCount: this.#quiet?.count ?? 0,
      quietEndsAt: this.#quiet?.endsAt ?? null,
      refusals: this.#refusals,
      previews: this.#previews,
    };
  }
}
