import type { Platform } from "../errors.ts";
import type { CallRecord, ReadScope, Rows } from "../rest/calls.ts";
import type { Route } from "../rest/exchange.ts";
import type { KeptDetails } from "../rest/kept-details.ts";
import { KeptList, type KeptListOptions, type Served } from "../rest/kept-list.ts";
import type { DetailWidth } from "./detail-width.ts";
import { Listing, type RowShape } from "./listing.ts";
import { ReadChoice } from "./read-choice.ts";

/** A kept list or record that was served, as `extensions.platforms` shows it beside the calls. */
export interface KeptRecord extends Pick<CallRecord, "platform" | "route" | "skippedRows"> {
  readonly kept: true;
  /** Seconds since its read began. */
  readonly ageSeconds: number;
}

/** Options that all kept lists of a platform share. */
export interface KeptListDefaults
  extends Pick<KeptListOptions<unknown>, "versions" | "snapshotMilliseconds" | "staleMilliseconds"> {
  /** How many records are read by id at once. */
  readonly width: DetailWidth;
}

interface KeptListingOptions extends Omit<KeptListOptions<unknown>, "read"> {
  readonly width: DetailWidth;
  /** True if the list is always cheaper than reads by id. */
  readonly isShort?: boolean;
}

/** A platform's list call, whose result is indexed and kept for all operations. */
export class KeptListing<Row extends { readonly id: string }> extends KeptList<Listing<Row>> {
  /** Chooses between the list and reads by id. */
  readonly choice: ReadChoice;

  constructor(
    options: KeptListingOptions,
    read: (scope: ReadScope) => Promise<Rows<Row>>,
    shape: RowShape<Row>,
    choose: (list: KeptList<unknown>) => ReadChoice = (list) =>
      new ReadChoice(list, options.versions.now, options.isShort, options.width),
  ) {
    const readListing = async (scope: ReadScope) => {
      const { rows, skipped } = await read(scope);
      return Listing.of(rows, shape, skipped);
    };
    super({ ...options, read: readListing });
    this.choice = choose(this);
  }
}

/** The lists as one operation sees them: each in one state, however long the operation takes. */
export class ListView {
  readonly #scope: ReadScope;
  readonly #onKept: (list: KeptRecord) => void;
  readonly #seen = new Map<unknown, Promise<unknown>>();

  /** `onKept` is called with each list that was served without a call. */
  constructor(scope: ReadScope, onKept: (list: KeptRecord) => void) {
    this.#scope = scope;
    this.#onKept = onKept;
  }

  get<Row extends { readonly id: string }>(list: KeptListing<Row>): Promise<Listing<Row>> {
    let listing = this.#seen.get(list) as Promise<Listing<Row>> | undefined;
    if (listing === undefined) {
      listing = list.get(this.#scope).then((served) => this.#reportKept(list, served));
      this.#seen.set(list, listing);
    }
    return listing;
  }

  /** True if `get` would wait for no platform call. */
  isAtHand<Row extends { readonly id: string }>(list: KeptListing<Row>): boolean | Promise<boolean> {
    return this.#seen.has(list) || (!this.#scope.isFresh && list.isAtHand());
  }

  #reportKept<Row extends { readonly id: string }>(
    { platform, route }: KeptListing<Row>,
    { index, age }: Served<Listing<Row>>,
  ): Listing<Row> {
    if (age !== null) {
      this.#onKept({ platform, route, skippedRows: index.skippedRows, kept: true, ageSeconds: toSeconds(age) });
    }
    return index;
  }
}

function toSeconds(milliseconds: number): number {
  return Math.round(milliseconds / 100) / 10;
}

/** The reads by id of one operation and platform: of a kept record, or by the call. */
export type ReadDetail = <Value>(route: Route, id: string, read: () => Promise<Value>) => Promise<Value>;

/** `onKept` is called with each record that was served without a call. */
export function createReadDetail(
  details: KeptDetails,
  platform: Platform,
  scope: ReadScope,
  onKept: (record: KeptRecord) => void,
): ReadDetail {
  return (route, id, read) =>
    details.get({
      platform,
      route,
      id,
      scope,
      read,
      onKept: (age) => onKept({ platform, route, skippedRows: 0, kept: true, ageSeconds: toSeconds(age) }),
    });
}
