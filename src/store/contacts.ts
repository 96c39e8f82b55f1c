import { setImmediate as letOthersRun } from "node:timers/promises";
import type { ContactId } from "../ids.ts";
import type { E164 } from "../phone.ts";
import {
  type ContactLinkSource,
  createFindingRecorder,
  decodeCandidates,
  decodeNumber,
  type Finding,
} from "./contact-findings.ts";
import type { Store } from "./store.ts";

export type { ContactLinkSource } from "./contact-findings.ts";

/** What is known about the contact behind a number. */
export interface ContactLink {
  readonly state: "LINKED" | "UNKNOWN" | "AMBIGUOUS";
  /** Of the newest sighting, like `seenAt`; both null where the state is UNKNOWN. */
  readonly source: ContactLinkSource | null;
  /** True to the hour: an unchanged contact that is seen again within it is not recorded again. */
  readonly seenAt: Date | null;
  /** None, one or several, as the state says; in the order of the ids. */
  readonly candidateIds: readonly ContactId[];
}

/**
 * The time of a reading that begins now: a millisecond early, so that a write that is answered within the same
 * millisecond, which the reading may have missed, is the newer of the two.
 */
export function timeOfReading(now: () => Date): Date {
  return new Date(now().getTime() - 1);
}

/** A contact, as somebody saw it. `phoneNumber` is null where it had none that is E.164. */
export interface Sighting {
  readonly contactId: ContactId;
  readonly phoneNumber: E164 | null;
  readonly source: ContactLinkSource;
}

/** The last recorded sighting of a contact. */
interface KnownContact {
  readonly phoneNumber: E164 | null;
  readonly source: ContactLinkSource;
  readonly seenAt: Date;
}

/** The little of a contact's record that the directory keeps; every contact record is one. */
export interface ListedContact {
  readonly id: ContactId;
  readonly phoneNumber: E164 | null;
}

/**
 * From number to contact. Pidj reads contacts by id only (pidj-api.txt:295, ambiguities P-6, P-7), so every contact
 * that passes by is remembered. The newest sighting of a contact says which number it has; in whatever order sightings
 * come in, an older one changes nothing. Every method throws StoreError where the store does.
 */
export interface ContactDirectory {
  /** The link of each number, in their order, by one read of the store. */
  links(numbers: readonly E164[]): Promise<ContactLink[]>;
  /** What is known of each contact, in the order of the ids; null for a contact that is not known. */
  known(contactIds: readonly ContactId[]): Promise<(KnownContact | null)[]>;
  /**
   * Remembers what was seen. `seenAt`: when the reading began or the write was answered; now, if not said. A contact
   * seen with another number leaves its old one. What is known already costs one read of the store.
   */
  learn(sightings: readonly Sighting[], seenAt?: Date): Promise<void>;
  /** Learns a complete list, read from `startedAt` on: known contacts that it lacks are forgotten, and it is complete. */
  learnList(contacts: readonly ListedContact[], startedAt: Date): Promise<void>;
  /** Deleted contacts, which never come back (pidj-api.txt:370). A sighting after `at` outlives it. */
  forget(contactIds: readonly ContactId[], at?: Date): Promise<void>;
  /** Ids of known contacts, with and without numbers, in the order of their UTF-8 bytes. */
  page(range: ContactRange): Promise<ContactId[]>;
  /** How many contacts are known. */
  count(): Promise<number>;
  /** Says that a whole list was read at that time, or (null) that no list stands behind the directory any more. */
  markComplete(at: Date | null): Promise<void>;
  isComplete(): Promise<boolean>;
}

interface ContactRange {
  readonly after?: ContactId;
  readonly before?: ContactId;
  readonly limit: number;
  readonly reverse?: boolean;
}

const CHUNK = 100;
const COMPLETE = "complete-at";

/** `now` gives the time of sightings that come without one. */
export function createContactDirectory(store: Store, now: () => Date): ContactDirectory {
  const record = createFindingRecorder(store);

  /** In chunks, each a few milliseconds of work, so that a list of 100,000 leaves room for requests. */
  async function recordAll<Item>(items: readonly Item[], toFinding: (item: Item) => Finding): Promise<void> {
    for (let start = 0; start < items.length; start += CHUNK) {
      if (start > 0) {
        await letOthersRun();
      }
      const findings = items.slice(start, start + CHUNK).map(toFinding);
      await record([...new Map(findings.map((finding) => [finding.contactId, finding])).values()]);
    }
  }

  const directory: ContactDirectory = {
    links: async (numbers) => (await store.get("contact-by-number", numbers)).map((row) => toLink(row)),

    known: async (contactIds) =>
      (await store.get("number-by-contact", contactIds)).map((text) => {
        const row = decodeNumber(text);
        return row && { ...row, seenAt: new Date(row.seenAt) };
      }),

    learn: (sightings, seenAt = now()) =>
      recordAll(sightings, ({ contactId, phoneNumber, source }) => {
        return { contactId, at: seenAt.getTime(), seen: { phoneNumber, source } };
      }),

    learnList: async (contacts, startedAt) => {
      const at = startedAt.getTime();
      const listed = new Set<string>();
      await recordAll(contacts, ({ id, phoneNumber }) => {
        listed.add(id);
        return { contactId: id, at, seen: { phoneNumber, source: "LISTED" } };
      });
      let after: ContactId | undefined;
      do {
        await letOthersRun();
        const ids = await directory.page({ ...(after === undefined ? {} : { after }), limit: CHUNK });
        await directory.forget(
          ids.filter((id) => !listed.has(id)),
          startedAt,
        );
        after = ids.at(-1);
      } while (after !== undefined);
      await directory.markComplete(startedAt);
    },

    forget: (contactIds, at = now()) =>
      recordAll(contactIds, (contactId) => ({ contactId, at: at.getTime(), seen: null })),

    page: async (range) => (await store.range("number-by-contact", range)).map(({ key }) => key as ContactId),

    count: () => store.count("number-by-contact"),

    markComplete: async (at) => {
      await store.commit([{ table: "directory-state", key: COMPLETE, becomes: at?.toISOString() ?? null }]);
    },

    isComplete: async () => (await store.get("directory-state", [COMPLETE]))[0] !== null,
  };
  return directory;
}

function toLink(row: string | null): ContactLink {
  const candidates = decodeCandidates(row);
  const [first, ...others] = candidates;
  if (first === undefined) {
    return { state: "UNKNOWN", source: null, seenAt: null, candidateIds: [] };
  }
  const newest = others.reduce((best, candidate) => (candidate.seenAt > best.seenAt ? candidate : best), first);
  return {
    state: others.length === 0 ? "LINKED" : "AMBIGUOUS",
    source: newest.source,
    seenAt: new Date(newest.seenAt),
    candidateIds: candidates.map(({ contactId }) => contactId).sort(),
  };
}
