import type * as gql from "../generated/graphql.ts";
import { setOptOut } from "../writes/opt-out.ts";
import { personOrNull } from "./person.ts";

export const Mutation = {
  setOptOut: async (_root, { input }, { writes }) => {
    const { value, userErrors } = await setOptOut(writes, input);
    return { person: personOrNull(value), userErrors };
  },
} satisfies gql.MutationResolvers;
