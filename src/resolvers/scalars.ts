import { GraphQLError, GraphQLScalarType, Kind } from "graphql";
import { parseE164 } from "../phone.ts";

function textScalar<Value extends string>(
  name: string,
  expected: string,
  parse: (text: string) => Value | null,
): GraphQLScalarType<Value, string> {
  const need = (value: unknown): Value => {
    const parsed = typeof value === "string" ? parse(value) : null;
    if (parsed === null) {
      throw new GraphQLError(`${name} must be ${expected}.`, { extensions: { code: "BAD_USER_INPUT" } });
    }
    return parsed;
  };
  return new GraphQLScalarType({
    name,
    // Records hold numbers that were parsed when they were read.
    serialize: (value) => value as string,
    parseValue: need,
    parseLiteral: (node) => need(node.kind === Kind.STRING ? node.value : null),
  });
}

/** E.164 to the letter; the libraries' scalars are laxer. */
export const PhoneNumber = textScalar(
  "PhoneNumber",
  "a telephone number in E.164 form, such as +14155551212",
  parseE164,
);
