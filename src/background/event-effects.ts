import type { Services } from "../context.ts";
import type { Changed } from "../freshness/versions.ts";
import type { KeptListing } from "../loaders/list-view.ts";
import type { StoredMessage } from "../store/event-records.ts";
import type { Appended } from "../store/inbox-arrivals.ts";

/**
 * What a delivery changes besides the inbox. A repeat changes only its count and opt-outs. A kept list that lacks a
 * record of the event is out of date; a list that has the record is not. Never fails: the event is stored already.
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

/** Lists that lack a record of the event are out of date; a list that has the record is not. */
async function changesOf(services: Services, event: Appended["event"]): Promise<readonly Changed[]> {
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
    // A person who texts in becomes a participant (docs/platforms.md T-15).
    ...(lacks(textizen.lists.participants, event.participantId) ? (["participants"] as const) : []),
  ];
}

/** True also if no list is kept, because a read of it may be running. */
function lacks<Row extends { readonly id: string }>({ kept }: KeptListing<Row>, id: Row["id"] | null): boolean {
  return id !== null && (kept === null || kept.get(id) === null);
}

/** Pidj recognized the sender as this contact, so number and contact belong together (docs/platforms.md P-27). */
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
