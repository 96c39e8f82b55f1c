import { composeServices as composeWithApollo } from "@apollo/composition";
import { composeServices as composeWithGuild } from "@theguild/federation-composition";
import { parse } from "graphql";

export interface Subgraph {
  readonly name: string;
  readonly url: string;
  readonly sdl: string;
}

/** What a composition has to say: `supergraph` is null if there are errors. */
export interface Composed {
  readonly supergraph: string | null;
  readonly errors: readonly string[];
  readonly hints: readonly string[];
}

/** The composition of Apollo's routers. */
export function byApollo(subgraphs: readonly Subgraph[]): Composed {
  const { supergraphSdl, errors = [], hints = [] } = composeWithApollo(servicesOf(subgraphs));
  return {
    supergraph: supergraphSdl ?? null,
    errors: errors.map(({ message }) => message),
    hints: hints.map((hint) => String(hint)),
  };
}

/** The composition of Hive's routers, which gives no hints. */
export function byGuild(subgraphs: readonly Subgraph[]): Composed {
  const { supergraphSdl, errors = [] } = composeWithGuild(servicesOf(subgraphs));
  return { supergraph: supergraphSdl ?? null, errors: errors.map(({ message }) => message), hints: [] };
}

function servicesOf(subgraphs: readonly Subgraph[]) {
  return subgraphs.map(({ sdl, ...rest }) => ({ ...rest, typeDefs: parse(sdl) }));
}
