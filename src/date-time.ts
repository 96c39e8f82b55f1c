const DASH = 45;
const COLON = 58;
const POINT = 46;
const PLUS = 43;
const MINUTE = 60_000;
const YEARS_400 = 146_097 * 24 * 60 * MINUTE;
/** The column after `2017-03-14T15:26:53`. */
const SECONDS_END = 19;
const UTC_NAME = /^(?:UTC|GMT)$/i;

/** Instants that ISO 8601 writes with a year of four digits: 0000-01-01T00:00:00Z to 9999-12-31T23:59:59.999Z. */
const EARLIEST = -62_167_219_200_000;
const LATEST = 253_402_300_799_999;

/**
 * Reads an instant as both platforms, their webhooks and this graph write it: a date-time by RFC 3339 §5.6, or with the
 * offset as Ruby and SQL write it (`2017-03-14 15:26:53 UTC`, `+0000`, `+00`). A date-time without an offset is read as
 * UTC, and a date alone as its first moment: an instant that is some hours off is of more use than none (docs/platforms.md
 * T-17). Returns null for any other text, for a day that no month has, and for an instant outside the years 0000 to 9999.
 *
 * Reads columns instead of matching a pattern: lists have 100,000 of them, and the engine's own parser takes 30 February
 * for 2 March.
 */
export function parseDateTime(text: string): Date | null {
  const year = digits(text, 0, 4);
  const month = digits(text, 5, 2);
  const day = digits(text, 8, 2);
  if (year < 0 || month < 1 || month > 12 || day < 1 || day > daysIn(year, month) || !areAt(text, 4, 7, DASH)) {
    return null;
  }
  if (text.length === 10) {
    return instantOf(year, month, day, 0);
  }
  const hour = digits(text, 11, 2);
  const minute = digits(text, 14, 2);
  const second = digits(text, 17, 2);
  const isTime = hour >= 0 && hour < 24 && minute >= 0 && minute < 60 && second >= 0 && second <= 60;
  if (!isTime || !areAt(text, 13, 16, COLON) || !"Tt ".includes(text.charAt(10))) {
    return null;
  }
  const end = endOfSeconds(text);
  const offset = end === null ? null : readOffset(text, end);
  if (end === null || offset === null) {
    return null;
  }
  const milliseconds = end === SECONDS_END ? 0 : Math.trunc(Number(text.slice(SECONDS_END, end)) * 1000);
  const time = (hour * 60 + minute - (offset === "none" ? 0 : offset)) * MINUTE + second * 1000 + milliseconds;
  return instantOf(year, month, day, time);
}

/** Whether a text that `parseDateTime` reads contains an offset from UTC. */
export function hasOffset(text: string): boolean {
  const end = text.length > SECONDS_END ? endOfSeconds(text) : null;
  const offset = end === null ? null : readOffset(text, end);
  return offset !== null && offset !== "none";
}

/** Whether an instant can be written with a year of four digits. */
export function isWritable(instant: Date): boolean {
  return instant.getTime() >= EARLIEST && instant.getTime() <= LATEST;
}

function instantOf(year: number, month: number, day: number, milliseconds: number): Date | null {
  // Date.UTC takes the years 0 to 99 for 1900 to 1999; the calendar repeats itself every 400 years.
  const midnight = year < 100 ? Date.UTC(year + 400, month - 1, day) - YEARS_400 : Date.UTC(year, month - 1, day);
  const instant = new Date(midnight + milliseconds);
  return isWritable(instant) ? instant : null;
}

/** The position after the seconds and their fraction; null if a point is followed by no digit. */
function endOfSeconds(text: string): number | null {
  let end = SECONDS_END;
  if (text.charCodeAt(end) === POINT) {
    do {
      end += 1;
    } while (digits(text, end, 1) >= 0);
  }
  return end === SECONDS_END + 1 ? null : end;
}

/** The rest of the text as minutes east of UTC; "none" if there is no rest, null if it is no offset. */
function readOffset(text: string, from: number): number | "none" | null {
  if (text.length === from) {
    return "none";
  }
  const at = text.charAt(from) === " " ? from + 1 : from;
  const length = text.length - at;
  if (length === 1 ? "Zz".includes(text.charAt(at)) : length === 3 && UTC_NAME.test(text.slice(at))) {
    return 0;
  }
  const sign = text.charCodeAt(at);
  const hours = digits(text, at + 1, 2);
  const hasColon = text.charCodeAt(at + 3) === COLON;
  const minutes = length === 3 ? 0 : digits(text, hasColon ? at + 4 : at + 3, 2);
  const isWhole = length === 3 || length === (hasColon ? 6 : 5);
  if ((sign !== PLUS && sign !== DASH) || !isWhole || hours < 0 || hours > 23 || minutes < 0 || minutes > 59) {
    return null;
  }
  return (sign === PLUS ? 1 : -1) * (hours * 60 + minutes);
}

/** The number in these columns, -1 if they are not all digits. */
function digits(text: string, from: number, count: number): number {
  let number = 0;
  for (let at = from; at < from + count; at += 1) {
    const digit = text.charCodeAt(at) - 48;
    if (!(digit >= 0 && digit <= 9)) {
      return -1;
    }
    number = number * 10 + digit;
  }
  return number;
}

function areAt(text: string, first: number, second: number, code: number): boolean {
  return text.charCodeAt(first) === code && text.charCodeAt(second) === code;
}

function daysIn(year: number, month: number): number {
  if (month === 2) {
    return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0) ? 29 : 28;
  }
  return month === 4 || month === 6 || month === 9 || month === 11 ? 30 : 31;
}
