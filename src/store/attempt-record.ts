type AttemptState = "IN_PROGRESS" | "ACCEPTED" | "REFUSED" | "UNKNOWN";

/** The record of an idempotency key. */
export interface AttemptRecord {
  readonly key: string;
  /** The mutation's name in the graph. */
  readonly mutation: string;
  readonly state: AttemptState;
  readonly startedAt: Date;
  /** When the outcome was recorded; null while in progress. */
  readonly settledAt: Date | null;
  /** The platform's own words, or why it was not carried out, or why the outcome is unknown. */
  readonly message: string | null;
  /** Who made the attempt: the id of a caller. */
  readonly caller: string;
  /** Another one for each use of the key. */
  readonly owner: string;
}

/** What is said of an attempt that a person settled. */
export const SETTLED_BY_PERSON = "Settled by an operator of this server.";

/** Whether the outcome stays what it is. */
export function isFinal(state: AttemptState): boolean {
  return state === "ACCEPTED" || state === "REFUSED";
}
