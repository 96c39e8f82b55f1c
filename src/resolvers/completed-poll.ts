import type { CompletedPollRecord } from "../context.ts";
import type * as gql from "../generated/graphql.ts";
import { optionalId } from "./arguments.ts";
import type { Complete } from "./fields.ts";
import { personOrNull } from "./person.ts";

export const Query = {
  completedPolls: (_root, { pollId, ...args }, { events }) =>
    events.completedPolls(args, optionalId("Poll", "pollId", pollId)),
} satisfies gql.QueryResolvers;

export const CompletedPoll = {
  poll: ({ pollId }, _args, { textizen }) => (pollId === null ? null : textizen.poll.row(pollId)),
  participant: ({ participantId }, _args, { textizen }) =>
    participantId === null ? null : textizen.participant.row(participantId),
  person: ({ from }) => personOrNull(from),
  responses: ({ responses }) => [...responses],
  completedAt: ({ answeredAt, receivedAt }) => (answeredAt === null ? receivedAt : new Date(answeredAt)),
} satisfies Complete<gql.CompletedPollResolvers, gql.CompletedPoll, CompletedPollRecord>;
