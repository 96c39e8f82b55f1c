import type * as gql from "../generated/graphql.ts";

export const Query = {
  viewer: (_root, _arguments, { caller: { id, scopes } }) => ({ id, scopes: [...scopes].sort() }),
} satisfies gql.QueryResolvers;
