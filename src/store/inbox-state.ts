import { randomBytes } from "node:crypto";
import { QUICK, type Range, type Store } from "./store.ts";
import { type Draft, decodeRow, type Update } from "./update.ts";

/** The only row of `event-state`. Every new event and every sweep changes it, so all of them have one order. */
export interface State {
  /** The store's name, so that a cursor of another store is recognized. */
  readonly epoch: string;
  /** The highest sequence number given; 0 before the first. */
  readonly newest: number;
  /** The highest sequence number that was deleted; all lower ones were too. */
  readonly forgotten: number;
  /** When `forgotten` became an event, in milliseconds since 1970; missing if nothing was deleted by a version that says. */
  readonly forgottenAt?: number;
  /** Since when conversations are kept, in milliseconds since 1970; missing before. */
  readonly listeningStartedAt?: number;
}

const KEY = "state";

/** The state; a new store gets its first one. */
export async function readState(store: Store, update: Update): Promise<State> {
  const [text = null] = await store.get("event-state", [KEY], QUICK);
  return decodeRow<State>(text) ?? update(draftState, { durable: true });
}

export async function draftState(draft: Draft): Promise<State> {
  const [state = null] = await draft.read<State>("event-state", [KEY]);
  return state ?? writeState(draft, { epoch: randomBytes(6).toString("hex"), newest: 0, forgotten: 0 });
}

export function writeState(draft: Draft, state: State): State {
  draft.write("event-state", KEY, state);
  return state;
}

/** Adds the step to the number of events of each path, once for each mention. */
export async function addToCounts(draft: Draft, paths: readonly string[], step: 1 | -1): Promise<void> {
  const steps = new Map<string, number>();
  for (const path of paths) {
    steps.set(path, (steps.get(path) ?? 0) + step);
  }
  const names = [...steps.keys()];
  const counts = await draft.read<number>("event-count", names);
  names.forEach((path, at) => {
    draft.write("event-count", path, (counts[at] ?? 0) + (steps.get(path) ?? 0) || null);
  });
}

/** A key that sorts like the sequence number: no safe integer has more digits. */
export function sequenceKey(sequence: number): string {
  return String(sequence).padStart(16, "0");
}

export function indexKey(path: string, sequence: number): string {
  return `${path} ${sequenceKey(sequence)}`;
}

/** A range of a list of events, or of conversations by their latest one, newest first: between two sequence numbers, both excluded. */
export interface EventRange {
  readonly newerThan: number | null;
  readonly olderThan: number | null;
  readonly limit: number;
  /** If true, `limit` keeps the oldest of the range; if false, the newest. */
  readonly fromOldest: boolean;
}

/** The range of an index's keys that lie under a path. */
export function indexRange(path: string, { newerThan, olderThan, limit, fromOldest }: EventRange): Range {
  return {
    prefix: `${path} `,
    ...(newerThan !== null && { after: indexKey(path, newerThan) }),
    ...(olderThan !== null && { before: indexKey(path, olderThan) }),
    limit,
    reverse: !fromOldest,
  };
}
