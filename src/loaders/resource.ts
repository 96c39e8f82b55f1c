import DataLoader from "dataloader";
import type { Listing } from "./listing.ts";
import type { ReadChoice } from "./read-costs.ts";

/** What a record says of itself. */
export interface Detailed {
  readonly id: string;
  readonly isDetail: boolean;
}

export interface ResourceReads<Row extends Detailed> {
  /** The list call, shared by the operation. */
  readonly list: () => Promise<Listing<Row>>;
  /** True where `list` costs nothing now: it is held already, or on its way for this operation. */
  readonly isListAtHand: () => boolean;
  readonly choice: ReadChoice;
  /** The read by id; null where there is no such record. */
  readonly detail: (id: Row["id"]) => Promise<Row | null>;
}

/**
 * Records that a platform gives as rows of a list and, one by one, as details. What a row holds may come from either;
 * what only a detail holds is asked by `detail`. A row that the list lacks is confirmed by a read of its own before it
 * is said not to exist: nobody promises that a list is whole.
 */
export class Resource<Row extends Detailed> {
  readonly #details: DataLoader<Row["id"], Row | null>;
  readonly #rows: DataLoader<Row["id"], Row | null>;

  constructor(reads: ResourceReads<Row>) {
    const { choice } = reads;
    this.#details = new DataLoader(async (ids) => {
      const began = performance.now();
      const details = await settle(ids, reads.detail);
      // A failure says nothing of what a read takes.
      if (!details.some((detail) => detail instanceof Error)) {
        choice.sawDetails(ids.length, performance.now() - began);
      }
      return details;
    });
    this.#rows = new DataLoader(async (ids) => {
      if (!reads.isListAtHand() && !choice.prefersList(ids.length)) {
        return settle(ids, (id) => this.detail(id));
      }
      const listing = await reads.list();
      return settle(ids, async (id) => listing.get(id) ?? this.detail(id));
    });
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
