import type * as gql from "../generated/graphql.ts";
import { previewMessage } from "../message-preview.ts";

export const Query = {
  messagePreview: (_root, { text }) => previewMessage(text),
} satisfies gql.QueryResolvers;
