import { randomBytes } from "node:crypto";
import { StoreError } from "../errors.ts";
import { decodeRow } from "./event-records.ts";
import type { Change, Store } from "./store.ts";

/** The only row of `event-state`. Every new event and every sweep changes it, which is what puts them in one order. */
export interface State {
  /** The store's own mark: no place in it is taken for one in a store that was lost. */
  readonly epoch: string;
  /** The highest sequence number given; 0 before the first. */
  readonly newest: number;
  /** The highest sequence number forgotten; all below it are. */
  readonly forgotten: number;
}

export interface ReadState {
  readonly state: State;
  /** The row's text, which a change is compared with. */
  readonly text: string;
}

const TRIES = 100;
const KEY = "state";
const DURABLE = { durable: true };

/** The state of one inbox, and the order of those who change it. */
export class InboxState {
  readonly #store: Store;
  // One writer of this process at a time, so that a crowd of them cannot keep each other from writing.
  #turn: Promise<unknown> = Promise.resolve();

  constructor(store: Store) {
    this.#store = store;
  }

  async read(): Promise<ReadState> {
    for (;;) {
      const [text] = await this.#store.get("event-state", [KEY]);
      if (typeof text === "string") {
        return { state: decodeRow<State>(text), text };
      }
      const first: State = { epoch: randomBytes(6).toString("hex"), newest: 0, forgotten: 0 };
      // False where another process was first; then its state is there.
      await this.#store.commit(
        [{ table: "event-state", key: KEY, was: null, becomes: JSON.stringify(first) }],
        DURABLE,
      );
    }
  }

  /** Carries out a change that says null where others were first, and so is tried again. */
  change<Result>(attempt: (current: ReadState) => Promise<Result | null>): Promise<Result> {
    const mine = this.#turn.then(async () => {
      for (let tries = 0; tries < TRIES; tries += 1) {
        const result = await attempt(await this.read());
        if (result !== null) {
          return result;
        }
      }
      throw new StoreError("The inbox could not be written: others kept changing it", null);
    });
    this.#turn = mine.catch(() => undefined);
    return mine;
  }
}

export function stateChange({ state, text }: ReadState, changes: Partial<State>): Change {
  const becomes = JSON.stringify({ ...state, ...changes } satisfies State);
  return { table: "event-state", key: KEY, was: text, becomes };
}

/** Changes of the number of events under each path, by a step for each time that it is named. */
export async function countChanges(store: Store, paths: readonly string[], step: 1 | -1): Promise<Change[]> {
  const steps = new Map<string, number>();
  for (const path of paths) {
    steps.set(path, (steps.get(path) ?? 0) + step);
  }
  const names = [...steps.keys()];
  const counts = await store.get("event-count", names);
  return names.map((path, at) => {
    const was = counts[at] ?? null;
    const count = Number(was ?? 0) + (steps.get(path) ?? 0);
    return { table: "event-count", key: path, was, becomes: count === 0 ? null : String(count) };
  });
}

/** Sequence numbers in the order of their values: no safe integer has more digits. */
export function sequenceKey(sequence: number): string {
  return String(sequence).padStart(16, "0");
}

export function indexKey(path: string, sequence: number): string {
  return `${path} ${sequenceKey(sequence)}`;
}
