import type { Context } from "../context.ts";
import { valueOrThrow } from "../errors.ts";
import type * as gql from "../generated/graphql.ts";
import type { CampaignId } from "../ids.ts";
import type { ParticipantRecord, TextizenGroupRecord } from "../textizen/records.ts";
import { requireId } from "./arguments.ts";
import { type Complete, detailFields } from "./fields.ts";
import { personOrNull } from "./person.ts";

const readDetail = (participant: ParticipantRecord, { textizen }: Context) =>
  textizen.participant.detail(participant.id);

const { campaignId, ...fromRowOrDetail } = detailFields<
  ParticipantRecord,
  "name" | "phoneNumber" | "displayPhoneNumber" | "isSubscribed" | "createdAt" | "campaignId"
>(["name", "phoneNumber", "displayPhoneNumber", "isSubscribed", "createdAt", "campaignId"], readDetail);

export const Query = {
  participant: (_root, { id }, { textizen }) => textizen.participant.row(requireId("Participant", "id", id)),
  participants: async (_root, args, { textizen }) => (await textizen.participants()).page(args),
} satisfies gql.QueryResolvers;

export const Participant = {
  ...fromRowOrDetail,
  campaign: (participant, _args, context) => {
    const read = (id: CampaignId | null) => (id === null ? null : context.textizen.campaign.row(id));
    const id = campaignId(participant, null, context);
    return id instanceof Promise ? id.then(read) : read(id);
  },
  groups: async (participant, _args, context) => {
    const detail = participant.isDetail ? participant : await readDetail(participant, context);
    const groups = valueOrThrow(detail?.groups);
    if (groups === null) {
      return null;
    }
    const found = await Promise.all(
      groups.map(({ id, name }): TextizenGroupRecord | Promise<TextizenGroupRecord | null> =>
        name === undefined ? context.textizen.group.row(id) : { id, name, isDetail: false },
      ),
    );
    return found.filter((group) => group !== null);
  },
  tokens: (participant, { campaignId }, { textizen }) =>
    textizen.tokens(participant.id, requireId("Campaign", "campaignId", campaignId)),
  person: async (participant, _args, context) =>
    personOrNull(await fromRowOrDetail.phoneNumber(participant, null, context)),
  contact: async (participant, _args, context) => {
    const phoneNumber = await fromRowOrDetail.phoneNumber(participant, null, context);
    return phoneNumber === null ? null : context.people.contact(phoneNumber);
  },
} satisfies Complete<gql.ParticipantResolvers, gql.Participant, ParticipantRecord>;
