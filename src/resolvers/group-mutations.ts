import type * as gql from "../generated/graphql.ts";
import { createTextizenGroup, updateTextizenGroup } from "../writes/textizen-group.ts";

export const Mutation = {
  createTextizenGroup: async (_root, { input }, { writes }) => {
    const { value, userErrors } = await createTextizenGroup(writes, input);
    return { group: value, userErrors };
  },
  updateTextizenGroup: async (_root, { input }, { writes }) => {
    const { value, userErrors } = await updateTextizenGroup(writes, input);
    return { group: value, userErrors };
  },
} satisfies gql.MutationResolvers;
