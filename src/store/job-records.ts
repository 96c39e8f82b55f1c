import type { JobId, ParticipantId } from "../ids.ts";
import type { E164 } from "../phone.ts";

export type JobKind = "SEND" | "IMPORT_PARTICIPANTS" | "IMPORT_CONTACTS";
export type JobWait = "QUIET_HOURS" | "RATE_LIMIT" | "PLATFORM";

export type JobPause = "REQUESTED" | "KEY_REVOKED" | "ROWS_MISSING";

/** A caller whose key may be gone when a row's turn comes: see `PastCaller`. */
export interface JobCaller {
  readonly id: string;
  readonly keyId?: string;
  readonly isAnonymous: boolean;
  readonly recipientsPerMinute: number | null;
}

/** Hours in which nobody is texted: `HH:MM`, from start until before end; equal ones mean none. */
export interface QuietHours {
  readonly start: string;
  readonly end: string;
}

/** What every row of a send job has in common. */
export interface JobText {
  readonly from: { readonly phoneNumber?: E164 | null | undefined; readonly groupId?: string | null | undefined };
  /** With its placeholders. */
  readonly text: string;
  readonly allowTruncation: boolean;
  readonly quietHours: QuietHours;
  /** Of recipients whose own is not known. */
  readonly timeZone: string;
}

/** A job as its creation writes it, and what the work on it changes. Times are milliseconds since 1970. */
export interface JobRecord {
  readonly id: JobId;
  readonly name: string | null;
  readonly kind: JobKind;
  /** Of the input, so that its idempotency key is not used for another. */
  readonly fingerprint: string;
  /** The set of its rows. */
  readonly set: string;
  readonly createdAt: number;
  /** Who made it: the rows are carried out for this caller. */
  readonly caller: JobCaller;
  /** For whom they are carried out in its place. */
  readonly resumedBy?: JobCaller;
  /** Null for imports. */
  readonly send: JobText | null;
  /** Groups that imported records are put into. */
  readonly groupIds?: readonly string[];
  /** Whether a row names a contact, whose number another row may have too. */
  readonly namesContacts: boolean;
  readonly state: "RUNNING" | "PAUSED" | "CANCELLED" | "COMPLETED";
  /** Why it is paused; left out of a job that is not. */
  readonly pauseReason?: JobPause;
  /** Why a running job does nothing for now. */
  readonly waits: { readonly for: JobWait; readonly until: number } | null;
  readonly endedAt: number | null;
  readonly counts: JobRecordCounts;
  /** The first row that was never looked at. */
  readonly next: number;
  /** Rows that a process is carrying out, or was when it died. */
  readonly claim: JobClaim | null;
}

/** `id`: of this claim alone, so that a process that lost its right to the job does not end another's. */
export interface JobClaim {
  readonly id: string;
  /** Those without an outcome, in the order in which they are begun. */
  readonly rows: readonly number[];
  /** How many of them are under way at one time; earlier versions did not write it. */
  readonly atOnce?: number;
  readonly at: number;
}

export interface JobRecordCounts {
  readonly total: number;
  /** Rows without an outcome, claimed ones included. */
  readonly waiting: number;
  readonly accepted: number;
  readonly refused: number;
  readonly unknown: number;
}

export interface JobOutcome {
  readonly state: "ACCEPTED" | "REFUSED" | "UNKNOWN";
  readonly code: string | null;
  readonly message: string | null;
  readonly at: number;
}

/** A row as it is stored. */
export interface JobRowRecord {
  /** A number in E.164, the id of a contact, or what was given if it is refused. */
  readonly to: string;
  readonly values: Readonly<Record<string, string>>;
  /** Which line of its file it is, as spreadsheets count them: from 1, the header and blank lines included. */
  readonly line?: number;
  /** Of a send: whose subscription at Textizen is asked when the row's turn comes. Of an import: who was created for it. */
  readonly participantId?: ParticipantId;
  readonly outcome?: JobOutcome;
  /** Its turn comes again then. */
  readonly dueAt?: number;
}

/** With its place among the rows, from 1. */
export interface NumberedRow extends JobRowRecord {
  readonly number: number;
}

/** The key under which the row is carried out at most once. */
export function rowKeyOf(id: JobId, number: number): string {
  return `${id}:${number}`;
}

/** The row that an attempt was made for, by its key: the row's own, or that of a further write of the row. */
export function parseRowKey(key: string): { readonly id: JobId; readonly number: number } | null {
  const [, id, number] = /^(job:[\w-]+):(\d{1,6})(?::|$)/.exec(key) ?? [];
  return id === undefined ? null : { id: id as JobId, number: Number(number) };
}

export function jobKey(id: JobId): string {
  return `job ${id}`;
}

/** The rows that are being carried out: the others of a claim wait for them. */
export function rowsUnderWay(claim: JobClaim | null): readonly number[] {
  return claim?.rows.slice(0, claim.atOnce) ?? [];
}

/** The count of each outcome. */
export const COUNTED = { ACCEPTED: "accepted", REFUSED: "refused", UNKNOWN: "unknown" } as const;

/** Whether a process must work on the job: rows wait, or a process that died left some under way. */
export function needsWork({ state, claim }: JobRecord): boolean {
  return state === "RUNNING" || claim !== null;
}
