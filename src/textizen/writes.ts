import {
  type CampaignId,
  type Id,
  type IdType,
  type MailingId,
  type ParticipantId,
  type PollId,
  platformId,
  type TextizenGroupId,
} from "../ids.ts";
import { type E164, toTextizenNumber } from "../phone.ts";
import type { Answer } from "../rest/answer.ts";
import type { WriteScope } from "../rest/calls.ts";
import type { Route } from "../rest/exchange.ts";
import { campaigns, groups, mailingsOf, participants } from "./decode.ts";
import { polls } from "./polls.ts";
import type {
  CampaignRecord,
  MailingRecord,
  ParticipantRecord,
  ParticipantTokenRecord,
  PollRecord,
  TextizenGroupRecord,
} from "./records.ts";
import type { SendTime } from "./send-time.ts";
import { readCreated } from "./shapes.ts";
import type { CallParameters, TextizenOptions, TextizenWire } from "./wire.ts";

/** Undefined is left out. Null is left out of a creation and sent as null in an update. */
type Optional<Value = string> = Value | null | undefined;

export interface CampaignFields {
  readonly title: string;
  readonly description: string;
  readonly infoMessage?: Optional;
  readonly webhookUrl?: Optional;
  readonly exchange?: Optional;
  readonly organizationId: number;
}

export interface PollFields {
  readonly title: string;
  readonly confirmation?: Optional;
  readonly errorMessage: string;
  readonly language: string;
  readonly isPublic?: Optional<boolean>;
  readonly isActive: boolean;
  readonly type?: Optional;
}

export interface MailingFields {
  readonly groupIds?: Optional<readonly TextizenGroupId[]>;
  readonly phoneNumbers?: Optional<readonly E164[]>;
}

/**
 * A creation returns a row with what the answer contains of the record, or null if it has no id
 * (docs/platforms.md T-12).
 */
export interface TextizenWrites {
  readonly createGroup: (group: { readonly name: string }, scope: WriteScope) => Promise<TextizenGroupRecord | null>;
  readonly updateGroup: (id: TextizenGroupId, group: { readonly name: string }, scope: WriteScope) => Promise<void>;
  readonly createCampaign: (campaign: CampaignFields, scope: WriteScope) => Promise<CampaignRecord | null>;
  /** A `status` of 200 instead of 201 may mean that the participant existed before (docs/platforms.md T-15). */
  readonly createParticipant: (
    participant: { readonly phoneNumber: E164; readonly name: string; readonly campaignId?: Optional<CampaignId> },
    scope: WriteScope,
  ) => Promise<{ readonly participant: ParticipantRecord | null; readonly status: number }>;
  readonly updateParticipant: (
    id: ParticipantId,
    participant: { readonly phoneNumber?: E164 | undefined; readonly name?: Optional },
    scope: WriteScope,
  ) => Promise<void>;
  readonly addParticipantToGroup: (id: ParticipantId, groupId: TextizenGroupId, scope: WriteScope) => Promise<void>;
  readonly removeParticipantFromGroup: (
    id: ParticipantId,
    groupId: TextizenGroupId,
    scope: WriteScope,
  ) => Promise<void>;
  readonly setParticipantTokens: (
    id: ParticipantId,
    campaignId: CampaignId,
    tokens: readonly ParticipantTokenRecord[],
    scope: WriteScope,
  ) => Promise<void>;
  readonly removeParticipantTokens: (
    id: ParticipantId,
    campaignId: CampaignId,
    keys: readonly string[],
    scope: WriteScope,
  ) => Promise<void>;
  readonly createPoll: (poll: PollFields, scope: WriteScope) => Promise<PollRecord | null>;
  readonly createMailing: (
    pollId: PollId,
    mailing: MailingFields & { readonly sendAt: Date },
    scope: WriteScope,
  ) => Promise<MailingRecord | null>;
  /** `sendAt` as a text is sent as it is: what was read, letter for letter. */
  readonly updateMailing: (
    id: MailingId,
    mailing: MailingFields & { readonly sendAt?: Date | string | undefined },
    scope: WriteScope,
  ) => Promise<void>;
}

export function createTextizenWrites(
  wire: TextizenWire,
  { participantUpdate = "top", unsubscribe = "wrapped" }: Pick<TextizenOptions, "participantUpdate" | "unsubscribe">,
  sendTime: SendTime,
): TextizenWrites {
  function create<Result>(
    route: Route,
    id: Id<IdType> | null,
    parameters: CallParameters,
    decode: (answer: Answer) => Result,
    scope: WriteScope,
  ): Promise<Result> {
    const call = { route, id: id === null ? null : platformId(id), size: "record", parameters, decode } as const;
    return wire.write(call, scope);
  }

  function change(route: Route, id: Id<IdType>, parameters: CallParameters, scope: WriteScope): Promise<void> {
    return create(route, id, parameters, nothing, scope);
  }

  return {
    createGroup: ({ name }, scope) =>
      create("POST /api/groups", null, { group: { name } }, (answer) => readCreated(groups, answer), scope),
    updateGroup: (id, { name }, scope) => change("PUT /api/groups/{id}", id, { group: { name } }, scope),
    createCampaign: (campaign, scope) =>
      create(
        "POST /api/campaigns",
        null,
        {
          campaign: {
            title: campaign.title,
            description: campaign.description,
            info_message: campaign.infoMessage ?? undefined,
            webhook_url: campaign.webhookUrl ?? undefined,
            exchange: campaign.exchange ?? undefined,
          },
          organization_id: campaign.organizationId,
        },
        (answer) => readCreated(campaigns, answer),
        scope,
      ),

    createParticipant: ({ phoneNumber, name, campaignId }, scope) =>
      create(
        "POST /api/participants",
        null,
        {
          participant: { phone_number: toTextizenNumber(phoneNumber), name },
          campaign_id: campaignId ? wireId(campaignId) : undefined,
        },
        (answer) => ({ participant: readCreated(participants, answer), status: answer.status }),
        scope,
      ),
    updateParticipant: (id, { phoneNumber, name }, scope) => {
      const values = { phone_number: phoneNumber === undefined ? undefined : toTextizenNumber(phoneNumber), name };
      const parameters = participantUpdate === "top" ? values : { participant: values };
      return change("PUT /api/participants/{id}", id, parameters, scope);
    },
    addParticipantToGroup: (id, groupId, scope) =>
      change("POST /api/participants/{id}/subscriptions", id, { subscription: { group_id: wireId(groupId) } }, scope),
    removeParticipantFromGroup: (id, groupId, scope) => {
      const values = { group_id: wireId(groupId) };
      const parameters = unsubscribe === "top" ? values : { subscription: values };
      return change("PUT /api/participants/{id}/subscriptions/unsubscribe", id, parameters, scope);
    },
    setParticipantTokens: (id, campaignId, tokens, scope) => {
      const values = Object.fromEntries(tokens.map(({ key, value }) => [key, value]));
      const parameters = { campaign_id: wireId(campaignId), tokens: values };
      return change("PUT /api/participants/{id}/tokens", id, parameters, scope);
    },
    removeParticipantTokens: (id, campaignId, keys, scope) => {
      const parameters = { campaign_id: wireId(campaignId), tokens: keys.join(",") };
      return change("DELETE /api/participants/{id}/tokens", id, parameters, scope);
    },

    createPoll: (poll, scope) =>
      create(
        "POST /api/polls",
        null,
        {
          poll: {
            title: poll.title,
            confirmation: poll.confirmation ?? undefined,
            error_message: poll.errorMessage,
            language: poll.language,
            public: poll.isPublic ?? undefined,
            active: poll.isActive,
            type: poll.type ?? undefined,
          },
        },
        (answer) => readCreated(polls, answer),
        scope,
      ),
    createMailing: (pollId, { sendAt, groupIds, phoneNumbers }, scope) =>
      create(
        "POST /api/polls/{id}/mailings",
        pollId,
        {
          mailing: {
            send_at: sendTime.write(sendAt),
            group_ids: groupIds?.map(wireId),
            phone_numbers_list: phoneNumbers?.map(toTextizenNumber).join(","),
          },
        },
        (answer) => readCreated(mailingsOf(pollId, sendTime), answer),
        scope,
      ),
    updateMailing: (id, { sendAt, groupIds, phoneNumbers }, scope) =>
      change(
        "PUT /api/mailings/{id}",
        id,
        {
          mailing: {
            send_at: sendAt instanceof Date ? sendTime.write(sendAt) : sendAt,
            group_ids: groupIds === null ? null : groupIds?.map(wireId),
            phone_numbers_list: phoneNumbers === null ? null : phoneNumbers?.map(toTextizenNumber).join(","),
          },
        },
        scope,
      ),
  };
}

function nothing(): void {}

/** An id as a JSON value: an integer if it is all digits (docs/platforms.md T-8, T-11). */
export function wireId(id: Id<IdType>): number | string {
  const text = platformId(id);
  return /^(?:0|[1-9][0-9]{0,14})$/.test(text) ? Number(text) : text;
}
