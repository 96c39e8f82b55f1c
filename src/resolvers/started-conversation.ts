import type * as gql from "../generated/graphql.ts";
import type { E164 } from "../phone.ts";
import type { StartedConversation } from "../writes/conversation.ts";
import type { Outcome } from "../writes/refusal.ts";
import { personOrNull } from "./person.ts";

/** The outcome of a series subscription or a survey. The series or survey is read only if it is selected. */
export interface ConversationPayload extends Pick<gql.InitiateSurveyPayload, "isReplay" | "userErrors"> {
  /** Id of the series or survey; null if it was not started. */
  readonly startedId: string | null;
  readonly to: E164 | null;
  readonly message: string | null;
}

export function toConversationPayload(
  id: string,
  { value, isReplay, userErrors }: Outcome<StartedConversation>,
): ConversationPayload {
  return { startedId: value && id, to: value?.to ?? null, message: value?.message ?? null, isReplay, userErrors };
}

/** The resolver of both payloads' fields. */
export const conversationPayload = { person: ({ to }: ConversationPayload) => personOrNull(to) };
