import type { Context } from "../context.ts";
import type * as gql from "../generated/graphql.ts";
import type { PidjUserRecord } from "../pidj/records.ts";
import { requireId } from "./arguments.ts";
import { type Complete, detailFields } from "./fields.ts";

export const Query = {
  pidjUser: (_root, { id }, { pidj }) => pidj.user(requireId("PidjUser", "id", id)),
} satisfies gql.QueryResolvers;

export const PidjUser = detailFields<PidjUserRecord, Exclude<keyof PidjUserRecord, "id" | "isDetail">>(
  [
    "username",
    "firstName",
    "lastName",
    "businessName",
    "displayName",
    "emailAddress",
    "phoneNumber",
    "displayPhoneNumber",
    "roles",
    "tags",
    "externalId",
  ],
  (user, { pidj }: Context) => pidj.user(user.id),
) satisfies Complete<gql.PidjUserResolvers, gql.PidjUser, PidjUserRecord>;
