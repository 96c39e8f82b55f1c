import { GraphQLError } from "graphql";

/**
 * The message of an error about a request, without the values that graphql-js quotes: a password or a number in a
 * malformed input would be in the error, and from there in a client's own error log. Names of fields, types and
 * arguments stay; `extensions.argument` says where the value is.
 */
export function withoutValues(message: string, error: unknown): string {
  const original = error instanceof GraphQLError ? error.originalError?.message : undefined;
  return cut(withoutQuotes(message, original));
}

/** A client's own names are in messages too, and may be as long as its request. */
const MOST_CHARACTERS = 1_000;

function cut(message: string): string {
  return message.length > MOST_CHARACTERS ? `${message.slice(0, MOST_CHARACTERS)}…` : message;
}

function withoutQuotes(message: string, original: string | undefined): string {
  if (original !== undefined && message.endsWith(`; ${original}`)) {
    const beginning = message.slice(0, -original.length - 2);
    return `${shorten(beginning)}; ${shorten(original)}`;
  }
  return shorten(message);
}

/** What graphql-js 16 writes before a value, and what it writes after one. */
function shorten(message: string): string {
  return message
    .replace(/^(Variable "\$\w+" got invalid value)(?: .*?)??( at "[\w.[\]]+")?$/s, "$1$2")
    .replace(/^(Argument "\w+" has invalid value) .*$/s, "$1.")
    .replace(/^(Expected value of type "[^"]*"), found .*$/s, "$1")
    .replace(/^((?:[A-Z]\w*|Enum "\w+") cannot represent (?:an? )?(?:[\w-]+ )*?value): .*$/s, "$1.")
    .replace(/^Value ".*" does not exist in ("\w+" enum)/s, "The value does not exist in $1")
    .replace(/^(Syntax Error: .*?\b(?:String|BlockString|Int|Float)) ".*"/s, "$1");
}
