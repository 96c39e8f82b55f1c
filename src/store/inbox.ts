import { type CompletedPollId, idParts, makeId, type OutgoingMessageId, type ReceivedMessageId } from "../ids.ts";
import type { E164 } from "../phone.ts";
import {
  asItCame,
  type CursorPosition,
  type EventFilter,
  type EventKind,
  type EventRow,
  type FilterOf,
  parseCursor,
  pathOf,
  pathOfConversation,
  pathsOf,
  type StoredEvent,
  type StoredMessage,
  type StoredOf,
  type StoredOutgoing,
  type StoredPollReport,
  toStored,
  writeCursor,
} from "./event-records.ts";
import { type Appended, type ArrivalsOptions, createArrivals, type Delivery } from "./inbox-arrivals.ts";
import { type Retention, sweepInbox } from "./inbox-retention.ts";
import {
  draftState,
  type EventRange,
  indexRange,
  readState,
  type State,
  sequenceKey,
  writeState,
} from "./inbox-state.ts";
import { createTakeNews, overdueKeys, placeOfOutgoing, type TakeNews } from "./outgoing-news.ts";
import { QUICK, type Store } from "./store.ts";
import { createUpdate, type Draft, decodeRow } from "./update.ts";

export type InboxOptions = Retention & ArrivalsOptions;

/** A message of a conversation, in either direction. */
export type StoredTalk = StoredMessage | StoredOutgoing;

/** Kinds that have lists of their own. */
export type ListedKind = Exclude<EventKind, "OutgoingMessage">;

/** What a cursor points to: an event that is kept, one that was deleted, or one of a store that was lost. */
interface CursorState extends CursorPosition {
  readonly state: "kept" | "forgotten" | "foreign";
}

/**
 * The events of one account: append-only, in one order, kept until they are too old or too many. Of equal deliveries
 * within the time for repeats, the first becomes an event and the others are counted on it. That time runs from the
 * first delivery, because equal texts may be sent on purpose: somebody who texts "yes" every few seconds is recorded
 * again when the time is over. Every method throws StoreError if the store fails.
 */
export interface Inbox {
  /** Stores a delivery; it is on disk when this returns. */
  append(delivery: Delivery): Promise<Appended>;
  /** Null if no message has this id, or if it was deleted. */
  message(id: ReceivedMessageId): Promise<StoredMessage | null>;
  /** Null if no report has this id, or if it was deleted. */
  completedPoll(id: CompletedPollId): Promise<StoredPollReport | null>;
  /** Null if no text has this id, or if it was deleted. */
  outgoing(id: OutgoingMessageId): Promise<StoredOutgoing | null>;
  /** The text of an attempt without a final outcome, by the attempt's owner. Null if it has none. */
  outgoingOf(owner: string): Promise<OutgoingMessageId | null>;
  /** Received events that the filter lets through, newest first. */
  list<Kind extends ListedKind>(filter: FilterOf<Kind>, range: EventRange): Promise<StoredOf<Kind>[]>;
  /** How many received events the filter lets through: exact, with one key read. */
  count(filter: FilterOf<ListedKind>): Promise<number>;
  /** The messages from and to a number, newest first. A text that went out is as it is now, with its first cursor. */
  talk(number: E164, range: EventRange): Promise<StoredTalk[]>;
  /** The messages at these positions, in their order; null for one that was deleted. */
  talkAt(sequences: readonly number[]): Promise<(StoredTalk | null)[]>;
  /**
   * Takes what attempts have said of texts that go out; true if there was news. Who reads texts calls it first: what a
   * send has recorded before is seen then. Received events do so too, so that an answer comes after its question.
   */
  readonly takeNews: TakeNews;
  /** Keys of texts without an outcome whose time for one has ended: their attempts are to be asked. */
  overdueKeys(): Promise<string[]>;
  /** Since when both directions are kept without a gap. */
  listeningStartedAt(): Promise<Date>;
  /**
   * Events after a position, oldest first, at most `limit`: those that the filter lets through, or all for null.
   * There are no others up to `newest`. Null if some of them were deleted, or if the store was emptied or went back to an
   * older state since somebody was at this position.
   */
  readOn(
    from: CursorPosition,
    filter: EventFilter | null,
    limit: number,
  ): Promise<{ readonly events: readonly StoredEvent[]; readonly newest: number } | null>;
  /** The position of the newest event; if there is none, the position before the first. */
  newest(): Promise<CursorPosition & { readonly cursor: string }>;
  /** Null if the text is no cursor of an event. */
  locate(cursor: string): Promise<CursorState | null>;
  /** Deletes events that are too old or too many, little by little. */
  sweep(): Promise<void>;
}

export function createInbox(store: Store, options: InboxOptions): Inbox {
  const update = createUpdate(store, "The inbox", { inTurn: true });
  const takeNews = createTakeNews(store, update, options.now);
  const append = createArrivals(
    {
      update,
      updateAlone: createUpdate(store, "The inbox"),
      before: () =>
        takeNews().then(
          () => undefined,
          () => undefined,
        ),
    },
    options,
  );
  const state = () => readState(store, update);

  async function find<Kind extends EventKind>(kind: Kind, id: StoredOf<Kind>["id"]): Promise<StoredOf<Kind> | null> {
    const [idEpoch, digits = ""] = idParts(id);
    const { epoch } = await state();
    if (idEpoch !== epoch || !/^[1-9][0-9]{0,15}$/.test(digits)) {
      return null;
    }
    const [event] = await readEvents([sequenceKey(Number(digits))], epoch);
    return event?.kind === kind ? (event as StoredOf<Kind>) : null;
  }

  /** The events of these keys, in their order; one that was deleted in the meantime is left out. */
  async function readEvents(keys: readonly string[], epoch: string): Promise<StoredEvent[]> {
    const rows = keys.length === 0 ? [] : await store.get("event", keys, QUICK);
    return rows.flatMap((text, at) =>
      text === null ? [] : [toStored(decodeRow<EventRow>(text), epoch, Number(keys[at]))],
    );
  }

  /** Keys of `event`: the newest first, or the oldest. */
  async function keysUnder(path: string, range: EventRange): Promise<string[]> {
    const entries = await store.range("event-index", indexRange(path, range), QUICK);
    return entries.map(({ key }) => key.slice(path.length + 1));
  }

  /** The first events after a sequence number, from at most `limit` of them at once. */
  async function scan(filter: EventFilter | null, sequence: number, newest: number, limit: number) {
    const { epoch } = await state();
    let found: StoredEvent[] = [];
    for (let after = sequence; found.length === 0 && after < newest; after += limit) {
      const length = Math.min(limit, newest - after);
      const keys = Array.from({ length }, (_, at) => sequenceKey(after + 1 + at));
      const events = await readEvents(keys, epoch);
      found = filter === null ? events : events.filter((event) => pathsOf(event).includes(pathOf(filter)));
    }
    return found;
  }

  async function draftListening(draft: Draft): Promise<State> {
    const current = await draftState(draft);
    return current.listeningStartedAt === undefined
      ? writeState(draft, { ...current, listeningStartedAt: options.now().getTime() })
      : current;
  }

  return {
    append,
    message: (id) => find("ReceivedMessage", id),
    completedPoll: (id) => find("CompletedPoll", id),

    outgoing: (id) => find("OutgoingMessage", id),

    outgoingOf: async (owner) => {
      const [sequence, { epoch }] = await Promise.all([placeOfOutgoing(store, owner), state()]);
      return sequence === null ? null : makeId("OutgoingMessage", epoch, String(sequence));
    },

    list: async <Kind extends ListedKind>(filter: FilterOf<Kind>, range: EventRange) => {
      const { epoch } = await state();
      const keys = await keysUnder(pathOf(filter), range);
      // A path begins with the kind, so only events of that kind are indexed under it.
      return (await readEvents(range.fromOldest ? keys.reverse() : keys, epoch)) as StoredOf<Kind>[];
    },

    count: async (filter) => {
      const [count = null] = await store.get("event-count", [pathOf(filter)], QUICK);
      return Number(count ?? 0);
    },

    talk: async (number, range) => {
      const { epoch } = await state();
      const keys = await keysUnder(pathOfConversation(number), range);
      return (await readEvents(range.fromOldest ? keys.reverse() : keys, epoch)) as StoredTalk[];
    },

    talkAt: async (sequences) => {
      const { epoch } = await state();
      const rows = await store.get("event", sequences.map(sequenceKey), QUICK);
      return rows.map((text, at) => {
        const row = decodeRow<EventRow>(text);
        return row && (toStored(row, epoch, sequences[at] as number) as StoredTalk);
      });
    },

    takeNews,
    overdueKeys: () => overdueKeys(store, options.now()),

    listeningStartedAt: async () => {
      const current = await state();
      const { listeningStartedAt = 0, forgottenAt = 0 } =
        current.listeningStartedAt === undefined ? await update(draftListening, { durable: true }) : current;
      return new Date(Math.max(listeningStartedAt, forgottenAt));
    },

    readOn: async (from, filter, limit) => {
      const { sequence } = from;
      const { epoch, newest } = await state();
      const events =
        filter === null || filter.kind === "OutgoingMessage"
          ? await scan(filter, sequence, newest, limit)
          : await readEvents(
              await keysUnder(pathOf(filter), { newerThan: sequence, olderThan: newest + 1, limit, fromOldest: true }),
              epoch,
            );
      // Checked last, because events may be deleted during the read.
      const last = await state();
      return last.forgotten > sequence || isForeign(from, last) ? null : { events: events.map(asItCame), newest };
    },

    newest: async () => {
      const { epoch, newest } = await state();
      return { epoch, sequence: newest, cursor: writeCursor(epoch, newest) };
    },

    locate: async (cursor) => {
      const place = parseCursor(cursor);
      if (place === null) {
        return null;
      }
      const now = await state();
      return {
        ...place,
        state: isForeign(place, now) ? "foreign" : place.sequence < now.forgotten ? "forgotten" : "kept",
      };
    },

    sweep: () => sweepInbox(store, update, { ...options, now: options.now() }),
  };
}

/** Whether the store never was where the position says, or not since it was emptied or replaced by an older copy. */
function isForeign(place: CursorPosition, { epoch, newest }: State): boolean {
  return place.epoch !== epoch || place.sequence > newest;
}
