import { PlatformError } from "../errors.ts";
import { type Id, type IdType, parsePart, platformId } from "../ids.ts";
import { isJsonObject, type JsonObject, listOf } from "../json.ts";
import type { Answer } from "../rest/answer.ts";
import type { Rows } from "../rest/calls.ts";
import { FieldReader } from "../rest/decode.ts";
import { forEachInSlices } from "../rest/slices.ts";

/** Reads the values of Textizen's records. */
export const read = new FieldReader("TEXTIZEN");

/**
 * One kind of record: its names, and how it is decoded. The answers' shapes are not documented: a record may be bare,
 * under its name, or in an envelope; a list may be bare, under its plural name, or the only list of an object
 * (docs/platforms.md T-9 to T-11).
 */
export interface RecordKind<Row> {
  readonly singular: string;
  readonly plural: string;
  /** `id` is the platform's own id, as text. */
  readonly decode: (raw: JsonObject, id: string, isDetail: boolean, answer: Answer) => Row;
}

/** Throws PlatformError `shape` if the answer contains no list. Rows without a usable id are left out and counted. */
export async function readList<Row>(kind: RecordKind<Row>, answer: Answer): Promise<Rows<Row>> {
  const list = findList(answer.body, kind.plural, ENVELOPES);
  if (list === null) {
    throw shapeError(`no list of ${kind.plural} in the answer`);
  }
  const rows: Row[] = [];
  await forEachInSlices(list.length, (at) => {
    const item: unknown = list[at];
    const raw = unwrapMember(item, kind.singular);
    const id = raw === null ? null : parsePart(raw["id"]);
    if (raw === null || id === null) {
      answer.skippedRows += 1;
    } else {
      rows.push(kind.decode(raw, id, false, answer));
    }
  });
  return { rows, skipped: answer.skippedRows };
}

/** Throws PlatformError `shape` if the answer contains no record, or one of another id, which may be anybody's. */
export function readDetail<Row>(kind: RecordKind<Row>, answer: Answer, id: Id<IdType>): Row {
  const raw = findRecord(answer.body, kind.singular, ENVELOPES);
  const asked = platformId(id);
  if (raw === null || (raw["id"] !== undefined && parsePart(raw["id"]) !== asked)) {
    throw shapeError(`no ${kind.singular} of the id that was asked for in the answer`);
  }
  return kind.decode(raw, asked, true, answer);
}

/**
 * The record in the answer to a creation, as a row, since it may be incomplete. Null if it has no id
 * (docs/platforms.md T-12).
 */
export function readCreated<Row>(kind: RecordKind<Row>, answer: Answer): Row | null {
  const raw = findRecord(answer.body, kind.singular, ENVELOPES);
  const id = raw === null ? null : parsePart(raw["id"]);
  return raw === null || id === null ? null : kind.decode(raw, id, false, answer);
}

/** How many objects may be wrapped around a record or a list. */
const ENVELOPES = 2;

/** The object that has an id, or that is under its own name. */
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
  if (isFilledList(body) || Array.isArray(body)) {
    return listOf(body);
  }
  if (!isJsonObject(body)) {
    return null;
  }
  const named = body[plural];
  // Under its own name, `{}` and null are an empty list. Elsewhere they mean nothing.
  const list = named === null ? [] : listOf(named);
  if (list !== null) {
    return list;
  }
  const lists = Object.values(body).filter((value) => Array.isArray(value) || isFilledList(value));
  return lists.length === 1 ? listOf(lists[0]) : depth === 0 ? null : findList(envelopedIn(body), plural, depth - 1);
}

/** PHP's form of a list with gaps. */
function isFilledList(value: unknown): boolean {
  return isJsonObject(value) && (listOf(value)?.length ?? 0) > 0;
}

/**
 * The content of an envelope: its `data`, or its only member. Searching further could take a part of a record for the
 * record.
 */
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

/** A list's member without its wrapper, whose single key may be the kind's name or another (docs/platforms.md T-20). */
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

/** The value under the first of two keys that has one. Null, and not undefined, if a key is there without a value. */
export function firstOf(value: unknown, other: unknown): unknown {
  return value ?? (other === undefined ? value : other);
}

/**
 * The platform's own id of another record: undefined if there is no key for it, null if it is empty, false if it is no
 * id.
 */
export type Reference = string | null | undefined | false;

/** The id under `key`, or in the object under `name`. */
export function readReference(raw: JsonObject, key: string, name: string): Reference {
  const whole = raw[name];
  const value = raw[key] ?? (isJsonObject(whole) ? whole["id"] : raw[key]);
  if (value === undefined) {
    return undefined;
  }
  return value === null || value === "" ? null : (parsePart(value) ?? false);
}

export function shapeError(message: string): PlatformError {
  return new PlatformError("TEXTIZEN", "shape", message);
}
