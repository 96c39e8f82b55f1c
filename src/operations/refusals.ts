import { type GraphQLError, type GraphQLFormattedError, type GraphQLSchema, locatedError } from "graphql";
import { pathOfLiteral, pathsOfVariables } from "./argument-path.ts";
import type { InvalidDocument } from "./documents.ts";
import { inOrder } from "./errors.ts";
import { FAILURES } from "./failures.ts";
import { Answer, type Operation } from "./operation.ts";
import { errorsOfVariables } from "./variables.ts";

/** Answers to operations that are not executed, or whose execution fails as a whole. */
export interface Refusals {
  readonly invalid: (document: InvalidDocument) => Answer;
  /** The document has no operation of this name. */
  readonly noOperation: (name: string | null) => Answer;
  readonly wrongVariables: (operation: Operation) => Answer;
  /** graphql-js did not execute the operation, or a subscription did not begin. */
  readonly notExecuted: (errors: readonly GraphQLError[], operation: Operation) => Answer;
  readonly failed: (error: unknown) => Answer;
}

const BAD_REQUEST = { code: "BAD_USER_INPUT", retryable: false } as const;

export function createRefusals(
  schema: GraphQLSchema,
  format: (formatted: GraphQLFormattedError, error: unknown) => GraphQLFormattedError,
): Refusals {
  function notExecuted(errors: readonly GraphQLError[], operation: Operation): Answer {
    const paths = pathsOfVariables(operation, schema, errors);
    const shown = errors.map((error, at) => {
      const formatted = error.toJSON();
      const argument = paths[at];
      // GraphQL's own errors about a request have no path and no code.
      const extensions = { code: BAD_REQUEST.code, ...(argument && { argument }) };
      return format(error.path === undefined ? { ...formatted, extensions } : formatted, error);
    });
    return refusal(inOrder(shown));
  }

  return {
    invalid: ({ code, document, errors }) =>
      refusal(
        errors.map((error) => {
          const [node] = error.nodes ?? [];
          // A scalar's own error about a literal, found by validation.
          const isMalformed = error.extensions["code"] === BAD_REQUEST.code;
          const argument = isMalformed && document && node ? pathOfLiteral(document, node) : null;
          const extensions = { code: isMalformed ? BAD_REQUEST.code : code, ...(argument && { argument }) };
          return format({ ...error.toJSON(), extensions }, error);
        }),
      ),

    noOperation: (name) => refusal([format({ message: noOperation(name), extensions: BAD_REQUEST }, null)]),

    wrongVariables: (operation) =>
      notExecuted(errorsOfVariables(schema, operation.definition, operation.variables), operation),

    notExecuted,

    failed: (error) => {
      // An error with a path, even an empty one, is a failure of the server and not of the request.
      const located = locatedError(error, undefined, []);
      return new Answer(FAILURES.internal.status, { errors: [format({ message: located.message }, located)] });
    },
  };
}

function refusal(errors: readonly GraphQLFormattedError[]): Answer {
  return new Answer(400, { errors });
}

/** As the specification defines it (https://spec.graphql.org/September2025/#GetOperation()). */
function noOperation(name: string | null): string {
  return name === null
    ? "Must provide operation name if query contains multiple operations."
    : `Unknown operation named "${name}".`;
}
