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
export type EventKind = Arrival["kind"];

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
export type StoredEvent = StoredMessage | StoredPollReport;
export type StoredOf<Kind extends EventKind> = Extract<StoredEvent, { readonly kind: Kind }>;

/** Selects events: all of a kind, or only those to a group, from a number, or of a poll. A null part is ignored. */
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
 * The path of a filter: events are indexed, counted and delivered by it. Its parts are separated by blanks, which
 * neither ids nor numbers contain; `*` stands for any value.
 */
export function pathOf(filter: EventFilter): string {
  return filter.kind === "ReceivedMessage"
    ? joinPath(filter.kind, filter.groupId, filter.from)
    : joinPath(filter.kind, filter.pollId, null);
}

/** The paths of all filters that match the event. */
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

/** A row of `event`: the delivery, its time (milliseconds since 1970), and its number of repeats. */
export type EventRow = Arrival & { readonly receivedAt: number; readonly repeatCount: number };

export function toStored(row: EventRow, epoch: string, sequence: number): StoredEvent {
  const shared = { cursor: writeCursor(epoch, sequence), sequence, receivedAt: new Date(row.receivedAt) };
  return row.kind === "ReceivedMessage"
    ? { ...row, ...shared, id: makeId(row.kind, epoch, String(sequence)) }
    : { ...row, ...shared, id: makeId(row.kind, epoch, String(sequence)) };
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
