import type * as gql from "../generated/graphql.ts";

export const Query = {
  viewer: (_root, _arguments, { caller: { id, scopes }, services }) => {
    // The scope `router` stands alone in a key: beside others it is that of the router in front of the caller.
    const own = [...scopes].filter((scope) => scope !== "router" || scopes.size === 1);
    return { id, scopes: own.sort(), timeZone: services.jobDefaults.timeZone, region: services.defaultRegion };
  },
} satisfies gql.QueryResolvers;
