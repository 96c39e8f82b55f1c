import { PlatformError } from "../errors.ts";
import { type Id, type IdType, parseId, platformId } from "../ids.ts";
import type { Rows } from "../rest/calls.ts";
import { FieldReader, isJsonObject, type JsonObject } from "../rest/decode.ts";
import { forEachInSlices } from "../rest/slices.ts";
import type { Answer } from "../rest/transport.ts";

/** Reads the values of Textizen's records. */
export const read = new FieldReader("TEXTIZEN");

/**
 * One kind of record: what it is called when an answer wraps it, and how it is read. Textizen documents no answer, so
 * a record may come bare, under its name, or in an envelope, and a list bare, under its plural, or as the only list of
 * an object (ambiguities T-9 to T-11).
 */
export interface RecordKind<Row> {
  readonly singular: string;
  readonly plural: string;
  /** `id` is the platform's own id, as text. */
  readonly decode: (raw: JsonObject, id: string, isDetail: boolean, answer: Answer) => Row;
}

/** Throws PlatformError `shape` where the answer holds no list. Rows without a usable id are left out and counted. */
export async function readList<Row>(kind: RecordKind<Row>, answer: Answer): Promise<Rows<Row>> {
  const list = findList(answer.body, kind.plural, ENVELOPES);
  if (list === null) {
    throw shapeError(`no list of ${kind.plural} in the answer`);
  }
  const rows: Row[] = [];
  await forEachInSlices(list.length, (at) => {
    const item: unknown = list[at];
    const raw = unwrapMember(item, kind.singular);
    const id = raw === null ? null : readPart(raw["id"]);
    if (raw === null || id === null) {
      answer.skippedRows += 1;
    } else {
      rows.push(kind.decode(raw, id, false, answer));
    }
  });
  return { rows, skipped: answer.skippedRows };
}

/**
 * Null where the answer holds another record than was asked for: there is none of that id then. Throws PlatformError
 * `shape` where it holds none at all.
 */
export function readDetail<Row>(kind: RecordKind<Row>, answer: Answer, id: Id<IdType>): Row | null {
  const raw = findRecord(answer.body, kind.singular, ENVELOPES);
  const asked = platformId(id);
  const told = raw?.["id"] === undefined ? asked : readPart(raw["id"]);
  if (raw === null || told === null) {
    throw shapeError(`no ${kind.singular} of the id that was asked for in the answer`);
  }
  return told === asked ? kind.decode(raw, asked, true, answer) : null;
}

/** What a creation gave back, as a row: it need not say everything. Null where that has no id (ambiguities T-12). */
export function readCreated<Row>(kind: RecordKind<Row>, answer: Answer): Row | null {
  const raw = findRecord(answer.body, kind.singular, ENVELOPES);
  const id = raw === null ? null : readPart(raw["id"]);
  return raw === null || id === null ? null : kind.decode(raw, id, false, answer);
}

/** How many objects may stand around what is looked for. */
const ENVELOPES = 2;

/** The object that has an id, or that stands under its own name. */
export function findRecord(body: unknown, singular: string, depth: number): JsonObject | null {
  if (!isJsonObject(body)) {
    return null;
  }
  if (body["id"] !== undefined && body["id"] !== null) {
    return body;
  }
  const named = body[singular];
  if (isJsonObject(named)) {
    return named;
  }
  return depth === 0 ? null : findRecord(envelopedIn(body), singular, depth - 1);
}

function findList(body: unknown, plural: string, depth: number): readonly unknown[] | null {
  if (Array.isArray(body)) {
    return body;
  }
  if (!isJsonObject(body)) {
    return null;
  }
  if (Array.isArray(body[plural])) {
    return body[plural];
  }
  const lists = Object.values(body).filter((value) => Array.isArray(value));
  if (lists.length === 1 && lists[0] !== undefined) {
    return lists[0];
  }
  return depth === 0 ? null : findList(envelopedIn(body), plural, depth - 1);
}

/** What an envelope holds: its `data`, or its only member. Anything looser would take a part of a record for the record. */
function envelopedIn(body: JsonObject): unknown {
  return body["data"] ?? onlyMember(body);
}

function onlyMember(body: JsonObject): unknown {
  let only: unknown;
  let count = 0;
  for (const key in body) {
    if (count === 1) {
      return undefined;
    }
    count += 1;
    only = body[key];
  }
  return only;
}

/** A list's member without the wrapper that it may be in: its kind's name, or any other single key (ambiguities T-20). */
export function unwrapMember(item: unknown, singular: string): JsonObject | null {
  if (!isJsonObject(item)) {
    return null;
  }
  if (item["id"] !== undefined) {
    return item;
  }
  const inner = item[singular] ?? onlyMember(item);
  return isJsonObject(inner) ? inner : item;
}

/** The platform's own id as text, from a number or a text; null where it is no usable id. */
export function readPart(value: unknown): string | null {
  if (typeof value === "number") {
    return Number.isSafeInteger(value) && value >= 0 ? String(value) : null;
  }
  if (typeof value !== "string") {
    return null;
  }
  // Any type whose ids have one part knows what a part may be.
  return parseId("Participant", `participant:${value}`) === null ? null : value;
}

/** The value under the first of two names for one thing; null, rather than undefined, where it is there but empty. */
export function either(value: unknown, other: unknown): unknown {
  return value ?? (other === undefined ? value : other);
}

/** The platform's own id of another record: undefined where no key names one, null where it is empty, false where it is no id. */
export type Reference = string | null | undefined | false;

/** The id under `key`, or in an object that stands under `name`. */
export function readReference(raw: JsonObject, key: string, name: string): Reference {
  const whole = raw[name];
  const value = raw[key] ?? (isJsonObject(whole) ? whole["id"] : raw[key]);
  if (value === undefined) {
    return undefined;
  }
  return value === null || value === "" ? null : (readPart(value) ?? false);
}

export function shapeError(message: string): PlatformError {
  return new PlatformError("TEXTIZEN", "shape", message);
}
