import type { Context } from "../context.ts";
import { valueOrThrow } from "../errors.ts";
import type * as gql from "../generated/graphql.ts";
import type { PidjGroupRecord } from "../pidj/records.ts";
import { type SentMessage as SentMessageRecord, sendMessage } from "../writes/message.ts";
import type { Complete } from "./fields.ts";
import { personOf } from "./person.ts";

export type { SentMessage as SentMessageRecord } from "../writes/message.ts";

export const Mutation = {
  sendMessage: async (_root, { input }, { writes }) => {
    const { value, ...outcome } = await sendMessage(writes, input);
    return { ...outcome, message: value };
  },
} satisfies gql.MutationResolvers;

export const SentMessage = {
  to: ({ to }) => personOf(to),
  fromPhoneNumber: async ({ from }, _args, context) => {
    if ("phoneNumber" in from) {
      return from.phoneNumber;
    }
    // The group's number is read from its record.
    context.requireType("PidjGroup");
    return valueOrThrow((await sendingGroup(from, context))?.phoneNumber);
  },
  group: ({ from }, _args, context) => sendingGroup(from, context),
} satisfies Complete<gql.SentMessageResolvers, gql.SentMessage, SentMessageRecord>;

/** The active group that sends the texts; null if none has the id or number. */
export async function sendingGroup(
  from: SentMessageRecord["from"],
  { pidj }: Context,
): Promise<PidjGroupRecord | null> {
  const groups = await pidj.groups();
  return "groupId" in from
    ? groups.get(from.groupId)
    : (groups.rows.find(({ phoneNumber }) => phoneNumber === from.phoneNumber) ?? null);
}
