import type { Context } from "../context.ts";
import type * as gql from "../generated/graphql.ts";
import type { CampaignRecord } from "../textizen/records.ts";
import { createCampaign } from "../writes/campaign.ts";
import { requireId } from "./arguments.ts";
import { type Complete, detailFields } from "./fields.ts";

export const Query = {
  campaign: (_root, { id }, { textizen }) => textizen.campaign.row(requireId("Campaign", "id", id)),
  campaigns: async (_root, args, { textizen }) => (await textizen.campaigns()).page(args),
} satisfies gql.QueryResolvers;

export const Mutation = {
  createCampaign: async (_root, { input }, { writes }) => {
    const { value, userErrors } = await createCampaign(writes, input);
    return { campaign: value, userErrors };
  },
} satisfies gql.MutationResolvers;

export const Campaign = {
  ...detailFields<
    CampaignRecord,
    "title" | "description" | "infoMessage" | "webhookUrl" | "exchange" | "organizationId" | "createdAt"
  >(
    ["title", "description", "infoMessage", "webhookUrl", "exchange", "organizationId", "createdAt"],
    (campaign, { textizen }: Context) => textizen.campaign.detail(campaign.id),
  ),
  polls: async ({ id }, _args, { textizen }) => (await textizen.polls()).under(id),
} satisfies Complete<gql.CampaignResolvers, gql.Campaign, CampaignRecord>;
