import type { ReadScope } from "../rest/calls.ts";

/** What `Write.verify` returns. */
type Verified<Value> = { readonly value: Value } | null;

/** For an update: reads the record, and returns it if it has every value that was asked for. */
export function verifyUpdate<RecordId, Row extends object>(
  read: (id: RecordId, scope: ReadScope) => Promise<Row | null>,
  id: RecordId,
  asked: object,
): (scope: ReadScope) => Promise<Verified<Row>> {
  return async (scope) => {
    const record = await read(id, scope);
    return record !== null && showsAll(record, asked) ? { value: record } : null;
  };
}

/** For a deletion: returns the id if the platform has no such record. */
export function verifyDeletion<RecordId>(
  read: (id: RecordId, scope: ReadScope) => Promise<object | null>,
  id: RecordId,
): (scope: ReadScope) => Promise<Verified<RecordId>> {
  return async (scope) => ((await read(id, scope)) === null ? { value: id } : null);
}

/**
 * False if a value differs or is never returned by the platform, such as a password. An undefined value was not asked
 * for.
 */
function showsAll(record: object, asked: object): boolean {
  const shown = new Map<string, unknown>(Object.entries(record));
  return Object.entries(asked).every(
    ([name, value]) => value === undefined || (shown.has(name) && isSame(shown.get(name), value)),
  );
}

function isSame(shown: unknown, asked: unknown): boolean {
  if (shown instanceof Error) {
    return false;
  }
  return normalise(shown) === normalise(asked);
}

/**
 * Compares without regard to outer blanks, the order of a list, and whether a value is null or an empty list or text.
 */
function normalise(value: unknown): string {
  if (Array.isArray(value)) {
    return value.map(normalise).toSorted().join("\n");
  }
  return value instanceof Date ? value.toISOString() : String(value ?? "").trim();
}
