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
  readonly prefersList: (records: number) => Promise<boolean>;
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
  readonly #details: DataLoader<Row["id"], Row | null>;
  readonly #rows: DataLoader<Row["id"], Row | null>;

  constructor(reads: ResourceReads<Row>) {
    this.#details = new DataLoader(async (ids) => {
      const began = performance.now();
      const details = await settle(ids, reads.detail);
      // The time of a failed read says nothing about reads.
      if (!details.some((detail) => detail instanceof Error)) {
        reads.recordDetails(ids.length, performance.now() - began);
      }
      return details;
    });
    this.#rows = new DataLoader(async (ids) => {
      const listing = (await reads.prefersList(ids.length)) ? await this.#list(ids.length, reads) : null;
      return settle(ids, async (id) => listing?.get(id) ?? this.detail(id));
    });
  }

  /** The list; null if it fails or takes too long and the records can be read by id. */
  async #list(records: number, { list, waitMilliseconds }: ResourceReads<Row>): Promise<Listing<Row> | null> {
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
    return this.#rows.load(id);
  }

  detail(id: Row["id"]): Promise<Row | null> {
    return this.#details.load(id);
  }
}

/** The outcome for each key, in order, with a failure in its key's place, as a DataLoader's batch must return them. */
export function settle<Key, Value>(
  keys: readonly Key[],
  load: (key: Key) => Promise<Value>,
): Promise<(Value | Error)[]> {
  return Promise.all(keys.map((key) => load(key).catch((error: unknown) => error as Error)));
}
