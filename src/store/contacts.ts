import { setImmediate as yieldToEventLoop } from "node:timers/promises";
import { LRUCache } from "lru-cache";
import { type Field, PlatformError } from "../errors.ts";
import type { ContactId } from "../ids.ts";
import type { E164 } from "../phone.ts";
import {
  type Candidate,
  type ContactLinkSource,
  createObservationRecorder,
  type Observation,
} from "./contact-observations.ts";
import { QUICK, type Store } from "./store.ts";
import { decodeRow } from "./update.ts";

export type { ContactLinkSource } from "./contact-observations.ts";

/** What is known about the contact behind a number. */
export interface ContactLink {
  readonly state: "LINKED" | "UNKNOWN" | "AMBIGUOUS";
  /** Of the newest observation, like `seenAt`; both null if the state is UNKNOWN. */
  readonly source: ContactLinkSource | null;
  /** True to the hour: an unchanged contact that is seen again within it is not recorded again. */
  readonly seenAt: Date | null;
  /** None, one or several, as the state says; in the order of the ids. */
  readonly candidateIds: readonly ContactId[];
  /** False if several contacts were seen with the number, at different times: the number may have moved between them. */
  readonly isConfirmed: boolean;
}

/**
 * The time of a reading that begins now: a millisecond early, so that a write that is answered within the same
 * millisecond, which the reading may have missed, is the newer of the two.
 */
export function timeOfReading(now: () => Date): Date {
  return new Date(now().getTime() - 1);
}

/** The little of a contact's record that the directory keeps; every contact record has it. */
interface ContactNumber {
  /** Null if the contact has none in E.164. If it could not be read (an error, or left out), nothing is learned. */
  readonly phoneNumber?: Field<E164> | undefined;
}

export interface ListedContact extends ContactNumber {
  readonly id: ContactId;
}

/** A contact, as it was seen. */
export interface SeenContact extends ContactNumber {
  readonly contactId: ContactId;
  readonly source: ContactLinkSource;
}

/** What a read by id said: the contact, or null if the platform itself said that there is none. */
export type ContactRead = readonly [contactId: ContactId, contact: ContactNumber | null];

/**
 * From number to contact. Pidj reads contacts by id only (docs/platforms.md P-6, P-7), so every contact that passes by
 * is remembered. The newest observation of a contact says which number it has; an older one that comes in later changes
 * nothing. Every method throws StoreError if the store fails. Answers for readers come quickly or not at all: none waits
 * for a locked store.
 */
export interface ContactDirectory {
  /** The link of each number, in their order, by one read of the store. */
  links(numbers: readonly E164[]): Promise<ContactLink[]>;
  /**
   * Remembers what was seen. `seenAt`: when the reading began or the write was answered; now, if not said. A contact
   * seen with another number leaves its old one. What is known already costs one read of the store.
   */
  learn(contacts: readonly SeenContact[], seenAt?: Date): Promise<void>;
  /** Remembers what reads said, after the caller has gone on; what fails is told to `warn`. */
  learnLater(reads: readonly ContactRead[], readAt: Date): void;
  /** Learns a complete list, read from `startedAt` on: known contacts that it lacks are forgotten. */
  learnList(contacts: readonly ListedContact[], startedAt: Date): Promise<void>;
  /** Contacts that are gone, and never come back. One that is seen after `at` stays. */
  forget(contactIds: readonly ContactId[], at?: Date): Promise<void>;
  /** Ids of known contacts, with and without numbers, in the order of their UTF-8 bytes. */
  page(range: ContactRange): Promise<ContactId[]>;
  /** How many contacts are known. */
  count(): Promise<number>;
  /** Ends when `learnLater` has nothing left to do. */
  idle(): Promise<void>;
}

interface ContactRange {
  readonly after?: ContactId;
  readonly before?: ContactId;
  readonly limit: number;
  readonly reverse?: boolean;
}

const CHUNK = 100;
const MOST_WAITING = 10_000;
const MOST_DISPUTED = 10_000;

/** `now` gives the time of observations that come without one. */
export function createContactDirectory(
  store: Store,
  now: () => Date,
  warn: (message: string, error: unknown) => void = () => undefined,
): ContactDirectory {
  const disputed = new LRUCache<E164, true>({ max: MOST_DISPUTED });
  const record = createObservationRecorder(store, (number) => disputed.has(number));
  const waiting = new Map<ContactId, Observation>();
  let learning: Promise<void> | null = null;

  /** In chunks, each a few milliseconds of work, so that a list of 100,000 leaves room for requests. */
  async function recordAll(observations: readonly Observation[]): Promise<void> {
    for (let start = 0; start < observations.length; start += CHUNK) {
      if (start > 0) {
        await yieldToEventLoop();
      }
      const chunk = observations.slice(start, start + CHUNK);
      await record([...new Map(chunk.map((observation) => [observation.contactId, observation])).values()]);
    }
  }

  async function recordWaiting(): Promise<void> {
    while (waiting.size > 0) {
      await yieldToEventLoop();
      const observations = [...waiting.values()];
      waiting.clear();
      await recordAll(observations).catch((error: unknown) => warn("contacts that were read were not learned", error));
    }
    learning = null;
  }

  const directory: ContactDirectory = {
    links: async (numbers) => {
      const rows = await store.get("contact-by-number", numbers, QUICK);
      return numbers.map((number, at) => {
        const link = toLink(decodeRow<Candidate[]>(rows[at] ?? null) ?? []);
        if (link.isConfirmed) {
          disputed.delete(number);
        } else {
          disputed.set(number, true);
        }
        return link;
      });
    },

    learn: (contacts, seenAt = now()) =>
      recordAll(
        contacts.flatMap(({ contactId, source, phoneNumber }) => observe(contactId, phoneNumber, source, seenAt)),
      ),

    learnLater: (reads, readAt) => {
      const observations = reads.flatMap(([contactId, contact]) =>
        contact === null ? [goneAt(contactId, readAt)] : observe(contactId, contact.phoneNumber, "READ", readAt),
      );
      for (const observation of observations) {
        const earlier = waiting.get(observation.contactId);
        // What finds no room is learned by the next read of the contact.
        if (earlier === undefined ? waiting.size < MOST_WAITING : earlier.at <= observation.at) {
          waiting.set(observation.contactId, observation);
        }
      }
      learning ??= recordWaiting();
    },

    learnList: async (contacts, startedAt) => {
      const listed = new Set<string>(contacts.map(({ id }) => id));
      await recordAll(contacts.flatMap(({ id, phoneNumber }) => observe(id, phoneNumber, "LISTED", startedAt)));
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

    page: async (range) => (await store.range("number-by-contact", range, QUICK)).map(({ key }) => key as ContactId),

    count: () => store.count("number-by-contact", QUICK),

    idle: async () => {
      await learning;
    },
  };
  return directory;
}

function observe(
  contactId: ContactId,
  phoneNumber: Field<E164> | undefined,
  source: ContactLinkSource,
  seenAt: Date,
): Observation[] {
  return phoneNumber === undefined || phoneNumber instanceof PlatformError
    ? []
    : [{ contactId, at: seenAt.getTime(), seen: { phoneNumber, source } }];
}

function goneAt(contactId: ContactId, at: Date): Observation {
  return { contactId, at: at.getTime(), seen: null };
}

function toLink(candidates: readonly Candidate[]): ContactLink {
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
    isConfirmed: others.every(({ seenAt }) => seenAt === first.seenAt),
  };
}
