import { buildSubgraphSchema, type GraphQLResolverMap } from "@apollo/subgraph";
import {
  type ConstDirectiveNode,
  concatAST,
  type DocumentNode,
  type FieldDefinitionNode,
  type GraphQLSchema,
  graphqlSync,
  Kind,
  parse,
  print,
  visit,
} from "graphql";
import type { Context } from "../context.ts";
import { ForbiddenError } from "../errors.ts";
import { Entity, readEntities } from "../resolvers/entities.ts";
import { resolvers } from "../resolvers/index.ts";
import type { Guards } from "./guards.ts";
import { finishSchema } from "./schema.ts";

/**
 * The fields that only a router asks for, with what the schema files say of other fields: their scope and their price.
 * What each representation costs depends on its type: see pricing.ts.
 */
const ROUTER_FIELDS = parse(`
  extend type Query {
    _entities(representations: [_Any!]!): [_Entity]!
      @requiresScopes(scopes: [["router"]])
      @listSize(assumedSize: 100, slicingArguments: ["representations"])
    _service: _Service! @requiresScopes(scopes: [["router"]])
  }
`);

/** The schema files' document, with what a subgraph's scopes and prices are in addition. */
export function withRouterFields(typeDefs: DocumentNode): DocumentNode {
  return concatAST([typeDefs, ROUTER_FIELDS]);
}

export interface SubgraphOptions {
  readonly typeDefs: DocumentNode;
  readonly guards: Guards;
  /** Whether a request without a credential may read the schema. */
  readonly allowsIntrospection: boolean;
}

/**
 * The schema as a Federation 2 subgraph (https://www.apollographql.com/docs/graphos/schema-design/federated-schemas/reference/subgraph-spec):
 * that of clients, with `_entities` and `_service` for a router. Clients that ask this server itself have `node` and `nodes`
 * as before; what is composed lacks them.
 */
export function buildSubgraph({ typeDefs, guards, allowsIntrospection }: SubgraphOptions): GraphQLSchema {
  const sdl = printSubgraph(typeDefs);
  const _service = (_root: unknown, _args: unknown, { caller }: Context) => {
    // While authentication is off, everybody has the router's scope.
    if (caller.isAnonymous && !allowsIntrospection) {
      throw new ForbiddenError("router");
    }
    return { sdl };
  };
  const { Query, ...others } = resolvers;
  // The generated types know of no field that @apollo/subgraph adds.
  const all = {
    ...others,
    Query: { ...Query, _entities: readEntities, _service },
    _Entity: Entity,
  } as GraphQLResolverMap;
  return finishSchema(buildSubgraphSchema([{ typeDefs, resolvers: all }]), typeDefs, guards);
}

interface Served {
  readonly data: { readonly _service: { readonly sdl: string } };
}

/** The SDL that routers compose. */
export function printSubgraph(typeDefs: DocumentNode): string {
  const schema = buildSubgraphSchema([{ typeDefs: composed(typeDefs), resolvers: {} }]);
  const { data } = graphqlSync({ schema, source: "{ _service { sdl } }" }) as Served;
  return `${data._service.sdl}\n`;
}

/**
 * The schema files as composition takes them. `node`, `nodes` and `Node` are left to the supergraph, which may have its
 * own. Our directives are unknown to it, and two of the others' uses are ours alone: the length of a list by the number of
 * ids in an argument, and the scopes of an interface, which composition takes from the types that implement it.
 */
function composed(typeDefs: DocumentNode): DocumentNode {
  const withoutNode = visit(typeDefs, {
    InterfaceTypeDefinition: ({ name }) => (name.value === "Node" ? null : undefined),
    NamedType: (node, key, parent) => (isImplemented(key, parent) && node.name.value === "Node" ? null : undefined),
    FieldDefinition: (field) => (/^nodes?$/.test(field.name.value) && returnsNode(field) ? null : undefined),
  });
  return visit(withoutNode, {
    DirectiveDefinition: ({ name }) => (OUR_DIRECTIVES.has(name.value) ? null : undefined),
    Directive: ({ name }) => (OUR_DIRECTIVES.has(name.value) ? null : undefined),
    InterfaceTypeDefinition: {
      leave: (node) => ({
        ...node,
        directives: node.directives?.filter(({ name }) => name.value !== "requiresScopes") ?? [],
      }),
    },
    FieldDefinition: {
      leave: (field) => ({ ...field, directives: field.directives?.map((each) => sizedByNumber(each, field)) ?? [] }),
    },
  });
}

const OUR_DIRECTIVES: ReadonlySet<string> = new Set(["oncePerOperation", "oncePerObject"]);
const BY_ARGUMENT: ReadonlySet<string> = new Set(["slicingArguments", "requireOneSlicingArgument"]);

/** Named types stand in lists as interfaces only: elsewhere they are the value of one property. */
function isImplemented(key: string | number | undefined, parent: unknown): boolean {
  return typeof key === "number" && Array.isArray(parent);
}

function returnsNode({ type }: FieldDefinitionNode): boolean {
  return /^\[?Node\b/.test(print(type));
}

function sizedByNumber(directive: ConstDirectiveNode, field: FieldDefinitionNode): ConstDirectiveNode {
  const isByNumber = (name: string) =>
    field.arguments?.some((each) => each.name.value === name && /^Int!?$/.test(print(each.type))) ?? false;
  const slicing = directive.arguments?.find(({ name }) => name.value === "slicingArguments")?.value;
  const isFine =
    slicing?.kind !== Kind.LIST ||
    slicing.values.every((value) => value.kind === Kind.STRING && isByNumber(value.value));
  return directive.name.value !== "listSize" || isFine
    ? directive
    : { ...directive, arguments: directive.arguments?.filter(({ name }) => !BY_ARGUMENT.has(name.value)) ?? [] };
}
