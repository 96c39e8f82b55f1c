import type { Context } from "../context.ts";
import type * as gql from "../generated/graphql.ts";
import type { MailingRecord } from "../textizen/records.ts";
import { createMailing, updateMailing } from "../writes/mailing.ts";
import { requireId } from "./arguments.ts";
import { type Complete, detailFields } from "./fields.ts";
import { personOf } from "./person.ts";

const fromRowOrDetail = detailFields<
  MailingRecord,
  "pollId" | "sendAt" | "groupIds" | "recipientNumbers" | "createdAt"
>(["pollId", "sendAt", "groupIds", "recipientNumbers", "createdAt"], (mailing, { textizen }: Context) =>
  textizen.mailing(mailing.id),
);

export const Query = {
  mailing: (_root, { id }, { textizen }) => textizen.mailing(requireId("Mailing", "id", id)),
} satisfies gql.QueryResolvers;

export const Mutation = {
  createMailing: async (_root, { input }, { writes }) => {
    const { value, isReplay, userErrors } = await createMailing(writes, input);
    return { mailing: value, isReplay, userErrors };
  },
  updateMailing: async (_root, { input }, { writes }) => {
    const { value, userErrors } = await updateMailing(writes, input);
    return { mailing: value, userErrors };
  },
} satisfies gql.MutationResolvers;

export const Mailing = {
  sendAt: fromRowOrDetail.sendAt,
  createdAt: fromRowOrDetail.createdAt,
  poll: async (mailing, _args, context) => {
    const id = await fromRowOrDetail.pollId(mailing, null, context);
    return id === null ? null : context.textizen.poll.row(id);
  },
  groups: async (mailing, _args, context) => {
    const ids = await fromRowOrDetail.groupIds(mailing, null, context);
    if (ids === null) {
      return null;
    }
    const groups = await Promise.all(ids.map((id) => context.textizen.group.row(id)));
    return groups.filter((group) => group !== null);
  },
  recipients: async (mailing, _args, context) => {
    const numbers = await fromRowOrDetail.recipientNumbers(mailing, null, context);
    return numbers?.filter((number) => number !== null).map(personOf) ?? null;
  },
  recipientCount: async (mailing, _args, context) => {
    const numbers = await fromRowOrDetail.recipientNumbers(mailing, null, context);
    return numbers?.length ?? null;
  },
} satisfies Complete<gql.MailingResolvers, gql.Mailing, MailingRecord>;
