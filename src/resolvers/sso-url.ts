import type * as gql from "../generated/graphql.ts";
import { createSsoUrl } from "../writes/sso.ts";

export const Mutation = {
  createSsoUrl: async (_root, { input }, { writes }) => {
    const { value, userErrors } = await createSsoUrl(writes, input);
    return { ...value, userErrors };
  },
} satisfies gql.MutationResolvers;
