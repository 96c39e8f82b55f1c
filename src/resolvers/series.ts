import { valueOrThrow } from "../errors.ts";
import type * as gql from "../generated/graphql.ts";
import type { SeriesRecord } from "../pidj/records.ts";
import { subscribeToSeries } from "../writes/series.ts";
import { requireId } from "./arguments.ts";
import type { Complete } from "./fields.ts";
import { personOfRecipient } from "./person.ts";

/** What became of a subscription that was asked for; who and what it is about is read only where it is selected. */
export interface SubscriptionPayload extends Pick<gql.SubscribeToSeriesPayload, "isReplay" | "userErrors"> {
  readonly message: string | null;
  readonly input: gql.SubscribeToSeriesInput;
}

export const Query = {
  series: async (_root, { id }, { pidj }) => {
    const seriesId = requireId("Series", "id", id);
    return (await pidj.series()).get(seriesId);
  },
  allSeries: async (_root, args, { pidj }) => (await pidj.series()).page(args),
} satisfies gql.QueryResolvers;

export const Mutation = {
  subscribeToSeries: async (_root, { input }, { writes }) => {
    const { value, isReplay, userErrors } = await subscribeToSeries(writes, input);
    return { input, message: value?.message ?? null, isReplay, userErrors };
  },
} satisfies gql.MutationResolvers;

export const SubscribeToSeriesPayload = {
  series: async ({ input, userErrors }, _args, { pidj }) =>
    userErrors.length > 0 ? null : (await pidj.series()).get(input.seriesId),
  person: ({ input, userErrors }, _args, context) =>
    userErrors.length > 0 ? null : personOfRecipient(input.recipient, context),
} satisfies Complete<gql.SubscribeToSeriesPayloadResolvers, gql.SubscribeToSeriesPayload, SubscriptionPayload>;

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
