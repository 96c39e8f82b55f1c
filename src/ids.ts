import { type E164, parseE164 } from "./phone.ts";

declare const brand: unique symbol;

/**
 * The prefix before the colon names the type of an id. Pidj's ids already have one. Textizen's are bare integers: the
 * client adds a prefix when it reads an id and removes it when it sends one, so a record has the same id everywhere in
 * this program and in the graph.
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
  OutgoingMessage: "sent",
  Conversation: "conversation",
  Job: "job",
} as const;

export type IdType = keyof typeof prefixes;

/** Types whose ids are not made from a number. */
export type PartedType = Exclude<IdType, "Person" | "Conversation">;

/** A whole id of one type: `co:…`, `participant:58`, `question:3.9`. */
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
export type OutgoingMessageId = Id<"OutgoingMessage">;
export type ConversationId = Id<"Conversation">;
export type JobId = Id<"Job">;

const typeByPrefix = new Map(Object.entries(prefixes).map(([type, prefix]) => [prefix as string, type as IdType]));

// Pidj's ids are not UUIDs (docs/platforms.md P-21): they may be any text without blanks and control characters. Other
// ids have parts that are joined by dots, so a part contains none.
const PIDJ_REST = /^[^\s\p{C}]{1,200}$/u;
const OWN_REST = /^[^\s\p{C}:./?#]{1,100}(\.[^\s\p{C}:./?#]{1,100}){0,3}$/u;
// A service that reads ids as integers takes 58abc and 058 for 58. Such ids are refused: a record would have several
// ids, and a typing error would name another record.
const TEXTIZEN_REST = inDots("(?:0|[1-9][0-9]{0,99}|[^\\s\\p{C}:./?#0-9][^\\s\\p{C}:./?#]{0,99})");
const PIDJ_TYPES: ReadonlySet<IdType> = new Set(["Contact", "PidjGroup", "Series", "Survey", "PidjUser", "PidjTask"]);
const OWN_TYPES: ReadonlySet<IdType> = new Set(["ReceivedMessage", "CompletedPoll", "OutgoingMessage", "Job"]);
/** Their ids are the prefix and a number. */
const NUMBER_TYPES: ReadonlySet<IdType> = new Set(["Person", "Conversation"]);
const PARTS: Partial<Record<IdType, readonly number[]>> = {
  PollQuestion: [2],
  PollOption: [3],
  PollResponse: [1, 4],
  ReceivedMessage: [2],
  CompletedPoll: [2],
  OutgoingMessage: [2],
};

/** The type that an id's prefix names; null if the id is malformed. */
export function typeOfId(text: string): IdType | null {
  const colon = text.indexOf(":");
  const type = typeByPrefix.get(text.slice(0, colon));
  if (colon < 1 || type === undefined) {
    return null;
  }
  const rest = text.slice(colon + 1);
  if (NUMBER_TYPES.has(type)) {
    return parseE164(rest) === null ? null : type;
  }
  if (PIDJ_TYPES.has(type)) {
    return PIDJ_REST.test(rest) ? type : null;
  }
  const form = OWN_TYPES.has(type) ? OWN_REST : TEXTIZEN_REST;
  return form.test(rest) && (PARTS[type] ?? [1]).includes(rest.split(".").length) ? type : null;
}

function inDots(part: string): RegExp {
  return new RegExp(`^${part}(?:\\.${part}){0,3}$`, "u");
}

/** The id if it is a well-formed id of this type, else null. */
export function parseId<Type extends IdType>(type: Type, text: string): Id<Type> | null {
  return typeOfId(text) === type ? (text as Id<Type>) : null;
}

/** Builds an id from the platform's own id, or from its parts: `makeId("PollOption", "3", "9", "4")`. */
export function makeId<Type extends PartedType>(type: Type, ...parts: string[]): Id<Type> {
  // Called for every id of every row: the common case has one part.
  return `${prefixes[type]}:${parts.length === 1 ? parts[0] : parts.join(".")}` as Id<Type>;
}

/** Textizen's own id of a record as text, from a JSON number or a text; null if it is no usable id. */
export function parsePart(value: unknown): string | null {
  if (typeof value === "number") {
    return Number.isSafeInteger(value) && value >= 0 ? String(value) : null;
  }
  const part = typeof value === "string" ? value.trim() : "";
  // All types whose ids have one part share the rule for that part.
  return parseId("Participant", `participant:${part}`) === null ? null : part;
}

/** Textizen's own id: the part after the colon. */
export function platformId(id: Id<IdType>): string {
  return id.slice(id.indexOf(":") + 1);
}

/** The parts of an id that contains other ids: `question:3.9` gives `["3", "9"]`. */
export function idParts(id: Id<IdType>): string[] {
  return platformId(id).split(".");
}

export function personId(number: E164): PersonId {
  return `person:${number}` as PersonId;
}

export function conversationId(number: E164): ConversationId {
  return `conversation:${number}` as ConversationId;
}

/** The number in the id of a person or a conversation. */
export function numberOf(id: PersonId | ConversationId): E164 {
  return platformId(id) as E164;
}

const INTEGER = /^(?:0|[1-9][0-9]*)$/;

/** A total order of ids of any types: by type, then integers by value, then all others by code unit. */
export function compareIds(a: string, b: string): number {
  const [left, right] = [a.indexOf(":"), b.indexOf(":")];
  const byType = compareTexts(a.slice(0, left), b.slice(0, right));
  if (byType !== 0) {
    return byType;
  }
  const [leftRest, rightRest] = [a.slice(left + 1), b.slice(right + 1)];
  const [isInteger, isOtherInteger] = [INTEGER.test(leftRest), INTEGER.test(rightRest)];
  if (isInteger !== isOtherInteger) {
    return isInteger ? -1 : 1;
  }
  // Without leading zeros, the longer of two integers is the greater.
  return (isInteger ? leftRest.length - rightRest.length : 0) || compareTexts(a, b);
}

function compareTexts(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
