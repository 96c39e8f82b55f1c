import type { ConversationRecord, StoredOutgoing, StoredTalk } from "../context.ts";
import type * as gql from "../generated/graphql.ts";
import { markRead } from "../writes/mark-read.ts";
import { optionalId, requireId } from "./arguments.ts";
import type { Complete } from "./fields.ts";
import { sendingGroup } from "./message.ts";
import { personOf } from "./person.ts";

export const Query = {
  conversations: (_root, { filter, ...args }, { conversations }) =>
    conversations.list(args, {
      groupId: optionalId("PidjGroup", "filter.groupId", filter?.groupId),
      isUnread: filter?.isUnread ?? null,
    }),
} satisfies gql.QueryResolvers;

export const Mutation = {
  markRead: async (_root, { input }, context) => {
    const { value, userErrors } = await markRead(context.writes, input);
    return { conversation: value && (await context.conversations.find(value)), userErrors };
  },
} satisfies gql.MutationResolvers;

export const ConversationMessage = {
  __resolveType: ({ kind }: StoredTalk) => kind,
};

export const Conversation = {
  person: ({ phoneNumber }) => personOf(phoneNumber),
  latestMessage: ({ latest }) => latest,
  latestAt: ({ latest }) => (latest.kind === "ReceivedMessage" ? latest.receivedAt : new Date(latest.startedAt)),
  messages: (conversation, args, { conversations }) => conversations.messages(conversation, args),
  listeningStartedAt: (_conversation, _args, { services }) => services.inbox.listeningStartedAt(),
} satisfies Complete<gql.ConversationResolvers, gql.Conversation, ConversationRecord>;

export const OutgoingMessage = {
  to: ({ to }) => personOf(to),
  toPhoneNumber: ({ to }) => to,
  group: ({ groupId, fromPhoneNumber }, _args, context) =>
    groupId !== null
      ? sendingGroup({ groupId }, context)
      : fromPhoneNumber && sendingGroup({ phoneNumber: fromPhoneNumber }, context),
  sentAt: ({ startedAt }) => new Date(startedAt),
  sentBy: ({ caller }) => caller,
  job: ({ jobId }, _args, { services }) =>
    jobId === null ? null : services.jobs.find(requireId("Job", "jobId", jobId)),
} satisfies Complete<gql.OutgoingMessageResolvers, gql.OutgoingMessage, StoredOutgoing>;
