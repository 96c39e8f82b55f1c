import type { Context } from "../context.ts";
import { type Field, PlatformError } from "../errors.ts";

/** What a record's property gives to a client once it is known to be readable. */
type Said<Value> = Exclude<Value, PlatformError | undefined> | null;

/** The value; throws the error that stands for one that could not be read, so that it lands at this field's path. */
export function said<Value>(field: Field<Value> | undefined): Value | null {
  if (field instanceof PlatformError) {
    throw field;
  }
  return field ?? null;
}

/**
 * Resolvers for properties that a list's row may leave unsaid: what the row says is served, and only what it does not
 * say is read from the detail (once for all fields of a record). A detail that is gone says nothing.
 */
export function detailFields<Row extends { readonly isDetail: boolean }, Key extends keyof Row & string>(
  keys: readonly Key[],
  read: (row: Row, context: Context) => Promise<Row | null>,
): { [K in Key]: (row: Row, args: unknown, context: Context) => Said<Row[K]> | Promise<Said<Row[K]>> } {
  const resolvers = keys.map((key) => [
    key,
    (row: Row, _args: unknown, context: Context) =>
      row[key] !== undefined || row.isDetail
        ? said(row[key] as Field<unknown>)
        : read(row, context).then((detail) => said(detail?.[key] as Field<unknown> | undefined)),
  ]);
  return Object.fromEntries(resolvers);
}

type Served<Type, Source> = {
  [K in keyof Type & keyof Source]: undefined extends Source[K]
    ? never
    : Exclude<Source[K], PlatformError> extends Type[K]
      ? K
      : never;
}[keyof Type & keyof Source];

/**
 * A resolver map that has a resolver for every field of `Type` that its record cannot serve by itself, so that a field
 * without one is a compile error.
 */
export type Complete<Map, Type, Source> = Map & {
  readonly [K in Exclude<keyof Type, "__typename" | Served<Type, Source>> & keyof Map]-?: NonNullable<Map[K]>;
};
