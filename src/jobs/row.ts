import type { Context } from "../context.ts";
import { valueOrNull } from "../errors.ts";
import { parseId } from "../ids.ts";
import type { E164 } from "../phone.ts";
import type { ContactRecord } from "../pidj/records.ts";
import type { JobText } from "../store/job-records.ts";
import { type JobRecord, type NumberedRow, type RowResult, rowKeyOf } from "../store/jobs.ts";
import { isTimeZone } from "../time-zones.ts";
import { sendMessage } from "../writes/message.ts";
import type { RefusalCode } from "../writes/refusal.ts";
import { importRow } from "./import-row.ts";
import { allowedAt, isNever } from "./quiet-hours.ts";
import { UNSUBSCRIBED } from "./recipients.ts";
import { resultOf } from "./row-outcome.ts";
import { numberOf } from "./rows.ts";
import { parseTemplate } from "./template.ts";
import { zonesOfNumber } from "./zones.ts";

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
    return (await mayWrite()) ? importRow(context, job, row) : null;
  }
  const { rows } = context.services.jobs;
  const addressee = await findAddressee(context, row, job.send);
  if ("code" in addressee) {
    return refused(addressee.code, addressee.message);
  }
  const { phoneNumber, timeZone } = addressee;
  const zones = timeZone === null ? zonesOfNumber(phoneNumber) : [timeZone];
  const allowed = allowedAt(context.services.now(), zones, job.send).getTime();
  if (allowed > now()) {
    return { number, dueAt: allowed, isQuiet: true };
  }
  // Only now, so that it is as true as can be, and not asked twice of a row that waits.
  const participant = row.participantId ? await context.textizen.participant.detail(row.participantId) : null;
  if (participant?.isSubscribed === false) {
    return refused(UNSUBSCRIBED.code, UNSUBSCRIBED.message);
  }
  const holder = job.namesContacts ? await rows.takeNumber(job.set, phoneNumber, number) : 0;
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
    recipient: { phoneNumber },
    text,
    allowTruncation: job.send.allowTruncation,
    idempotencyKey: rowKeyOf(job.id, number),
  };
  const sent = await sendMessage(context.writes, input);
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

/** The zone of a number's contact is read only if there are quiet hours. */
async function findAddressee(
  context: Context,
  row: NumberedRow,
  { quietHours }: JobText,
): Promise<Addressee | { readonly code: RefusalCode; readonly message: string }> {
  const { pidj } = context;
  const number = numberOf(row);
  if (number !== null) {
    return { phoneNumber: number, timeZone: isNever(quietHours) ? null : await zoneOfContact(context, number) };
  }
  const id = parseId("Contact", row.to);
  const contact = id === null ? null : await pidj.contact(id);
  if (contact === null) {
    return { code: "NOT_FOUND", message: "Pidj has no contact of this id." };
  }
  // Of one that cannot be read too: it would be read as wrong again and again, and the job would never end.
  const phoneNumber = valueOrNull(contact.phoneNumber);
  return phoneNumber === null
    ? { code: "INVALID_INPUT", message: "This contact has no phone number in E.164 form." }
    : { phoneNumber, timeZone: zoneOf(contact) };
}

/** Read by id, because Pidj's list of contacts has no time zones. */
async function zoneOfContact({ people, pidj }: Context, number: E164): Promise<string | null> {
  const { state, candidateIds } = await people.link(number);
  const [id] = candidateIds;
  const contact = state === "LINKED" && id !== undefined ? await pidj.contact(id) : null;
  return valueOrNull(contact?.phoneNumber) === number ? zoneOf(contact) : null;
}

function zoneOf(contact: ContactRecord | null): string | null {
  const zone = contact?.timezone;
  return typeof zone === "string" && isTimeZone(zone) ? zone : null;
}
