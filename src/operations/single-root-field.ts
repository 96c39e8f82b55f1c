import {
  type ASTVisitor,
  type DirectiveNode,
  type FragmentDefinitionNode,
  GraphQLError,
  Kind,
  type SelectionSetNode,
  type ValidationContext,
} from "graphql";

const CONDITIONS: ReadonlySet<string> = new Set(["skip", "include"]);

/**
 * Refuses `@skip` and `@include` at the root of a subscription
 * (https://spec.graphql.org/September2025/#sec-Single-Root-Field): a variable must not decide whether it has its one
 * field.
 */
export function UnconditionalSubscriptionRule(context: ValidationContext): ASTVisitor {
  return {
    Document: (document) => {
      const conditions = document.definitions.flatMap((definition) =>
        definition.kind === Kind.OPERATION_DEFINITION && definition.operation === "subscription"
          ? conditionsIn(definition.selectionSet, (name) => context.getFragment(name), new Set())
          : [],
      );
      for (const condition of conditions) {
        const message = `The root field of a subscription cannot have @${condition.name.value}.`;
        context.reportError(new GraphQLError(message, { nodes: [condition] }));
      }
      // graphql's own rule reads the variables of these conditions and throws, because validation has no variables. So
      // the rest of the document is not visited.
      return conditions.length === 0 ? undefined : { ...document, definitions: [] };
    },
  };
}

function conditionsIn(
  { selections }: SelectionSetNode,
  getFragment: (name: string) => FragmentDefinitionNode | null | undefined,
  seen: Set<string>,
): DirectiveNode[] {
  return selections.flatMap((selection) => {
    const own = selection.directives?.filter(({ name }) => CONDITIONS.has(name.value)) ?? [];
    if (selection.kind === Kind.INLINE_FRAGMENT) {
      return [...own, ...conditionsIn(selection.selectionSet, getFragment, seen)];
    }
    const name = selection.name.value;
    const fragment = selection.kind === Kind.FIELD || seen.has(name) ? null : getFragment(name);
    if (!fragment) {
      return own;
    }
    seen.add(name);
    return [...own, ...conditionsIn(fragment.selectionSet, getFragment, seen)];
  });
}
