/**
 * The store of what neither platform keeps: a flat, ordered, transactional key-value interface, which an embedded file
 * and a server for several replicas can both serve. The modules on top of it (contacts.ts and others) define the
 * meaning of the rows. Every method throws `StoreError` if the store cannot be reached, read or written.
 */
export interface Store {
  /** The values of these keys at one moment, in the order of the keys; null for a missing key. */
  get(table: Table, keys: readonly string[], options?: ReadOptions): Promise<(string | null)[]>;
  /** Entries in the order of their keys (UTF-8 bytes), or backwards. */
  range(table: Table, range: Range, options?: ReadOptions): Promise<Entry[]>;
  count(table: Table, options?: ReadOptions): Promise<number>;
  /**
   * Applies all changes or none. Returns false, and writes nothing, if a key's value is no longer the one in `was`:
   * read again and try again.
   */
  commit(changes: readonly Change[], options?: CommitOptions): Promise<boolean>;
  close(): Promise<void>;
}

export interface CommitOptions {
  /** Returns only when the change would survive a power cut. */
  readonly durable?: boolean;
  /** Told with the commit to all processes that listen to a database. A file tells none. */
  readonly news?: string;
}

export interface ReadOptions {
  /** How long to wait for a locked store before throwing StoreError; default: as long as a write waits. */
  readonly withinMilliseconds?: number;
}

/** For reads that clients wait for and that no send depends on. */
export const QUICK: ReadOptions = { withinMilliseconds: 200 };

/** The tables; each is read and written by one module only. */
export type Table =
  | "contact-by-number"
  | "number-by-contact"
  | "contact-by-word"
  | "forgotten-contact"
  | "version"
  | "attempt"
  | "unknown-attempt"
  | "store-mark"
  | "event"
  | "event-index"
  | "event-count"
  | "event-repeat"
  | "event-state"
  | "outgoing-news"
  | "outgoing-place"
  | "outgoing-refused"
  | "line"
  | "conversation"
  | "conversation-index"
  | "conversation-count"
  | "opt-out"
  | "audit"
  | "audit-key"
  | "answer-shape"
  | "turn"
  | "session"
  | "job"
  | "job-row"
  | "job-due"
  | "job-number"
  | "bucket";

export interface Range {
  /** Only keys that begin with this. */
  readonly prefix?: string;
  /** Only keys after this one. */
  readonly after?: string;
  /** Only keys before this one. */
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
  /** The value that the key must have for the commit: null for none, undefined for any. */
  readonly was?: string | null;
  /** The new value; null removes the key. */
  readonly becomes: string | null;
}
