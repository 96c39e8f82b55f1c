import type { Services } from "../context.ts";
import { valueOrNull } from "../errors.ts";
import { ReadScope } from "../rest/calls.ts";
import { timeOfReading } from "../store/contacts.ts";

/** The reading of Pidj's contact list into the directory, again and again. */
export interface ContactListSync {
  stop(): void;
}

/** Reads the list now and every so many minutes. A failed reading is said and tried again at the next turn. */
export function startContactListSync(services: Services, minutes: number): ContactListSync {
  const stopped = new AbortController();
  let isReading = false;

  const read = async () => {
    const askedAt = timeOfReading(services.now);
    const scope = new ReadScope({
      signal: stopped.signal,
      deadline: () => Number.POSITIVE_INFINITY,
      // A read that others began earlier would be dated wrong.
      isFresh: true,
      record: () => undefined,
    });
    const { rows, skipped } = await services.pidj.client.contacts(scope);
    const contacts = rows.map(({ id, phoneNumber }) => ({ id, phoneNumber: valueOrNull(phoneNumber) }));
    if (skipped === 0) {
      await services.directory.learnList(contacts, askedAt);
      return;
    }
    // A list with unreadable rows says nothing of those that it lacks.
    await services.directory.markComplete(null);
    const sightings = contacts.map(({ id, phoneNumber }) => ({
      contactId: id,
      phoneNumber,
      source: "LISTED" as const,
    }));
    await services.directory.learn(sightings, askedAt);
  };
  const turn = async () => {
    // A reading that takes longer than its turn is not overtaken by the next.
    if (isReading) {
      return;
    }
    isReading = true;
    try {
      await read();
    } catch (error) {
      if (!stopped.signal.aborted) {
        services.warn("Pidj's contact list was not read", error);
      }
    } finally {
      isReading = false;
    }
  };
  void turn();
  const timer = setInterval(turn, minutes * 60_000);
  return {
    stop: () => {
      clearInterval(timer);
      stopped.abort();
    },
  };
}
