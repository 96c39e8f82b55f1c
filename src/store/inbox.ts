import { type CompletedPollId, idParts, type ReceivedMessageId } from "../ids.ts";
import {
  type Arrival,
  decodeRow,
  type EventFilter,
  type EventKind,
  type EventRow,
  type FilterOf,
  parseCursor,
  pathOf,
  pathsOf,
  type StoredEvent,
  type StoredMessage,
  type StoredOf,
  type StoredPollReport,
  toStored,
  writeCursor,
} from "./event-records.ts";
import { type Claim, type Retention, sweepInbox } from "./inbox-retention.ts";
import {
  countChanges,
  InboxState,
  indexKey,
  type ReadState,
  type State,
  sequenceKey,
  stateChange,
} from "./inbox-state.ts";
import type { Change, Store } from "./store.ts";

export interface InboxOptions extends Retention {
  readonly now: () => Date;
  /** For how long behind a delivery an equal one is taken for a repeat of it. */
  readonly repeatMilliseconds: number;
}

/** One delivery. */
export interface Delivery {
  readonly arrival: Arrival;
  /** Equal for deliveries that say the same. */
  readonly fingerprint: string;
  /** Changes that belong to the delivery: made in the commit that keeps it, or in the one that counts it as a repeat. */
  readonly alongside?: (isRepeat: boolean) => Promise<readonly Change[]>;
}

/** What became of a delivery: the event that it is now, or that it repeats. */
export interface Appended {
  readonly event: StoredEvent;
  readonly isRepeat: boolean;
}

/** A range of a list of events, newest first, between two places, both left out. */
interface EventRange {
  readonly newerThan: number | null;
  readonly olderThan: number | null;
  readonly limit: number;
  /** Cut from the list's end, the oldest, rather than from its start. */
  readonly fromOldest: boolean;
}

/** Where a cursor stands: its event is kept, or forgotten, or of a store that was lost. */
interface CursorState {
  readonly sequence: number;
  readonly state: "kept" | "forgotten" | "foreign";
}

/**
 * The events of one account: append-only, in one order, kept until they are too old or too many. Of the deliveries that
 * say the same within the time for repeats, one becomes an event and the others are counted on it. That time runs from
 * the first delivery, not from the last, because two equal texts can also be two texts: whoever writes "yes" every few
 * seconds is heard again when it is over. Every method throws StoreError where the store does.
 */
export interface Inbox {
  /** Keeps a delivery: on disk when this returns. */
  append(delivery: Delivery): Promise<Appended>;
  /** Null where no message of this id was kept, or it is no longer. */
  message(id: ReceivedMessageId): Promise<StoredMessage | null>;
  /** Likewise. */
  completedPoll(id: CompletedPollId): Promise<StoredPollReport | null>;
  /** Events that the filter lets through, newest first. */
  list<Kind extends EventKind>(filter: FilterOf<Kind>, range: EventRange): Promise<StoredOf<Kind>[]>;
  /** How many events the filter lets through; exact, at the cost of one key. */
  count(filter: EventFilter): Promise<number>;
  /**
   * What came behind a place, oldest first, at most `limit` events: those that the filter lets through, or (null) all.
   * Up to `newest`, nothing else came. Null where some of it has been forgotten.
   */
  readOn(
    sequence: number,
    filter: EventFilter | null,
    limit: number,
  ): Promise<{ readonly events: readonly StoredEvent[]; readonly newest: number } | null>;
  /** The place of the newest event; the one before the first where there is none. */
  newest(): Promise<{ readonly sequence: number; readonly cursor: string }>;
  /** Null where the text is no cursor of an event. */
  locate(cursor: string): Promise<CursorState | null>;
  /** Forgets what is too old or too much, little by little. */
  sweep(): Promise<void>;
}

const DURABLE = { durable: true };

export function createInbox(store: Store, options: InboxOptions): Inbox {
  const { now, repeatMilliseconds } = options;
  const inbox = new InboxState(store);

  async function keep(delivery: Delivery, current: ReadState): Promise<Appended | null> {
    const at = now().getTime();
    const [claimText = null] = await store.get("event-repeat", [delivery.fingerprint]);
    const claim = claimText === null ? null : decodeRow<Claim>(claimText);
    // A clock that was put back must not make repeats of everything.
    if (claim !== null && Math.abs(at - claim.firstAt) < repeatMilliseconds) {
      const [was = null] = await store.get("event", [sequenceKey(claim.sequence)]);
      if (was !== null) {
        return countRepeat(delivery, claim.sequence, was, current.state);
      }
    }
    return keepNew(delivery, at, claimText, current);
  }

  async function countRepeat(
    { alongside }: Delivery,
    sequence: number,
    was: string,
    { epoch }: State,
  ): Promise<Appended | null> {
    const before = decodeRow<EventRow>(was);
    const row = { ...before, repeatCount: before.repeatCount + 1 };
    const changes: Change[] = [
      { table: "event", key: sequenceKey(sequence), was, becomes: JSON.stringify(row) },
      ...((await alongside?.(true)) ?? []),
    ];
    return (await store.commit(changes, DURABLE)) ? { event: toStored(row, epoch, sequence), isRepeat: true } : null;
  }

  async function keepNew(
    { arrival, fingerprint, alongside }: Delivery,
    at: number,
    claimText: string | null,
    current: ReadState,
  ): Promise<Appended | null> {
    const sequence = current.state.newest + 1;
    const row: EventRow = { ...arrival, receivedAt: at, repeatCount: 0 };
    const claim: Claim = { sequence, firstAt: at };
    const paths = pathsOf(arrival);
    const changes: Change[] = [
      stateChange(current, { newest: sequence }),
      { table: "event", key: sequenceKey(sequence), was: null, becomes: JSON.stringify(row) },
      { table: "event-repeat", key: fingerprint, was: claimText, becomes: JSON.stringify(claim) },
      ...paths.map((path): Change => ({ table: "event-index", key: indexKey(path, sequence), becomes: "" })),
      ...(await countChanges(store, paths, 1)),
      ...((await alongside?.(false)) ?? []),
    ];
    const event = toStored(row, current.state.epoch, sequence);
    return (await store.commit(changes, DURABLE)) ? { event, isRepeat: false } : null;
  }

  async function find<Kind extends EventKind>(kind: Kind, id: StoredOf<Kind>["id"]): Promise<StoredOf<Kind> | null> {
    const [epoch, digits = ""] = idParts(id);
    const { state } = await inbox.read();
    if (epoch !== state.epoch || !/^[1-9][0-9]{0,15}$/.test(digits)) {
      return null;
    }
    const [event] = await readEvents([sequenceKey(Number(digits))], epoch);
    return event?.kind === kind ? (event as StoredOf<Kind>) : null;
  }

  /** The events of these keys, in their order; one that was forgotten meanwhile is left out. */
  async function readEvents(keys: readonly string[], epoch: string): Promise<StoredEvent[]> {
    const rows = await store.get("event", keys);
    return rows.flatMap((text, at) =>
      text === null ? [] : [toStored(decodeRow<EventRow>(text), epoch, Number(keys[at]))],
    );
  }

  /** Keys of `event`: of the newest first, or of the oldest. */
  async function keysUnder(path: string, { newerThan, olderThan, limit, fromOldest }: EventRange): Promise<string[]> {
    const entries = await store.range("event-index", {
      prefix: `${path} `,
      ...(newerThan !== null && { after: indexKey(path, newerThan) }),
      ...(olderThan !== null && { before: indexKey(path, olderThan) }),
      limit,
      reverse: !fromOldest,
    });
    return entries.map(({ key }) => key.slice(path.length + 1));
  }

  return {
    append: (delivery) => inbox.change((current) => keep(delivery, current)),
    message: (id) => find("ReceivedMessage", id),
    completedPoll: (id) => find("CompletedPoll", id),

    list: async <Kind extends EventKind>(filter: FilterOf<Kind>, range: EventRange) => {
      const { epoch } = (await inbox.read()).state;
      const keys = await keysUnder(pathOf(filter), range);
      // A path begins with the kind, so that nothing else is indexed under it.
      return (await readEvents(range.fromOldest ? keys.reverse() : keys, epoch)) as StoredOf<Kind>[];
    },

    count: async (filter) => {
      const [count = null] = await store.get("event-count", [pathOf(filter)]);
      return Number(count ?? 0);
    },

    readOn: async (sequence, filter, limit) => {
      const { epoch, newest } = (await inbox.read()).state;
      const length = Math.min(limit, Math.max(0, newest - sequence));
      const keys =
        filter === null
          ? Array.from({ length }, (_, at) => sequenceKey(sequence + 1 + at))
          : await keysUnder(pathOf(filter), { newerThan: sequence, olderThan: newest + 1, limit, fromOldest: true });
      const events = keys.length === 0 ? [] : await readEvents(keys, epoch);
      // Asked last: what is forgotten while it is being read is missing all the same.
      const { forgotten } = (await inbox.read()).state;
      return forgotten > sequence ? null : { events, newest };
    },

    newest: async () => {
      const { epoch, newest } = (await inbox.read()).state;
      return { sequence: newest, cursor: writeCursor(epoch, newest) };
    },

    locate: async (cursor) => {
      const place = parseCursor(cursor);
      if (place === null) {
        return null;
      }
      const { sequence } = place;
      const { epoch, newest, forgotten } = (await inbox.read()).state;
      const isForeign = place.epoch !== epoch || sequence > newest;
      return { sequence, state: isForeign ? "foreign" : sequence < forgotten ? "forgotten" : "kept" };
    },

    sweep: () => sweepInbox(store, inbox, { ...options, now: now() }),
  };
}
