import { parseId } from "../ids.ts";
import { textOf } from "../json.ts";
import { type E164, parseWrittenNumber } from "../phone.ts";
import type { ForwardedText } from "../store/event-records.ts";
import { readNumber, readText, type Values } from "./values.ts";

/** Characters that no id has and no store's key can contain: blanks and control characters. */
const UNUSABLE = /[\s\p{C}]/u;

/**
 * Reads a forwarded text (docs/platforms.md, Text forwarding). Null if it has neither a message nor a sender. The
 * message is taken unchanged, because somebody may text the word "null".
 */
export function parseForwardedText(values: Values): ForwardedText | null {
  const displayFrom = readNumber(values["from"]);
  const text = textOf(values["message"])?.replace(/^\ufeff/, "") ?? "";
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
    // If the contact has an external id, Pidj sends that instead of its own (docs/platforms.md P-27). A value that
    // begins like Pidj's ids and is none is ignored.
    contactExternalId: contact === null || contact.startsWith("co:") ? null : contact,
  };
}

function numberOf(display: string | null): E164 | null {
  return display === null ? null : parseWrittenNumber(display);
}
