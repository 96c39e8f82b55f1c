import { isJsonObject, type JsonObject, listOf, parseJson, textOf } from "../json.ts";

/** The values of a webhook request by name, in any encoding: texts from a form or a query, any type from JSON. */
export type Values = JsonObject;

/**
 * A value as text without outer blanks; null if it is absent, null, "", "null" or no single value
 * (docs/platforms.md P-27).
 */
export function readText(value: unknown): string | null {
  // The byte order mark counts as a blank.
  const text = textOf(value)?.trim() ?? "";
  return text === "" || text === "null" ? null : text;
}

/** A number as text. If a query does not escape the plus of E.164, it is decoded as a blank. */
export function readNumber(value: unknown): string | null {
  return typeof value === "string" && /^ [1-9][0-9]{6,14}$/.test(value) ? `+${value.slice(1)}` : readText(value);
}

/** Deeper values are not compared; no platform sends values so deep. */
const MOST_LEVELS = 20;

/**
 * Equal for values with the same content, whatever their encoding and order. Outer blanks, and members that are null,
 * blank or "null", are ignored.
 */
export function canonicalText(values: Values): string {
  return JSON.stringify(canonicalOf(values, MOST_LEVELS));
}

function canonicalOf(value: unknown, levels: number): unknown {
  if (levels === 0) {
    return null;
  }
  const list = listOf(value);
  if (list !== null) {
    return list.map((item) => canonicalOf(item, levels - 1));
  }
  if (isJsonObject(value)) {
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

/** The value of an object or list that a form contains as JSON text; null for other text. */
function readStructure(text: string): unknown {
  return /^\s*[[{]/.test(text) ? (parseJson(text.trim()) ?? null) : null;
}
