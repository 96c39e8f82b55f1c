import { type Field, InputError } from "../errors.ts";
import type { E164 } from "../phone.ts";
import {
  compareKeys,
  cutPage,
  DEFAULT_ORDER,
  foldName,
  needWindow,
  type Order,
  type OrderField,
  type Page,
  type PageArguments,
  type SortKey,
} from "./paging.ts";

/** One thing that a list can be filtered by. */
export interface FilterShape<Row> {
  readonly valueOf: (row: Row) => Field<string | boolean> | undefined;
  /** `part`: the value holds the wanted text, letter case ignored. `equal`: it is what is wanted. */
  readonly by: "part" | "equal";
}

/** How the rows of one list are named and numbered; what a list has no use for is left out. */
export interface RowShape<Row> {
  readonly nameOf?: (row: Row) => Field<string> | undefined;
  readonly numberOf?: (row: Row) => E164 | null;
  /** Any further key by which rows are looked up together: a poll's campaign, for example. */
  readonly parentsOf?: (row: Row) => readonly string[];
  readonly filters?: Readonly<Record<string, FilterShape<Row>>>;
}

export function nameOf(row: { readonly name: Field<string> }): Field<string> {
  return row.name;
}

export function numberOf(row: { readonly phoneNumber?: E164 | null | undefined }): E164 | null {
  return row.phoneNumber ?? null;
}

export const NAME_FILTER = { name: { by: "part", valueOf: nameOf } } as const;

/** What a client asks of the rows, by filter name; null and undefined ask nothing. */
export type FilterValues = Readonly<Record<string, string | boolean | null | undefined>>;

interface Condition<Row> {
  readonly name: string;
  readonly wanted: string | boolean;
  readonly filter: FilterShape<Row>;
}

const FILTERS_KEPT = 32;

/**
 * A list read, indexed: every lookup, order, filter and page of all operations that share it works on these indexes,
 * each made once, when it is first asked for. Rows are never copied.
 */
export class Listing<Row extends { readonly id: string }> {
  readonly rows: readonly Row[];
  readonly #shape: RowShape<Row>;
  readonly #byId: ReadonlyMap<string, Row>;
  #byName: ReadonlyMap<string, readonly Row[]> | null = null;
  #byNumber: ReadonlyMap<string, readonly Row[]> | null = null;
  #byParent: ReadonlyMap<string, readonly Row[]> | null = null;
  readonly #orders = new Map<string, readonly Row[]>();
  readonly #filtered = new Map<string, readonly Row[]>();

  constructor(rows: readonly Row[], shape: RowShape<Row>) {
    this.#byId = new Map(rows.map((row) => [row.id, row]));
    // A platform that lists a row twice has one of it: the last said.
    this.rows = this.#byId.size === rows.length ? rows : [...this.#byId.values()];
    this.#shape = shape;
  }

  get(id: string): Row | null {
    return this.#byId.get(id) ?? null;
  }

  /** All rows of this name, letter case and outer blanks ignored. */
  named(name: string): readonly Row[] {
    this.#byName ??= groupRows(this.rows, (row) => {
      const folded = this.#foldedName(row);
      return folded === null ? [] : [folded];
    });
    return this.#byName.get(foldName(name)) ?? [];
  }

  /** The one row of this name, null where there is none or several. */
  onlyNamed(name: Field<string> | undefined): Row | null {
    return typeof name === "string" ? only(this.named(name)) : null;
  }

  /** The one row with this number, null where there is none or several: a shared number says nothing about who it is. */
  onlyNumbered(number: E164): Row | null {
    const { numberOf } = this.#shape;
    this.#byNumber ??= groupRows(this.rows, (row) => {
      const own = numberOf?.(row) ?? null;
      return own === null ? [] : [own];
    });
    return only(this.#byNumber.get(number) ?? []);
  }

  /** The rows that name this parent. */
  under(parent: string): readonly Row[] {
    const { parentsOf } = this.#shape;
    this.#byParent ??= groupRows(this.rows, (row) => parentsOf?.(row) ?? []);
    return this.#byParent.get(parent) ?? [];
  }

  /** True where at least one row names a parent: false means that the platform does not say. */
  get hasParents(): boolean {
    return this.rows.some((row) => (this.#shape.parentsOf?.(row).length ?? 0) > 0);
  }

  /** A page of the rows that meet all filters, in order. Throws InputError for what it cannot do. */
  page(args: PageArguments, orderBy?: Order | null, filters?: FilterValues | null): Page<Row> {
    const order = orderBy ?? DEFAULT_ORDER;
    const window = needWindow(args, order);
    const conditions = this.#conditions(filters ?? {});
    const rows = conditions.length === 0 ? this.#ordered(order) : this.#filter(order, conditions);
    return cutPage(rows, window, order, this.#keyOf);
  }

  #ordered(order: Order): readonly Row[] {
    const name = `${order.field} ${order.direction}`;
    let rows = this.#orders.get(name);
    if (rows === undefined) {
      rows = this.rows
        .map((row) => ({ row, key: this.#keyOf(row, order.field) }))
        .sort((a, b) => compareKeys(a.key, b.key, order.direction))
        .map(({ row }) => row);
      this.#orders.set(name, rows);
    }
    return rows;
  }

  #conditions(filters: FilterValues): Condition<Row>[] {
    return Object.entries(this.#shape.filters ?? {}).flatMap(([name, filter]) => {
      const value = filters[name] ?? null;
      const wanted = filter.by === "part" && typeof value === "string" ? foldName(value) : value;
      return wanted === null || (filter.by === "part" && wanted === "") ? [] : [{ name, wanted, filter }];
    });
  }

  #filter(order: Order, conditions: readonly Condition<Row>[]): readonly Row[] {
    const key = JSON.stringify([order, conditions.map(({ name, wanted }) => [name, wanted])]);
    let rows = this.#filtered.get(key);
    if (rows === undefined) {
      for (const { name, filter } of conditions) {
        // No match and no answer look alike, so what no row says is not silently "no match".
        if (this.rows.length > 0 && !this.rows.some((row) => isSaid(filter.valueOf(row)))) {
          throw new InputError(name, `The filter ${name} cannot be used: no row of the platform's list says it.`);
        }
      }
      rows = this.#ordered(order).filter((row) => conditions.every((condition) => meets(row, condition)));
      if (this.#filtered.size >= FILTERS_KEPT) {
        this.#filtered.clear();
      }
      this.#filtered.set(key, rows);
    }
    return rows;
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

function isSaid<Value>(value: Field<Value> | undefined): value is Value {
  return value !== null && value !== undefined && !(value instanceof Error);
}

function meets<Row>(row: Row, { wanted, filter }: Condition<Row>): boolean {
  const value = filter.valueOf(row);
  if (!isSaid(value)) {
    return false;
  }
  return filter.by === "equal" ? value === wanted : foldName(String(value)).includes(String(wanted));
}

function only<Row>(rows: readonly Row[]): Row | null {
  return rows.length === 1 ? (rows[0] ?? null) : null;
}

function groupRows<Row>(rows: readonly Row[], keysOf: (row: Row) => readonly string[]): Map<string, Row[]> {
  const groups = new Map<string, Row[]>();
  for (const row of rows) {
    for (const key of keysOf(row)) {
      const group = groups.get(key);
      if (group === undefined) {
        groups.set(key, [row]);
      } else {
        group.push(row);
      }
    }
  }
  return groups;
}
