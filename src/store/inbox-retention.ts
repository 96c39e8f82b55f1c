import { setImmediate as yieldToEventLoop } from "node:timers/promises";
import { isFinal } from "./attempt-record.ts";
import { ConversationChanges } from "./conversations.ts";
import { countedPathsOf, type EventRow } from "./event-records.ts";
import { addToCounts, draftState, indexKey, sequenceKey, writeState } from "./inbox-state.ts";
import { refusedKey } from "./outgoing-records.ts";
import type { Change, Store } from "./store.ts";
import { type Draft, decodeRow, type Update } from "./update.ts";

/** How long events are kept, and how many at most. */
export interface Retention {
  readonly keptMilliseconds: number;
  readonly mostKept: number;
}

/** A row of `event-repeat`: the event that an equal delivery would be a repeat of. */
export interface FirstDelivery {
  readonly sequence: number;
  /** Milliseconds since 1970. */
  readonly firstAt: number;
}

/** A batch is one commit of a few milliseconds; nothing else can be written during that time. */
const BATCH = 100;

/**
 * Deletes in batches: events that are too old or too many, and records of deliveries that can no longer be repeated.
 */
export async function sweepInbox(
  store: Store,
  update: Update,
  options: Retention & { readonly now: Date; readonly repeatMilliseconds: number },
): Promise<void> {
  const now = options.now.getTime();
  while ((await update((draft) => forgetBatch(draft, { ...options, now }))) > 0) {
    await yieldToEventLoop();
  }
  await forgetFirstDeliveries(store, now - options.repeatMilliseconds);
}

/** How many were deleted. */
async function forgetBatch(
  draft: Draft,
  { now, keptMilliseconds, mostKept }: Retention & { readonly now: number },
): Promise<number> {
  const state = await draftState(draft);
  const { newest, forgotten } = state;
  const count = Math.min(BATCH, newest - forgotten);
  const sequences = Array.from({ length: count }, (_, at) => forgotten + 1 + at);
  const events = await draft.read<EventRow>("event", sequences.map(sequenceKey));
  const firstKept = events.findIndex(
    (event, at) =>
      event !== null && event.receivedAt > now - keptMilliseconds && forgotten + 1 + at > newest - mostKept,
  );
  const end = firstKept === -1 ? count : firstKept;
  if (end === 0) {
    return 0;
  }
  const last = events[end - 1]?.receivedAt ?? state.forgottenAt;
  writeState(draft, { ...state, forgotten: forgotten + end, ...(last !== undefined && { forgottenAt: last }) });
  const paths: string[] = [];
  const conversations = new ConversationChanges(draft);
  for (const [at, sequence] of sequences.slice(0, end).entries()) {
    const event = events[at] ?? null;
    draft.write("event", sequenceKey(sequence), null);
    for (const path of event === null ? [] : countedPathsOf(event)) {
      paths.push(path);
      draft.write("event-index", indexKey(path, sequence), null);
    }
    if (event?.kind === "ReceivedMessage" || event?.kind === "OutgoingMessage") {
      await conversations.forget(event, sequence);
    }
    if (event?.kind === "OutgoingMessage" && event.first === null && !isFinal(event.state)) {
      draft.write("outgoing-place", event.owner, null);
    }
    if (event?.kind === "OutgoingMessage" && event.state === "REFUSED") {
      draft.write("outgoing-refused", refusedKey(event), null);
    }
  }
  await addToCounts(draft, paths, -1);
  await conversations.write();
  return end;
}

async function forgetFirstDeliveries(store: Store, before: number): Promise<void> {
  let after: string | undefined;
  do {
    const entries = await store.range("event-repeat", { ...(after !== undefined && { after }), limit: BATCH });
    const past = entries.filter(({ value }) => decodeRow<FirstDelivery>(value).firstAt <= before);
    // False if one of them was replaced at this moment. The next sweep deletes the others.
    await store.commit(
      past.map(({ key, value }): Change => ({ table: "event-repeat", key, was: value, becomes: null })),
    );
    after = entries.at(-1)?.key;
    await yieldToEventLoop();
  } while (after !== undefined);
}
