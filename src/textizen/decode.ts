import { type Field, PlatformError } from "../errors.ts";
import { type Id, makeId, type PartedType, type ParticipantId, type PollId, parsePart } from "../ids.ts";
import { isJsonObject, type JsonObject, listOf, textOf } from "../json.ts";
import { type E164, parseWrittenNumber } from "../phone.ts";
import type { Answer } from "../rest/answer.ts";
import type {
  CampaignRecord,
  MailingRecord,
  ParticipantRecord,
  ParticipantTokenRecord,
  TextizenGroupRecord,
  TextizenGroupReference,
  TextizenUserRecord,
} from "./records.ts";
import type { SendTime } from "./send-time.ts";
import {
  findRecord,
  firstOf,
  type RecordKind,
  type Reference,
  read,
  readReference,
  shapeError,
  unwrapMember,
} from "./shapes.ts";

export const participants: RecordKind<ParticipantRecord> = {
  singular: "participant",
  plural: "participants",
  decode(raw, id, isDetail, answer) {
    const absent = isDetail ? null : undefined;
    const written = firstOf(raw["phone_number"], raw["phone"]);
    // Every participant has a number, so a detail without the key is unreadable, and not one with a blank number.
    const isUnsaid = isDetail && written === undefined;
    const number = isUnsaid ? read.defect("phone_number") : read.phone(written, "phone_number", absent);
    return {
      id: makeId("Participant", id),
      isDetail,
      name: read.text(raw["name"], "name", absent),
      phoneNumber: number === undefined ? undefined : read.e164(number),
      displayPhoneNumber: number,
      isSubscribed: read.flag(firstOf(raw["subscribed"], raw["is_subscribed"]), "subscribed", absent),
      createdAt: read.date(raw["created_at"], "created_at", absent),
      campaignId: reference("Campaign", raw, "campaign_id", "campaign", absent),
      groups: isDetail ? readGroups(firstOf(raw["groups"], raw["group_ids"]), answer) : undefined,
    };
  },
};

export const groups: RecordKind<TextizenGroupRecord> = {
  singular: "group",
  plural: "groups",
  decode(raw, id, isDetail, answer) {
    const absent = isDetail ? null : undefined;
    const members = isDetail ? readMembers(raw, answer) : undefined;
    return {
      id: makeId("TextizenGroup", id),
      isDetail,
      name: read.text(raw["name"], "name", absent),
      createdAt: read.date(raw["created_at"], "created_at", absent),
      participants: members?.whole,
      participantIds: members?.bare,
    };
  },
};

export const campaigns: RecordKind<CampaignRecord> = {
  singular: "campaign",
  plural: "campaigns",
  decode(raw, id, isDetail) {
    const absent = isDetail ? null : undefined;
    return {
      id: makeId("Campaign", id),
      isDetail,
      title: read.text(raw["title"], "title", absent),
      description: read.text(raw["description"], "description", absent),
      infoMessage: read.text(raw["info_message"], "info_message", absent),
      webhookUrl: read.text(raw["webhook_url"], "webhook_url", absent),
      exchange: read.text(raw["exchange"], "exchange", absent),
      organizationId: read.integer(raw["organization_id"], "organization_id", absent),
      createdAt: read.date(raw["created_at"], "created_at", absent),
    };
  },
};

/** `pollId`: the poll whose mailings were read; null if a mailing was read by its own id. */
export function mailingsOf(pollId: PollId | null, sendTime: SendTime): RecordKind<MailingRecord> {
  return {
    singular: "mailing",
    plural: "mailings",
    decode(raw, id, isDetail, answer) {
      const absent = isDetail ? null : undefined;
      return {
        id: makeId("Mailing", id),
        isDetail,
        pollId: reference("Poll", raw, "poll_id", "poll", undefined) ?? pollId,
        sendAt: sendTime.read(raw["send_at"], absent),
        sendAtText: typeof raw["send_at"] === "string" ? raw["send_at"] : null,
        groupIds: readIds("TextizenGroup", "group", firstOf(raw["group_ids"], raw["groups"]), absent, answer),
        recipientNumbers: readNumbers(raw["phone_numbers_list"], absent),
        createdAt: read.date(raw["created_at"], "created_at", absent),
      };
    },
  };
}

/** Throws PlatformError `shape` if the answer contains no user. */
export function decodeUser(answer: Answer): TextizenUserRecord {
  const raw = findRecord(answer.body, "user", 1) ?? answer.body;
  if (!isJsonObject(raw) || !("id" in raw || "email" in raw || "name" in raw)) {
    throw shapeError("no user in the answer");
  }
  const id = parsePart(raw["id"]);
  return {
    id: id === null ? null : makeId("TextizenUser", id),
    emailAddress: read.text(firstOf(raw["email"], raw["email_address"]), "email", null),
    name: read.text(raw["name"], "name", null),
    organizationId: read.integer(raw["organization_id"], "organization_id", null),
  };
}

/**
 * Reads a participant's tokens from one of three shapes: a map, a map under `tokens`, or a list of pairs
 * (docs/platforms.md T-18). A map may contain a token called `tokens`, whose value is text. Throws PlatformError
 * `shape` for other shapes.
 */
export function decodeTokens(answer: Answer): readonly ParticipantTokenRecord[] {
  const { body } = answer;
  const tokens = isJsonObject(body) ? body["tokens"] : undefined;
  // Beside other keys, `tokens: null` is a token of that name without a value.
  const isEmpty = tokens === null && Object.keys(body as object).length === 1;
  const inner = isEmpty ? {} : typeof tokens === "object" && tokens !== null ? tokens : body;
  const list = listOf(inner);
  if (list?.every((item) => typeof item === "object")) {
    return list.flatMap((item) => {
      const pair = isJsonObject(item) && isJsonObject(item["token"]) ? item["token"] : item;
      const key = isJsonObject(pair) ? textOf(pair["key"] ?? pair["name"]) : null;
      if (!isJsonObject(pair) || key === null) {
        answer.skippedRows += 1;
        return [];
      }
      return [{ key, value: tokenValue(pair["value"]) }];
    });
  }
  if (!isJsonObject(inner)) {
    throw shapeError("no tokens in the answer");
  }
  return Object.entries(inner).map(([key, value]) => ({ key, value: tokenValue(value) }));
}

function tokenValue(value: unknown): string | null {
  if (value === undefined || value === null || value === "") {
    return null;
  }
  if (typeof value === "object") {
    throw shapeError("a token's value is not text");
  }
  return String(value);
}

/** The id of another record; `absent` if the record has no key for it. */
export function reference<Type extends PartedType, Absent extends null | undefined>(
  type: Type,
  raw: JsonObject,
  key: string,
  name: string,
  absent: Absent,
): Field<Id<Type>> | Absent {
  return referenceField(type, readReference(raw, key, name), key, absent);
}

export function referenceField<Type extends PartedType, Absent extends null | undefined>(
  type: Type,
  part: Reference,
  key: string,
  absent: Absent,
): Field<Id<Type>> | Absent {
  if (part === undefined) {
    return absent;
  }
  return part === null ? null : part === false ? read.defect(key) : makeId(type, part);
}

/** Ids that are given bare or in objects; other items are left out and counted. */
function readIds<Type extends PartedType>(
  type: Type,
  singular: string,
  value: unknown,
  absent: null | undefined,
  answer: Answer,
): Field<readonly Id<Type>[]> | undefined {
  return read.list(value, `${singular}_ids`, absent, (items) => {
    const ids: Id<Type>[] = [];
    for (const item of items) {
      const part = parsePart(unwrapMember(item, singular)?.["id"] ?? item);
      if (part === null) {
        answer.skippedRows += 1;
      } else {
        ids.push(makeId(type, part));
      }
    }
    return ids;
  });
}

function readGroups(value: unknown, answer: Answer): Field<readonly TextizenGroupReference[]> {
  return read.list(value, "groups", null, (items) => {
    const references: TextizenGroupReference[] = [];
    for (const item of items) {
      const raw = unwrapMember(item, "group");
      const part = parsePart(raw === null ? item : raw["id"]);
      if (part === null) {
        answer.skippedRows += 1;
      } else {
        references.push({
          id: makeId("TextizenGroup", part),
          name: raw === null ? undefined : read.text(raw["name"], "name", undefined),
        });
      }
    }
    return references;
  });
}

interface Members {
  readonly whole: Field<readonly ParticipantRecord[]>;
  readonly bare: Field<readonly ParticipantId[]>;
}

function readMembers(raw: JsonObject, answer: Answer): Members {
  const value = firstOf(raw["participants"], raw["participant_ids"]);
  const whole: ParticipantRecord[] = [];
  const bare: ParticipantId[] = [];
  const decoded = read.list(value, "participants", null, (items) => {
    for (const item of items) {
      const member = unwrapMember(item, "participant");
      const part = parsePart(member === null ? item : member["id"]);
      if (part === null) {
        answer.skippedRows += 1;
      } else if (member === null) {
        bare.push(makeId("Participant", part));
      } else {
        whole.push(participants.decode(member, part, false, answer));
      }
    }
    return { whole, bare };
  });
  return decoded === null || decoded instanceof PlatformError ? { whole: decoded, bare: decoded } : decoded;
}

/** Numbers separated by commas, as in the document's example, or a list of them (docs/platforms.md T-19). */
function readNumbers(value: unknown, absent: null | undefined): Field<readonly (E164 | null)[]> | undefined {
  if (typeof value === "string" && value !== "") {
    return value.split(",").map((number) => parseWrittenNumber(number));
  }
  const items = typeof value === "number" ? [value] : value;
  return read.list(items, "phone_numbers_list", absent, (numbers) =>
    numbers.map((number) => parseWrittenNumber(textOf(number) ?? "")),
  );
}
