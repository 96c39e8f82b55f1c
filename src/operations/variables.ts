import {
  coerceInputValue,
  GraphQLError,
  type GraphQLInputType,
  type GraphQLSchema,
  isInputType,
  isNonNullType,
  type OperationDefinitionNode,
  typeFromAST,
  type VariableDefinitionNode,
} from "graphql";

/** As many are told of one request. */
const MOST_WRONG = 10;

export interface WrongPart {
  /** Its place in the value. */
  readonly path: readonly (string | number)[];
  readonly error: GraphQLError;
}

/**
 * What graphql-js says of wrong variables when it executes, apart from the values themselves. It would quote the value
 * once for each error, whatever its size: a quarter of a megabyte with 20,000 unknown fields was too much for the heap.
 */
export function errorsOfVariables(
  schema: GraphQLSchema,
  { variableDefinitions = [] }: OperationDefinitionNode,
  variables: Readonly<Record<string, unknown>>,
): readonly GraphQLError[] {
  const errors: GraphQLError[] = [];
  for (const definition of variableDefinitions) {
    const type = typeFromAST(schema, definition.type);
    // Validation has refused all others.
    if (isInputType(type)) {
      errors.push(...errorsOf(definition, type, variables));
    }
    if (errors.length >= MOST_WRONG) {
      const more = new GraphQLError("More may be wrong with the variables: only the first errors are told.");
      return [...errors.slice(0, MOST_WRONG), more];
    }
  }
  return errors;
}

function errorsOf(
  definition: VariableDefinitionNode,
  type: GraphQLInputType,
  variables: Readonly<Record<string, unknown>>,
): GraphQLError[] {
  const { name } = definition.variable;
  const wrong = (message: string, originalError?: GraphQLError) =>
    new GraphQLError(`Variable "$${name.value}" ${message}`, {
      nodes: definition,
      ...(originalError && { originalError }),
    });
  if (!Object.hasOwn(variables, name.value)) {
    return definition.defaultValue === undefined && isNonNullType(type)
      ? [wrong(`of required type "${type}" was not provided.`)]
      : [];
  }
  const value = variables[name.value];
  if (value === null && isNonNullType(type)) {
    return [wrong(`of non-null type "${type}" must not be null.`)];
  }
  return wrongPartsOf(value, type).map(({ path, error }) => {
    const place = path.map((step) => (typeof step === "number" ? `[${step}]` : `.${step}`)).join("");
    const at = place === "" ? "" : ` at "${name.value}${place}"`;
    return wrong(`got invalid value${at}; ${error.message}`, error);
  });
}

/** The first wrong parts of a value, in order. */
export function wrongPartsOf(value: unknown, type: GraphQLInputType): readonly WrongPart[] {
  const parts: WrongPart[] = [];
  try {
    coerceInputValue(value, type, (path, _value, error) => {
      parts.push({ path, error });
      if (parts.length >= MOST_WRONG) {
        throw ENOUGH;
      }
    });
  } catch (error) {
    if (error !== ENOUGH) {
      throw error;
    }
  }
  return parts;
}

const ENOUGH = new Error("enough errors");
