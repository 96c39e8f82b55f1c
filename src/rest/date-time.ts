const DASH = 45;
const COLON = 58;
const POINT = 46;
const PLUS = 43;
const MINUTE = 60_000;

/**
 * RFC 3339 §5.6. A date-time without a zone is read as UTC, and so is a date alone, as its first moment: an instant
 * that is some hours off is of more use than none (ambiguities T-17). Null where the text is neither.
 *
 * Reads columns rather than matching a pattern: lists have 100,000 of them, and the engine's own parser takes
 * 30 February for 2 March.
 */
export function parseDateTime(text: string): Date | null {
  const year = digits(text, 0, 4);
  const month = digits(text, 5, 2);
  const day = digits(text, 8, 2);
  if (year < 0 || month < 1 || month > 12 || day < 1 || day > daysIn(year, month) || !areAt(text, 4, 7, DASH)) {
    return null;
  }
  if (text.length === 10) {
    return new Date(Date.UTC(year, month - 1, day));
  }
  const hour = digits(text, 11, 2);
  const minute = digits(text, 14, 2);
  const second = digits(text, 17, 2);
  const isTime = hour >= 0 && hour < 24 && minute >= 0 && minute < 60 && second >= 0 && second <= 60;
  if (!isTime || !areAt(text, 13, 16, COLON) || !"Tt ".includes(text.charAt(10))) {
    return null;
  }
  let end = 19;
  if (text.charCodeAt(end) === POINT) {
    do {
      end += 1;
    } while (digits(text, end, 1) >= 0);
    if (end === 20) {
      return null;
    }
  }
  const milliseconds = end === 19 ? 0 : Math.trunc(Number(text.slice(19, end)) * 1000);
  const offset = readOffset(text, end);
  return offset === null
    ? null
    : new Date(Date.UTC(year, month - 1, day, hour, minute, second, milliseconds) - offset * MINUTE);
}

/** Minutes east of UTC that the rest of the text says; null where it is no offset. */
function readOffset(text: string, at: number): number | null {
  if (text.length === at || (text.length === at + 1 && "Zz".includes(text.charAt(at)))) {
    return 0;
  }
  const sign = text.charCodeAt(at);
  const hours = digits(text, at + 1, 2);
  const minutes = digits(text, at + 4, 2);
  const isOffset = (sign === PLUS || sign === DASH) && text.length === at + 6 && text.charCodeAt(at + 3) === COLON;
  if (!isOffset || hours < 0 || hours > 23 || minutes < 0 || minutes > 59) {
    return null;
  }
  return (sign === PLUS ? 1 : -1) * (hours * 60 + minutes);
}

/** The number that stands in these columns, -1 where they are not all digits. */
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
