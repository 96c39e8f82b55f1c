import type { Field } from "../errors.ts";
import { foldName } from "../names.ts";

/** A value that a list can be filtered by. */
export interface FilterShape<Row> {
  readonly valueOf: (row: Row) => Field<string | boolean | Date> | undefined;
  /**
   * `part`: the value contains the wanted text, letter case and Unicode form ignored. `equal`: it is the wanted value.
   * `from`, `until`: the time is that, or later; or earlier.
   */
  readonly by: "part" | "equal" | "from" | "until";
}

/** What a client asks for, by the filters' names. Null and undefined are ignored. */
export type FilterValues = Readonly<Record<string, string | boolean | Date | null | undefined>> | null | undefined;

export interface Condition<Row> {
  readonly name: string;
  readonly wanted: string | boolean | Date;
  readonly filter: FilterShape<Row>;
}

/** The conditions of a client's filter: those of its values that are not ignored. */
export function conditionsOf<Row>(
  filters: Readonly<Record<string, FilterShape<Row>>> = {},
  values: FilterValues,
): Condition<Row>[] {
  return Object.entries(filters).flatMap(([key, filter]) => {
    const value = values?.[key] ?? null;
    const wanted = filter.by === "part" && typeof value === "string" ? foldName(value) : value;
    return wanted === null || (filter.by === "part" && wanted === "")
      ? []
      : [{ name: `filter.${key}`, wanted, filter }];
  });
}

/** Whether the row has a value to compare. */
export function saysIt<Row>(row: Row, filter: FilterShape<Row>): boolean {
  return isSaid(filter.valueOf(row));
}

function isSaid<Value>(value: Field<Value> | undefined): value is Value {
  return value !== null && value !== undefined && !(value instanceof Error);
}

export function meets<Row>(row: Row, { wanted, filter }: Condition<Row>): boolean {
  const value = filter.valueOf(row);
  if (!isSaid(value)) {
    return false;
  }
  switch (filter.by) {
    case "equal":
      return value === wanted;
    case "part":
      return foldName(String(value)).includes(String(wanted));
    case "from":
      return value >= wanted;
    default:
      return value <= wanted;
  }
}
