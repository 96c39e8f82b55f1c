import { valueOrThrow } from "../errors.ts";
import type * as gql from "../generated/graphql.ts";
import type { SeriesRecord } from "../pidj/records.ts";
import { subscribeToSeries } from "../writes/series.ts";
import { requireId } from "./arguments.ts";
import type { Complete } from "./fields.ts";
import { type ConversationPayload, conversationPayload, toConversationPayload } from "./started-conversation.ts";

export const Query = {
  series: async (_root, { id }, { pidj }) => {
    const seriesId = requireId("Series", "id", id);
    return (await pidj.series()).get(seriesId);
  },
  seriesList: async (_root, args, { pidj }) => (await pidj.series()).page(args),
  allSeries: async (_root, args, { pidj }) => (await pidj.series()).page(args),
} satisfies gql.QueryResolvers;

export const Mutation = {
  subscribeToSeries: async (_root, { input }, { writes }) =>
    toConversationPayload(input.seriesId, await subscribeToSeries(writes, input)),
} satisfies gql.MutationResolvers;

export const SubscribeToSeriesPayload = {
  ...conversationPayload,
  series: async ({ startedId }, _args, { pidj }) => (startedId === null ? null : (await pidj.series()).get(startedId)),
} satisfies Complete<gql.SubscribeToSeriesPayloadResolvers, gql.SubscribeToSeriesPayload, ConversationPayload>;

export const Series = {
  groups: async (series, _args, { pidj }) => {
    const ids = valueOrThrow(series.groupIds);
    if (ids === null) {
      return null;
    }
    const groups = await pidj.groups();
    return ids.map((id) => groups.get(id)).filter((group) => group !== null);
  },
} satisfies Complete<gql.SeriesResolvers, gql.Series, SeriesRecord>;
