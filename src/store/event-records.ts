import {
  type ContactId,
  type Id,
  makeId,
  type ParticipantId,
  type PidjGroupId,
  type PollId,
  type PollOptionId,
  type PollQuestionId,
  type PollResponseId,
} from "../ids.ts";
import type { E164 } from "../phone.ts";
import type { OutgoingText } from "./outgoing-records.ts";

/** A text that Pidj forwarded, as it came (docs/platforms.md P-27). */
export interface ForwardedText {
  readonly kind: "ReceivedMessage";
  readonly text: string;
  /** Null if the sender's number is not E.164. */
  readonly from: E164 | null;
  /** As sent by Pidj; empty if there is none. */
  readonly displayFrom: string;
  readonly toPhoneNumber: E164 | null;
  readonly groupId: PidjGroupId | null;
  readonly contactId: ContactId | null;
  readonly contactExternalId: string | null;
}

/** A completed poll, as reported by Textizen (docs/platforms.md T-24). */
export interface PollReport {
  readonly kind: "CompletedPoll";
  readonly pollId: PollId | null;
  readonly participantId: ParticipantId | null;
  /** Null if the number is masked or not E.164. */
  readonly from: E164 | null;
  /** RFC 3339 in UTC: when the last answer was given; null if the report does not say. */
  readonly answeredAt: string | null;
  readonly responses: readonly ReportedResponse[];
}

/** One answer of a report: what a `PollResponseRecord` says, as JSON. */
export interface ReportedResponse {
  readonly id: PollResponseId;
  readonly text: string | null;
  readonly from: E164 | null;
  readonly displayFrom: string | null;
  readonly participantId: ParticipantId | null;
  readonly pollId: PollId | null;
  readonly questionId: PollQuestionId | null;
  readonly matchedOptionIds: readonly PollOptionId[];
  /** RFC 3339 in UTC. */
  readonly createdAt: string | null;
}

export type Arrival = ForwardedText | PollReport;
export type EventKind = Arrival["kind"] | "OutgoingMessage";

/** What the inbox adds to a delivery. */
interface StoredFields<Kind extends EventKind> {
  readonly id: Id<Kind>;
  /** Opaque position of the event among all events. */
  readonly cursor: string;
  /** The same position as a number: from 1, without gaps. */
  readonly sequence: number;
  readonly receivedAt: Date;
  /** How many equal deliveries counted as repeats of this one. */
  readonly repeatCount: number;
}

export type StoredMessage = ForwardedText & StoredFields<"ReceivedMessage">;
export type StoredPollReport = PollReport & StoredFields<"CompletedPoll">;
/** `cursor` and `sequence` are those of the event, `id` is that of the text, which may have several events. */
export type StoredOutgoing = Omit<OutgoingRow, "receivedAt"> & StoredFields<"OutgoingMessage">;
export type StoredEvent = StoredMessage | StoredPollReport | StoredOutgoing;
export type StoredOf<Kind extends EventKind> = Extract<StoredEvent, { readonly kind: Kind }>;

/**
 * Selects events: all of a kind, or only those of a group, from or to a number, or of a poll. A null part is ignored.
 */
export type EventFilter =
  | {
      readonly kind: "ReceivedMessage";
      readonly groupId?: PidjGroupId | null | undefined;
      readonly from?: E164 | null | undefined;
    }
  | {
      readonly kind: "OutgoingMessage";
      readonly groupId?: PidjGroupId | null | undefined;
      readonly to?: E164 | null | undefined;
    }
  | { readonly kind: "CompletedPoll"; readonly pollId?: PollId | null | undefined };

/** The events of one kind. */
export type FilterOf<Kind extends EventKind> = Extract<EventFilter, { readonly kind: Kind }>;

/**
 * The path of a filter: events are indexed, counted and delivered by it. Its parts are separated by blanks, which
 * neither ids nor numbers contain; `*` stands for any value.
 */
export function pathOf(filter: EventFilter): string {
  switch (filter.kind) {
    case "ReceivedMessage":
      return joinPath(filter.kind, filter.groupId, filter.from);
    case "OutgoingMessage":
      return joinPath(filter.kind, filter.groupId, filter.to);
    case "CompletedPoll":
      return joinPath(filter.kind, filter.pollId, null);
    default:
      return filter satisfies never;
  }
}

/** The paths of all filters that match the event. */
export function pathsOf(event: Arrival | OutgoingText): string[] {
  const [first, second] = partsOf(event);
  return [
    ...new Set([
      joinPath(event.kind, null, null),
      joinPath(event.kind, first, null),
      joinPath(event.kind, null, second),
      joinPath(event.kind, first, second),
    ]),
  ];
}

function partsOf(event: Arrival | OutgoingText): [first: string | null, second: string | null] {
  switch (event.kind) {
    case "ReceivedMessage":
      return [event.groupId, event.from];
    case "OutgoingMessage":
      return [event.groupId, event.to];
    case "CompletedPoll":
      return [event.pollId, null];
    default:
      return event satisfies never;
  }
}

function joinPath(kind: EventKind, first: string | null | undefined, second: string | null | undefined): string {
  return `${kind} ${first ?? "*"} ${second ?? "*"}`;
}

/** The path of all messages from and to a number; each message is indexed under it once. */
export function pathOfConversation(number: E164): string {
  return `Conversation * ${number}`;
}

/** A row of `event`: the delivery, its time (milliseconds since 1970), and its number of repeats. */
export type ArrivalRow = Arrival & {
  readonly receivedAt: number;
  readonly repeatCount: number;
  /** Missing if the message was received by a version that kept no conversations. */
  readonly isInConversation?: true;
};

/** A row of `event`: a text as it was known when it became an event (milliseconds since 1970). */
export type OutgoingRow = OutgoingText & {
  readonly receivedAt: number;
  /** The first event of the text, which is changed when more is known of it; null if this is the first. */
  readonly first: number | null;
  /** What a first event said before it was changed; missing if it was not. */
  readonly said?: Pick<OutgoingText, "state" | "message">;
  /** On a first event: the text was refused and is tried again, and the new try has its place in the conversation. */
  readonly isReplaced?: true;
};

export type EventRow = ArrivalRow | OutgoingRow;

/** The event as it was when it became one: what is known by now is said by a later event. */
export function asItCame(event: StoredEvent): StoredEvent {
  return event.kind === "OutgoingMessage" ? { ...event, ...event.said } : event;
}

/** A row that has a place in a conversation. */
export type TalkRow = OutgoingRow | Extract<ArrivalRow, { readonly kind: "ReceivedMessage" }>;

/** The number whose conversation has this row; null if none has. */
export function partnerOf(row: EventRow): E164 | null {
  switch (row.kind) {
    case "ReceivedMessage":
      return row.isInConversation ? row.from : null;
    case "OutgoingMessage":
      return row.first === null && !row.isReplaced ? row.to : null;
    case "CompletedPoll":
      return null;
    default:
      return row satisfies never;
  }
}

/**
 * The paths under which a row is indexed and counted. Not a text that went out: who resumes a subscription to those reads
 * all events since.
 */
export function countedPathsOf(row: EventRow): string[] {
  return row.kind === "OutgoingMessage" ? [] : pathsOf(row);
}

export function toStored(row: ArrivalRow, epoch: string, sequence: number): StoredMessage | StoredPollReport;
export function toStored(row: EventRow, epoch: string, sequence: number): StoredEvent;
export function toStored(row: EventRow, epoch: string, sequence: number): StoredEvent {
  const shared = { cursor: writeCursor(epoch, sequence), sequence, receivedAt: new Date(row.receivedAt) };
  switch (row.kind) {
    case "ReceivedMessage":
      return { ...row, ...shared, id: makeId(row.kind, epoch, String(sequence)) };
    case "OutgoingMessage":
      return { ...row, ...shared, repeatCount: 0, id: makeId(row.kind, epoch, String(row.first ?? sequence)) };
    case "CompletedPoll":
      return { ...row, ...shared, id: makeId(row.kind, epoch, String(sequence)) };
    default:
      return row satisfies never;
  }
}

/** A position among the events: the store's name, and how many events there are up to the position. */
export interface CursorPosition {
  readonly epoch: string;
  readonly sequence: number;
}

export function writeCursor(epoch: string, sequence: number): string {
  return Buffer.from(JSON.stringify(["EVENT", epoch, sequence])).toString("base64url");
}

/** Null if the text is no cursor of an event. */
export function parseCursor(cursor: string): CursorPosition | null {
  let parts: unknown;
  try {
    parts = JSON.parse(Buffer.from(cursor, "base64url").toString());
  } catch {
    return null;
  }
  if (!Array.isArray(parts) || parts.length !== 3 || parts[0] !== "EVENT") {
    return null;
  }
  const [, epoch, sequence]: unknown[] = parts;
  const isPlace = typeof epoch === "string" && Number.isSafeInteger(sequence) && (sequence as number) >= 0;
  return isPlace ? { epoch, sequence: sequence as number } : null;
}
