import DataLoader from "dataloader";
import { withinTime } from "../rest/waiting.ts";
import type { Listing } from "./listing.ts";
import { MOST_IN_PLACE_OF_LIST } from "./read-choice.ts";

/** Whether a record comes from a list or from a read by id. */
export interface Detailed {
  readonly id: string;
  readonly isDetail: boolean;
}

export interface ResourceReads<Row extends Detailed> {
  /** The list call, shared by the whole operation. */
  readonly list: () => Promise<Listing<Row>>;
  /** Milliseconds that the operation can wait for the list and still have time to read by id. */
  readonly waitMilliseconds: () => number;
  /** Whether the list is cheaper than so many reads by id. */
  readonly prefersList: (records: number) => boolean | Promise<boolean>;
  /** Called with how long so many reads by id took together, in milliseconds, if none failed. */
  readonly recordDetails: (records: number, milliseconds: number) => void;
  /** The read by id; null if there is no such record. */
  readonly detail: (id: Row["id"]) => Promise<Row | null>;
}

/**
 * Records that a platform returns as rows of a list and, one by one, as details. A value that rows have may come from a
 * row or a detail; any other value needs the detail. If the list lacks a record, it is read by id before it is null,
 * because a list may be incomplete. If the list fails, at most 100 records are read by id.
 */
export class Resource<Row extends Detailed> {
  readonly #reads: ResourceReads<Row>;
  readonly #details = new Map<Row["id"], Promise<Row | null>>();
  #rows: DataLoader<Row["id"], Row | null> | null = null;

  constructor(reads: ResourceReads<Row>) {
    this.#reads = reads;
  }

  #readRows(ids: readonly Row["id"][]): Promise<(Row | null | Error)[]> {
    const prefers = this.#reads.prefersList(ids.length);
    return prefers === false ? this.#readDetails(ids) : this.#readList(ids, prefers);
  }

  async #readList(ids: readonly Row["id"][], prefers: boolean | Promise<boolean>): Promise<(Row | null | Error)[]> {
    const listing = (await prefers) ? await this.#list(ids.length) : null;
    return listing === null
      ? this.#readDetails(ids)
      : settle(ids, (id) => Promise.resolve(listing.get(id) ?? this.detail(id)));
  }

  async #readDetails(ids: readonly Row["id"][]): Promise<(Row | null | Error)[]> {
    const began = performance.now();
    const details = await settle(ids, (id) => this.detail(id));
    // The time of a failed read says nothing about reads.
    if (!details.some((detail) => detail instanceof Error)) {
      this.#reads.recordDetails(ids.length, performance.now() - began);
    }
    return details;
  }

  /** The list; null if it fails or takes too long and the records can be read by id. */
  async #list(records: number): Promise<Listing<Row> | null> {
    const { list, waitMilliseconds } = this.#reads;
    if (records > MOST_IN_PLACE_OF_LIST) {
      return list();
    }
    try {
      return await withinTime(list(), waitMilliseconds());
    } catch {
      return null;
    }
  }

  /** The record from the cheapest source that has what a row has. */
  row(id: Row["id"]): Promise<Row | null> {
    this.#rows ??= new DataLoader((ids) => this.#readRows(ids));
    return this.#rows.load(id);
  }

  /** The read by id, made once for all fields that need it. */
  detail(id: Row["id"]): Promise<Row | null> {
    let detail = this.#details.get(id);
    if (detail === undefined) {
      detail = this.#reads.detail(id);
      this.#details.set(id, detail);
    }
    return detail;
  }
}

/** The outcome for each key, in order, with a failure in its key's place, as a DataLoader's batch must return them. */
export function settle<Key, Value>(
  keys: readonly Key[],
  load: (key: Key) => Promise<Value>,
): Promise<(Value | Error)[]> {
  const [only] = keys;
  if (keys.length === 1 && only !== undefined) {
    // Nearly always, and then half the promises will do.
    return load(only).then(
      (value) => [value],
      (error: unknown) => [error as Error],
    );
  }
  return Promise.all(keys.map((key) => load(key).catch((error: unknown) => error as Error)));
}
