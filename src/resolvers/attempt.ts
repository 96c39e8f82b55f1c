import type * as gql from "../generated/graphql.ts";

export const Query = {
  attempt: async (_root, { idempotencyKey }, { services, caller }) => {
    const record = await services.attempts.find(idempotencyKey);
    return record?.caller === caller.id ? { ...record, idempotencyKey } : null;
  },
} satisfies gql.QueryResolvers;
