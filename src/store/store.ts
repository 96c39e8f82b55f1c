/**
 * What neither platform keeps. One flat, ordered, transactional key-value interface that an embedded file and a server
 * for several replicas can both serve; what the rows mean is said by the modules on top (contacts.ts and its siblings).
 * Every method throws `StoreError` when the store cannot be reached, read or written.
 */
export interface Store {
  /** The values of these keys at one moment, in the order of the keys; null for a key that is not there. */
  get(table: Table, keys: readonly string[], options?: ReadOptions): Promise<(string | null)[]>;
  /** Entries in the order of their keys (UTF-8 bytes), or backwards. */
  range(table: Table, range: Range, options?: ReadOptions): Promise<Entry[]>;
  count(table: Table, options?: ReadOptions): Promise<number>;
  /**
   * Applies all changes or none. False, and nothing written, where a key's value before the commit is not what `was`
   * says: read again and try again. `durable` returns only when the change would survive a power cut.
   */
  commit(changes: readonly Change[], options?: { readonly durable?: boolean }): Promise<boolean>;
  close(): Promise<void>;
}

export interface ReadOptions {
  /** How long to wait for a locked store before StoreError; as long as a write waits, if not said. */
  readonly withinMilliseconds?: number;
}

/** For reads that clients wait for, and that decide nothing about a send. */
export const QUICK: ReadOptions = { withinMilliseconds: 200 };

/** The collections; each module on top owns some and touches no others. */
export type Table =
  | "contact-by-number"
  | "number-by-contact"
  | "forgotten-contact"
  | "version"
  | "attempt"
  | "event"
  | "event-index"
  | "event-count"
  | "event-repeat"
  | "event-state"
  | "opt-out";

export interface Range {
  /** Only keys that begin with this. */
  readonly prefix?: string;
  /** Only keys behind this one, itself left out. */
  readonly after?: string;
  /** Only keys before this one, itself left out. */
  readonly before?: string;
  readonly limit: number;
  readonly reverse?: boolean;
}

export interface Entry {
  readonly key: string;
  readonly value: string;
}

export interface Change {
  readonly table: Table;
  readonly key: string;
  /** What the key must hold for the commit to happen: null for "nothing", left out for "whatever". */
  readonly was?: string | null;
  /** What the key holds afterwards; null removes it. */
  readonly becomes: string | null;
}
