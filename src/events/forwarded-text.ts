import { parseId } from "../ids.ts";
import { type E164, parseE164 } from "../phone.ts";
import type { ForwardedText } from "../store/event-records.ts";
import { readNumber, readText, type Values } from "./values.ts";

/** Blanks, and what no id has and no store can hold as a key. */
const UNUSABLE = /[\s\p{C}]/u;

/**
 * What Pidj forwards of a text (docs/platforms.md, Text forwarding). Null where it is none: neither a message nor a
 * sender. Who sends the word "null" has sent a text, so that a message alone is taken as it is.
 */
export function parseForwardedText(values: Values): ForwardedText | null {
  const { message } = values;
  const displayFrom = readNumber(values["from"]);
  const text = typeof message === "string" || typeof message === "number" ? String(message) : "";
  if (text.trim() === "" && displayFrom === null) {
    return null;
  }
  const to = readNumber(values["to"]);
  const groupId = parseId("PidjGroup", readText(values["group_id"]) ?? "");
  const contact = readText(values["contact_id"]);
  const contactId = contact === null || UNUSABLE.test(contact) ? null : parseId("Contact", contact);
  return {
    kind: "ReceivedMessage",
    text,
    from: numberOf(displayFrom),
    displayFrom: displayFrom ?? "",
    toPhoneNumber: numberOf(to),
    groupId: groupId === null || UNUSABLE.test(groupId) ? null : groupId,
    contactId,
    // Where a contact has an external id, that is sent in place of its own (docs/platforms.md P-21). What begins as its
    // own ids do and is none is neither.
    contactExternalId: contact === null || contact.startsWith("co:") ? null : contact,
  };
}

function numberOf(display: string | null): E164 | null {
  return display === null ? null : parseE164(display);
}
