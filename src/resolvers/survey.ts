import type * as gql from "../generated/graphql.ts";
import { initiateSurvey } from "../writes/survey.ts";
import { requireId } from "./arguments.ts";
import type { Complete } from "./fields.ts";
import { type ConversationPayload, conversationPayload, toConversationPayload } from "./started-conversation.ts";

export const Query = {
  survey: async (_root, { id }, { pidj }) => {
    const surveyId = requireId("Survey", "id", id);
    return (await pidj.surveys()).get(surveyId);
  },
  surveys: async (_root, args, { pidj }) => (await pidj.surveys()).page(args),
} satisfies gql.QueryResolvers;

export const Mutation = {
  initiateSurvey: async (_root, { input }, { writes }) =>
    toConversationPayload(input.surveyId, await initiateSurvey(writes, input)),
} satisfies gql.MutationResolvers;

export const InitiateSurveyPayload = {
  ...conversationPayload,
  survey: async ({ startedId }, _args, { pidj }) => (startedId === null ? null : (await pidj.surveys()).get(startedId)),
} satisfies Complete<gql.InitiateSurveyPayloadResolvers, gql.InitiateSurveyPayload, ConversationPayload>;
