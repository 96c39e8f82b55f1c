import { valueOrThrow } from "../errors.ts";
import type { ContactId } from "../ids.ts";
import type { E164 } from "../phone.ts";
import type { Recipient } from "../pidj/writes.ts";
import { timeOfReading } from "../store/contacts.ts";
import { Checks } from "./checks.ts";
import { PARTY_PATHS } from "./parties.ts";
import { type Outcome, type Refusal, Refused, refusalsAsData } from "./refusal.ts";
import type { WriteTools } from "./tools.ts";

export interface SetOptOutInput {
  readonly phoneNumber: E164;
  readonly isOptedOut: boolean;
  readonly reason: string;
}

/** Returns the number. Opt-outs are kept by this server alone: no platform is told. */
export function setOptOut(tools: WriteTools, input: SetOptOutInput): Promise<Outcome<E164>> {
  return refusalsAsData(async () => {
    const { phoneNumber, isOptedOut } = input;
    const checks = new Checks();
    const reason = checks.text(["input", "reason"], input.reason, { most: 1_000 });
    checks.done();
    await tools.optOuts.set(phoneNumber, { isOptedOut, source: "WRITTEN", reason, decidedBy: tools.caller });
    tools.onSettled("setOptOut", "change", "ACCEPTED");
    tools.audit.append({
      caller: tools.caller,
      mutation: "setOptOut",
      outcome: "ACCEPTED",
      idempotencyKey: null,
      targets: [phoneNumber],
    });
    // People that the operation has read may have changed.
    await tools.raise([], { isUnknown: false });
    return { value: phoneNumber };
  });
}

/** A number that is to be texted. */
export interface RecipientNumber {
  readonly number: E164;
  /** The argument that names the number; null if none does. */
  readonly field: readonly string[] | null;
}

/** Throws Refused if one of the numbers opted out; each of them is named. */
export async function refuseOptedOut({ optOuts }: WriteTools, numbers: readonly RecipientNumber[]): Promise<void> {
  if (numbers.length === 0) {
    return;
  }
  const states = await optOuts.states(numbers.map(({ number }) => number));
  const refusals = numbers.flatMap(({ field }, at): Refusal[] =>
    states[at] ? [{ code: "RECIPIENT_OPTED_OUT", field, message: "This person asked not to be texted." }] : [],
  );
  if (refusals.length > 0) {
    throw new Refused(...refusals);
  }
}

/**
 * The recipient's number; a contact's is read now. Throws Refused if its owner opted out, if there is no such contact,
 * or if the contact has no number in E.164: nobody can tell then whether its owner opted out.
 */
export async function requireTextable(tools: WriteTools, recipient: Recipient): Promise<RecipientNumber> {
  const byNumber = "phoneNumber" in recipient;
  const number = byNumber ? recipient.phoneNumber : await readNumber(tools, recipient.contactId);
  const found = { number, field: byNumber ? PARTY_PATHS.to_number : PARTY_PATHS.contact_id };
  await refuseOptedOut(tools, [found]);
  return found;
}

/** The contact's number as it is now; the directory learns it. Throws PlatformError if the number cannot be read. */
async function readNumber(tools: WriteTools, contactId: ContactId): Promise<E164> {
  const askedAt = timeOfReading(tools.now);
  const contact = await tools.pidj.contact(contactId, tools.scope);
  tools.directory.learnLater([[contactId, contact]], askedAt);
  if (contact === null) {
    const message = "Pidj has no contact of this id.";
    throw new Refused({ code: "NOT_FOUND", field: PARTY_PATHS.contact_id, message });
  }
  const phoneNumber = valueOrThrow(contact.phoneNumber);
  if (phoneNumber === null) {
    const message = "This contact has no phone number in E.164 form: set its phoneNumber, or name another recipient.";
    throw new Refused({ code: "INVALID_INPUT", field: PARTY_PATHS.contact_id, message });
  }
  return phoneNumber;
}
