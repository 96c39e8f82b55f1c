import { StoreError } from "../errors.ts";
import type { Change, CommitOptions, Store, Table } from "./store.ts";

const TRIES = 100;

/** Decodes a row from its JSON; null if there is none. */
export function decodeRow<Row>(text: string): Row;
export function decodeRow<Row>(text: string | null): Row | null;
export function decodeRow<Row>(text: string | null): Row | null {
  try {
    return text === null ? null : (JSON.parse(text) as Row);
  } catch (cause) {
    throw new StoreError("A row of the store cannot be read: it is not the JSON that this server writes", cause);
  }
}

/** One attempt at an update: the rows that it read, and their new values. */
export class Draft {
  readonly #store: Store;
  readonly #changes = new Map<string, { readonly change: Omit<Change, "becomes">; becomes?: string | null }>();

  readonly #held = new Set<string>();

  constructor(store: Store) {
    this.#store = store;
  }

  /** The rows of these keys, in their order, with the changes of this draft; null for a missing row. */
  async read<Row>(table: Table, keys: readonly string[]): Promise<(Row | null)[]> {
    const unread = keys.filter((key) => !this.#changes.has(nameOf(table, key)));
    const texts = unread.length === 0 ? [] : await this.#store.get(table, unread);
    unread.forEach((key, at) => {
      this.#changes.set(nameOf(table, key), { change: { table, key, was: texts[at] ?? null } });
    });
    return keys.map((key) => {
      const { change, becomes } = this.#changes.get(nameOf(table, key)) ?? {};
      return decodeRow<Row>(becomes === undefined ? (change?.was ?? null) : becomes);
    });
  }

  /** Removes a row that a range gave; the commit fails if it was changed since. */
  take<Row>(table: Table, key: string, text: string): Row {
    this.#changes.set(nameOf(table, key), { change: { table, key, was: text }, becomes: null });
    return decodeRow<Row>(text);
  }

  /** Lets the commit fail if one of these rows, which this draft has read and does not write, was changed since. */
  hold(table: Table, keys: readonly string[]): void {
    for (const key of keys) {
      this.#held.add(nameOf(table, key));
    }
  }

  /** Null removes the row. A row that this draft has read is changed only if it is unchanged at the commit. */
  write(table: Table, key: string, row: unknown): void {
    const name = nameOf(table, key);
    const { change } = this.#changes.get(name) ?? { change: { table, key } };
    this.#changes.set(name, { change, becomes: row === null ? null : JSON.stringify(row) });
  }

  get changes(): Change[] {
    return [...this.#changes].flatMap(([name, { change, becomes = change.was }]) =>
      becomes === undefined || (becomes === change.was && !this.#held.has(name)) ? [] : [{ ...change, becomes }],
    );
  }
}

/**
 * Reads and writes rows in a draft, and returns the result of the update. It is called again if another writer was
 * first.
 */
type Revise<Result> = (draft: Draft) => Promise<Result>;

export type Update = <Result>(revise: Revise<Result>, options?: CommitOptions) => Promise<Result>;

/**
 * Returns the function that updates rows which others may write too: it reads, writes all changes or none, and begins
 * again if a row was changed in between. After a lost race, only one update of this process runs at a time, so that
 * many updates do not keep each other from writing. `inTurn`: each update waits for the one before, for updates that
 * all change the same row.
 *
 * The update throws StoreError if it loses every race or if the store fails; `what` begins the sentence.
 */
export function createUpdate(store: Store, what: string, { inTurn = false } = {}): Update {
  let ahead: Promise<unknown> = Promise.resolve();

  return async (revise, options = {}) => {
    const attempt = async () => {
      const draft = new Draft(store);
      const result = await revise(draft);
      const { changes } = draft;
      return changes.length === 0 || (await store.commit(changes, options)) ? { result } : null;
    };
    const insist = async () => {
      for (let tries = 0; tries < TRIES; tries += 1) {
        const done = await attempt();
        if (done !== null) {
          return done;
        }
      }
      throw new StoreError(`${what} could not be written: others kept changing it`, null);
    };
    const waitTurn = () => {
      const mine = ahead.then(insist);
      ahead = mine.catch(() => undefined);
      return mine;
    };
    const { result } = (inTurn ? null : await attempt()) ?? (await waitTurn());
    return result;
  };
}

function nameOf(table: Table, key: string): string {
  return `${table} ${key}`;
}
