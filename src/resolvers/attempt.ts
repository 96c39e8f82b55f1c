import type { AttemptRecord } from "../context.ts";
import type * as gql from "../generated/graphql.ts";
import { rowOfAttempt } from "../jobs/pages.ts";
import { type SettledAttempt, settleAttempt } from "../writes/settle-attempt.ts";
import type { Complete } from "./fields.ts";

export type AttemptParent = AttemptRecord | SettledAttempt;

export const Query = {
  attempt: async (_root, { idempotencyKey }, { services, caller }) => {
    const record = await services.attempts.find(idempotencyKey);
    return record?.caller === caller.id ? record : null;
  },
  unknownAttempts: (_root, args, context) => context.unknownAttempts(args),
} satisfies gql.QueryResolvers;

export const Mutation = {
  settleAttempt: async (_root, { input }, { writes }) => {
    const { value, userErrors } = await settleAttempt(writes, input);
    return { attempt: value, userErrors };
  },
} satisfies gql.MutationResolvers;

export const Attempt = {
  idempotencyKey: ({ key }) => key,
  calledBy: ({ caller }) => caller,
  outgoingMessage: (attempt, _args, { conversations }) => {
    if ("outgoingId" in attempt) {
      return attempt.outgoingId && conversations.outgoing(attempt.outgoingId);
    }
    return conversations.outgoingOf(attempt.owner);
  },
  jobRow: ({ key }, _args, { services }) => rowOfAttempt(services.jobs, key),
} satisfies Complete<gql.AttemptResolvers, gql.Attempt, AttemptParent>;
