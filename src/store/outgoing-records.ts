import type { PidjGroupId } from "../ids.ts";
import type { E164 } from "../phone.ts";
import type { AttemptRecord } from "./attempt-record.ts";
import type { Draft } from "./update.ts";

/** What a text says and who exchanges it, known before it goes out. */
export interface OutgoingDetails {
  readonly text: string;
  readonly to: E164;
  /** Null if only the sending group is known. */
  readonly fromPhoneNumber: E164 | null;
  /** Null if only the sending number is known. */
  readonly groupId: PidjGroupId | null;
  /** Null unless a job sent it. */
  readonly jobId: string | null;
}

/** A text that went out, or may have: its details, and what its attempt says. */
export interface OutgoingText extends OutgoingDetails, Pick<AttemptRecord, "state" | "message" | "caller"> {
  readonly kind: "OutgoingMessage";
  readonly idempotencyKey: string;
  /** Of the attempt: another one for each use of the key. */
  readonly owner: string;
  /** When the attempt was recorded, in milliseconds since 1970. */
  readonly startedAt: number;
  /** When the outcome of an attempt without one becomes unknown, in milliseconds since 1970. */
  readonly leaseEndsAt: number;
}

/**
 * The key of `outgoing-refused`, whose row is the first event of the text that was refused last with this idempotency key.
 * As a JSON string, like a key of `attempt`.
 */
export function refusedKey({ idempotencyKey }: Pick<OutgoingText, "idempotencyKey">): string {
  return JSON.stringify(idempotencyKey);
}

/** The part of an attempt that a text needs. */
interface Sending extends Pick<OutgoingText, "state" | "message" | "caller" | "owner" | "startedAt" | "leaseEndsAt"> {
  readonly key: string;
}

/**
 * Puts what is now known of a text into `outgoing-news`, from where it is taken into the inbox. A row of its own, because
 * sends that each changed the end of the inbox would keep each other from being recorded.
 */
export function writeNews(
  draft: Draft,
  details: OutgoingDetails,
  { key, owner, startedAt, leaseEndsAt, state, message, caller }: Sending,
): void {
  const news: OutgoingText = {
    ...details,
    kind: "OutgoingMessage",
    idempotencyKey: key,
    owner,
    startedAt,
    leaseEndsAt,
    state,
    message,
    caller,
  };
  // The oldest first.
  draft.write("outgoing-news", `${String(startedAt).padStart(15, "0")} ${owner}`, news);
}
