import type { Field } from "../errors.ts";
import {
  type ContactId,
  type Id,
  type IdType,
  type PidjGroupId,
  type PidjUserId,
  parseId,
  type SeriesId,
  type SurveyId,
} from "../ids.ts";
import { isJsonObject, type JsonObject, listOf } from "../json.ts";
import type { Answer } from "../rest/answer.ts";
import type { Rows } from "../rest/calls.ts";
import { FieldReader } from "../rest/decode.ts";
import { forEachInSlices } from "../rest/slices.ts";
import type { ContactRecord, PidjGroupRecord, PidjUserRecord, SeriesRecord, SurveyRecord } from "./records.ts";

const read = new FieldReader("PIDJ");
const NOTHING: JsonObject = {};

/** The value if it is an id of this type, else null. */
export function readId<Type extends IdType>(type: Type, value: unknown): Id<Type> | null {
  return typeof value === "string" ? parseId(type, value) : null;
}

/** A boolean in any of its forms; null if the value is none. */
export function readFlag(value: unknown): boolean | null {
  const flag = read.flag(value, "flag", null);
  return typeof flag === "boolean" ? flag : null;
}

/** The list's rows that have an id; rows without one are counted. Null if the value is no list. */
export async function readRows<Type extends IdType, Row>(
  list: unknown,
  type: Type,
  idKey: string,
  decode: (row: JsonObject, id: Id<Type>, answer: Answer) => Row,
  answer: Answer,
): Promise<Rows<Row> | null> {
  // Null is an empty list; a missing key is an error.
  const members = list === null ? [] : listOf(list);
  if (members === null) {
    return null;
  }
  const rows: Row[] = [];
  await forEachInSlices(members.length, (at) => {
    const row: unknown = members[at];
    const record = isJsonObject(row) ? row : NOTHING;
    const id = readId(type, record[idKey]);
    if (id === null) {
      answer.skippedRows += 1;
    } else {
      rows.push(decode(record, id, answer));
    }
  });
  return { rows, skipped: answer.skippedRows };
}

export function decodeContactRow(row: JsonObject, id: ContactId): ContactRecord {
  return decodeContact(row, id, false);
}

/** The id comes from the request: Pidj returns a contact without it (docs/platforms.md P-14). */
export function decodeContactDetail(contact: JsonObject, id: ContactId): ContactRecord {
  return decodeContact(contact, id, true);
}

function decodeContact(contact: JsonObject, id: ContactId, isDetail: boolean): ContactRecord {
  const absent = isDetail ? null : undefined;
  // Every contact has a number, so a detail without the key is unreadable, and not one with a blank number.
  const isUnsaid = isDetail && contact["phone_number"] === undefined;
  const number = isUnsaid ? read.defect("phone_number") : read.phone(contact["phone_number"], "phone_number", absent);
  return {
    id,
    isDetail,
    firstName: read.text(contact["first_name"], "first_name", absent),
    lastName: read.text(contact["last_name"], "last_name", absent),
    businessName: read.text(contact["business_name"], "business_name", absent),
    displayName: read.text(contact["display_name"], "display_name", absent),
    emailAddress: read.text(contact["email_address"], "email_address", absent),
    phoneNumber: number === undefined ? undefined : read.e164(number),
    displayPhoneNumber: number,
    officePhoneNumber: read.text(contact["phone_office"], "phone_office", absent),
    faxNumber: read.text(contact["phone_fax"], "phone_fax", absent),
    timezone: read.text(contact["timezone"], "timezone", absent),
    tags: read.texts(contact["tags"], "tags", absent),
    externalId: read.text(contact["external_id"], "external_id", absent),
  };
}

export function decodeGroup(group: JsonObject, id: PidjGroupId): PidjGroupRecord {
  const number = read.phone(group["phone_number"], "phone_number", null);
  return {
    id,
    name: read.text(group["name"], "name", null),
    phoneNumber: read.e164(number),
    displayPhoneNumber: number,
    color: read.text(group["color"], "color", null),
  };
}

export function decodeSeries(series: JsonObject, id: SeriesId, answer: Answer): SeriesRecord {
  return { id, name: read.text(series["name"], "name", null), groupIds: readGroupIds(series["groups"], answer) };
}

export function decodeSurvey(survey: JsonObject, id: SurveyId): SurveyRecord {
  return { id, name: read.text(survey["name"], "name", null) };
}

/** The id comes from the request: Pidj returns a user without it (docs/platforms.md P-14). */
export function decodeUser(user: JsonObject, id: PidjUserId): PidjUserRecord {
  const number = read.phone(user["phone_number"], "phone_number", null);
  return {
    id,
    isDetail: true,
    username: read.text(user["username"], "username", null),
    firstName: read.text(user["first_name"], "first_name", null),
    lastName: read.text(user["last_name"], "last_name", null),
    businessName: read.text(user["business_name"], "business_name", null),
    displayName: read.text(user["display_name"], "display_name", null),
    emailAddress: read.text(user["email_address"], "email_address", null),
    phoneNumber: read.e164(number),
    displayPhoneNumber: number,
    roles: read.texts(user["roles"], "roles", null),
    tags: read.texts(user["tags"], "tags", null),
    externalId: read.text(user["external_id"], "external_id", null),
  };
}

function readGroupIds(value: unknown, answer: Answer): Field<readonly PidjGroupId[]> {
  const texts = read.texts(value, "groups", null);
  if (!Array.isArray(texts)) {
    return texts as Field<never>;
  }
  const ids: PidjGroupId[] = [];
  for (const text of texts as readonly string[]) {
    const id = parseId("PidjGroup", text);
    if (id === null) {
      answer.skippedRows += 1;
    } else {
      ids.push(id);
    }
  }
  return ids;
}
