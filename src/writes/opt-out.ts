import { valueOrNull } from "../errors.ts";
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

/** Kept here alone: no platform is told. Gives the number. */
export function setOptOut(tools: WriteTools, input: SetOptOutInput): Promise<Outcome<E164>> {
  return refusalsAsData(async () => {
    const { phoneNumber, isOptedOut } = input;
    const checks = new Checks();
    const reason = checks.text(["input", "reason"], input.reason, { most: 1_000 });
    checks.done();
    await tools.optOuts.set(phoneNumber, { isOptedOut, source: "WRITTEN", reason });
    // What this operation has read of people is out of date.
    await tools.raise([], { isUnknown: false });
    return { value: phoneNumber };
  });
}

/** Somebody who is to be texted; `field` is null where no argument names the number. */
export interface Addressee {
  readonly number: E164;
  readonly field: readonly string[] | null;
}

/**
 * Throws Refused where one of the numbers asked not to be texted, naming each. Asked right before a send is recorded and
 * made; a replay of one that went out earlier is not asked.
 */
export async function refuseOptedOut({ optOuts }: WriteTools, numbers: readonly Addressee[]): Promise<void> {
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
 * Somebody who may be texted, a contact by its number as it is now. Throws Refused for one who opted out, for a contact
 * that does not exist, and for one without a number in E.164: whether its owner opted out cannot be told.
 */
export async function needTextable(tools: WriteTools, recipient: Recipient): Promise<Addressee> {
  const byNumber = "phoneNumber" in recipient;
  const number = byNumber ? recipient.phoneNumber : await readNumber(tools, recipient.contactId);
  const addressee = { number, field: byNumber ? PARTY_PATHS.to_number : PARTY_PATHS.contact_id };
  await refuseOptedOut(tools, [addressee]);
  return addressee;
}

/** The contact's number as it is now, which the directory learns by the way. */
async function readNumber(tools: WriteTools, contactId: ContactId): Promise<E164> {
  const askedAt = timeOfReading(tools.now);
  const contact = await tools.pidj.contact(contactId, tools.scope);
  const phoneNumber = valueOrNull(contact?.phoneNumber);
  const learned =
    contact === null
      ? tools.directory.forget([contactId], askedAt)
      : tools.directory.learn([{ contactId, phoneNumber, source: "READ" }], askedAt);
  await learned.catch((error: unknown) => tools.warn("a contact was not learned", error));
  if (contact === null) {
    throw new Refused({
      code: "NOT_FOUND",
      field: PARTY_PATHS.contact_id,
      message: "There is no contact with this id.",
    });
  }
  if (phoneNumber === null) {
    const message = "This contact has no phone number in E.164 form.";
    throw new Refused({ code: "INVALID_INPUT", field: PARTY_PATHS.contact_id, message });
  }
  return phoneNumber;
}
