/** The values of `MessagingUserErrorCode`. */
export type RefusalCode =
  | "INVALID_INPUT"
  | "NOT_FOUND"
  | "ALREADY_EXISTS"
  | "TEXT_TOO_LONG"
  | "GROUP_CANNOT_SEND"
  | "RECIPIENT_OPTED_OUT"
  | "IDEMPOTENCY_KEY_REUSED"
  | "ATTEMPT_IN_PROGRESS"
  | "ATTEMPT_SETTLED"
  | "OUTCOME_UNKNOWN"
  | "NOT_APPLIED"
  | "REFUSED_BY_PLATFORM";

/** Why a write was not carried out, or that its outcome is unknown: an item of `userErrors`. */
export interface Refusal {
  readonly code: RefusalCode;
  /** Path to the argument, list indexes included; null if no single argument is meant. */
  readonly field: readonly string[] | null;
  readonly message: string;
}

/** Thrown if a write is refused; `refusalsAsData` catches it, so that it is never an error to a client. */
export class Refused extends Error {
  override readonly name = "Refused";
  readonly refusals: readonly Refusal[];

  constructor(...refusals: readonly Refusal[]) {
    super(refusals.map(({ code }) => code).join(", "));
    this.refusals = refusals;
  }
}

/** The outcome of a write: a value, or why there is none. */
export interface Outcome<Value> {
  readonly value: Value | null;
  /** True if an earlier use of the key was accepted, and nothing was sent now. */
  readonly isReplay: boolean;
  readonly userErrors: readonly Refusal[];
}

/** Runs a mutation's checks and its write. If they refuse it, the refusals are returned as `userErrors`. */
export async function refusalsAsData<Value>(
  run: () => Promise<{ readonly value: Value | null; readonly isReplay?: boolean }>,
): Promise<Outcome<Value>> {
  try {
    return { isReplay: false, ...(await run()), userErrors: [] };
  } catch (error) {
    if (error instanceof Refused) {
      return { value: null, isReplay: false, userErrors: error.refusals };
    }
    throw error;
  }
}
