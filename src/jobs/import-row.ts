import type { Context } from "../context.ts";
import type { ParticipantId } from "../ids.ts";
import type { E164 } from "../phone.ts";
import { type JobRecord, type NumberedRow, type RowResult, rowKeyOf } from "../store/jobs.ts";
import { createContact } from "../writes/contact.ts";
import { addParticipantToGroup, createParticipant } from "../writes/participant.ts";
import type { Outcome, Refusal } from "../writes/refusal.ts";
import { resultOf } from "./row-outcome.ts";
import { numberOf } from "./rows.ts";

/** Creates the record of a row under the row's key, and puts it into the job's groups. */
export async function importRow(context: Context, job: JobRecord, row: NumberedRow): Promise<RowResult> {
  const outcome =
    job.kind === "IMPORT_CONTACTS"
      ? await importContact(context, job, row)
      : await importParticipant(context, job, row);
  return resultOf(row.number, outcome, context.services.now().getTime());
}

/** Pidj takes a contact's group with the contact itself. */
function importContact(
  { writes }: Context,
  { id, groupIds = [] }: JobRecord,
  row: NumberedRow,
): Promise<Outcome<unknown>> {
  const { number, values } = row;
  return createContact(writes, {
    phoneNumber: numberOf(row) as E164,
    idempotencyKey: rowKeyOf(id, number),
    firstName: values["firstname"],
    lastName: values["lastname"],
    displayName: values["displayname"],
    businessName: values["businessname"],
    emailAddress: values["emailaddress"] || undefined,
    timezone: values["timezone"] || undefined,
    groupId: groupIds[0],
  });
}

/** Each group is a write of its own: which of them a process that died had made is found by their keys. */
async function importParticipant(
  context: Context,
  { id, set, groupIds = [] }: JobRecord,
  row: NumberedRow,
): Promise<Pick<Outcome<unknown>, "userErrors">> {
  const { number, values, participantId: known } = row;
  const key = rowKeyOf(id, number);
  if (known !== undefined) {
    // Keys are kept for 72 hours, and a job may have been paused for longer.
    const groups = (await context.textizen.participant.detail(known))?.groups;
    const has = new Set(Array.isArray(groups) ? groups.map((group) => group.id) : []);
    const left = groupIds.filter((groupId) => !has.has(groupId));
    return addToGroups(context, known, left, key);
  }
  const phoneNumber = numberOf(row) as E164;
  const created = await createParticipant(context.writes, {
    phoneNumber,
    name: values["name"] ?? "",
    idempotencyKey: key,
  });
  if (groupIds.length === 0 || created.userErrors.length > 0) {
    return created;
  }
  if (created.value === null) {
    const message = `Created, and not put into ${groupIds.join(", ")}: Textizen did not say its id.`;
    return { userErrors: [{ code: "REFUSED_BY_PLATFORM", field: null, message }] };
  }
  await context.services.jobs.rows.keepParticipant(set, number, created.value.id);
  return addToGroups(context, created.value.id, groupIds, key);
}

async function addToGroups(
  { writes }: Context,
  participantId: ParticipantId,
  groupIds: readonly string[],
  key: string,
): Promise<Pick<Outcome<unknown>, "userErrors">> {
  const errors: Refusal[] = [];
  for (const groupId of groupIds) {
    const input = { participantId, groupId };
    const { userErrors } = await addParticipantToGroup(writes, input, { idempotencyKey: `${key}:${groupId}` });
    const [error] = userErrors;
    if (error !== undefined) {
      const known = error.code === "OUTCOME_UNKNOWN" ? `perhaps not put into ${groupId}` : `not put into ${groupId}`;
      errors.push({ ...error, message: `Created, and ${known}: ${error.message}` });
    }
  }
  // What is unknown must be said even if another group was refused, and a key in use means: ask again.
  const gravest = (["ATTEMPT_IN_PROGRESS", "OUTCOME_UNKNOWN"] as const)
    .map((code) => errors.find((error) => error.code === code))
    .find((error) => error !== undefined);
  return { userErrors: gravest === undefined ? errors : [gravest] };
}
