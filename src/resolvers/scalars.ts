import { GraphQLError, GraphQLScalarType, Kind, type ValueNode } from "graphql";
import { DateTimeResolver, URLResolver } from "graphql-scalars";
import { hasOffset, isWritable, parseDateTime } from "../date-time.ts";
import { isEmailAddress } from "../email-address.ts";
import { parseE164 } from "../phone.ts";
import { isTimeZone, parseLocalDateTime } from "../time-zones.ts";

/** `explain`: what is wrong with a text that `parse` returns null for, in a sentence that does not repeat the text. */
function textScalar<Value>(
  name: string,
  parse: (text: string) => Value | null,
  explain: (text: string) => string,
): GraphQLScalarType<Value, Value> {
  const read = (value: unknown, node?: ValueNode): Value => {
    const parsed = typeof value === "string" ? parse(value) : null;
    if (parsed === null) {
      const where = node === undefined ? {} : { nodes: [node] };
      const message = explain(typeof value === "string" ? value : "");
      throw new GraphQLError(message, { ...where, extensions: { code: "BAD_USER_INPUT" } });
    }
    return parsed;
  };
  return new GraphQLScalarType({
    name,
    // Values in records were parsed when they were read.
    serialize: (value) => value as Value,
    parseValue: (value) => read(value),
    parseLiteral: (node) => read(node.kind === Kind.STRING ? node.value : null, node),
  });
}

/** Exactly E.164; the scalars of libraries accept more. */
export const PhoneNumber = textScalar(
  "PhoneNumber",
  parseE164,
  () => "PhoneNumber must be a telephone number in E.164 form, such as +14155551212.",
);

/** An IANA identifier; letter case matters, because it does for Pidj (docs/platforms.md, Create a user). */
export const TimeZone = textScalar(
  "TimeZone",
  (text) => (isTimeZone(text) ? text : null),
  () => "TimeZone must be an IANA time zone, letter case included, such as America/Denver.",
);

/** A date and time without an offset, in the form `2027-03-14T09:00:00`. */
export const LocalDateTime = textScalar(
  "LocalDateTime",
  parseLocalDateTime,
  () => "LocalDateTime must be a date and time without an offset, such as 2027-03-14T09:00.",
);

/** An address that browsers accept in a form, unchanged. */
export const EmailAddress = textScalar(
  "EmailAddress",
  (text) => (isEmailAddress(text) ? text : null),
  () => "EmailAddress must be an e-mail address, such as jane@example.com.",
);

/** An absolute URL (https://url.spec.whatwg.org), unchanged. */
export const URL = textScalar(
  "URL",
  (text) => (parseBy(URLResolver, text) === null ? null : text),
  () => "URL must be an absolute URL, such as https://example.com/path.",
);

/** RFC 3339. An offset may move a time of the year 9999 into the year 10000, which no platform and no client can read. */
export const DateTime = textScalar<Date>("DateTime", parseMoment, (text) => {
  if (parseDateTime(text) !== null && !hasOffset(text)) {
    return "DateTime lacks its offset from UTC: write 2026-11-03T14:00:00Z or 2026-11-03T09:00:00-05:00.";
  }
  return parseBy<Date>(DateTimeResolver, text) === null
    ? "DateTime must be a moment as RFC 3339 writes it, such as 2026-11-03T09:00:00-05:00."
    : "DateTime must be in the years 0000 to 9999, in UTC.";
});

function parseMoment(text: string): Date | null {
  const moment = parseBy<Date>(DateTimeResolver, text);
  return moment !== null && isWritable(moment) ? moment : null;
}

/** The value that a library's scalar makes of a text; null if it refuses the text. */
function parseBy<Value>(scalar: GraphQLScalarType<Value>, text: string): Value | null {
  try {
    return scalar.parseValue(text);
  } catch {
    return null;
  }
}
