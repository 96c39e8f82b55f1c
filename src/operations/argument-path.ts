import {
  type ASTNode,
  BREAK,
  type DocumentNode,
  type GraphQLError,
  type GraphQLSchema,
  isInputType,
  Kind,
  typeFromAST,
  type VariableDefinitionNode,
  visit,
} from "graphql";
import type { Operation } from "./operation.ts";
import { wrongPartsOf } from "./variables.ts";

/** The path of a value in a field's arguments, list indexes included: `["input", "phoneNumbers", "2"]`. */
export type ArgumentPath = readonly string[];

/** The path of the argument that a value in a document belongs to; null if it belongs to none. */
export function pathOfLiteral(document: DocumentNode, value: ASTNode): ArgumentPath | null {
  const chain = findChain(document, (node) => node === value);
  const definition = chain?.find(isVariableDefinition);
  const path = chain && pathOfChain(chain);
  // A variable's default value takes the place of the variable.
  return definition && path ? [...(pathOfVariable(document, definition.variable.name.value) ?? []), ...path] : path;
}

/** The path of the argument for each error about a variable. */
export function pathsOfVariables(
  { document, variables }: Pick<Operation, "document" | "variables">,
  schema: GraphQLSchema,
  errors: readonly GraphQLError[],
): (ArgumentPath | null)[] {
  const wrongParts = new Map<string, ArgumentPath[]>();
  return errors.map(({ nodes: [node] = [] }) => {
    if (!isVariableDefinition(node)) {
      return null;
    }
    const name = node.variable.name.value;
    const parts = wrongParts.get(name) ?? findWrongParts(node, variables[name], schema);
    wrongParts.set(name, parts);
    // The errors of one variable come in the order of its wrong parts.
    return [...(pathOfVariable(document, name) ?? []), ...(parts.shift() ?? [])];
  });
}

function findWrongParts({ type: typeNode }: VariableDefinitionNode, value: unknown, schema: GraphQLSchema) {
  const paths: ArgumentPath[] = [];
  const type = typeFromAST(schema, typeNode);
  if (isInputType(type)) {
    paths.push(...wrongPartsOf(value, type).map(({ path }) => path.map(String)));
  }
  return paths;
}

function pathOfVariable(document: DocumentNode, name: string): ArgumentPath | null {
  const chain = findChain(
    document,
    (node, ancestors) =>
      node.kind === Kind.VARIABLE && node.name.value === name && !ancestors.some(isVariableDefinition),
  );
  return chain && pathOfChain(chain);
}

type Link = ASTNode | readonly ASTNode[];

/** A node after its ancestors, lists of nodes included. */
function findChain(
  document: DocumentNode,
  isWanted: (node: ASTNode, ancestors: readonly Link[]) => boolean,
): readonly Link[] | null {
  let chain: readonly Link[] | null = null;
  visit(document, {
    enter: (node, _key, parent, _path, ancestors) => {
      // The parent is not one of the ancestors.
      const around = parent === undefined ? ancestors : [...ancestors, parent];
      if (isWanted(node, around)) {
        chain = [...around, node];
        return BREAK;
      }
      return undefined;
    },
  });
  return chain;
}

function pathOfChain(chain: readonly Link[]): ArgumentPath {
  return chain.flatMap((link, at) => {
    const [before, next] = [chain[at - 1], chain[at + 1]];
    if (isList(link)) {
      const isListValue = before !== undefined && !isList(before) && before.kind === Kind.LIST;
      return isListValue && next !== undefined && !isList(next) ? [String(link.indexOf(next))] : [];
    }
    return link.kind === Kind.ARGUMENT || link.kind === Kind.OBJECT_FIELD ? [link.name.value] : [];
  });
}

function isList(link: Link): link is readonly ASTNode[] {
  return Array.isArray(link);
}

function isVariableDefinition(link: Link | undefined): link is VariableDefinitionNode {
  return link !== undefined && !isList(link) && link.kind === Kind.VARIABLE_DEFINITION;
}
