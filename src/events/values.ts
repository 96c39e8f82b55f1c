/** What a webhook was given, by name, whatever it was encoded in: texts from a form or a query, anything from JSON. */
export type Values = Readonly<Record<string, unknown>>;

export function isObject(value: unknown): value is Values {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** A value as text, outer blanks removed; null where it is absent, null, "", "null" or no single value (ambiguities P-27). */
export function readText(value: unknown): string | null {
  if (typeof value !== "string" && typeof value !== "number") {
    return null;
  }
  const text = String(value).trim();
  return text === "" || text === "null" ? null : text;
}

/** Equal for values that say the same, in whatever order they came, absent ones left out. */
export function canonicalText(values: Values): string {
  const said = Object.entries(values).filter(([, value]) => value !== undefined && value !== null && value !== "");
  return JSON.stringify(said.sort(([a], [b]) => (a < b ? -1 : 1)));
}
