import type { StoredMessage } from "../context.ts";
import type * as gql from "../generated/graphql.ts";
import { optionalId } from "./arguments.ts";
import type { Complete } from "./fields.ts";
import { personOrNull } from "./person.ts";

export const Query = {
  receivedMessages: (_root, { filter, ...args }, { events }) =>
    events.messages(args, {
      groupId: optionalId("PidjGroup", "filter.groupId", filter?.groupId),
      from: filter?.from,
    }),
} satisfies gql.QueryResolvers;

export const ReceivedMessage = {
  from: ({ from }) => personOrNull(from),
  group: async ({ groupId }, _args, { pidj }) => (groupId === null ? null : (await pidj.groups()).get(groupId)),
  contact: ({ contactId }, _args, { pidj }) => (contactId === null ? null : pidj.contactRow(contactId)),
} satisfies Complete<gql.ReceivedMessageResolvers, gql.ReceivedMessage, StoredMessage>;
