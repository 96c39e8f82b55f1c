import {
  type DocumentNode,
  type FragmentDefinitionNode,
  type GraphQLSchema,
  getVariableValues,
  Kind,
  type OperationDefinitionNode,
} from "graphql";

/** What a price is computed from. */
export interface PricedOperation {
  readonly operation: OperationDefinitionNode;
  readonly fragments: Readonly<Record<string, FragmentDefinitionNode>>;
  /** Coerced by the operation's variable definitions. */
  readonly variables: Readonly<Record<string, unknown>>;
}

/** An operation of a valid document with its variables; null if these are wrong. */
export function pricedOperation(
  schema: GraphQLSchema,
  document: DocumentNode,
  operation: OperationDefinitionNode,
  variables: Readonly<Record<string, unknown>>,
): PricedOperation | null {
  const { coerced } = getVariableValues(schema, operation.variableDefinitions ?? [], { ...variables });
  const fragments = document.definitions.filter((each) => each.kind === Kind.FRAGMENT_DEFINITION);
  return coerced === undefined
    ? null
    : {
        operation,
        fragments: Object.fromEntries(fragments.map((fragment) => [fragment.name.value, fragment])),
        variables: coerced,
      };
}
