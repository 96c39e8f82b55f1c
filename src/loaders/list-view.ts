import type { CallRecord, ReadScope, Rows } from "../rest/calls.ts";
import { KeptList, type KeptListOptions, type Served } from "../rest/kept-list.ts";
import { Listing, type RowShape } from "./listing.ts";
import { ReadChoice } from "./read-choice.ts";

/** A list that was served from what is kept, as `extensions.platforms` tells it beside the calls that were made. */
export interface KeptRecord extends Pick<CallRecord, "platform" | "route" | "skippedRows"> {
  readonly kept: true;
  /** Seconds since its read began. */
  readonly ageSeconds: number;
}

/** What all kept lists of a process have in common. */
export type Keeping = Pick<KeptListOptions<unknown>, "versions" | "snapshotMilliseconds">;

interface KeptListingOptions extends Omit<KeptListOptions<unknown>, "read"> {
  /** The list is the better way to any number of its records. */
  readonly isShort?: boolean;
}

/** A list call of a platform, indexed, and kept for all operations. */
export class KeptListing<Row extends { readonly id: string }> extends KeptList<Listing<Row>> {
  /** Whether the list or reads by id are the better way to some of its records. */
  readonly choice: ReadChoice;

  constructor(
    options: KeptListingOptions,
    read: (scope: ReadScope) => Promise<Rows<Row>>,
    shape: RowShape<Row>,
    choose: (list: KeptList<unknown>) => ReadChoice = (list) =>
      new ReadChoice(list, options.versions.now, options.isShort),
  ) {
    const readListing = async (scope: ReadScope) => {
      const { rows, skipped } = await read(scope);
      return Listing.of(rows, shape, skipped);
    };
    super({ ...options, read: readListing });
    this.choice = choose(this);
  }
}

/** One operation's view of the lists: one state of each, however long the operation takes. */
export class ListView {
  readonly #scope: ReadScope;
  readonly #onKept: (list: KeptRecord) => void;
  readonly #seen = new Map<unknown, Promise<unknown>>();

  /** `onKept` is told of each list that was served from what is kept. */
  constructor(scope: ReadScope, onKept: (list: KeptRecord) => void) {
    this.#scope = scope;
    this.#onKept = onKept;
  }

  get<Row extends { readonly id: string }>(list: KeptListing<Row>): Promise<Listing<Row>> {
    let listing = this.#seen.get(list) as Promise<Listing<Row>> | undefined;
    if (listing === undefined) {
      listing = list.get(this.#scope).then((served) => this.#tell(list, served));
      this.#seen.set(list, listing);
    }
    return listing;
  }

  /** True if `get` would wait for no platform call. */
  async isAtHand<Row extends { readonly id: string }>(list: KeptListing<Row>): Promise<boolean> {
    return this.#seen.has(list) || (!this.#scope.isFresh && (await list.isAtHand()));
  }

  #tell<Row extends { readonly id: string }>(
    { platform, route }: KeptListing<Row>,
    { index, age }: Served<Listing<Row>>,
  ): Listing<Row> {
    if (age !== null) {
      const ageSeconds = Math.round(age / 100) / 10;
      this.#onKept({ platform, route, skippedRows: index.skippedRows, kept: true, ageSeconds });
    }
    return index;
  }
}
