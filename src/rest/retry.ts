import type { PlatformError } from "../errors.ts";

/** A longer `Retry-After` is reported as this, and never waited for. */
const LONGEST_RETRY_AFTER_SECONDS = 60;
const MOST_ATTEMPTS = 3;
const FIRST_DELAY_MILLISECONDS = 50;
const WEEKDAY_AND_TIME = /^(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)[a-z]*,? .*\d{2}:\d{2}:\d{2}/;

/** RFC 9110 §10.2.3: seconds, or an HTTP date. Null where it is neither; never more than a minute. */
export function parseRetryAfter(value: string | undefined): number | null {
  if (value === undefined) {
    return null;
  }
  if (/^[0-9]+$/.test(value)) {
    return Math.min(Number(value), LONGEST_RETRY_AFTER_SECONDS);
  }
  // Date.parse alone reads a date into almost any text with a number in it, and asctime's form as local time.
  const time = WEEKDAY_AND_TIME.test(value) ? Date.parse(value.endsWith("GMT") ? value : `${value} GMT`) : Number.NaN;
  if (Number.isNaN(time)) {
    return null;
  }
  return Math.min(Math.max(Math.ceil((time - Date.now()) / 1000), 0), LONGEST_RETRY_AFTER_SECONDS);
}

/**
 * Milliseconds to wait before a read is tried again after its attempt `attempt` (counted from 1) failed, or null where
 * it is not: full jitter from 50 ms, or what the platform asked for where that fits into `spareMilliseconds`.
 */
export function retryDelay(
  error: PlatformError,
  attempt: number,
  spareMilliseconds: number,
  random: () => number,
): number | null {
  if (attempt >= MOST_ATTEMPTS || !isPassing(error)) {
    return null;
  }
  return error.retryAfterSeconds === null
    ? random() * FIRST_DELAY_MILLISECONDS * 2 ** (attempt - 1)
    : delayAsked(error, spareMilliseconds);
}

/**
 * Likewise for a write, which is made once more where the platform said when: a 429 alone proves that it was not taken
 * and may be later.
 */
export function writeRetryDelay(error: PlatformError, attempt: number, spareMilliseconds: number): number | null {
  return attempt === 1 && error.reason === "rate-limited" ? delayAsked(error, spareMilliseconds) : null;
}

/** What the platform asked for, where that fits; null where it does not, or nothing was asked. */
function delayAsked({ retryAfterSeconds: asked }: PlatformError, spareMilliseconds: number): number | null {
  const fits = asked !== null && asked < LONGEST_RETRY_AFTER_SECONDS && asked * 1000 < spareMilliseconds;
  return fits ? asked * 1000 : null;
}

/** True of faults that may be gone in a moment. A 429 that does not say for how long is not asked again. */
function isPassing(error: PlatformError): boolean {
  switch (error.reason) {
    case "timeout":
      return true;
    case "unreachable":
      return error.status === null || error.status < 300 || (error.status >= 502 && error.status <= 504);
    case "rate-limited":
      return error.retryAfterSeconds !== null;
    default:
      return false;
  }
}
