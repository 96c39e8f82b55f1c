import type { Services } from "./context.ts";

/** The reading of Pidj's contact list into the directory, again and again. */
export interface ContactListSync {
  stop(): void;
}

/** Reads the list now and every so many minutes. A failed reading is said and tried again at the next turn. */
export function startContactListSync(services: Services, minutes: number): ContactListSync {
  const stopped = new AbortController();
  let isReading = false;

  const read = async () => {
    const askedAt = services.now();
    const scope = { signal: stopped.signal, record: () => undefined };
    const listing = await services.pidj.lists.contacts.get(scope, { fresh: true });
    const contacts = listing.rows.map(({ id, phoneNumber = null }) => ({ id, phoneNumber }));
    await services.directory.learnList(contacts, askedAt);
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
