import type { Context } from "../context.ts";
import { valueOrThrow } from "../errors.ts";
import type * as gql from "../generated/graphql.ts";
import type { PollRecord } from "../textizen/records.ts";
import { createPoll } from "../writes/poll.ts";
import { optionalId, requireId } from "./arguments.ts";
import { type Complete, detailFields } from "./fields.ts";
import { findAnswerers, summarizePoll } from "./poll-results.ts";

const readDetail = (poll: PollRecord, { textizen }: Context) => textizen.poll.detail(poll.id);

const { campaignId, ...fromRowOrDetail } = detailFields<
  PollRecord,
  Exclude<keyof PollRecord, "id" | "isDetail" | "responses">
>(
  [
    "title",
    "phoneNumber",
    "displayPhoneNumber",
    "confirmation",
    "errorMessage",
    "language",
    "isPublic",
    "isActive",
    "type",
    "createdAt",
    "startsAt",
    "endsAt",
    "campaignId",
    "questions",
  ],
  readDetail,
);

export const Query = {
  poll: (_root, { id }, { textizen }) => textizen.poll.row(requireId("Poll", "id", id)),
  polls: async (_root, args, { textizen }) => (await textizen.polls()).page(args),
} satisfies gql.QueryResolvers;

export const Mutation = {
  createPoll: async (_root, { input }, { writes }) => {
    const { value, userErrors } = await createPoll(writes, input);
    return { poll: value, userErrors };
  },
} satisfies gql.MutationResolvers;

export const PollNonRespondent = {
  participant: (participant) => participant,
} satisfies gql.PollNonRespondentResolvers;

export const Poll = {
  ...fromRowOrDetail,
  campaign: async (poll, _args, context) => {
    const id = await campaignId(poll, null, context);
    return id === null ? null : context.textizen.campaign.row(id);
  },
  responses: async (poll, args, { textizen }) => {
    const { questionId, participantId, from, text } = args.filter ?? {};
    const responses = await textizen.responses(poll.id);
    return (
      responses?.page({
        ...args,
        filter: {
          questionId: optionalId("PollQuestion", "filter.questionId", questionId),
          participantId: optionalId("Participant", "filter.participantId", participantId),
          from: from ?? null,
          text: text ?? null,
        },
      }) ?? null
    );
  },
  results: async (poll, _args, context) => {
    const detail = poll.isDetail ? poll : await readDetail(poll, context);
    const questions = valueOrThrow(detail?.questions);
    const responses = valueOrThrow(detail?.responses);
    return questions === null || responses === null ? null : summarizePoll(questions, responses);
  },
  nonRespondents: async ({ id }, { groupId, ...args }, { textizen }) => {
    const group = requireId("TextizenGroup", "groupId", groupId);
    // Both are read at once; the group's members come from its detail.
    const [responses] = await Promise.all([textizen.responses(id), textizen.group.detail(group)]);
    if (responses === null) {
      return null;
    }
    const { hasAnswered, unidentifiedCount } = findAnswerers(responses.rows);
    const members = await textizen.members(group, (member) => !hasAnswered(member));
    return members === null ? null : Object.assign(await members.page(args), { unidentifiedCount });
  },
  mailings: ({ id }, _args, { textizen }) => textizen.mailings(id),
} satisfies Complete<gql.PollResolvers, gql.Poll, PollRecord>;
