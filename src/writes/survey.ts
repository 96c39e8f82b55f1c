import { type ConversationInput, type StartedConversation, startConversation } from "./conversation.ts";
import { PARTY_PATHS } from "./parties.ts";
import type { Outcome } from "./refusal.ts";
import type { WriteTools } from "./tools.ts";

interface InitiateSurveyInput extends ConversationInput {
  readonly surveyId: string;
}

const PATHS = { survey_id: ["input", "surveyId"], ...PARTY_PATHS };

/** docs/platforms.md, Initiate a survey. */
export function initiateSurvey(tools: WriteTools, input: InitiateSurveyInput): Promise<Outcome<StartedConversation>> {
  return startConversation(tools, input, {
    mutation: "initiateSurvey",
    paths: PATHS,
    check: (checks) => ({ surveyId: checks.id("Survey", PATHS.survey_id, input.surveyId) }),
    call: tools.pidj.initiateSurvey,
  });
}
