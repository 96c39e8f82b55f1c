import { LRUCache } from "lru-cache";
import { type Field, InputError, valueOrNull } from "../errors.ts";
import { compareIds } from "../ids.ts";
import { foldName } from "../names.ts";
import type { E164 } from "../phone.ts";
import { forEachInSlices, sortInSlices } from "../rest/slices.ts";
import { type Condition, conditionsOf, type FilterShape, type FilterValues, meets, saysIt } from "./list-filters.ts";
import { ListSearch } from "./list-search.ts";
import {
  cutPage,
  DEFAULT_ORDER,
  type Order,
  type OrderField,
  type Page,
  type PageArguments,
  requireWindow,
  type SortKey,
} from "./paging.ts";

/** How to read names, numbers and parents off the rows of a list. Parts that a list does not need are left out. */
export interface RowShape<Row> {
  readonly nameOf?: (row: Row) => Field<string> | undefined;
  readonly numberOf?: (row: Row) => E164 | null;
  /** Ids of the records that the row belongs to, such as a poll's campaign; null if the row does not say. */
  readonly parentsOf?: (row: Row) => readonly string[] | null;
  readonly filters?: Readonly<Record<string, FilterShape<Row>>>;
}

export function nameOf(row: { readonly name?: Field<string> | undefined }): Field<string> | undefined {
  return row.name;
}

export function numberOf(row: { readonly phoneNumber?: Field<E164> | undefined }): E164 | null {
  return valueOrNull(row.phoneNumber);
}

export const NAME_FILTER = { name: { by: "part", valueOf: nameOf } } as const;

/** What a client asks of a list. Null and undefined in `filter` are ignored. */
export interface ListArguments extends PageArguments {
  readonly orderBy?: Order | null;
  readonly filter?: FilterValues;
}

/** The positions of a key's rows: a number if there is one row, so that most keys need no array. */
type Positions = number | number[];

const FILTERS_KEPT = 32;

/**
 * A list with its indexes. All operations that share the list use the same indexes for look-ups, orders, filters and
 * pages; each index is built in slices when it is first needed. Rows are never copied.
 */
export class Listing<Row extends { readonly id: string }> {
  readonly rows: readonly Row[];
  /** Number of rows of the platform's answer that are left out, because they have no usable id. */
  readonly skippedRows: number;
  readonly search: ListSearch<Row>;
  readonly #shape: RowShape<Row>;
  readonly #byId: ReadonlyMap<string, number>;
  #names: Promise<readonly (string | null)[]> | null = null;
  #byName: Promise<ReadonlyMap<string, Positions>> | null = null;
  #byNumber: Promise<ReadonlyMap<string, Positions>> | null = null;
  #byParent: Promise<ReadonlyMap<string, Positions>> | null = null;
  readonly #orders = new Map<string, Promise<Uint32Array>>();
  #filtered: LRUCache<string, Promise<Uint32Array>> | null = null;

  private constructor(
    rows: readonly Row[],
    byId: ReadonlyMap<string, number>,
    shape: RowShape<Row>,
    skippedRows: number,
  ) {
    this.rows = rows;
    this.skippedRows = skippedRows;
    this.#byId = byId;
    this.#shape = shape;
    this.search = new ListSearch(rows, shape);
  }

  static async of<Row extends { readonly id: string }>(
    rows: readonly Row[],
    shape: RowShape<Row>,
    skippedRows = 0,
  ): Promise<Listing<Row>> {
    const byId = new Map<string, number>();
    const own: Row[] = [];
    await forEachInSlices(rows.length, (at) => {
      const row = rows[at] as Row;
      const earlier = byId.get(row.id);
      // If a platform lists a row twice, the last one counts.
      if (earlier === undefined) {
        byId.set(row.id, own.push(row) - 1);
      } else {
        own[earlier] = row;
      }
    });
    return new Listing(own, byId, shape, skippedRows);
  }

  get(id: string): Row | null {
    const at = this.#byId.get(id);
    return at === undefined ? null : this.#row(at);
  }

  /** The row with this name, as `foldName` compares names; null if there is none or several. */
  async onlyNamed(name: Field<string> | undefined): Promise<Row | null> {
    if (typeof name !== "string") {
      return null;
    }
    this.#byName ??= this.#foldedNames().then((names) => this.#group((at) => names[at] ?? null));
    return this.#only((await this.#byName).get(foldName(name)));
  }

  /** The row with this number; null if there is none or several, because a shared number does not identify anybody. */
  async onlyNumbered(number: E164): Promise<Row | null> {
    this.#byNumber ??= this.#group((at) => this.#shape.numberOf?.(this.#row(at)) ?? null);
    return this.#only((await this.#byNumber).get(number));
  }

  /** The rows that belong to this parent; null if there are rows and none says what it belongs to. */
  async under(parent: string): Promise<readonly Row[] | null> {
    const parentsOf = (at: number) => this.#shape.parentsOf?.(this.#row(at)) ?? null;
    this.#byParent ??= this.#group(parentsOf);
    const byParent = await this.#byParent;
    if (byParent.size === 0 && this.rows.length > 0 && this.rows.every((_row, at) => parentsOf(at) === null)) {
      return null;
    }
    return [byParent.get(parent) ?? []].flat().map((at) => this.#row(at));
  }

  /**
   * A page of the rows that meet all filters, in order. Throws InputError for a filter or order that the rows do not
   * support.
   */
  async page(args: ListArguments): Promise<Page<Row>> {
    const order = args.orderBy ?? DEFAULT_ORDER;
    const window = requireWindow(args, order);
    const conditions = conditionsOf(this.#shape.filters, args.filter);
    const positions = await (conditions.length === 0 ? this.#ordered(order) : this.#filter(order, conditions));
    return cutPage(positions, (at) => this.#row(at), window, order, this.#keyOf);
  }

  #row(at: number): Row {
    return this.rows[at] as Row;
  }

  #only(found: Positions | undefined): Row | null {
    return typeof found === "number" ? this.#row(found) : null;
  }

  #foldedNames(): Promise<readonly (string | null)[]> {
    this.#names ??= (async () => {
      const names: (string | null)[] = [];
      await forEachInSlices(this.rows.length, (at) => names.push(this.#foldedName(this.#row(at))));
      return names;
    })();
    return this.#names;
  }

  async #group(keysOf: (at: number) => string | readonly string[] | null): Promise<ReadonlyMap<string, Positions>> {
    const groups = new Map<string, Positions>();
    const add = (key: string, at: number) => {
      const found = groups.get(key);
      if (found === undefined) {
        groups.set(key, at);
      } else if (typeof found === "number") {
        groups.set(key, [found, at]);
      } else {
        found.push(at);
      }
    };
    await forEachInSlices(this.rows.length, (at) => {
      const keys = keysOf(at);
      if (typeof keys === "string") {
        add(keys, at);
      } else {
        for (const key of keys ?? []) {
          add(key, at);
        }
      }
    });
    return groups;
  }

  #ordered(order: Order): Promise<Uint32Array> {
    const name = `${order.field} ${order.direction}`;
    let positions = this.#orders.get(name);
    if (positions === undefined) {
      positions = this.#sort(order);
      this.#orders.set(name, positions);
    }
    return positions;
  }

  async #sort(order: Order): Promise<Uint32Array> {
    const names = order.field === "NAME" ? await this.#foldedNames() : null;
    const ranks = new Float64Array(this.rows.length);
    const positions = new Uint32Array(this.rows.length);
    await forEachInSlices(this.rows.length, (at) => {
      positions[at] = at;
      ranks[at] = idRank(this.#row(at).id);
    });
    const turn = order.direction === "ASC" ? 1 : -1;
    // The same order as compareKeys, with keys that are made once.
    return await sortInSlices(positions, (a, b) => {
      const left = names?.[a] ?? null;
      const right = names?.[b] ?? null;
      if (left !== right) {
        return left === null ? 1 : right === null ? -1 : left < right ? -turn : turn;
      }
      const difference = (ranks[a] as number) - (ranks[b] as number);
      return (Number.isNaN(difference) ? compareIds(this.#row(a).id, this.#row(b).id) : difference) * turn;
    });
  }

  #filter(order: Order, conditions: readonly Condition<Row>[]): Promise<Uint32Array> {
    const key = JSON.stringify([order, conditions.map(({ name, wanted }) => [name, wanted])]);
    this.#filtered ??= new LRUCache({ max: FILTERS_KEPT });
    let positions = this.#filtered.get(key);
    if (positions === undefined) {
      positions = this.#select(order, conditions);
      this.#filtered.set(key, positions);
    }
    return positions;
  }

  async #select(order: Order, conditions: readonly Condition<Row>[]): Promise<Uint32Array> {
    for (const { name, filter } of conditions) {
      // An empty page would look like "no match" although no row has the value, so this is an error.
      if (this.rows.length > 0 && !this.rows.some((row) => saysIt(row, filter))) {
        throw new InputError(name, `The filter ${name} cannot be used: no row of the platform's list says it.`);
      }
    }
    const ordered = await this.#ordered(order);
    const selected: number[] = [];
    await forEachInSlices(ordered.length, (at) => {
      const position = ordered[at] as number;
      const row = this.#row(position);
      if (conditions.every((condition) => meets(row, condition))) {
        selected.push(position);
      }
    });
    return Uint32Array.from(selected);
  }

  readonly #keyOf = (row: Row, field: OrderField): SortKey => ({
    field,
    name: field === "NAME" ? this.#foldedName(row) : null,
    id: row.id,
  });

  #foldedName(row: Row): string | null {
    const name = this.#shape.nameOf?.(row);
    return typeof name === "string" ? foldName(name) : null;
  }
}

/** A number that orders ids as compareIds does, NaN for an id that is no plain integer. */
function idRank(id: string): number {
  const tail = id.slice(id.indexOf(":") + 1);
  return /^[1-9][0-9]{0,14}$/.test(tail) ? Number(tail) : Number.NaN;
}
