import type { Context } from "../context.ts";
import { type Field, type PlatformError, valueOrThrow } from "../errors.ts";

/** The value of a record's property; an error in its place is thrown. */
type Readable<Value> = Exclude<Value, PlatformError | undefined> | null;

/**
 * Resolvers for properties that a list's row may lack. A value that the row has is served from it. Otherwise the detail
 * is read, once for all fields of the record. Null if the record no longer exists.
 */
export function detailFields<Row extends { readonly isDetail: boolean }, Key extends keyof Row & string>(
  keys: readonly Key[],
  read: (row: Row, context: Context) => Promise<Row | null>,
): { [K in Key]: (row: Row, args: unknown, context: Context) => Readable<Row[K]> | Promise<Readable<Row[K]>> } {
  const resolvers = keys.map((key) => [
    key,
    (row: Row, _args: unknown, context: Context) =>
      row[key] !== undefined || row.isDetail
        ? valueOrThrow(row[key] as Field<unknown>)
        : read(row, context).then((detail) => valueOrThrow(detail?.[key] as Field<unknown> | undefined)),
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
 * A resolver map must have a resolver for every field of `Type` that its record cannot serve by itself: a missing one
 * is a compile error.
 */
export type Complete<Map, Type, Source> = Map & {
  readonly [K in Exclude<keyof Type, "__typename" | Served<Type, Source>> & keyof Map]-?: NonNullable<Map[K]>;
};
