import { InputError } from "../errors.ts";
import { compareIds } from "../ids.ts";

/** The four Relay paging arguments, as a client sends them. */
export interface PageArguments {
  readonly first?: number | null;
  readonly after?: string | null;
  readonly last?: number | null;
  readonly before?: string | null;
}

export type OrderField = "ID" | "NAME";

/** How a list is ordered; by id, ascending, if not said. */
export interface Order {
  readonly field: OrderField;
  readonly direction: "ASC" | "DESC";
}

/** What places a row in an order: its name (folded, null without one) where names order, then its id. */
export interface SortKey {
  readonly field: OrderField;
  readonly name: string | null;
  readonly id: string;
}

/** Checked paging arguments. */
export interface Window {
  readonly count: number;
  readonly backwards: boolean;
  readonly after: SortKey | null;
  readonly before: SortKey | null;
}

export const DEFAULT_ORDER: Order = { field: "ID", direction: "ASC" };
const DEFAULT_COUNT = 20;
const MOST_ROWS = 100;

/** The order itself: names without value last in both directions, equal names by id. */
export function compareKeys(a: SortKey, b: SortKey, direction: Order["direction"]): number {
  const turn = direction === "ASC" ? 1 : -1;
  if (a.field === "NAME" && a.name !== b.name) {
    if (a.name === null || b.name === null) {
      return a.name === null ? 1 : -1;
    }
    return a.name < b.name ? -turn : turn;
  }
  return compareIds(a.id, b.id) * turn;
}

/** An opaque cursor that holds the sort key, so that rows that come or go neither skip nor repeat others. */
export function cursorOf(key: SortKey): string {
  const parts = key.field === "ID" ? [key.field, key.id] : [key.field, key.id, key.name];
  return Buffer.from(JSON.stringify(parts)).toString("base64url");
}

/** Throws InputError where the arguments contradict each other, are out of range, or a cursor is of another order. */
export function requireWindow(args: PageArguments, order: Order): Window {
  return {
    ...requirePageSize(args),
    after: requireCursor("after", args.after ?? null, order.field),
    before: requireCursor("before", args.before ?? null, order.field),
  };
}

/** How many rows are asked for, and from which end; whatever the list's cursors look like. Throws InputError. */
export function requirePageSize({ first = null, last = null }: PageArguments): Pick<Window, "count" | "backwards"> {
  if (first !== null && last !== null) {
    throw new InputError("last", "Give first or last, not both.");
  }
  requireCount("first", first);
  requireCount("last", last);
  return { count: last ?? first ?? DEFAULT_COUNT, backwards: last !== null };
}

function requireCount(argument: string, count: number | null): void {
  if (count !== null && (count < 0 || count > MOST_ROWS)) {
    throw new InputError(argument, `${argument} must be 0 to ${MOST_ROWS}.`);
  }
}

function requireCursor(argument: string, cursor: string | null, field: OrderField): SortKey | null {
  if (cursor === null) {
    return null;
  }
  const key = parseCursor(cursor);
  if (key === null) {
    throw new InputError(argument, `${argument} must be a cursor that this list gave.`);
  }
  if (key.field !== field) {
    throw new InputError(argument, `${argument} is a cursor of another order: page on with the orderBy it came from.`);
  }
  return key;
}

function parseCursor(cursor: string): SortKey | null {
  let parts: unknown;
  try {
    parts = JSON.parse(Buffer.from(cursor, "base64url").toString());
  } catch {
    return null;
  }
  if (!Array.isArray(parts)) {
    return null;
  }
  const [field, id, name = null]: unknown[] = parts;
  if ((field !== "ID" && field !== "NAME") || typeof id !== "string" || !(name === null || typeof name === "string")) {
    return null;
  }
  return { field, id, name };
}

interface Edge<Row> {
  readonly cursor: string;
  readonly node: Row;
}

interface PageDetails<Row> {
  readonly totalCount: number;
  readonly hasNextPage: boolean;
  readonly hasPreviousPage: boolean;
  readonly cursorOf: (row: Row) => string;
  /**
   * Where the page begins and ends, if rows were left out after it was cut: a page of which no row is left must still
   * say where to go on. By default these are the cursors of its first and last row.
   */
  readonly startCursor?: string | undefined;
  readonly endCursor?: string | undefined;
}

/** One page of an ordered list, in the shape of a Relay connection; what is not asked for is not computed. */
export class Page<Row> {
  readonly nodes: readonly Row[];
  readonly totalCount: number;
  readonly #details: PageDetails<Row>;

  constructor(nodes: readonly Row[], details: PageDetails<Row>) {
    this.nodes = nodes;
    this.totalCount = details.totalCount;
    this.#details = details;
  }

  get edges(): Edge<Row>[] {
    return this.nodes.map((node) => ({ cursor: this.#details.cursorOf(node), node }));
  }

  get pageInfo() {
    const { hasNextPage, hasPreviousPage, startCursor, endCursor } = this.#details;
    return {
      hasNextPage,
      hasPreviousPage,
      startCursor: startCursor ?? this.#cursorAt(0),
      endCursor: endCursor ?? this.#cursorAt(-1),
    };
  }

  #cursorAt(position: 0 | -1): string | null {
    const row = this.nodes.at(position);
    return row === undefined ? null : this.#details.cursorOf(row);
  }
}

/**
 * Cuts a page out of rows that are in order already, given by their positions. Costs the page and two binary searches,
 * whatever the list's length.
 */
export function cutPage<Row>(
  positions: Uint32Array,
  rowAt: (position: number) => Row,
  window: Window,
  order: Order,
  keyOf: (row: Row, field: OrderField) => SortKey,
): Page<Row> {
  const { after, before, count } = window;
  const key = (row: Row) => keyOf(row, order.field);
  const place = (at: number, than: SortKey) => compareKeys(key(rowAt(positions[at] as number)), than, order.direction);
  const all = positions.length;
  const low = after === null ? 0 : countUntil(all, (at) => place(at, after) <= 0);
  const high =
    before === null
      ? all
      : Math.max(
          low,
          countUntil(all, (at) => place(at, before) < 0),
        );
  const start = window.backwards ? Math.max(low, high - count) : low;
  const end = window.backwards ? high : Math.min(high, low + count);
  return new Page(Array.from(positions.subarray(start, end), rowAt), {
    totalCount: all,
    hasNextPage: end < all,
    hasPreviousPage: start > 0,
    cursorOf: (row) => cursorOf(key(row)),
  });
}

/** How many of 0 … count - 1 satisfy a condition that nothing behind the first failing one satisfies. */
function countUntil(count: number, holds: (at: number) => boolean): number {
  let low = 0;
  let high = count;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (holds(middle)) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return low;
}
