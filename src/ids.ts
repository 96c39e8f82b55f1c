import { type E164, parseE164 } from "./phone.ts";

declare const brand: unique symbol;

/**
 * What stands before the colon of an id says which type it is. Pidj's ids come with their prefix; Textizen's bare
 * integers get a word in front at the client's door and lose it at the same door on the way out, so that inside this
 * program, as in the graph, one thing has one id.
 */
const prefixes = {
  Contact: "co",
  PidjGroup: "gr",
  Series: "ts",
  Survey: "sv",
  PidjUser: "us",
  PidjTask: "ci",
  Participant: "participant",
  TextizenGroup: "group",
  Campaign: "campaign",
  Poll: "poll",
  PollQuestion: "question",
  PollOption: "option",
  PollResponse: "response",
  Mailing: "mailing",
  TextizenUser: "user",
  Person: "person",
  ReceivedMessage: "message",
  CompletedPoll: "completed-poll",
} as const;

export type IdType = keyof typeof prefixes;

/** An id of one type, whole: `co:…`, `participant:58`, `question:3.9`. */
export type Id<Type extends IdType> = string & { readonly [brand]: Type };

export type ContactId = Id<"Contact">;
export type PidjGroupId = Id<"PidjGroup">;
export type SeriesId = Id<"Series">;
export type SurveyId = Id<"Survey">;
export type PidjUserId = Id<"PidjUser">;
export type PidjTaskId = Id<"PidjTask">;
export type ParticipantId = Id<"Participant">;
export type TextizenGroupId = Id<"TextizenGroup">;
export type CampaignId = Id<"Campaign">;
export type PollId = Id<"Poll">;
export type PollQuestionId = Id<"PollQuestion">;
export type PollOptionId = Id<"PollOption">;
export type PollResponseId = Id<"PollResponse">;
export type MailingId = Id<"Mailing">;
export type TextizenUserId = Id<"TextizenUser">;
export type PersonId = Id<"Person">;
export type ReceivedMessageId = Id<"ReceivedMessage">;
export type CompletedPollId = Id<"CompletedPoll">;

const typeByPrefix = new Map(Object.entries(prefixes).map(([type, prefix]) => [prefix as string, type as IdType]));

// Pidj's ids are not UUIDs (pidj-api.txt:495): any text without blanks. The parts of all others are joined by dots, so a
// part has none.
const PIDJ_REST = /^[^\s]{1,200}$/;
const OWN_REST = /^[^\s:./?#]{1,100}(\.[^\s:./?#]{1,100}){0,3}$/;
// A service that reads an id as an integer takes 58abc and 058 for 58: one thing would have many ids, and a slip of the
// hand would name another thing.
const TEXTIZEN_REST = inDots("(?:0|[1-9][0-9]{0,99}|[^\\s:./?#0-9][^\\s:./?#]{0,99})");
const PIDJ_TYPES: ReadonlySet<IdType> = new Set(["Contact", "PidjGroup", "Series", "Survey", "PidjUser", "PidjTask"]);
const OWN_TYPES: ReadonlySet<IdType> = new Set(["ReceivedMessage", "CompletedPoll"]);
const PARTS: Partial<Record<IdType, readonly number[]>> = {
  PollQuestion: [2],
  PollOption: [3],
  PollResponse: [1, 4],
  ReceivedMessage: [2],
  CompletedPoll: [2],
};

/** The type that an id's prefix names, where the id is well formed; else null. */
export function typeOfId(text: string): IdType | null {
  const colon = text.indexOf(":");
  const type = typeByPrefix.get(text.slice(0, colon));
  if (colon < 1 || type === undefined) {
    return null;
  }
  const rest = text.slice(colon + 1);
  if (type === "Person") {
    return parseE164(rest) === null ? null : type;
  }
  if (PIDJ_TYPES.has(type)) {
    return PIDJ_REST.test(rest) ? type : null;
  }
  const form = OWN_TYPES.has(type) ? OWN_REST : TEXTIZEN_REST;
  return form.test(rest) && (PARTS[type] ?? [1]).includes(rest.split(".").length) ? type : null;
}

function inDots(part: string): RegExp {
  return new RegExp(`^${part}(?:\\.${part}){0,3}$`);
}

/** The id where it is a well formed one of this type, else null. */
export function parseId<Type extends IdType>(type: Type, text: string): Id<Type> | null {
  return typeOfId(text) === type ? (text as Id<Type>) : null;
}

/** Builds an id from the platform's own id, or from its parts: `makeId("PollOption", "3", "9", "4")`. */
export function makeId<Type extends Exclude<IdType, "Person">>(type: Type, ...parts: string[]): Id<Type> {
  // Called for every id of every row: the common case has one part.
  return `${prefixes[type]}:${parts.length === 1 ? parts[0] : parts.join(".")}` as Id<Type>;
}

/** What a Textizen id is to Textizen: what stands behind the colon. */
export function platformId(id: Id<IdType>): string {
  return id.slice(id.indexOf(":") + 1);
}

/** The parts of an id that names something inside something else: `question:3.9` gives `["3", "9"]`. */
export function idParts(id: Id<IdType>): string[] {
  return platformId(id).split(".");
}

export function personId(number: E164): PersonId {
  return `person:${number}` as PersonId;
}

export function numberOfPerson(id: PersonId): E164 {
  return platformId(id) as E164;
}

/** Orders ids of one type: integers by value, everything else by code unit. */
export function compareIds(a: string, b: string): number {
  const left = a.slice(a.indexOf(":") + 1);
  const right = b.slice(b.indexOf(":") + 1);
  if (left.length !== right.length && /^[0-9]+$/.test(left) && /^[0-9]+$/.test(right)) {
    return left.length - right.length;
  }
  return a < b ? -1 : a > b ? 1 : 0;
}
