import type * as gql from "../generated/graphql.ts";
import { needId } from "./arguments.ts";

export const Query = {
  survey: async (_root, { id }, { pidj }) => {
    const surveyId = needId("Survey", "id", id);
    return (await pidj.surveys()).get(surveyId);
  },
  surveys: async (_root, args, { pidj }) => (await pidj.surveys()).page(args, args.orderBy),
} satisfies gql.QueryResolvers;
