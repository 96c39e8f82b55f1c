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

/** A text that Pidj forwarded, as it came (docs/platforms.md P-27). */
export interface ForwardedText {
  readonly kind: "ReceivedMessage";
  readonly text: string;
  /** Null where the sender is no E.164 number. */
  readonly from: E164 | null;
  /** As Pidj writes it; empty where it writes none. */
  readonly displayFrom: string;
  readonly toPhoneNumber: E164 | null;
  readonly groupId: PidjGroupId | null;
  readonly contactId: ContactId | null;
  readonly contactExternalId: string | null;
}

/** A poll that somebody has answered to the end, as Textizen reported it (docs/platforms.md T-24). */
export interface PollReport {
  readonly kind: "CompletedPoll";
  readonly pollId: PollId | null;
  readonly participantId: ParticipantId | null;
  /** Null where the number is masked, or no E.164. */
  readonly from: E164 | null;
  /** RFC 3339 in UTC: when the last answer was given; null where the report does not say. */
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
export type EventKind = Arrival["kind"];

/** What the inbox adds to what arrived. */
interface StoredFields<Kind extends EventKind> {
  readonly id: Id<Kind>;
  /** The event's place in the order of all events, opaque. */
  readonly cursor: string;
  /** The same place; 1 and up, without gaps. */
  readonly sequence: number;
  readonly receivedAt: Date;
  /** Equal deliveries that were taken for repeats of this one. */
  readonly repeatCount: number;
}

export type StoredMessage = ForwardedText & StoredFields<"ReceivedMessage">;
export type StoredPollReport = PollReport & StoredFields<"CompletedPoll">;
export type StoredEvent = StoredMessage | StoredPollReport;
export type StoredOf<Kind extends EventKind> = Extract<StoredEvent, { readonly kind: Kind }>;

/** Which events are meant: all of a kind, or those to a group, from a number, of a poll. Null asks nothing. */
export type EventFilter =
  | {
      readonly kind: "ReceivedMessage";
      readonly groupId?: PidjGroupId | null | undefined;
      readonly from?: E164 | null | undefined;
    }
  | { readonly kind: "CompletedPoll"; readonly pollId?: PollId | null | undefined };

/** The events of one kind. */
export type FilterOf<Kind extends EventKind> = Extract<EventFilter, { readonly kind: Kind }>;

/**
 * The name of everything that a filter lets through: what events are indexed, counted and handed on by. Its parts are
 * kept apart by blanks, which neither ids nor numbers have; `*` is none of either.
 */
export function pathOf(filter: EventFilter): string {
  return filter.kind === "ReceivedMessage"
    ? joinPath(filter.kind, filter.groupId, filter.from)
    : joinPath(filter.kind, filter.pollId, null);
}

/** The paths of all filters that let the event through. */
export function pathsOf(event: Arrival): string[] {
  const [first, second] = event.kind === "ReceivedMessage" ? [event.groupId, event.from] : [event.pollId, null];
  return [
    ...new Set([
      joinPath(event.kind, null, null),
      joinPath(event.kind, first, null),
      joinPath(event.kind, null, second),
      joinPath(event.kind, first, second),
    ]),
  ];
}

function joinPath(kind: EventKind, first: string | null | undefined, second: string | null | undefined): string {
  return `${kind} ${first ?? "*"} ${second ?? "*"}`;
}

/** A row of `event`: what arrived, when (milliseconds since 1970), and how often again. */
export type EventRow = Arrival & { readonly receivedAt: number; readonly repeatCount: number };

export function toStored(row: EventRow, epoch: string, sequence: number): StoredEvent {
  const shared = { cursor: writeCursor(epoch, sequence), sequence, receivedAt: new Date(row.receivedAt) };
  return row.kind === "ReceivedMessage"
    ? { ...row, ...shared, id: makeId(row.kind, epoch, String(sequence)) }
    : { ...row, ...shared, id: makeId(row.kind, epoch, String(sequence)) };
}

/** A place in the order of events: whose order it is, and how many events came up to it. */
interface CursorPosition {
  readonly epoch: string;
  readonly sequence: number;
}

export function writeCursor(epoch: string, sequence: number): string {
  return Buffer.from(JSON.stringify(["EVENT", epoch, sequence])).toString("base64url");
}

/** Null where the text is no cursor of an event. */
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
