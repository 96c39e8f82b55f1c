import { isFinal } from "./attempt-record.ts";
import { ConversationChanges } from "./conversations.ts";
import type { OutgoingRow } from "./event-records.ts";
import { draftState, type State, sequenceKey, writeState } from "./inbox-state.ts";
import { draftLines } from "./lines.ts";
import { type OutgoingText, refusedKey } from "./outgoing-records.ts";
import { QUICK, type Store } from "./store.ts";
import { type Draft, decodeRow, type Update } from "./update.ts";

/** Of one commit, which takes a few milliseconds. */
const MOST_AT_ONCE = 100;
/** Far more than there are texts under way and of unknown outcome. */
const MOST_OVERDUE = 1_000;

/** A row of `outgoing-place`: where a text is of which more will be known. */
interface Place {
  readonly sequence: number;
  readonly idempotencyKey: string;
  /** When its outcome becomes unknown, in milliseconds since 1970; null once it is. */
  readonly dueAt: number | null;
}

function placeOf({ idempotencyKey, state, leaseEndsAt }: OutgoingText, sequence: number): Place {
  return { sequence, idempotencyKey, dueAt: state === "IN_PROGRESS" ? leaseEndsAt : null };
}

/** Keys of texts whose senders have died: they are in the inbox without an outcome, and their time for one has ended. */
export async function overdueKeys(store: Store, now: Date): Promise<string[]> {
  const entries = await store.range("outgoing-place", { limit: MOST_OVERDUE });
  return entries
    .map(({ value }) => decodeRow<Place>(value))
    .filter(({ dueAt }) => dueAt !== null && dueAt <= now.getTime())
    .map(({ idempotencyKey }) => idempotencyKey);
}

/** The first event of a text of which more will be known; null if there is none. */
export async function placeOfOutgoing(store: Store, owner: string): Promise<number | null> {
  const [text = null] = await store.get("outgoing-place", [owner], QUICK);
  return decodeRow<Place>(text)?.sequence ?? null;
}

/** Takes the news into the inbox; true if there was any. */
export type TakeNews = () => Promise<boolean>;

/**
 * Returns the function that takes news, of which all calls that wait share one run. Each call begins a run or waits for
 * one that begins after it, so that it takes what was written before the call.
 */
export function createTakeNews(store: Store, update: Update, now: () => Date): TakeNews {
  let running: Promise<boolean> | null = null;
  let next: Promise<boolean> | null = null;

  const run = () => {
    const mine = takeAll(store, update, now).finally(() => {
      running = running === mine ? null : running;
    });
    running = mine;
    return mine;
  };
  return () => {
    if (running === null) {
      return run();
    }
    const start = () => {
      next = null;
      return run();
    };
    next ??= running.then(start, start);
    return next;
  };
}

/**
 * Takes into the inbox what attempts have said of their texts, the oldest first, until there is no more. All in one
 * commit: each piece of news becomes one event, whichever servers take it and whenever one is killed. A text's first
 * event is its place in the conversation, and says what is known of it.
 */
async function takeAll(store: Store, update: Update, now: () => Date): Promise<boolean> {
  const [first] = await store.range("outgoing-news", { limit: 1 });
  if (first === undefined) {
    return false;
  }
  let taken: number;
  do {
    taken = await update((draft) => draftNews(store, draft, now().getTime()), { durable: true });
  } while (taken === MOST_AT_ONCE);
  return true;
}

/** How many pieces of news were taken. */
async function draftNews(store: Store, draft: Draft, at: number): Promise<number> {
  const entries = await store.range("outgoing-news", { limit: MOST_AT_ONCE });
  if (entries.length === 0) {
    return 0;
  }
  const news = entries.map(({ key, value }) => draft.take<OutgoingText>("outgoing-news", key, value));
  const [before, groupOf, places] = await Promise.all([
    draftState(draft),
    draftLines(
      draft,
      news.map(({ fromPhoneNumber, groupId }) => ({ phoneNumber: fromPhoneNumber, groupId })),
    ),
    draft.read<Place>(
      "outgoing-place",
      news.map(({ owner }) => owner),
    ),
    draft.read("conversation", [...new Set(news.map(({ to }) => to))]),
    draft.read("outgoing-refused", [...new Set(news.map(refusedKey))]),
  ]);
  const conversations = new ConversationChanges(draft);
  let state = before;
  for (const [index, each] of news.entries()) {
    const text = { ...each, groupId: each.groupId ?? groupOf(each.fromPhoneNumber) };
    state = await draftText(draft, conversations, text, { state, place: places[index] ?? null, at });
  }
  writeState(draft, state);
  await conversations.write();
  return news.length;
}

/** The state with the event that the text has become. */
async function draftText(
  draft: Draft,
  conversations: ConversationChanges,
  text: OutgoingText,
  { state, place, at }: { readonly state: State; readonly place: Place | null; readonly at: number },
): Promise<State> {
  const sequence = state.newest + 1;
  if (place === null) {
    if (text.startedAt <= (state.forgottenAt ?? 0)) {
      // Its own event was deleted, or events later than it were.
      return state;
    }
    const row: OutgoingRow = { ...text, receivedAt: at, first: null };
    draft.write("event", sequenceKey(sequence), row);
    if (!isFinal(text.state)) {
      draft.write("outgoing-place", text.owner, placeOf(text, sequence));
    }
    await conversations.add(row, sequence);
    await draftReplaced(draft, conversations, text);
    draftRefused(draft, text, sequence);
    return { ...state, newest: sequence };
  }
  const [first = null] = await draft.read<OutgoingRow>("event", [sequenceKey(place.sequence)]);
  if (first === null) {
    return state;
  }
  draft.write("outgoing-place", text.owner, isFinal(text.state) ? null : placeOf(text, place.sequence));
  draftRefused(draft, text, place.sequence);
  const said = first.said ?? { state: first.state, message: first.message };
  draft.write("event", sequenceKey(place.sequence), { ...first, ...text, said } satisfies OutgoingRow);
  draft.write("event", sequenceKey(sequence), { ...text, receivedAt: at, first: place.sequence } satisfies OutgoingRow);
  return { ...state, newest: sequence };
}

/** Remembers where a refused text is, in case it is tried again. */
function draftRefused(draft: Draft, text: OutgoingText, sequence: number): void {
  if (text.state === "REFUSED") {
    draft.write("outgoing-refused", refusedKey(text), sequence);
  }
}

/**
 * Takes the refused try of a text out of the conversation, whose latest message the next try with the same key is. The
 * event stays one, for subscribers that have yet to hear of it.
 */
async function draftReplaced(draft: Draft, conversations: ConversationChanges, again: OutgoingText): Promise<void> {
  const [sequence = null] = await draft.read<number>("outgoing-refused", [refusedKey(again)]);
  if (sequence === null) {
    return;
  }
  draft.write("outgoing-refused", refusedKey(again), null);
  const [refused = null] = await draft.read<OutgoingRow>("event", [sequenceKey(sequence)]);
  if (refused?.text === again.text && refused.to === again.to) {
    draft.write("event", sequenceKey(sequence), { ...refused, isReplaced: true } satisfies OutgoingRow);
    await conversations.forget(refused, sequence);
  }
}
