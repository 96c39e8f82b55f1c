import type * as gql from "../generated/graphql.ts";

export const Query = {
  attempt: async (_root, { idempotencyKey }, { services }) => {
    const record = await services.attempts.find(idempotencyKey);
    return record && { ...record, idempotencyKey };
  },
} satisfies gql.QueryResolvers;
