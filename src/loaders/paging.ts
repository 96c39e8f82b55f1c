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

/** The order of a list; by id, ascending, if absent. */
export interface Order {
  readonly field: OrderField;
  readonly direction: "ASC" | "DESC";
}

/** The sort key of a row: its name (folded; null without one) if the order is by name, then its id. */
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

/** Compares sort keys: rows without a name come last in both directions, equal names are ordered by id. */
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

/** An opaque cursor that contains the sort key, so that adding or removing rows neither skips nor repeats others. */
export function cursorOf(key: SortKey): string {
  const parts = key.field === "ID" ? [key.field, key.id] : [key.field, key.id, key.name];
  return Buffer.from(JSON.stringify(parts)).toString("base64url");
}

/** An opaque cursor of a list whose rows have places that stay theirs. `list`: another one's cursors are refused. */
export function cursorOfPlace(list: string, place: string): string {
  return Buffer.from(JSON.stringify([list, place])).toString("base64url");
}

/** The places of both cursors; null where there is none. Throws InputError. */
export function requirePlaces(list: string, { after, before }: PageArguments) {
  return { after: requirePlace(list, "after", after), before: requirePlace(list, "before", before) };
}

function requirePlace(list: string, argument: string, cursor: string | null | undefined): string | null {
  if (cursor === null || cursor === undefined) {
    return null;
  }
  try {
    const parts: unknown = JSON.parse(Buffer.from(cursor, "base64url").toString());
    if (Array.isArray(parts) && parts[0] === list && typeof parts[1] === "string") {
      return parts[1];
    }
  } catch {
    // Refused below.
  }
  throw new InputError(argument, `${argument} must be a cursor that this list gave.`);
}

/** Throws InputError if the arguments contradict each other or are out of range, or if a cursor is of another order. */
export function requireWindow(args: PageArguments, order: Order): Window {
  return {
    ...requirePageSize(args),
    after: requireCursor("after", args.after ?? null, order.field),
    before: requireCursor("before", args.before ?? null, order.field),
  };
}

/** How many rows to read, and from which end, for lists with any kind of cursor. Throws InputError. */
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
   * The cursors of the page's ends, if rows were left out after the page was cut: an empty page must still say where
   * the next one begins. Default: the cursors of its first and last row.
   */
  readonly startCursor?: string | undefined;
  readonly endCursor?: string | undefined;
}

/** One page of an ordered list as a Relay connection. Parts that are not selected are not computed. */
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
 * Cuts a page out of ordered rows, which are given by their positions. The cost is that of the page and of two binary
 * searches, however long the list is.
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
  const compare = (at: number, than: SortKey) =>
    compareKeys(key(rowAt(positions[at] as number)), than, order.direction);
  const all = positions.length;
  const low = after === null ? 0 : countUntil(all, (at) => compare(at, after) <= 0);
  const high =
    before === null
      ? all
      : Math.max(
          low,
          countUntil(all, (at) => compare(at, before) < 0),
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

/**
 * How many of 0 … count - 1 satisfy a condition that is false for everything after the first that does not satisfy it.
 */
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
