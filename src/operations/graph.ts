import type { GraphQLSchema } from "graphql";
import { createExplain, type Explain } from "./explain.ts";
import { type Guards, readGuards } from "./guards.ts";
import type { Price } from "./price.ts";
import { createPricer, type Pricer } from "./pricing.ts";
import { buildSchema, printSdl, readTypeDefs } from "./schema.ts";

export interface GraphOptions {
  /** Whether a router may compose this graph with others. */
  readonly isSubgraph: boolean;
  readonly allowsIntrospection: boolean;
  /** Limits of one operation. */
  readonly limits: Price;
}

/** The schema, and what is read from its files. */
export interface Graph {
  readonly schema: GraphQLSchema;
  readonly guards: Guards;
  readonly price: Pricer;
  readonly explain: Explain;
  /** The SDL that clients download, without what only a router uses; null if the schema is not shown. */
  readonly sdl: string | null;
}

export async function buildGraph({ isSubgraph, allowsIntrospection, limits }: GraphOptions): Promise<Graph> {
  const typeDefs = readTypeDefs();
  if (!isSubgraph) {
    const guards = readGuards(typeDefs);
    const schema = buildSchema(typeDefs, guards);
    const sdl = allowsIntrospection ? printSdl(schema) : null;
    return {
      schema,
      guards,
      price: createPricer(schema, typeDefs),
      explain: createExplain(schema, typeDefs, limits),
      sdl,
    };
  }
  // Loaded late, because most servers are no subgraph.
  const { buildSubgraph, withRouterFields } = await import("./subgraph.ts");
  const all = withRouterFields(typeDefs);
  const guards = readGuards(all);
  const schema = buildSubgraph({ typeDefs, guards, allowsIntrospection });
  const sdl = allowsIntrospection ? printSdl(buildSchema(typeDefs, guards)) : null;
  return { schema, guards, price: createPricer(schema, all), explain: createExplain(schema, all, limits), sdl };
}
