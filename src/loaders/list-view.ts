import type { Platform } from "../errors.ts";
import type { ReadScope, Rows } from "../rest/calls.ts";
import { endOfScope } from "../rest/exchange.ts";
import { Snapshot, type SnapshotTimes } from "../rest/snapshots.ts";
import { Listing, type RowShape } from "./listing.ts";
import { ALWAYS_LIST, type ReadChoice } from "./read-costs.ts";

/** A list call of a platform, kept and indexed for all operations. */
export class KeptList<Row extends { readonly id: string }> extends Snapshot<Listing<Row>> {
  /** Whether this list or reads by id are the better way to some of its records. */
  readonly choice: ReadChoice;

  constructor(
    read: (scope: ReadScope) => Promise<Rows<Row>>,
    shape: RowShape<Row>,
    times: SnapshotTimes,
    choice: ReadChoice = ALWAYS_LIST,
  ) {
    super(async (scope) => {
      const began = performance.now();
      const listing = await Listing.of((await read(scope)).rows, shape);
      choice.sawList(performance.now() - began);
      return listing;
    }, times);
    this.choice = choice;
  }
}

/** One operation's view of a platform's lists: one state of each, however long the operation takes. */
export class ListView {
  readonly #platform: Platform;
  readonly #scope: ReadScope;
  readonly #fresh: boolean;
  readonly #seen = new Map<unknown, Promise<unknown>>();

  /** `fresh` reads past what is kept. */
  constructor(platform: Platform, scope: ReadScope, fresh: boolean) {
    this.#platform = platform;
    this.#scope = scope;
    this.#fresh = fresh;
  }

  get<Index>(snapshot: Snapshot<Index>): Promise<Index> {
    let index = this.#seen.get(snapshot) as Promise<Index> | undefined;
    if (index === undefined) {
      index = snapshot.get(this.#scope, { fresh: this.#fresh }).catch((error: unknown) => {
        const { signal } = this.#scope;
        throw error === signal.reason ? endOfScope(this.#platform, "a list", signal, false) : error;
      });
      this.#seen.set(snapshot, index);
    }
    return index;
  }

  /** True where `get` would cost this operation no platform call. */
  isAtHand(snapshot: Snapshot<unknown>): boolean {
    return this.#seen.has(snapshot) || (!this.#fresh && snapshot.isFresh);
  }
}
