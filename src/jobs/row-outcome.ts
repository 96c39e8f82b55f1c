import type { JobOutcome } from "../store/job-records.ts";
import type { RowResult } from "../store/jobs.ts";
import type { Outcome, Refusal } from "../writes/refusal.ts";

/** How long a row waits whose key another process has in use. */
const IN_USE_MS = 5_000;

/** What a row's write came to. */
export function resultOf(number: number, { userErrors }: Pick<Outcome<unknown>, "userErrors">, at: number): RowResult {
  const [error] = userErrors;
  if (error?.code === "ATTEMPT_IN_PROGRESS") {
    return { number, dueAt: at + IN_USE_MS, isQuiet: false };
  }
  return { number, outcome: outcomeOf(error, at) };
}

function outcomeOf(error: Refusal | undefined, at: number): JobOutcome {
  if (error === undefined) {
    return { state: "ACCEPTED", code: null, message: null, at };
  }
  const { code, message } = error;
  // The key is the row's own: with another input, it was used for this row before its contact had another number.
  const isUnknown = code === "OUTCOME_UNKNOWN" || code === "IDEMPOTENCY_KEY_REUSED";
  return { state: isUnknown ? "UNKNOWN" : "REFUSED", code: isUnknown ? "OUTCOME_UNKNOWN" : code, message, at };
}
