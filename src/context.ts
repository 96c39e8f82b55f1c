import { PeopleLoaders } from "./loaders/people.ts";
import { type ContactSeen, type PidjLists, PidjLoaders } from "./loaders/pidj.ts";
import { type TextizenLists, TextizenLoaders } from "./loaders/textizen.ts";
import type { PidjClient } from "./pidj/client.ts";
import type { CallRecord, CallScope } from "./rest/calls.ts";
import type { ContactDirectory } from "./store/contacts.ts";
import type { TextizenClient } from "./textizen/client.ts";

export type { Page } from "./loaders/paging.ts";

/** What lives as long as the process and every operation shares. */
export interface Services {
  readonly pidj: { readonly client: PidjClient; readonly lists: PidjLists; readonly hasContactList: boolean };
  readonly textizen: { readonly client: TextizenClient; readonly lists: TextizenLists };
  readonly directory: ContactDirectory;
  readonly now: () => Date;
  /** Told of what went wrong behind an operation that itself goes on. */
  readonly warn: (message: string, error: unknown) => void;
}

/** One operation: who it reads for, until when, and what it has read. Made for it, gone with it. */
export interface Context {
  readonly services: Services;
  readonly scope: CallScope;
  readonly pidj: PidjLoaders;
  readonly textizen: TextizenLoaders;
  readonly people: PeopleLoaders;
  /** The platform calls made so far, in the order in which they ended. */
  readonly calls: readonly CallRecord[];
}

/** `signal` ends the operation's reads; `fresh` makes it read past every kept list. */
export function createContext(
  services: Services,
  options: { readonly signal: AbortSignal; readonly fresh: boolean },
): Context {
  const { directory } = services;
  const calls: CallRecord[] = [];
  const scope: CallScope = { signal: options.signal, record: (call) => calls.push(call) };
  const onContacts = async (seen: readonly ContactSeen[], askedAt: Date) => {
    // Reads go on without the directory: what was not learned now is learned by the next read.
    await learnContacts(directory, seen, askedAt).catch((error: unknown) =>
      services.warn("a contact was not learned", error),
    );
  };
  const pidj = new PidjLoaders(services.pidj.client, services.pidj.lists, scope, {
    fresh: options.fresh,
    now: services.now,
    onContacts,
  });
  const textizen = new TextizenLoaders(services.textizen.client, services.textizen.lists, scope, {
    fresh: options.fresh,
  });
  return { services, scope, pidj, textizen, people: new PeopleLoaders(directory, pidj, textizen), calls };
}

async function learnContacts(directory: ContactDirectory, seen: readonly ContactSeen[], askedAt: Date): Promise<void> {
  const sightings = seen.flatMap(([contactId, contact]) =>
    contact === null ? [] : [{ contactId, phoneNumber: contact.phoneNumber ?? null, source: "READ" as const }],
  );
  const gone = seen.flatMap(([contactId, contact]) => (contact === null ? [contactId] : []));
  if (sightings.length > 0) {
    await directory.learn(sightings, askedAt);
  }
  if (gone.length > 0) {
    await directory.forget(gone, askedAt);
  }
}
