import { type Answer, json, Refusal } from "./exchange.ts";
import type { Collection } from "./world.ts";

/** The query and the JSON body, merged as Rails merges them (docs/platforms.md T-2). */
export type Params = Readonly<Record<string, unknown>>;

/** Carries out one call. Throws a `Refusal` if a check fails. */
export type TextizenHandler = (call: { readonly id: string; readonly params: Params }) => Answer;

/** What Rails answers in production to a request that asks for JSON. */
export function notFound(): Refusal {
  return new Refusal(json(404, { status: 404, error: "Not Found" }));
}

/** 422 as Rails says it: `{"name":["can't be blank"]}`. */
export function invalid(field: string, problem: string): Refusal {
  return new Refusal(json(422, { [field]: [problem] }));
}

/** The row that an id in a path or a parameter names. Throws a 404 if there is none. */
export function requireRow<Row extends { readonly id: number }>(rows: Collection<Row>, id: unknown): Row {
  const row = rows.get(readInteger(id) ?? Number.NaN);
  if (row === undefined) {
    throw notFound();
  }
  return row;
}

/** What is inside a wrapper such as `{"group":{…}}`; nothing if there is no wrapper. */
export function unwrap(params: Params, noun: string): Params {
  const inside = params[noun];
  return typeof inside === "object" && inside !== null && !Array.isArray(inside) ? (inside as Params) : {};
}

/** An integer, or its digits as text: the document's examples contain both (docs/platforms.md T-8). */
export function readInteger(value: unknown): number | null {
  if (typeof value === "number") {
    return Number.isSafeInteger(value) ? value : null;
  }
  return typeof value === "string" && /^[0-9]{1,15}$/.test(value) ? Number(value) : null;
}

export function requireInteger(params: Params, field: string): number {
  const value = params[field];
  if (value === undefined || value === null || value === "") {
    throw invalid(field, "can't be blank");
  }
  const read = readInteger(value);
  if (read === null) {
    throw invalid(field, "is not a number");
  }
  return read;
}

export function requireText(params: Params, field: string): string {
  const text = readText(params, field);
  if (text === null || text.trim() === "") {
    throw invalid(field, "can't be blank");
  }
  return text;
}

/** Text; null if there is none. */
export function readText(params: Params, field: string): string | null {
  const value = params[field] ?? null;
  if (value !== null && typeof value !== "string") {
    throw invalid(field, "is invalid");
  }
  return value;
}

/** A boolean, or its name as text: an example contains "true" (docs/platforms.md T-8). */
export function readBoolean(params: Params, field: string): boolean | null {
  const value = params[field];
  if (value === undefined || value === null || value === "") {
    return null;
  }
  if (["true", "1", "false", "0"].includes(String(value))) {
    return value === true || value === 1 || value === "true" || value === "1";
  }
  throw invalid(field, "is not included in the list");
}

/** A number as Textizen stores it: digits with the country code, without a plus (docs/platforms.md T-16). */
export function requirePhoneNumber(params: Params, field: string): string {
  const number = requireText(params, field).replace(/^\+/, "");
  if (!/^[1-9][0-9]{9,14}$/.test(number)) {
    throw invalid(field, "is invalid");
  }
  return number;
}

const DATE_TIME = /^(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d(?::\d\d(?:\.\d+)?)?)(Z|[+-]\d\d:?\d\d)?$/;

/** A time in UTC. Text without an offset, as in the document's example, is US Eastern time (docs/platforms.md T-17). */
export function requireTime(params: Params, field: string): string {
  const text = requireText(params, field);
  const [, date, time, zone] = DATE_TIME.exec(text) ?? [];
  const naive = `${date}T${time}`;
  const read = new Date(`${naive}${zone ?? easternOffset(new Date(`${naive}Z`))}`);
  if (date === undefined || Number.isNaN(read.getTime())) {
    throw invalid(field, "is invalid");
  }
  return read.toISOString();
}

const EASTERN = new Intl.DateTimeFormat("en-US", { timeZone: "America/New_York", timeZoneName: "longOffset" });

function easternOffset(at: Date): string {
  if (Number.isNaN(at.getTime())) {
    return "Z";
  }
  const name = EASTERN.formatToParts(at).find((part) => part.type === "timeZoneName")?.value ?? "";
  return name.replace("GMT", "");
}
