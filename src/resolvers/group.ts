import type { Context } from "../context.ts";
import { InputError } from "../errors.ts";
import type * as gql from "../generated/graphql.ts";
import { parseId } from "../ids.ts";
import type { PidjGroupRecord } from "../pidj/records.ts";
import type { TextizenGroupRecord } from "../textizen/records.ts";
import { type Complete, detailFields } from "./fields.ts";

const fromRowOrDetail = detailFields<TextizenGroupRecord, "name" | "createdAt">(
  ["name", "createdAt"],
  (group, { textizen }: Context) => textizen.group.detail(group.id),
);

export const Query = {
  group: async (_root, { id }, { pidj, textizen }) => {
    const pidjId = parseId("PidjGroup", id);
    const textizenId = parseId("TextizenGroup", id);
    if (pidjId !== null) {
      return (await pidj.groups()).get(pidjId);
    }
    if (textizenId !== null) {
      return textizen.group.row(textizenId);
    }
    throw new InputError("id", "id must be the id of a group of Pidj (gr:…) or of Textizen (group:72).");
  },
  pidjGroups: async (_root, args, { pidj }) => (await pidj.groups()).page(namedArguments(args)),
  textizenGroups: async (_root, args, { textizen }) => (await textizen.groups()).page(namedArguments(args)),
} satisfies gql.QueryResolvers;

interface NamedArguments {
  readonly filter?: gql.NameFilter | null;
  readonly name?: string | null;
}

/** Takes the deprecated argument `name` for `filter.name`. Throws InputError if both are given. */
function namedArguments<Args extends NamedArguments>({ name, ...args }: Args): Omit<Args, "name"> & NamedArguments {
  if (name && args.filter?.name) {
    throw new InputError("name", "name says what filter.name says: give filter.name alone.");
  }
  return { ...args, filter: name ? { name } : (args.filter ?? null) };
}

export const Group = {
  __resolveType: ({ id }: { readonly id: string }) =>
    parseId("PidjGroup", id) === null ? ("TextizenGroup" as const) : ("PidjGroup" as const),
};

export const PidjGroup = {
  platform: () => "PIDJ" as const,
  series: async ({ id }, _args, { pidj }) => (await pidj.series()).under(id),
  counterpart: async ({ name }, _args, { textizen }) => (await textizen.groups()).onlyNamed(name),
  receivedMessages: ({ id }, args, { events }) => events.messages(args, { groupId: id }),
} satisfies Complete<gql.PidjGroupResolvers, gql.PidjGroup, PidjGroupRecord>;

export const TextizenGroup = {
  platform: () => "TEXTIZEN" as const,
  ...fromRowOrDetail,
  participants: async ({ id }, args, { textizen }) => (await textizen.members(id))?.page(args) ?? null,
  counterpart: async (group, _args, context) => {
    const name = await fromRowOrDetail.name(group, null, context);
    return (await context.pidj.groups()).onlyNamed(name);
  },
} satisfies Complete<gql.TextizenGroupResolvers, gql.TextizenGroup, TextizenGroupRecord>;
