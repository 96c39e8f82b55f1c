/** What a webhook was given, by name, whatever it was encoded in: texts from a form or a query, anything from JSON. */
export type Values = Readonly<Record<string, unknown>>;

export function isObject(value: unknown): value is Values {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/**
 * A value as text, outer blanks removed; null where it is absent, null, "", "null" or no single value
 * (docs/platforms.md P-27).
 */
export function readText(value: unknown): string | null {
  if (typeof value !== "string" && typeof value !== "number") {
    return null;
  }
  const text = String(value).trim();
  return text === "" || text === "null" ? null : text;
}

/** Likewise: a query that does not escape the plus of E.164 has a blank in its place when it is decoded. */
export function readNumber(value: unknown): string | null {
  return typeof value === "string" && /^ [1-9][0-9]{6,14}$/.test(value) ? `+${value.slice(1)}` : readText(value);
}

/** Deeper down, values are all alike: nothing that a platform sends is nested so far. */
const MOST_LEVELS = 20;

/**
 * Equal for values that say the same, whatever they are encoded in and in whatever order they came. Outer blanks, and
 * members that are null, blank or "null", say nothing.
 */
export function canonicalText(values: Values): string {
  return JSON.stringify(canonicalOf(values, MOST_LEVELS));
}

function canonicalOf(value: unknown, levels: number): unknown {
  if (levels === 0) {
    return null;
  }
  if (Array.isArray(value)) {
    return value.map((item: unknown) => canonicalOf(item, levels - 1));
  }
  if (isObject(value)) {
    return Object.entries(value)
      .map(([name, member]) => [name, canonicalOf(member, levels - 1)] as const)
      .filter(([, member]) => member !== null)
      .sort(([a], [b]) => (a < b ? -1 : 1));
  }
  const structure = typeof value === "string" ? readStructure(value) : null;
  return structure === null ? readScalar(value) : canonicalOf(structure, levels - 1);
}

function readScalar(value: unknown): string | null {
  return readNumber(typeof value === "boolean" ? String(value) : value);
}

/** In a form, an object or a list is JSON text; null for any other. */
function readStructure(text: string): unknown {
  if (!/^\s*[[{]/.test(text)) {
    return null;
  }
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return null;
  }
}
