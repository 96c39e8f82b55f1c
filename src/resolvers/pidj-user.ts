import type * as gql from "../generated/graphql.ts";
import { needId } from "./arguments.ts";

export const Query = {
  pidjUser: (_root, { id }, { pidj }) => pidj.user(needId("PidjUser", "id", id)),
} satisfies gql.QueryResolvers;
