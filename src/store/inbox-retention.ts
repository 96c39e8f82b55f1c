import { setImmediate as letOthersRun } from "node:timers/promises";
import { decodeRow, type EventRow, pathsOf } from "./event-records.ts";
import { countChanges, type InboxState, indexKey, type ReadState, sequenceKey, stateChange } from "./inbox-state.ts";
import type { Change, Store } from "./store.ts";

/** For how long events are kept, and how many at most. */
export interface Retention {
  readonly keptMilliseconds: number;
  readonly mostKept: number;
}

/** A row of `event-repeat`: the event that an equal delivery would be a repeat of. */
export interface Claim {
  readonly sequence: number;
  /** Milliseconds since 1970. */
  readonly firstAt: number;
}

/** A batch is one commit of a few milliseconds, during which nobody else can write. */
const BATCH = 100;

/** Forgets, in batches, the events that are too old or too many, and the claims that no repeat can meet any more. */
export async function sweepInbox(
  store: Store,
  inbox: InboxState,
  options: Retention & { readonly now: Date; readonly repeatMilliseconds: number },
): Promise<void> {
  const now = options.now.getTime();
  while ((await inbox.change((current) => forgetBatch(store, current, { ...options, now }))) > 0) {
    await letOthersRun();
  }
  await forgetClaims(store, now - options.repeatMilliseconds);
}

/** How many were forgotten; null where others were first. */
async function forgetBatch(
  store: Store,
  current: ReadState,
  { now, keptMilliseconds, mostKept }: Retention & { readonly now: number },
): Promise<number | null> {
  const { newest, forgotten } = current.state;
  const count = Math.min(BATCH, newest - forgotten);
  const sequences = Array.from({ length: count }, (_, at) => forgotten + 1 + at);
  const texts = await store.get("event", sequences.map(sequenceKey));
  const events = texts.map((text) => (text === null ? null : decodeRow<EventRow>(text)));
  const kept = events.findIndex(
    (event, at) =>
      event !== null && event.receivedAt > now - keptMilliseconds && forgotten + 1 + at > newest - mostKept,
  );
  const end = kept === -1 ? count : kept;
  if (end === 0) {
    return 0;
  }
  const changes: Change[] = [stateChange(current, { forgotten: forgotten + end })];
  const paths: string[] = [];
  for (let at = 0; at < end; at += 1) {
    const sequence = forgotten + 1 + at;
    const event = events[at] ?? null;
    changes.push({ table: "event", key: sequenceKey(sequence), becomes: null });
    for (const path of event === null ? [] : pathsOf(event)) {
      paths.push(path);
      changes.push({ table: "event-index", key: indexKey(path, sequence), becomes: null });
    }
  }
  changes.push(...(await countChanges(store, paths, -1)));
  return (await store.commit(changes)) ? end : null;
}

async function forgetClaims(store: Store, before: number): Promise<void> {
  let after: string | undefined;
  do {
    const entries = await store.range("event-repeat", { ...(after !== undefined && { after }), limit: BATCH });
    const past = entries.filter(({ value }) => decodeRow<Claim>(value).firstAt <= before);
    // False where one of them is being claimed again just now: the next sweep is early enough for the others.
    await store.commit(
      past.map(({ key, value }): Change => ({ table: "event-repeat", key, was: value, becomes: null })),
    );
    after = entries.at(-1)?.key;
    await letOthersRun();
  } while (after !== undefined);
}
