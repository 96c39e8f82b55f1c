import type { Context } from "../context.ts";
import type * as gql from "../generated/graphql.ts";
import type { ParticipantRecord } from "../textizen/records.ts";
import {
  addParticipantToGroup,
  createParticipant,
  removeParticipantFromGroup,
  updateParticipant,
} from "../writes/participant.ts";
import { removeParticipantTokens, setParticipantTokens, type TokensChanged } from "../writes/participant-tokens.ts";
import type { Outcome } from "../writes/refusal.ts";

/** The outcome of a change of tokens. The tokens are read only if they are selected. */
export type TokensPayload = Outcome<TokensChanged>;

export const Mutation = {
  createParticipant: async (_root, { input }, { writes }) => {
    const { value, userErrors } = await createParticipant(writes, input);
    return { participant: value, userErrors };
  },
  updateParticipant: async (_root, { input }, { writes }) => {
    const { value, userErrors } = await updateParticipant(writes, input);
    return { participant: value, userErrors };
  },
  addParticipantToGroup: async (_root, { input }, { writes }) => {
    const { value, userErrors } = await addParticipantToGroup(writes, input);
    return { participant: value?.participant ?? null, group: value?.group ?? null, userErrors };
  },
  removeParticipantFromGroup: async (_root, { input }, { writes }) => {
    const { value, userErrors } = await removeParticipantFromGroup(writes, input);
    return { participant: value?.participant ?? null, group: value?.group ?? null, userErrors };
  },
  setParticipantTokens: (_root, { input }, { writes }) => setParticipantTokens(writes, input),
  removeParticipantTokens: (_root, { input }, { writes }) => removeParticipantTokens(writes, input),
} satisfies gql.MutationResolvers;

const tokensPayload = {
  participant: ({ value }: TokensPayload): ParticipantRecord | null =>
    value && { id: value.participantId, isDetail: false },
  tokens: ({ value }: TokensPayload, _args: unknown, { textizen }: Context) =>
    value && textizen.tokens(value.participantId, value.campaignId),
};

export const SetParticipantTokensPayload = tokensPayload satisfies gql.SetParticipantTokensPayloadResolvers;
export const RemoveParticipantTokensPayload = tokensPayload satisfies gql.RemoveParticipantTokensPayloadResolvers;
