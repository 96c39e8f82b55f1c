import type * as gql from "../generated/graphql.ts";
import { initiateSurvey } from "../writes/survey.ts";
import { requireId } from "./arguments.ts";
import type { Complete } from "./fields.ts";
import { personOfRecipient } from "./person.ts";

/** What became of a survey that was to be started; who and what it is about is read only where it is selected. */
export interface SurveyPayload extends Pick<gql.InitiateSurveyPayload, "isReplay" | "userErrors"> {
  readonly message: string | null;
  readonly input: gql.InitiateSurveyInput;
}

export const Query = {
  survey: async (_root, { id }, { pidj }) => {
    const surveyId = requireId("Survey", "id", id);
    return (await pidj.surveys()).get(surveyId);
  },
  surveys: async (_root, args, { pidj }) => (await pidj.surveys()).page(args),
} satisfies gql.QueryResolvers;

export const Mutation = {
  initiateSurvey: async (_root, { input }, { writes }) => {
    const { value, isReplay, userErrors } = await initiateSurvey(writes, input);
    return { input, message: value?.message ?? null, isReplay, userErrors };
  },
} satisfies gql.MutationResolvers;

export const InitiateSurveyPayload = {
  survey: async ({ input, userErrors }, _args, { pidj }) =>
    userErrors.length > 0 ? null : (await pidj.surveys()).get(input.surveyId),
  person: ({ input, userErrors }, _args, context) =>
    userErrors.length > 0 ? null : personOfRecipient(input.recipient, context),
} satisfies Complete<gql.InitiateSurveyPayloadResolvers, gql.InitiateSurveyPayload, SurveyPayload>;
