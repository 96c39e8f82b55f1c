import type * as gql from "../generated/graphql.ts";

export const Query = {
  eventCursor: (_root, _args, { events }) => events.newestCursor(),
} satisfies gql.QueryResolvers;
