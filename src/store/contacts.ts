import { setImmediate as yieldToEventLoop } from "node:timers/promises";
import { LRUCache } from "lru-cache";
import { type Field, PlatformError } from "../errors.ts";
import type { ContactId } from "../ids.ts";
import { beginWords, type ContactNames, contactName, searchWords } from "../names.ts";
import type { E164 } from "../phone.ts";
import {
  type Candidate,
  type ContactLinkSource,
  createObservationRecorder,
  type NumberRow,
  type Observation,
} from "./contact-observations.ts";
import { QUICK, type Store } from "./store.ts";
import { decodeRow } from "./update.ts";

export type { ContactLinkSource } from "./contact-observations.ts";

/** What the directory knows about the contact with a number. */
export interface ContactLink {
  readonly state: "LINKED" | "UNKNOWN" | "AMBIGUOUS";
  /** Of the newest observation, like `seenAt`; both null if the state is UNKNOWN. */
  readonly source: ContactLinkSource | null;
  /** Exact to the hour: an unchanged contact that is seen again within an hour is not recorded again. */
  readonly seenAt: Date | null;
  /** None, one or several, depending on the state, in the order of the ids. */
  readonly candidateIds: readonly ContactId[];
  /**
   * False if several contacts were seen with the number, and not all of them at one time within the last hour: the number
   * may have moved between them.
   */
  readonly isConfirmed: boolean;
}

/**
 * The time of a read that begins now, minus one millisecond: a write that is answered within the same millisecond,
 * which the read may have missed, then counts as newer.
 */
export function timeOfReading(now: () => Date): Date {
  return new Date(now().getTime() - 1);
}

/** The part of a contact's record that the directory stores. If it has none of the names, the known one stays. */
interface ContactNumber extends ContactNames {
  /** Null if the contact has none in E.164. If it is an error or undefined, nothing is recorded. */
  readonly phoneNumber?: Field<E164> | undefined;
}

export interface ListedContact extends ContactNumber {
  readonly id: ContactId;
}

/** A contact, as it was seen. */
interface SeenContact extends ContactNumber {
  readonly contactId: ContactId;
  readonly source: ContactLinkSource;
}

/** The result of a read by id: the contact, or null if the platform itself said that there is none. */
type ContactRead = readonly [contactId: ContactId, contact: ContactNumber | null];

/**
 * The contact directory: from number to contact. Pidj reads contacts by id only (docs/platforms.md P-6, P-7), so every
 * contact that this server sees is recorded. The newest observation of a contact decides its number; an older one that
 * arrives later changes nothing. Every method throws StoreError if the store fails. Reads return quickly or throw: none
 * waits for a locked store.
 */
export interface ContactDirectory {
  /** The link of each number, in the order of the numbers, with one read of the store. */
  links(numbers: readonly E164[]): Promise<ContactLink[]>;
  /**
   * Records observations. `seenAt`: when the read began or the write was answered; default: now. A contact that is seen
   * with another number loses its old one. If nothing is new, it costs one read of the store.
   */
  learn(contacts: readonly SeenContact[], seenAt?: Date): Promise<void>;
  /** Records results of reads in the background; failures are passed to `warn`. */
  learnLater(reads: readonly ContactRead[], readAt: Date): void;
  /** Records a complete list whose read began at `startedAt`: known contacts that are not in it are removed. */
  learnList(contacts: readonly ListedContact[], startedAt: Date): Promise<void>;
  /** Removes contacts that were deleted for good. One that is seen after `at` stays. */
  forget(contactIds: readonly ContactId[], at?: Date): Promise<void>;
  /** Known contacts of whose name each of these words begins a word, as `searchWords` gives them; at least one. */
  named(words: readonly string[]): Promise<Found>;
  /** Known contacts with numbers that begin with this: `+` and digits. */
  numbered(prefix: string): Promise<Found>;
  /** Ids of known contacts, with and without numbers, in the order of their UTF-8 bytes. */
  page(range: ContactRange): Promise<ContactId[]>;
  /** How many contacts are known. */
  count(): Promise<number>;
  /** Resolves when all observations of `learnLater` are stored. */
  idle(): Promise<void>;
}

/** Contacts that a search found. */
interface Found {
  readonly contacts: readonly FoundContact[];
  /** False if there may be more of them. */
  readonly isComplete: boolean;
}

interface FoundContact {
  readonly id: ContactId;
  readonly phoneNumber: E164 | null;
  readonly name: string | null;
}

interface ContactRange {
  readonly after?: ContactId;
  readonly before?: ContactId;
  readonly limit: number;
  readonly reverse?: boolean;
}

const CHUNK = 100;
/** How many rows a search looks at. */
const MOST_FOUND = 1_000;
const MOST_WAITING = 10_000;
const MOST_DISPUTED = 10_000;
/** How long it is believed that several contacts have a number. */
const CONFIRMED_MS = 3_600_000;

/** `now` is the time of observations that have none. `onChange` is called when rows have changed. */
export function createContactDirectory(
  store: Store,
  now: () => Date,
  warn: (message: string, error: unknown) => void = () => undefined,
  onChange: () => void = () => undefined,
): ContactDirectory {
  const disputed = new LRUCache<E164, true>({ max: MOST_DISPUTED });
  const record = createObservationRecorder(store, (number) => disputed.has(number));
  let waiting = new Map<ContactId, Observation>();
  let learning: Promise<void> | null = null;

  /** In chunks of a few milliseconds each, so that requests are served during a list of 100,000. */
  async function recordAll(observations: readonly Observation[]): Promise<void> {
    for (let start = 0; start < observations.length; start += CHUNK) {
      if (start > 0) {
        await yieldToEventLoop();
      }
      const chunk = observations.slice(start, start + CHUNK);
      if (await record([...new Map(chunk.map((observation) => [observation.contactId, observation])).values()])) {
        onChange();
      }
    }
  }

  async function readFound(ids: readonly ContactId[]): Promise<FoundContact[]> {
    const rows = await store.get("number-by-contact", ids, QUICK);
    return ids.flatMap((id, at) => {
      const row = decodeRow<NumberRow>(rows[at] ?? null);
      return row === null ? [] : [{ id, phoneNumber: row.phoneNumber, name: row.name ?? null }];
    });
  }

  async function recordWaiting(): Promise<void> {
    while (waiting.size > 0) {
      await yieldToEventLoop();
      const observations = [...waiting.values()];
      waiting = new Map();
      await recordAll(observations).catch((error: unknown) => warn("contacts that were read were not learned", error));
    }
    learning = null;
  }

  const directory: ContactDirectory = {
    links: async (numbers) => {
      const rows = await store.get("contact-by-number", numbers, QUICK);
      return numbers.map((number, at) => {
        const link = linkTo(decodeRow<Candidate[]>(rows[at] ?? null) ?? [], now());
        if (link.isConfirmed) {
          disputed.delete(number);
        } else {
          disputed.set(number, true);
        }
        return link;
      });
    },

    learn: (contacts, seenAt = now()) =>
      recordAll(contacts.flatMap((contact) => observe(contact.contactId, contact, contact.source, seenAt))),

    learnLater: (reads, readAt) => {
      const observations = reads.flatMap(([contactId, contact]) =>
        contact === null ? [goneAt(contactId, readAt)] : observe(contactId, contact, "READ", readAt),
      );
      for (const observation of observations) {
        const earlier = waiting.get(observation.contactId);
        // If the queue is full, the next read of the contact records it.
        if (earlier === undefined ? waiting.size < MOST_WAITING : earlier.at <= observation.at) {
          waiting.set(observation.contactId, observation);
        }
      }
      learning ??= recordWaiting();
    },

    learnList: async (contacts, startedAt) => {
      const listed = new Set<string>(contacts.map(({ id }) => id));
      await recordAll(contacts.flatMap((contact) => observe(contact.id, contact, "LISTED", startedAt)));
      let after: ContactId | undefined;
      do {
        await yieldToEventLoop();
        const entries = await store.range("number-by-contact", { ...(after && { after }), limit: CHUNK });
        const ids = entries.map(({ key }) => key as ContactId);
        await directory.forget(
          ids.filter((id) => !listed.has(id)),
          startedAt,
        );
        after = ids.at(-1);
      } while (after !== undefined);
    },

    forget: (contactIds, at = now()) => recordAll(contactIds.map((contactId) => goneAt(contactId, at))),

    named: async (words) => {
      // Of Maria Nowakowska in a town of Marias, her last name is what finds her. If all words begin too many names, the longest.
      const ranges = await Promise.all(
        words
          .toSorted((a, b) => b.length - a.length)
          .map((prefix) => store.range("contact-by-word", { prefix, limit: MOST_FOUND }, QUICK)),
      );
      const entries = ranges.reduce((fewest, range) => (range.length < fewest.length ? range : fewest));
      const ids = entries.map(({ key }) => key.slice(key.indexOf(" ") + 1) as ContactId);
      const contacts = await readFound([...new Set(ids)]);
      return {
        contacts: contacts.filter(({ name }) => name !== null && beginWords(words, searchWords(name))),
        isComplete: entries.length < MOST_FOUND,
      };
    },

    numbered: async (prefix) => {
      const entries = await store.range("contact-by-number", { prefix, limit: MOST_FOUND }, QUICK);
      const ids = entries.flatMap(({ value }) => decodeRow<Candidate[]>(value).map(({ contactId }) => contactId));
      return { contacts: await readFound(ids), isComplete: entries.length < MOST_FOUND };
    },

    page: async (range) => (await store.range("number-by-contact", range, QUICK)).map(({ key }) => key as ContactId),

    count: () => store.count("number-by-contact", QUICK),

    idle: async () => {
      await learning;
    },
  };
  return directory;
}

function observe(contactId: ContactId, contact: ContactNumber, source: ContactLinkSource, seenAt: Date): Observation[] {
  const { phoneNumber } = contact;
  return phoneNumber === undefined || phoneNumber instanceof PlatformError
    ? []
    : [{ contactId, at: seenAt.getTime(), seen: { phoneNumber, name: nameOf(contact), source } }];
}

/** Undefined if the contact was seen in a way that does not say its name. */
function nameOf(contact: ContactNames): string | null | undefined {
  const { displayName, firstName, lastName, businessName } = contact;
  const isSaid = [displayName, firstName, lastName, businessName].some((part) => part !== undefined);
  return isSaid ? contactName(contact) : undefined;
}

function goneAt(contactId: ContactId, at: Date): Observation {
  return { contactId, at: at.getTime(), seen: null };
}

/** The link of a number, made of the contacts that were seen with it. */
export function linkTo(candidates: readonly Candidate[], now: Date): ContactLink {
  const [first, ...others] = candidates;
  if (first === undefined) {
    return { state: "UNKNOWN", source: null, seenAt: null, candidateIds: [], isConfirmed: true };
  }
  const newest = others.reduce((best, candidate) => (candidate.seenAt > best.seenAt ? candidate : best), first);
  return {
    state: others.length === 0 ? "LINKED" : "AMBIGUOUS",
    source: newest.source,
    seenAt: new Date(newest.seenAt),
    candidateIds: candidates.map(({ contactId }) => contactId).sort(),
    isConfirmed:
      others.length === 0 ||
      (others.every(({ seenAt }) => seenAt === first.seenAt) && now.getTime() - first.seenAt < CONFIRMED_MS),
  };
}
