import DataLoader from "dataloader";
import { withinTime } from "../rest/waiting.ts";
import type { Listing } from "./listing.ts";
import { MOST_IN_PLACE_OF_LIST } from "./read-choice.ts";

/** What a record says of itself. */
export interface Detailed {
  readonly id: string;
  readonly isDetail: boolean;
}

export interface ResourceReads<Row extends Detailed> {
  /** The list call, shared by the operation. */
  readonly list: () => Promise<Listing<Row>>;
  /** How long the operation can wait for the list and still read by id in its place, in milliseconds. */
  readonly patience: () => number;
  /** Whether the list is the better way to so many records. */
  readonly prefersList: (records: number) => Promise<boolean>;
  /** Is told how long so many reads by id took together, in milliseconds, if none failed. */
  readonly sawDetails: (records: number, milliseconds: number) => void;
  /** The read by id; null where there is no such record. */
  readonly detail: (id: Row["id"]) => Promise<Row | null>;
}

/**
 * Records that a platform gives as rows of a list and, one by one, as details. What a row holds may come from either;
 * what only a detail holds is asked by `detail`. A row that the list lacks is confirmed by a read of its own before it
 * is said not to exist: nobody promises that a list is whole. Records of a list that fails are read by id, if they are
 * at most 100.
 */
export class Resource<Row extends Detailed> {
  readonly #details: DataLoader<Row["id"], Row | null>;
  readonly #rows: DataLoader<Row["id"], Row | null>;

  constructor(reads: ResourceReads<Row>) {
    this.#details = new DataLoader(async (ids) => {
      const began = performance.now();
      const details = await settle(ids, reads.detail);
      // A failure says nothing of what a read takes.
      if (!details.some((detail) => detail instanceof Error)) {
        reads.sawDetails(ids.length, performance.now() - began);
      }
      return details;
    });
    this.#rows = new DataLoader(async (ids) => {
      const listing = (await reads.prefersList(ids.length)) ? await this.#list(ids.length, reads) : null;
      return settle(ids, async (id) => listing?.get(id) ?? this.detail(id));
    });
  }

  /** The list; null if it fails, or takes too long, and the records can be read by id in its place. */
  async #list(records: number, { list, patience }: ResourceReads<Row>): Promise<Listing<Row> | null> {
    if (records > MOST_IN_PLACE_OF_LIST) {
      return list();
    }
    try {
      return await withinTime(list(), patience());
    } catch {
      return null;
    }
  }

  /** Whatever is cheapest that holds what a row holds. */
  row(id: Row["id"]): Promise<Row | null> {
    return this.#rows.load(id);
  }

  detail(id: Row["id"]): Promise<Row | null> {
    return this.#details.load(id);
  }
}

/** The outcome for each key in order, a failure in its own place: what a DataLoader's batch must give. */
export function settle<Key, Value>(
  keys: readonly Key[],
  load: (key: Key) => Promise<Value>,
): Promise<(Value | Error)[]> {
  return Promise.all(keys.map((key) => load(key).catch((error: unknown) => error as Error)));
}
