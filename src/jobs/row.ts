import type { Context } from "../context.ts";
import { valueOrThrow } from "../errors.ts";
import { parseId } from "../ids.ts";
import type { E164 } from "../phone.ts";
import type { ContactRecord } from "../pidj/records.ts";
import type { JobOutcome, JobText } from "../store/job-records.ts";
import { type JobRecord, type NumberedRow, type RowResult, rowKeyOf } from "../store/jobs.ts";
import { isTimeZone } from "../time-zones.ts";
import { createContact } from "../writes/contact.ts";
import { sendMessage } from "../writes/message.ts";
import { createParticipant } from "../writes/participant.ts";
import type { Outcome, Refusal, RefusalCode } from "../writes/refusal.ts";
import { firstAllowed } from "./quiet-hours.ts";
import { UNSUBSCRIBED } from "./recipients.ts";
import { numberOf } from "./rows.ts";
import { parseTemplate } from "./template.ts";
import { zonesOfNumber } from "./zones.ts";

/** How long a row waits whose key another process has in use. */
const IN_USE_MS = 5_000;

/**
 * Carries out one row under its own idempotency key; null if `mayWrite`, which is asked right before its write, says no.
 * Throws what its reads and its write throw if the row was certainly not carried out and may be tried again.
 */
export async function carryOutRow(
  context: Context,
  job: JobRecord,
  row: NumberedRow,
  mayWrite: () => Promise<boolean>,
): Promise<RowResult | null> {
  const { number } = row;
  const now = () => context.services.now().getTime();
  const refused = (code: RefusalCode, message: string): RowResult => ({
    number,
    outcome: { state: "REFUSED", code, message, at: now() },
  });
  if (job.send === null) {
    return (await mayWrite()) ? resultOf(number, await importRow(context, job, row), now()) : null;
  }
  const { rows } = context.services.jobs;
  const participant = row.participantId ? await context.textizen.participant.detail(row.participantId) : null;
  if (participant?.isSubscribed === false) {
    return refused(UNSUBSCRIBED.code, UNSUBSCRIBED.message);
  }
  const addressee = await findAddressee(context, row);
  if ("code" in addressee) {
    return refused(addressee.code, addressee.message);
  }
  const allowed = await allowedAt(context.services.now(), addressee, job.send);
  if (allowed > now()) {
    return { number, dueAt: allowed, isQuiet: true };
  }
  const holder = job.namesContacts ? await rows.takeNumber(job.set, addressee.phoneNumber, number) : 0;
  if (holder !== 0) {
    return refused("INVALID_INPUT", `Row ${holder} has the same number.`);
  }
  const text = textOf(job.send, row);
  if (text === null) {
    return refused("INVALID_INPUT", "The row lacks a value.");
  }
  if (!(await mayWrite())) {
    return null;
  }
  const input = {
    from: job.send.from,
    recipient: { phoneNumber: addressee.phoneNumber },
    text,
    allowTruncation: job.send.allowTruncation,
    idempotencyKey: rowKeyOf(job.id, number),
  };
  const sent = await sendMessage(context.writes, input, { jobId: job.id });
  return resultOf(number, sent, now());
}

/** The text of a row; null if it lacks a value. */
export function textOf({ text }: JobText, { values }: Pick<NumberedRow, "values">): string | null {
  const rendered = parseTemplate(text)?.render(values);
  return rendered !== undefined && "text" in rendered ? rendered.text : null;
}

interface Addressee {
  readonly phoneNumber: E164;
  /** The contact's own time zone; null if it has none, or if no contact is known. */
  readonly timeZone: string | null;
}

async function findAddressee(
  { pidj, people }: Context,
  row: NumberedRow,
): Promise<Addressee | { readonly code: RefusalCode; readonly message: string }> {
  const number = numberOf(row);
  if (number !== null) {
    const contact = await people.contact(number);
    return { phoneNumber: number, timeZone: zoneOf(contact) };
  }
  const id = parseId("Contact", row.to);
  const contact = id === null ? null : await pidj.contact(id);
  if (contact === null) {
    return { code: "NOT_FOUND", message: "Pidj has no contact of this id." };
  }
  const phoneNumber = valueOrThrow(contact.phoneNumber);
  return phoneNumber === null
    ? { code: "INVALID_INPUT", message: "This contact has no phone number in E.164 form." }
    : { phoneNumber, timeZone: zoneOf(contact) };
}

function zoneOf(contact: ContactRecord | null): string | null {
  const zone = contact?.timezone;
  return typeof zone === "string" && isTimeZone(zone) ? zone : null;
}

/** When the recipient may be texted: in the contact's zone, else in all zones of the number, else in the job's. */
async function allowedAt(
  now: Date,
  { phoneNumber, timeZone }: Addressee,
  { quietHours, timeZone: otherwise }: JobText,
): Promise<number> {
  const zones = timeZone === null ? await zonesOfNumber(phoneNumber) : [timeZone];
  // Zones around the earth may leave no moment that suits all.
  const first = zones.length === 0 ? null : firstAllowed(now, zones, quietHours);
  return (first ?? firstAllowed(now, [otherwise], quietHours) ?? now).getTime();
}

function importRow(context: Context, job: JobRecord, row: NumberedRow): Promise<Outcome<unknown>> {
  const phoneNumber = numberOf(row) as E164;
  const idempotencyKey = rowKeyOf(job.id, row.number);
  const { values } = row;
  return job.kind === "IMPORT_PARTICIPANTS"
    ? createParticipant(context.writes, { phoneNumber, name: values["name"] ?? "", idempotencyKey })
    : createContact(context.writes, {
        phoneNumber,
        idempotencyKey,
        firstName: values["firstname"],
        lastName: values["lastname"],
        displayName: values["displayname"],
        businessName: values["businessname"],
        emailAddress: values["emailaddress"],
        timezone: values["timezone"],
      });
}

function resultOf(number: number, { userErrors }: Pick<Outcome<unknown>, "userErrors">, at: number): RowResult {
  const [error] = userErrors;
  if (error?.code === "ATTEMPT_IN_PROGRESS") {
    return { number, dueAt: at + IN_USE_MS, isQuiet: false };
  }
  return { number, outcome: outcomeOf(error, at) };
}

function outcomeOf(error: Refusal | undefined, at: number): JobOutcome {
  if (error === undefined) {
    return { state: "ACCEPTED", code: null, message: null, at };
  }
  const { code, message } = error;
  // The key is the row's own: with another input, it was used for this row before its contact had another number.
  const isUnknown = code === "OUTCOME_UNKNOWN" || code === "IDEMPOTENCY_KEY_REUSED";
  return { state: isUnknown ? "UNKNOWN" : "REFUSED", code: isUnknown ? "OUTCOME_UNKNOWN" : code, message, at };
}
