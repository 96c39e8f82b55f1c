import { readdirSync, readFileSync } from "node:fs";
import { makeExecutableSchema } from "@graphql-tools/schema";
import {
  concatAST,
  type DocumentNode,
  type GraphQLSchema,
  GraphQLSpecifiedByDirective,
  getDirectiveValues,
  isScalarType,
  Kind,
  parse,
  printSchema,
  visit,
} from "graphql";
import { resolvers } from "../resolvers/index.ts";
import { type Guards, readGuards } from "./guards.ts";
import { meterFields } from "./meter.ts";

const SCHEMA_FOLDER = new URL("../../schema/", import.meta.url);

/** The schema files as one document, federation directives included. */
export function readTypeDefs(): DocumentNode {
  const files = readdirSync(SCHEMA_FOLDER).filter((name) => name.endsWith(".graphql"));
  return concatAST(files.map((name) => parse(readFileSync(new URL(name, SCHEMA_FOLDER), "utf8"))));
}

/**
 * The schema as clients see it, without the federation directives and types that only a router uses. Its fields check
 * the scopes in the schema files.
 */
export function buildSchema(typeDefs = readTypeDefs(), guards = readGuards(typeDefs)): GraphQLSchema {
  return finishSchema(makeExecutableSchema({ typeDefs: withoutFederation(typeDefs), resolvers }), typeDefs, guards);
}

/** What every schema needs, however it was made: descriptions, limits and scopes. */
export function finishSchema(schema: GraphQLSchema, typeDefs: DocumentNode, guards: Guards): GraphQLSchema {
  keepScalarsDescribed(schema, typeDefs);
  meterFields(schema);
  guards.apply(schema);
  return schema;
}

/** A scalar with a resolver loses the description of the schema files, so it is set again. */
function keepScalarsDescribed(schema: GraphQLSchema, typeDefs: DocumentNode): void {
  const definitions = typeDefs.definitions.filter((node) => node.kind === Kind.SCALAR_TYPE_DEFINITION);
  for (const definition of definitions) {
    const scalar = schema.getType(definition.name.value);
    if (isScalarType(scalar)) {
      const specifiedBy = getDirectiveValues(GraphQLSpecifiedByDirective, definition);
      scalar.description = definition.description?.value;
      scalar.specifiedByURL = specifiedBy?.["url"] as string | undefined;
    }
  }
}

/** The SDL that clients download. */
export function printSdl(schema: GraphQLSchema): string {
  return `${printSchema(schema)}\n`;
}

const FEDERATION_DIRECTIVES: ReadonlySet<string> = new Set([
  "link",
  "key",
  "shareable",
  "authenticated",
  "requiresScopes",
  "cost",
  "listSize",
  "oncePerOperation",
  "oncePerObject",
]);

function withoutFederation(document: DocumentNode): DocumentNode {
  return visit(document, {
    DirectiveDefinition: (node) => (FEDERATION_DIRECTIVES.has(node.name.value) ? null : undefined),
    Directive: (node) => (FEDERATION_DIRECTIVES.has(node.name.value) ? null : undefined),
    // Without its directive, `extend schema @link(…)` is empty.
    SchemaExtension: {
      leave: (node) => (node.directives?.length || node.operationTypes?.length ? undefined : null),
    },
  });
}
