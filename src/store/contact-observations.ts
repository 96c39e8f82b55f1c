import { LRUCache } from "lru-cache";
import type { ContactId } from "../ids.ts";
import { searchWords } from "../names.ts";
import type { E164 } from "../phone.ts";
import type { Store } from "./store.ts";
import { createUpdate, type Draft } from "./update.ts";

/** How a contact's number became known, by the names of the graph. */
export type ContactLinkSource = "READ" | "WRITTEN" | "RECEIVED" | "LISTED" | "IMPORTED";

/**
 * A contact's state at a time (milliseconds since 1970): with a number, without one, or deleted (`seen: null`). A name is
 * undefined if the observation does not say it.
 */
export interface Observation {
  readonly contactId: ContactId;
  readonly at: number;
  readonly seen: {
    readonly phoneNumber: E164 | null;
    readonly name?: string | null | undefined;
    readonly source: ContactLinkSource;
  } | null;
}

/** A row of `number-by-contact`, the table that counts. */
export interface NumberRow {
  readonly phoneNumber: E164 | null;
  /** Null or undefined if none is known. */
  readonly name?: string | null;
  readonly source: ContactLinkSource;
  readonly seenAt: number;
}

/** An item of a row of `contact-by-number`: an index of the other table. Both change in one commit. */
export interface Candidate {
  readonly contactId: ContactId;
  readonly source: ContactLinkSource;
  readonly seenAt: number;
}

const RECORD_AGAIN_MS = 3_600_000;
const MOST_REMEMBERED = 10_000;

/**
 * Returns the function that records observations, at most one for each contact in a call. The newest of each contact
 * wins, in whatever order they arrive and whichever process writes. If nothing is new, it costs one read and no write.
 * An unchanged contact is recorded again after an hour, or at once if its number `isDisputed`. True: something was new.
 */
export function createObservationRecorder(
  store: Store,
  isDisputed: (number: E164) => boolean,
): (observations: readonly Observation[]) => Promise<boolean> {
  // One after the other, so that `unrecorded` does not change between the check and the commit.
  const update = createUpdate(store, "The contact directory", { inTurn: true });
  // Observations that changed no row, so that a late, older one does not win against them. Other processes do not know
  // of them and compare recorded observations only.
  const unrecorded = new LRUCache<ContactId, Pick<Observation, "at" | "seen">>({ max: MOST_REMEMBERED });

  function isNew(observation: Observation, row: NumberRow | null): boolean {
    const { contactId, at, seen } = observation;
    const earlier = unrecorded.get(contactId);
    // Deleted contacts never come back: of two observations at the same time, a deletion wins.
    const isLate = earlier !== undefined && (at < earlier.at || (at === earlier.at && earlier.seen === null));
    if (isLate || at < (row?.seenAt ?? 0)) {
      return false;
    }
    const isRecorded =
      row === null
        ? // An unknown id that does not exist: there is nothing to delete.
          seen === null
        : seen?.phoneNumber === row.phoneNumber &&
          (seen?.name === undefined || seen.name === (row.name ?? null)) &&
          at - row.seenAt < RECORD_AGAIN_MS &&
          (row.phoneNumber === null || !isDisputed(row.phoneNumber));
    if (isRecorded) {
      unrecorded.set(contactId, observation);
    }
    return !isRecorded;
  }

  return (observations) =>
    update(async (draft) => {
      const rows = await draft.read<NumberRow>("number-by-contact", observations.map(idOf));
      const changes = observations
        .map((observation, at) => ({ ...observation, row: rows[at] ?? null }))
        .filter((change) => isNew(change, change.row));
      if (changes.length > 0) {
        await draftChanges(draft, changes);
      }
      return changes.length > 0;
    });
}

interface RowChange extends Observation {
  /** The contact's row of `number-by-contact` before the observation. */
  readonly row: NumberRow | null;
}

async function draftChanges(draft: Draft, changes: readonly RowChange[]): Promise<void> {
  // For an unknown contact, only the time of its deletion tells a new contact from a late observation of a deleted one.
  const deletions = await draft.read<number>("forgotten-contact", changes.map(idOf));
  const valid = changes.filter(({ at }, index) => at > (deletions[index] ?? Number.NEGATIVE_INFINITY));
  for (const { contactId, at, seen, row } of valid) {
    const name = seen === null ? null : seen.name === undefined ? (row?.name ?? null) : seen.name;
    const { phoneNumber = null, source = "READ" } = seen ?? {};
    const becomes: NumberRow = { phoneNumber, ...(name !== null && { name }), source, seenAt: at };
    draft.write("number-by-contact", contactId, seen && becomes);
    draft.write("forgotten-contact", contactId, seen === null ? at : null);
    draftWords(draft, contactId, row?.name ?? null, name);
  }
  await draftIndex(draft, valid);
}

/** The key of a word of a contact's name in `contact-by-word`, in which contacts are found by the beginnings of words. */
function wordKey(word: string, contactId: ContactId): string {
  return `${word} ${contactId}`;
}

function draftWords(draft: Draft, contactId: ContactId, before: string | null, after: string | null): void {
  if (before === after) {
    return;
  }
  const words = searchWords(after ?? "");
  for (const word of searchWords(before ?? "").filter((old) => !words.includes(old))) {
    draft.write("contact-by-word", wordKey(word, contactId), null);
  }
  for (const word of words) {
    draft.write("contact-by-word", wordKey(word, contactId), 1);
  }
}

async function draftIndex(draft: Draft, changes: readonly RowChange[]): Promise<void> {
  const named = changes.flatMap(({ row, seen }) => [row?.phoneNumber ?? null, seen?.phoneNumber ?? null]);
  const numbers = [...new Set(named.filter((number) => number !== null))];
  const rows = await draft.read<Candidate[]>("contact-by-number", numbers);
  const lists = new Map(numbers.map((number, at) => [number, new Map(rows[at]?.map((one) => [one.contactId, one]))]));
  for (const { contactId, at, seen, row } of changes) {
    if (row?.phoneNumber) {
      lists.get(row.phoneNumber)?.delete(contactId);
    }
    if (seen?.phoneNumber) {
      lists.get(seen.phoneNumber)?.set(contactId, { contactId, source: seen.source, seenAt: at });
    }
  }
  for (const [number, list] of lists) {
    draft.write("contact-by-number", number, list.size === 0 ? null : [...list.values()]);
  }
}

function idOf({ contactId }: Observation): ContactId {
  return contactId;
}
