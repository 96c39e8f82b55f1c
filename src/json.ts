/** A JSON object whose members are not known yet. */
export type JsonObject = Readonly<Record<string, unknown>>;

export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** The value of a JSON text; undefined if it is none. One leading byte order mark is ignored (RFC 8259 §8.1). */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text.startsWith("\ufeff") ? text.slice(1) : text) as unknown;
  } catch {
    return undefined;
  }
}

/**
 * The members of a list; null if the value is no list. PHP writes a list with gaps as an object, `{"0":…,"2":…}`, and
 * an empty one possibly as `{}`; bracketed keys of a form make such objects too.
 */
export function listOf(value: unknown): readonly unknown[] | null {
  if (Array.isArray(value)) {
    return value;
  }
  // Integer keys of an object are in ascending order.
  return isJsonObject(value) && Object.keys(value).every((key) => INDEX.test(key)) ? Object.values(value) : null;
}

const INDEX = /^(?:0|[1-9][0-9]*)$/;

/** A text, or a number as its digits; null for any other value, and for an integer that JSON numbers cannot hold. */
export function textOf(value: unknown): string | null {
  if (typeof value === "number") {
    return Number.isInteger(value) && !Number.isSafeInteger(value) ? null : String(value);
  }
  return typeof value === "string" ? value : null;
}
