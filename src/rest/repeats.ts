import { PlatformError } from "../errors.ts";
import type { WriteKind } from "./calls.ts";

/** `read-by-post`: it changes nothing, but a POST may not be repeatable (docs/platforms.md P-26). */
export type CallKind = "read" | "read-by-post" | WriteKind;

/** How a call failed, as far as that decides about another attempt. */
type Failure =
  /** No byte of the request was written: no connection. */
  | "not-begun"
  /** The request went out, and no answer began: the connection was cut, or the time was over. */
  | "no-answer"
  /** A success began, and its end is missing. */
  | "cut-answer"
  /** 502, 503 or 504. */
  | "gateway"
  /** 429 that says for how long. */
  | "asked-to-wait"
  /** 401 or its like, or 403: our session may have ended. The platform did not act. */
  | "session-ended";

interface Repeat {
  /** Number of attempts, including the first. */
  readonly attempts: number;
  /** `jitter`: random, from 50 ms on, twice as long each time. `renewal`: as soon as there is a new session. */
  readonly delay: "none" | "jitter" | "as-asked" | "renewal";
}

const READ: Repeat = { attempts: 3, delay: "jitter" };
const AT_ONCE: Repeat = { attempts: 2, delay: "none" };
const AS_ASKED: Repeat = { attempts: 2, delay: "as-asked" };
const RENEWED: Repeat = { attempts: 2, delay: "renewal" };

/**
 * Which calls are repeated; a combination that is missing here is not. A send or a creation is repeated only with proof
 * that the platform did not act. A change is repeated also if its answer was lost, because doing it twice is doing it
 * once. But the first attempt may have been carried out, so a refusal of the second proves nothing: see `combine`.
 */
const REPEATS: Readonly<Record<Failure, Partial<Record<CallKind, Repeat>>>> = {
  "not-begun": { read: READ, send: AT_ONCE, creation: AT_ONCE, change: AT_ONCE },
  "no-answer": { read: READ, change: AT_ONCE },
  "cut-answer": { read: READ },
  gateway: { read: READ },
  "asked-to-wait": { read: { attempts: 3, delay: "as-asked" }, send: AS_ASKED, creation: AS_ASKED, change: AS_ASKED },
  "session-ended": { read: RENEWED, send: RENEWED, creation: RENEWED, change: RENEWED },
};

/** A longer `Retry-After` is reported as this and never waited for. */
const LONGEST_RETRY_AFTER_SECONDS = 60;
const FIRST_DELAY_MILLISECONDS = 50;

/**
 * Milliseconds to wait before the call is repeated after attempt number `attempt` failed with this error; null if it is
 * not repeated. A wait that the platform asked for must be shorter than `spareMilliseconds`.
 */
export function delayBeforeRepeat(
  kind: CallKind,
  error: PlatformError,
  attempt: number,
  { spareMilliseconds, random }: { readonly spareMilliseconds: number; readonly random: () => number },
): number | null {
  const repeat = repeatOf(kind, error);
  if (repeat === null || attempt >= repeat.attempts || repeat.delay === "renewal") {
    return null;
  }
  const asked = error.retryAfterSeconds;
  if (asked !== null) {
    return asked < LONGEST_RETRY_AFTER_SECONDS && asked * 1000 < spareMilliseconds ? asked * 1000 : null;
  }
  return repeat.delay === "jitter" ? random() * FIRST_DELAY_MILLISECONDS * 2 ** (attempt - 1) : 0;
}

/** True if the call may be repeated with a new session. */
export function isWorthRenewal(kind: CallKind, error: unknown): error is PlatformError {
  return error instanceof PlatformError && repeatOf(kind, error)?.delay === "renewal";
}

/**
 * The error of two failed attempts at one call. If the first may have been carried out, the second proves nothing about
 * it: a platform may refuse to do the same twice, and an attempt that was not made proves nothing either.
 */
export function combine(first: PlatformError | null, second: unknown): unknown {
  if (!first?.mayHaveTaken || (second instanceof PlatformError && second.mayHaveTaken)) {
    return second;
  }
  return second instanceof PlatformError && (second.reason === "refused" || second.reason === "unauthorized")
    ? second.with({ mayHaveTaken: true })
    : first;
}

function repeatOf(kind: CallKind, error: PlatformError): Repeat | null {
  if (error.mayHaveTaken && (kind === "send" || kind === "creation")) {
    return null;
  }
  const failure = failureOf(error);
  return failure === null ? null : (REPEATS[failure][kind] ?? null);
}

/** Null if another attempt would fail in the same way. */
function failureOf({ reason, status, retryAfterSeconds, mayHaveTaken }: PlatformError): Failure | null {
  if (status === 403) {
    return "session-ended";
  }
  switch (reason) {
    case "not-asked":
      return "not-begun";
    case "timeout":
    case "unreachable":
      if (status === null) {
        return mayHaveTaken ? "no-answer" : "not-begun";
      }
      return status < 300 ? "cut-answer" : status >= 502 && status <= 504 ? "gateway" : null;
    case "rate-limited":
      return retryAfterSeconds === null ? null : "asked-to-wait";
    case "unauthorized":
      return "session-ended";
    default:
      return null;
  }
}

const WEEKDAY_AND_TIME = /^(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)[a-z]*,? .*\d{2}:\d{2}:\d{2}/;

/**
 * RFC 9110 §10.2.3: seconds, or an HTTP date; a fraction of a second is understood too. Null if it is neither; never more
 * than a minute.
 */
export function parseRetryAfter(value: string | undefined): number | null {
  if (value === undefined) {
    return null;
  }
  if (/^\d+(?:\.\d+)?$/.test(value)) {
    return Math.min(Number(value), LONGEST_RETRY_AFTER_SECONDS);
  }
  // Date.parse finds a date in almost any text with a number, and reads asctime's form as local time.
  const time = WEEKDAY_AND_TIME.test(value) ? Date.parse(value.endsWith("GMT") ? value : `${value} GMT`) : Number.NaN;
  if (Number.isNaN(time)) {
    return null;
  }
  return Math.min(Math.max(Math.ceil((time - Date.now()) / 1000), 0), LONGEST_RETRY_AFTER_SECONDS);
}
