import { SETTLED_BY_PERSON } from "./attempt-record.ts";
import { rowKey as attemptKey, type Row } from "./attempt-rows.ts";
import {
  COUNTED,
  type JobOutcome,
  type JobRecord,
  type JobRowRecord,
  jobKey,
  parseRowKey,
  rowKeyOf,
} from "./job-records.ts";
import { rowKey } from "./job-rows.ts";
import type { Draft } from "./update.ts";

/**
 * Puts what is now known of an attempt into the row of the job that made it, if the row says that its outcome is unknown.
 * The draft has the attempt's new state: both are committed together.
 */
export async function draftRowOfAttempt(draft: Draft, key: string, at: number): Promise<void> {
  const place = parseRowKey(key);
  const [job = null] = place === null ? [] : await draft.read<JobRecord>("job", [jobKey(place.id)]);
  if (place === null || job === null) {
    return;
  }
  const [row = null] = await draft.read<JobRowRecord>("job-row", [rowKey(job.set, place.number)]);
  // The process that carries out the row may write its outcome at this moment: one of both must see the other's.
  draft.hold("job-row", [rowKey(job.set, place.number)]);
  const outcome = row?.outcome?.state === "UNKNOWN" ? await outcomeByAttempts(draft, job, place.number, at) : null;
  if (row === null || outcome === null) {
    return;
  }
  draft.write("job-row", rowKey(job.set, place.number), { ...row, outcome });
  const counted = COUNTED[outcome.state];
  const counts = { ...job.counts, unknown: job.counts.unknown - 1 };
  draft.write("job", jobKey(job.id), { ...job, counts: { ...counts, [counted]: counts[counted] + 1 } });
}

/** A person's decision on a row whose outcome is not written yet; null if there is none. */
export async function decisionOn(draft: Draft, job: JobRecord, number: number, at: number): Promise<JobOutcome | null> {
  const attempts = await attemptsOf(draft, job, number);
  const kept = attempts.filter((attempt) => attempt !== null);
  draft.hold(
    "attempt",
    kept.map(({ key }) => attemptKey(key)),
  );
  return attempts.some((attempt) => attempt?.message === SETTLED_BY_PERSON)
    ? outcomeByAttempts(draft, job, number, at)
    : null;
}

/** The attempt at the row itself, then that at each group that its record is put into; null for one that is not kept. */
function attemptsOf(draft: Draft, job: JobRecord, number: number): Promise<(Row | null)[]> {
  const key = rowKeyOf(job.id, number);
  const keys = [key, ...furtherGroups(job).map((groupId) => `${key}:${groupId}`)];
  return draft.read<Row>("attempt", keys.map(attemptKey));
}

/** Groups that a row is put into by writes of their own: Pidj takes a contact's group with the contact. */
function furtherGroups({ kind, groupIds = [] }: JobRecord): readonly string[] {
  return kind === "IMPORT_PARTICIPANTS" ? groupIds : [];
}

/** What the attempts say of the row together; null as long as one of them has no outcome. */
async function outcomeByAttempts(draft: Draft, job: JobRecord, number: number, at: number): Promise<JobOutcome | null> {
  const [own = null, ...ofGroups] = await attemptsOf(draft, job, number);
  const all = [own, ...ofGroups];
  if (all.some((attempt) => attempt?.state === "UNKNOWN" || attempt?.state === "IN_PROGRESS")) {
    return null;
  }
  const isByPerson = all.some((attempt) => attempt?.message === SETTLED_BY_PERSON);
  const refusedAs = isByPerson ? "ATTEMPT_SETTLED" : "REFUSED_BY_PLATFORM";
  if (own?.state === "REFUSED") {
    return { state: "REFUSED", code: refusedAs, message: own.message ?? "The platform did not take it.", at };
  }
  const missing = furtherGroups(job).filter((_, index) => ofGroups[index]?.state !== "ACCEPTED");
  if (missing.length > 0) {
    const message = `Created, and not known to be in ${missing.join(", ")}: look there, and put it in if it is missing.`;
    return { state: "REFUSED", code: refusedAs, message, at };
  }
  return { state: "ACCEPTED", code: null, message: isByPerson ? SETTLED_BY_PERSON : null, at };
}
