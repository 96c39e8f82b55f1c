import { StoreError } from "../errors.ts";
import type { ContactId } from "../ids.ts";
import type { E164 } from "../phone.ts";
import type { Change, Store } from "./store.ts";

/** How a contact's number came to be known; the words of the graph. */
export type ContactLinkSource = "READ" | "WRITTEN" | "RECEIVED" | "LISTED" | "IMPORTED";

/** A contact as it was at a time (milliseconds since 1970): with a number or without one, or (`seen: null`) deleted. */
export interface Finding {
  readonly contactId: ContactId;
  readonly at: number;
  readonly seen: { readonly phoneNumber: E164 | null; readonly source: ContactLinkSource } | null;
}

/** A row of `number-by-contact`, which is the truth. */
interface NumberRow {
  readonly phoneNumber: E164 | null;
  readonly source: ContactLinkSource;
  readonly seenAt: number;
}

/** One of those that a row of `contact-by-number` lists: the same truth, indexed. Both tables change in one commit. */
interface Candidate {
  readonly contactId: ContactId;
  readonly source: ContactLinkSource;
  readonly seenAt: number;
}

const RECORD_AGAIN_MS = 3_600_000;
const UNRECORDED_LIMIT = 10_000;
const ATTEMPTS = 100;

/** What a row of `number-by-contact` says; null where there is none. */
export function decodeNumber(text: string | null): NumberRow | null {
  return decode<NumberRow>(text);
}

/** Who a row of `contact-by-number` lists; nobody where there is none. */
export function decodeCandidates(text: string | null): Candidate[] {
  return decode<Candidate[]>(text) ?? [];
}

/**
 * Gives the function that writes findings, at most one of each contact in a call, so that the newest of each contact
 * holds, in whatever order they come and whoever else writes. Where nothing is new it costs one read and no write.
 */
export function createFindingRecorder(store: Store): (findings: readonly Finding[]) => Promise<void> {
  // Sightings that changed nothing are not recorded within the hour. They are kept here, so that a late older one
  // does not win against them. Another process does not know of them: there the order is that of recorded sightings.
  const unrecorded = new Map<ContactId, number>();
  // One writer of this process at a time tries again, so that a crowd of them cannot keep each other from writing.
  let turn: Promise<unknown> = Promise.resolve();

  async function insist(findings: readonly Finding[]): Promise<void> {
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      if (await tryToRecord(findings)) {
        return;
      }
    }
    throw new StoreError("The contact directory could not be written: others kept changing it", null);
  }

  async function tryToRecord(findings: readonly Finding[]): Promise<boolean> {
    const rows = await store.get("number-by-contact", findings.map(idOf));
    const arrivals = findings.map((finding, index) => ({ finding, was: rows[index] ?? null }));
    const news = arrivals.filter(({ finding, was }) => isNews(finding, decodeNumber(was)));
    if (news.length === 0) {
      return true;
    }
    const changes = await planChanges(store, news);
    return changes.length === 0 || store.commit(changes);
  }

  function isNews({ contactId, at, seen }: Finding, row: NumberRow | null): boolean {
    if (row === null) {
      return true;
    }
    if (at < Math.max(row.seenAt, unrecorded.get(contactId) ?? 0)) {
      return false;
    }
    if (seen === null || seen.phoneNumber !== row.phoneNumber || at - row.seenAt >= RECORD_AGAIN_MS) {
      return true;
    }
    remember(contactId, at);
    return false;
  }

  function remember(contactId: ContactId, at: number): void {
    unrecorded.delete(contactId);
    unrecorded.set(contactId, at);
    const [oldest] = unrecorded.keys();
    if (oldest !== undefined && unrecorded.size > UNRECORDED_LIMIT) {
      unrecorded.delete(oldest);
    }
  }

  return async (findings) => {
    if (await tryToRecord(findings)) {
      return;
    }
    const mine = turn.then(() => insist(findings));
    turn = mine.catch(() => undefined);
    await mine;
  };
}

interface News {
  readonly finding: Finding;
  /** The contact's row of `number-by-contact`, before. */
  readonly was: string | null;
}

async function planChanges(store: Store, news: readonly News[]): Promise<Change[]> {
  // Where a contact is unknown, only its tombstone can tell a new contact from a late sighting of a deleted one.
  const ids = news.map(({ finding }) => finding.contactId);
  const tombstones = await store.get("forgotten-contact", ids);
  const alive = news
    .map((each, index) => ({ ...each, tombstone: tombstones[index] ?? null }))
    .filter(({ finding, tombstone }) => tombstone === null || finding.at > Number(tombstone));
  const changes = alive.flatMap(({ finding: { contactId, at, seen }, was, tombstone }): Change[] => {
    const becomes = seen === null ? null : JSON.stringify({ ...seen, seenAt: at } satisfies NumberRow);
    const buried = seen === null ? String(at) : null;
    return [
      { table: "number-by-contact", key: contactId, was, becomes },
      { table: "forgotten-contact", key: contactId, was: tombstone, becomes: buried },
    ];
  });
  return [...changes, ...(await planIndex(store, alive))];
}

async function planIndex(store: Store, news: readonly News[]): Promise<Change[]> {
  const moves = news.map(({ finding, was }) => ({
    finding,
    from: decodeNumber(was)?.phoneNumber ?? null,
    to: finding.seen?.phoneNumber ?? null,
  }));
  const touched = moves.flatMap(({ from, to }) => [from, to]).filter((number) => number !== null);
  const numbers = [...new Set(touched)];
  const rows = await store.get("contact-by-number", numbers);
  const lists = new Map(numbers.map((number, index) => [number, decodeCandidates(rows[index] ?? null)]));
  for (const { finding, from, to } of moves) {
    const { contactId, at, seen } = finding;
    if (from !== null) {
      lists.set(
        from,
        (lists.get(from) ?? []).filter((other) => other.contactId !== contactId),
      );
    }
    if (to !== null && seen !== null) {
      lists.get(to)?.push({ contactId, source: seen.source, seenAt: at });
    }
  }
  return numbers.map((number, index) => {
    const list = lists.get(number) ?? [];
    const becomes = list.length === 0 ? null : JSON.stringify(list);
    return { table: "contact-by-number", key: number, was: rows[index] ?? null, becomes };
  });
}

function idOf({ contactId }: Finding): ContactId {
  return contactId;
}

/** A value that this module wrote. */
function decode<Row>(text: string | null): Row | null {
  try {
    return text === null ? null : (JSON.parse(text) as Row);
  } catch (cause) {
    throw new StoreError("A row of the contact directory cannot be read", cause);
  }
}
