import type { E164 } from "../phone.ts";
import type { Recipient, Sender } from "../pidj/writes.ts";
import type { Checks, Optional } from "./checks.ts";

/** Exactly one of the two; the schema ensures it (`@oneOf`). */
export interface SenderInput {
  readonly phoneNumber?: Optional<E164>;
  readonly groupId?: Optional;
}

/** Exactly one of the two; the schema ensures it (`@oneOf`). */
export interface RecipientInput {
  readonly phoneNumber?: Optional<E164>;
  readonly contactId?: Optional;
}

export const PARTY_PATHS = {
  from_number: ["input", "from", "phoneNumber"],
  group_id: ["input", "from", "groupId"],
  to_number: ["input", "recipient", "phoneNumber"],
  contact_id: ["input", "recipient", "contactId"],
  GROUP_CANNOT_SEND: ["input", "from", "groupId"],
};

export function checkSender(checks: Checks, { phoneNumber, groupId }: SenderInput): Sender {
  return phoneNumber ? { phoneNumber } : { groupId: checks.id("PidjGroup", PARTY_PATHS.group_id, groupId ?? "") };
}

export function checkRecipient(checks: Checks, { phoneNumber, contactId }: RecipientInput): Recipient {
  return phoneNumber ? { phoneNumber } : { contactId: checks.id("Contact", PARTY_PATHS.contact_id, contactId ?? "") };
}
