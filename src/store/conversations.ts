import type { PidjGroupId } from "../ids.ts";
import type { E164 } from "../phone.ts";
import { partnerOf, pathOfConversation, type TalkRow } from "./event-records.ts";
import { type EventRange, indexKey, indexRange } from "./inbox-state.ts";
import { QUICK, type Store } from "./store.ts";
import { createUpdate, type Draft, decodeRow } from "./update.ts";

/** A row of `conversation`, whose key is the number: what the inbox has of the messages from and to it. */
export interface ConversationRow {
  /** Sequence number of its latest message. */
  readonly latest: number;
  readonly messages: number;
  /** Received messages after `readTo`. */
  readonly unread: number;
  /** Sequence number up to which somebody has read. */
  readonly readTo: number;
  /** How many messages each group has in it. */
  readonly groups: Readonly<Record<PidjGroupId, number>>;
}

/** One number's conversation. */
export interface StoredConversation extends ConversationRow {
  readonly number: E164;
}

/** Which conversations. A null part is ignored. */
export interface ConversationFilter {
  readonly groupId: PidjGroupId | null;
  readonly isUnread: boolean | null;
}

/** The conversations of one account, as of the events in its inbox. Every method throws StoreError if the store fails. */
export interface Conversations {
  /** In the order of the numbers; null where there is no message. */
  find(numbers: readonly E164[]): Promise<(StoredConversation | null)[]>;
  list(filter: ConversationFilter, range: EventRange): Promise<StoredConversation[]>;
  count(filter: ConversationFilter): Promise<number>;
  /** Takes all messages up to a sequence number as read, or all for null; null if there is no conversation. */
  markRead(number: E164, upTo: number | null): Promise<StoredConversation | null>;
}

export function createConversations(store: Store): Conversations {
  const update = createUpdate(store, "A conversation");

  const find = async (numbers: readonly E164[]) => {
    const rows = numbers.length === 0 ? [] : await store.get("conversation", numbers, QUICK);
    return rows.map((text, at) => toStored(numbers[at] as E164, decodeRow<ConversationRow>(text)));
  };

  return {
    find,

    list: async (filter, range) => {
      const lists = await Promise.all(pathsOfFilter(filter).map((path) => placesUnder(path, range)));
      const places = lists.flat().sort((a, b) => a.sequence - b.sequence);
      const shown = range.fromOldest ? places.slice(0, range.limit) : places.slice(-range.limit);
      const rows = await find(shown.reverse().map(({ number }) => number));
      return rows.filter((row) => row !== null);
    },

    count: async (filter) => {
      const counts = await store.get("conversation-count", pathsOfFilter(filter), QUICK);
      return counts.reduce((sum, count) => sum + Number(count ?? 0), 0);
    },

    markRead: (number, upTo) =>
      update(async (draft) => {
        const [row = null] = await draft.read<ConversationRow>("conversation", [number]);
        if (row === null) {
          return null;
        }
        const readTo = Math.max(row.readTo, Math.min(upTo ?? row.latest, row.latest));
        const unread = readTo === row.latest ? 0 : await countReceived(number, readTo, row.unread);
        const read = { ...row, readTo, unread };
        await reindex(draft, number, row, read);
        return toStored(number, read);
      }),
  };

  async function placesUnder(path: string, range: EventRange) {
    const entries = await store.range("conversation-index", indexRange(path, range), QUICK);
    return entries.map(({ key, value }) => {
      return { sequence: Number(key.slice(path.length + 1)), number: decodeRow<E164>(value) };
    });
  }

  /** A message that comes meanwhile changes the conversation's row, and the draft begins again. */
  async function countReceived(number: E164, after: number, most: number): Promise<number> {
    const path = `ReceivedMessage * ${number}`;
    const within = { prefix: `${path} `, after: indexKey(path, after), limit: most };
    return most === 0 ? 0 : (await store.range("event-index", within)).length;
  }
}

function toStored(number: E164, row: ConversationRow | null): StoredConversation | null {
  return row && { ...row, number };
}

/** The changes of one commit to conversations: each is read once and written once, however many of its messages change. */
export class ConversationChanges {
  readonly #draft: Draft;
  readonly #rows = new Map<E164, { readonly before: ConversationRow | null; after: ConversationRow | null }>();

  constructor(draft: Draft) {
    this.#draft = draft;
  }

  /** The message has become the latest of its conversation. */
  async add(row: TalkRow, sequence: number): Promise<void> {
    const number = partnerOf(row);
    if (number === null) {
      return;
    }
    const known = await this.#rowOf(number);
    const { messages, unread, readTo, groups } = known.after ?? NONE;
    known.after = {
      latest: sequence,
      messages: messages + 1,
      unread: unread + (row.kind === "ReceivedMessage" ? 1 : 0),
      readTo,
      groups: row.groupId === null ? groups : { ...groups, [row.groupId]: (groups[row.groupId] ?? 0) + 1 },
    };
    this.#draft.write("event-index", indexKey(pathOfConversation(number), sequence), "");
  }

  /** The oldest message of a conversation is deleted. */
  async forget(row: TalkRow, sequence: number): Promise<void> {
    const number = partnerOf(row);
    if (number === null) {
      return;
    }
    this.#draft.write("event-index", indexKey(pathOfConversation(number), sequence), null);
    const known = await this.#rowOf(number);
    if (known.after === null) {
      return;
    }
    const { messages, unread, readTo } = known.after;
    const isUnread = row.kind === "ReceivedMessage" && sequence > readTo;
    const groups = Object.entries(known.after.groups)
      .map(([id, count]) => [id, id === row.groupId ? count - 1 : count] as const)
      .filter(([, count]) => count > 0);
    const left = { messages: messages - 1, unread: unread - (isUnread ? 1 : 0), groups: Object.fromEntries(groups) };
    known.after = left.messages > 0 ? { ...known.after, ...left } : null;
  }

  /** Writes all of them into the draft. */
  async write(): Promise<void> {
    for (const [number, { before, after }] of this.#rows) {
      await reindex(this.#draft, number, before, after);
    }
  }

  async #rowOf(number: E164) {
    const known = this.#rows.get(number);
    if (known !== undefined) {
      return known;
    }
    const [before = null] = await this.#draft.read<ConversationRow>("conversation", [number]);
    const row = { before, after: before };
    this.#rows.set(number, row);
    return row;
  }
}

const NONE: ConversationRow = { latest: 0, messages: 0, unread: 0, readTo: 0, groups: {} };

/** Writes the row, and moves the number in every list that it is in. */
async function reindex(
  draft: Draft,
  number: E164,
  before: ConversationRow | null,
  after: ConversationRow | null,
): Promise<void> {
  const [left, joined] = [pathsOf(before), pathsOf(after)];
  if (before !== null && before.latest !== after?.latest) {
    for (const path of left) {
      draft.write("conversation-index", indexKey(path, before.latest), null);
    }
  }
  draft.write("conversation", number, after);
  await Promise.all([
    ...left.filter((path) => !joined.includes(path)).map((path) => draftLeave(draft, path, before?.latest ?? 0)),
    ...joined.filter((path) => !left.includes(path)).map((path) => addToCount(draft, path, 1)),
  ]);
  if (after !== null) {
    for (const path of joined) {
      draft.write("conversation-index", indexKey(path, after.latest), number);
    }
  }
}

function draftLeave(draft: Draft, path: string, latest: number): Promise<void> {
  draft.write("conversation-index", indexKey(path, latest), null);
  return addToCount(draft, path, -1);
}

async function addToCount(draft: Draft, path: string, step: 1 | -1): Promise<void> {
  const [count = null] = await draft.read<number>("conversation-count", [path]);
  draft.write("conversation-count", path, (count ?? 0) + step || null);
}

/** The lists that a conversation is in: of all groups and of each of its own, the unread ones or the read ones. */
function pathsOf(row: ConversationRow | null): string[] {
  return row === null ? [] : ["*", ...Object.keys(row.groups)].map((group) => pathOf(group, row.unread > 0));
}

/** The lists that have the conversations between them. */
function pathsOfFilter({ groupId, isUnread }: ConversationFilter): string[] {
  return (isUnread === null ? [true, false] : [isUnread]).map((each) => pathOf(groupId ?? "*", each));
}

function pathOf(group: string, isUnread: boolean): string {
  return `${group} ${isUnread ? "unread" : "read"}`;
}
