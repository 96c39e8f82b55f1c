import type { Context } from "../context.ts";
import { valueOrThrow } from "../errors.ts";
import type * as gql from "../generated/graphql.ts";
import type { PollQuestionRecord, PollResponseRecord } from "../textizen/records.ts";
import { requireId } from "./arguments.ts";
import type { Complete } from "./fields.ts";
import { personOrNull } from "./person.ts";
import { withFollowUps } from "./poll-results.ts";

export const Query = {
  pollResponse: (_root, { id }, { textizen }) => textizen.response(requireId("PollResponse", "id", id)),
} satisfies gql.QueryResolvers;

export const PollResponse = {
  from: ({ from }) => personOrNull(valueOrThrow(from)),
  participant: (response, _args, { textizen }) => {
    const id = valueOrThrow(response.participantId);
    return id === null ? null : textizen.participant.row(id);
  },
  poll: (response, _args, { textizen }) => {
    const id = valueOrThrow(response.pollId);
    return id === null ? null : textizen.poll.row(id);
  },
  question: (response, _args, context) => findQuestion(response, context),
  matchedOptions: async (response, _args, context) => {
    if (response.matchedOptionIds.length === 0) {
      return [];
    }
    const question = await findQuestion(response, context);
    return question?.options.filter(({ id }) => response.matchedOptionIds.includes(id)) ?? [];
  },
} satisfies Complete<gql.PollResponseResolvers, gql.PollResponse, PollResponseRecord>;

async function findQuestion(response: PollResponseRecord, { textizen }: Context): Promise<PollQuestionRecord | null> {
  const pollId = valueOrThrow(response.pollId);
  const questionId = valueOrThrow(response.questionId);
  if (pollId === null || questionId === null) {
    return null;
  }
  const questions = valueOrThrow((await textizen.poll.detail(pollId))?.questions) ?? [];
  return withFollowUps(questions).find(({ id }) => id === questionId) ?? null;
}
