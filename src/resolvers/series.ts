import type * as gql from "../generated/graphql.ts";
import type { SeriesRecord } from "../pidj/records.ts";
import { needId } from "./arguments.ts";
import { type Complete, said } from "./fields.ts";

export const Query = {
  series: async (_root, { id }, { pidj }) => {
    const seriesId = needId("Series", "id", id);
    return (await pidj.series()).get(seriesId);
  },
  allSeries: async (_root, args, { pidj }) => (await pidj.series()).page(args, args.orderBy),
} satisfies gql.QueryResolvers;

export const Series = {
  groups: async (series, _args, { pidj }) => {
    const ids = said(series.groupIds);
    if (ids === null) {
      return null;
    }
    const groups = await pidj.groups();
    return ids.map((id) => groups.get(id)).filter((group) => group !== null);
  },
} satisfies Complete<gql.SeriesResolvers, gql.Series, SeriesRecord>;
