import type { Services } from "../context.ts";
import type { StoredMessage } from "../store/event-records.ts";
import type { Appended } from "../store/inbox.ts";

/**
 * What a delivery changes beside the inbox; a repeat, what it counts and whom it opts out, nothing else. A kept list that lacks a record which the event names is out of date, and only
 * that: a list that has it is as true as before. Never fails: the event itself is kept already.
 */
export async function applyEvent(services: Services, { event, isRepeat }: Appended): Promise<void> {
  const { pidj, textizen, versions, feed } = services;
  if (isRepeat) {
    await versions.raise([]);
    return;
  }
  if (event.kind === "ReceivedMessage") {
    const { groupId, contactId } = event;
    pidj.client.forgetReads();
    pidj.lists.groups.dropUnless((groups) => groupId === null || groups.get(groupId) !== null);
    pidj.lists.contacts.dropUnless((contacts) => contactId === null || contacts.get(contactId) !== null);
    await learnContact(services, event);
  } else {
    const { pollId, participantId } = event;
    textizen.client.forgetReads();
    textizen.lists.polls.dropUnless((polls) => pollId === null || polls.get(pollId) !== null);
    // Whoever texts in unasked becomes a participant (ambiguities T-15).
    textizen.lists.participants.dropUnless(
      (participants) => participantId === null || participants.get(participantId) !== null,
    );
  }
  await versions.raise([]);
  feed.wake();
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
