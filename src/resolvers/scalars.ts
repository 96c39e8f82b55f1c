import { GraphQLError, GraphQLScalarType, Kind, type ValueNode } from "graphql";
import { DateTimeResolver, EmailAddressResolver, URLResolver } from "graphql-scalars";
import { isWritable } from "../date-time.ts";
import { parseE164 } from "../phone.ts";
import { isTimeZone } from "../time-zones.ts";

function textScalar<Value extends string>(
  name: string,
  expected: string,
  parse: (text: string) => Value | null,
): GraphQLScalarType<Value, string> {
  const need = (value: unknown, node?: ValueNode): Value => {
    const parsed = typeof value === "string" ? parse(value) : null;
    if (parsed === null) {
      const where = node === undefined ? {} : { nodes: [node] };
      throw new GraphQLError(`${name} must be ${expected}.`, { ...where, extensions: { code: "BAD_USER_INPUT" } });
    }
    return parsed;
  };
  return new GraphQLScalarType({
    name,
    // Values in records were parsed when they were read.
    serialize: (value) => value as string,
    parseValue: (value) => need(value),
    parseLiteral: (node) => need(node.kind === Kind.STRING ? node.value : null, node),
  });
}

/** Exactly E.164; the scalars of libraries accept more. */
export const PhoneNumber = textScalar(
  "PhoneNumber",
  "a telephone number in E.164 form, such as +14155551212",
  parseE164,
);

/** An IANA identifier; letter case matters, because it does for Pidj (docs/platforms.md, Create a user). */
export const TimeZone = textScalar("TimeZone", "an IANA time zone, such as America/Denver", (text) =>
  isTimeZone(text) ? text : null,
);

/** An address that browsers accept in a form, unchanged. */
export const EmailAddress = textScalar("EmailAddress", "an e-mail address, such as jane@example.com", (text) =>
  accepts(EmailAddressResolver, text) ? text : null,
);

/** An absolute URL (https://url.spec.whatwg.org), unchanged. */
export const URL = textScalar("URL", "an absolute URL, such as https://example.com/path", (text) =>
  accepts(URLResolver, text) ? text : null,
);

/**
 * RFC 3339. An offset may move a time of the year 9999 into the year 10000, which no platform and no client can read.
 */
export const DateTime = new GraphQLScalarType<Date, Date>({
  ...DateTimeResolver.toConfig(),
  parseValue: (value) => requireWritable(DateTimeResolver.parseValue(value)),
  parseLiteral: (node) => requireWritable(DateTimeResolver.parseLiteral(node, {})),
});

function requireWritable(instant: Date): Date {
  if (!isWritable(instant)) {
    throw new GraphQLError("DateTime must be in the years 0000 to 9999, in UTC.", {
      extensions: { code: "BAD_USER_INPUT" },
    });
  }
  return instant;
}

function accepts(scalar: GraphQLScalarType, text: string): boolean {
  try {
    scalar.parseValue(text);
    return true;
  } catch {
    return false;
  }
}
