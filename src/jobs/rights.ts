import type { Caller, PastCaller } from "../access/caller.ts";
import type { Context, Services } from "../context.ts";
import type { JobKind, JobRecord } from "../store/job-records.ts";

/** The mutations that a caller must be allowed who makes such a job, pauses, resumes or cancels it. */
const NEEDED: Readonly<Record<JobKind, readonly string[]>> = {
  SEND: ["Mutation.createSendJob"],
  IMPORT_PARTICIPANTS: ["Mutation.createImportJob", "Mutation.createParticipant"],
  IMPORT_CONTACTS: ["Mutation.createImportJob", "Mutation.createContact"],
};

/** Throws ForbiddenError if the caller may not make such a job. */
export function requireJobRights(context: Context, kind: JobKind): void {
  for (const mutation of NEEDED[kind]) {
    context.requireType(mutation);
  }
}

/** What is kept of a caller with a job. */
export function pastCallerOf({ id, keyId, isAnonymous, recipientsPerMinute }: Caller): PastCaller {
  return { id, ...(keyId !== undefined && { keyId }), isAnonymous, recipientsPerMinute };
}

/**
 * For whom the job's rows are carried out: its maker, or who resumed it when the maker's key was gone. Null if that key is
 * gone now, or may not make such a job any more.
 */
export function actorOf(
  { kind, caller, resumedBy = caller }: JobRecord,
  {
    recall,
    mayRead,
  }: { readonly recall: (who: PastCaller) => Caller | "gone" | "unknown" } & Pick<Services, "mayRead">,
): Caller | null {
  const found = recall(resumedBy);
  if (found === "gone" || (found !== "unknown" && !NEEDED[kind].every((mutation) => mayRead(mutation, found)))) {
    return null;
  }
  // A limit of the key that was changed since holds at once.
  const { recipientsPerMinute } = found === "unknown" ? resumedBy : found;
  return { ...resumedBy, recipientsPerMinute, scopes: new Set(), expiresAt: null, callsPerMinute: null };
}
