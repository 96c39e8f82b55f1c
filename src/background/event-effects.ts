import type { Services } from "../context.ts";
import type { Changed } from "../freshness/versions.ts";
import type { KeptListing } from "../loaders/list-view.ts";
import type { StoredEvent, StoredMessage } from "../store/event-records.ts";
import type { Appended } from "../store/inbox.ts";

/**
 * What a delivery changes beside the inbox; a repeat, what it counts and whom it opts out, nothing else. A kept list that lacks a record which the event names is out of date, and only
 * that: a list that has it is as true as before. Never fails: the event itself is kept already.
 */
export async function applyEvent(services: Services, { event, isRepeat }: Appended): Promise<void> {
  const { versions, feed } = services;
  if (isRepeat) {
    await versions.raise([]);
    return;
  }
  await versions.raise(await changesOf(services, event));
  feed.wake();
}

/** The lists that lack a record which the event names are out of date; one that has the record is as true as before. */
async function changesOf(services: Services, event: StoredEvent): Promise<readonly Changed[]> {
  const { pidj, textizen } = services;
  if (event.kind === "ReceivedMessage") {
    const { groupId, contactId } = event;
    await learnContact(services, event);
    return [
      "PIDJ",
      ...(lacks(pidj.lists.groups, groupId) ? (["pidjGroups"] as const) : []),
      ...(lacks(pidj.lists.contacts, contactId) ? (["contacts"] as const) : []),
    ];
  }
  return [
    "TEXTIZEN",
    ...(lacks(textizen.lists.polls, event.pollId) ? (["polls"] as const) : []),
    // Whoever texts in unasked becomes a participant (docs/platforms.md T-15).
    ...(lacks(textizen.lists.participants, event.participantId) ? (["participants"] as const) : []),
  ];
}

/** True also if nothing is kept: a read of the list may be under way. */
function lacks<Row extends { readonly id: string }>({ kept }: KeptListing<Row>, id: Row["id"] | null): boolean {
  return id !== null && (kept === null || kept.get(id) === null);
}

/** Pidj recognized the sender as the contact (pidj-api.txt:495), which links number and contact. */
async function learnContact(
  { directory, warn }: Services,
  { contactId, from, receivedAt }: StoredMessage,
): Promise<void> {
  if (contactId !== null && from !== null) {
    await directory
      .learn([{ contactId, phoneNumber: from, source: "RECEIVED" }], receivedAt)
      .catch((error: unknown) => warn("the contact of a received text was not learned", error));
  }
}
