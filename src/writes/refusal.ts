/** The closed codes of the contract's `MessagingUserErrorCode`. */
export type RefusalCode =
  | "INVALID_INPUT"
  | "NOT_FOUND"
  | "ALREADY_EXISTS"
  | "TEXT_TOO_LONG"
  | "GROUP_CANNOT_SEND"
  | "RECIPIENT_OPTED_OUT"
  | "IDEMPOTENCY_KEY_REUSED"
  | "ATTEMPT_IN_PROGRESS"
  | "OUTCOME_UNKNOWN"
  | "NOT_APPLIED"
  | "REFUSED_BY_PLATFORM";

/** Why a write was not carried out, or why nobody knows: what a client finds in `userErrors`. */
export interface Refusal {
  readonly code: RefusalCode;
  /** Path into the arguments, list indexes included; null where no single field is meant. */
  readonly field: readonly string[] | null;
  readonly message: string;
}

/** Thrown where a write is refused; caught by `carryOut`, so that a refusal is data and never an error to a client. */
export class Refused extends Error {
  override readonly name = "Refused";
  readonly refusals: readonly Refusal[];

  constructor(...refusals: readonly Refusal[]) {
    super(refusals.map(({ code }) => code).join(", "));
    this.refusals = refusals;
  }
}
