import { ConversationChanges } from "./conversations.ts";
import {
  type Arrival,
  type ArrivalRow,
  pathsOf,
  type StoredMessage,
  type StoredPollReport,
  toStored,
} from "./event-records.ts";
import type { FirstDelivery } from "./inbox-retention.ts";
import { addToCounts, draftState, indexKey, type State, sequenceKey, writeState } from "./inbox-state.ts";
import { draftLines } from "./lines.ts";
import type { Draft, Update } from "./update.ts";

/** One delivery. */
export interface Delivery {
  readonly arrival: Arrival;
  /** Equal for deliveries with the same content. */
  readonly fingerprint: string;
  /** Writes what belongs to the delivery, in the commit that stores it or counts it as a repeat. */
  readonly alongside?: (draft: Draft, isRepeat: boolean) => Promise<void>;
}

/** The result of a delivery: the event that it became or repeats. */
export interface Appended {
  readonly event: StoredMessage | StoredPollReport;
  readonly isRepeat: boolean;
}

export interface ArrivalsOptions {
  readonly now: () => Date;
  /** How long after a delivery an equal one counts as its repeat. */
  readonly repeatMilliseconds: number;
}

interface Waiting {
  readonly delivery: Delivery;
  readonly resolve: (appended: Appended) => void;
  readonly reject: (error: unknown) => void;
}

/** Of one commit: a delivery writes about a dozen rows, and a file takes a few milliseconds for them. */
const MOST_AT_ONCE = 40;

/**
 * Returns the function that stores a delivery at the end of the inbox. Deliveries that come while others are written are
 * written together: every commit changes the end of the inbox, so of several servers at once one succeeds and the others
 * begin again, however many deliveries it contains. `update` runs one update at a time, `updateAlone` need not. `before` is
 * awaited first, and never fails.
 */
export function createArrivals(
  {
    update,
    updateAlone,
    before,
  }: Readonly<Record<"update" | "updateAlone", Update>> & { readonly before: () => Promise<void> },
  { now, repeatMilliseconds }: ArrivalsOptions,
): (delivery: Delivery) => Promise<Appended> {
  const waiting: Waiting[] = [];
  let isWriting = false;

  async function writeWaiting(): Promise<void> {
    isWriting = true;
    while (waiting.length > 0) {
      await before();
      const batch = waiting.splice(0, MOST_AT_ONCE);
      const deliveries = batch.map(({ delivery }) => delivery);
      try {
        const all = await update((draft) => draftArrivals(draft, deliveries), { durable: true });
        for (const [at, appended] of all.entries()) {
          batch[at]?.resolve(appended);
        }
      } catch (error) {
        await writeApart(batch, error);
      }
    }
    isWriting = false;
  }

  /** What is wrong with one delivery keeps no other from being stored. */
  async function writeApart(batch: readonly Waiting[], error: unknown): Promise<void> {
    const [first] = batch;
    if (batch.length === 1) {
      first?.reject(error);
      return;
    }
    await Promise.all(
      batch.map(({ delivery, resolve, reject }) =>
        updateAlone((draft) => draftArrivals(draft, [delivery]), { durable: true }).then(
          ([appended]) => appended && resolve(appended),
          reject,
        ),
      ),
    );
  }

  async function draftArrivals(draft: Draft, deliveries: readonly Delivery[]): Promise<Appended[]> {
    // All that most of them need, at once.
    await Promise.all([
      draftState(draft),
      draft.read(
        "event-repeat",
        deliveries.map(({ fingerprint }) => fingerprint),
      ),
      draftLines(
        draft,
        deliveries.flatMap(({ arrival }) =>
          arrival.kind === "ReceivedMessage" ? [{ ...arrival, phoneNumber: arrival.toPhoneNumber }] : [],
        ),
      ),
      draft.read("event-count", [...new Set(deliveries.flatMap(({ arrival }) => pathsOf(arrival)))]),
    ]);
    const all: Appended[] = [];
    const conversations = new ConversationChanges(draft);
    for (const delivery of deliveries) {
      all.push(await draftArrival(draft, conversations, delivery));
    }
    await conversations.write();
    return all;
  }

  async function draftArrival(draft: Draft, conversations: ConversationChanges, delivery: Delivery): Promise<Appended> {
    const at = now().getTime();
    const current = await draftState(draft);
    const [first = null] = await draft.read<FirstDelivery>("event-repeat", [delivery.fingerprint]);
    // If the clock was put back, later deliveries are not all repeats.
    if (first !== null && Math.abs(at - first.firstAt) < repeatMilliseconds) {
      const [row = null] = await draft.read<ArrivalRow>("event", [sequenceKey(first.sequence)]);
      if (row !== null) {
        return draftRepeat(draft, delivery, row, first.sequence, current);
      }
    }
    return draftNew(draft, conversations, delivery, at, current);
  }

  return (delivery) =>
    new Promise((resolve, reject) => {
      waiting.push({ delivery, resolve, reject });
      if (!isWriting) {
        void writeWaiting();
      }
    });
}

async function draftRepeat(
  draft: Draft,
  { alongside }: Delivery,
  before: ArrivalRow,
  sequence: number,
  { epoch }: State,
): Promise<Appended> {
  const row = { ...before, repeatCount: before.repeatCount + 1 };
  draft.write("event", sequenceKey(sequence), row);
  await alongside?.(draft, true);
  return { event: toStored(row, epoch, sequence), isRepeat: true };
}

async function draftNew(
  draft: Draft,
  conversations: ConversationChanges,
  { arrival, fingerprint, alongside }: Delivery,
  at: number,
  current: State,
): Promise<Appended> {
  const sequence = current.newest + 1;
  const added = { receivedAt: at, repeatCount: 0 };
  const row: ArrivalRow =
    arrival.kind === "ReceivedMessage" ? { ...arrival, ...added, isInConversation: true } : { ...arrival, ...added };
  const paths = pathsOf(arrival);
  writeState(draft, { ...current, newest: sequence });
  draft.write("event", sequenceKey(sequence), row);
  draft.write("event-repeat", fingerprint, { sequence, firstAt: at } satisfies FirstDelivery);
  for (const path of paths) {
    draft.write("event-index", indexKey(path, sequence), "");
  }
  await addToCounts(draft, paths, 1);
  if (row.kind === "ReceivedMessage") {
    await conversations.add(row, sequence);
  }
  await alongside?.(draft, false);
  return { event: toStored(row, current.epoch, sequence), isRepeat: false };
}
