import type { MessagingUserErrorCode } from "../generated/schema.ts";
import type { Advice } from "./error-codes.ts";

const correct = (show: string): Advice => ({ show, retry: "person", key: "either" });

/** By the `code` of a payload's `userErrors`. */
const USER_ERROR_ADVICE: Readonly<Record<MessagingUserErrorCode, Advice>> = {
  INVALID_INPUT: correct("One of the values cannot be used. Please check what you entered."),
  NOT_FOUND: correct("What you chose does not exist any more. Please choose again."),
  ALREADY_EXISTS: correct("There is one with this number or name already."),
  TEXT_TOO_LONG: correct("The text is too long. Please shorten it."),
  GROUP_CANNOT_SEND: correct("This group has no phone number to send from. Please choose another one."),
  RECIPIENT_OPTED_OUT: {
    show: "This person has asked not to be texted. Nothing was sent.",
    retry: "never",
    key: "either",
  },
  IDEMPOTENCY_KEY_REUSED: {
    show: "This form was used for something else before. Please begin a new one.",
    retry: "person",
    key: "new",
  },
  ATTEMPT_IN_PROGRESS: { show: "This is being carried out. Please wait.", retry: "program", key: "same" },
  ATTEMPT_SETTLED: {
    show: "Somebody has settled this already. Please look at what they decided.",
    retry: "never",
    key: "same",
  },
  OUTCOME_UNKNOWN: {
    show: "It is not certain whether this was carried out. Please do not send it again before somebody has checked.",
    retry: "never",
    key: "same",
  },
  NOT_APPLIED: correct("The change was accepted and not made. Please look at the record before you try again."),
  REFUSED_BY_PLATFORM: correct("The platform refused this. Nothing was done."),
};

/** Every code of `userErrors`. */
export type UserErrorCode = MessagingUserErrorCode;

/** Every code, to walk through. */
export const USER_ERROR_CODES = Object.keys(USER_ERROR_ADVICE) as readonly UserErrorCode[];

/**
 * What to do about an error in a payload's `userErrors`. A code that a newer server has added counts as an unknown
 * outcome: the careful choice.
 */
export function adviceOnUserError(code: UserErrorCode | (string & {})): Advice {
  return USER_ERROR_ADVICE[isUserErrorCode(code) ? code : "OUTCOME_UNKNOWN"];
}

/** Whether this version of the package knows the code. */
export function isUserErrorCode(code: unknown): code is UserErrorCode {
  return typeof code === "string" && Object.hasOwn(USER_ERROR_ADVICE, code);
}
