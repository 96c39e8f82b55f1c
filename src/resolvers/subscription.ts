import type { Context, FeedItem } from "../context.ts";
import type * as gql from "../generated/graphql.ts";
import { optionalId } from "./arguments.ts";

export const Subscription = {
  messageReceived: {
    subscribe: (_root, { groupId, from, since }, { services, resumeAfter, scope: { signal } }) =>
      services.feed.subscribe({
        kind: "ReceivedMessage",
        groupId: optionalId("PidjGroup", "groupId", groupId),
        from,
        since: resumeAfter ?? since,
        signal,
      }),
    resolve: ({ cursor, event }: FeedItem<"ReceivedMessage">) => ({ cursor, message: event }),
  },
  messageSent: {
    subscribe: (_root, { groupId, to, since }, { services, resumeAfter, scope: { signal } }) =>
      services.feed.subscribe({
        kind: "OutgoingMessage",
        groupId: optionalId("PidjGroup", "groupId", groupId),
        to,
        since: resumeAfter ?? since,
        signal,
      }),
    resolve: ({ cursor, event }: FeedItem<"OutgoingMessage">) => ({ cursor, message: event }),
  },
  pollCompleted: {
    subscribe: (_root, { pollId, since }, { services, resumeAfter, scope: { signal } }) =>
      services.feed.subscribe({
        kind: "CompletedPoll",
        pollId: optionalId("Poll", "pollId", pollId),
        since: resumeAfter ?? since,
        signal,
      }),
    resolve: ({ cursor, event }: FeedItem<"CompletedPoll">, _args: unknown, { events }: Context) => ({
      cursor,
      completedPoll: events.reported(event),
    }),
  },
} satisfies gql.SubscriptionResolvers;
