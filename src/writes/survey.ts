import { carryOut } from "./carry-out.ts";
import { Checks } from "./checks.ts";
import { type Addressee, needTextable } from "./opt-out.ts";
import { checkRecipient, checkSender, PARTY_PATHS, type RecipientInput, type SenderInput } from "./parties.ts";
import { type Outcome, refusalsAsData } from "./refusal.ts";
import type { Said } from "./series.ts";
import type { WriteTools } from "./tools.ts";

interface InitiateSurveyInput {
  readonly surveyId: string;
  readonly recipient: RecipientInput;
  readonly from: SenderInput;
  readonly idempotencyKey: string;
}

const PATHS = { ...PARTY_PATHS, survey_id: ["input", "surveyId"] };

/** pidj-api.txt:449-468. Whether it creates a contact for a number is not said, so it is reckoned with (ambiguities P-25). */
export function initiateSurvey(tools: WriteTools, input: InitiateSurveyInput): Promise<Outcome<Said>> {
  return refusalsAsData(async () => {
    const checks = new Checks();
    const survey = {
      surveyId: checks.id("Survey", PATHS.survey_id, input.surveyId),
      recipient: checkRecipient(checks, input.recipient),
      from: checkSender(checks, input.from),
    };
    const idempotencyKey = checks.idempotencyKey(input.idempotencyKey);
    checks.done();
    return carryOut<Said, Addressee>(tools, {
      mutation: "initiateSurvey",
      kind: "send",
      idempotencyKey,
      input: survey,
      paths: PATHS,
      changes: ["contacts"],
      prepare: () => needTextable(tools, survey.recipient),
      texts: (addressee) => [addressee],
      call: (scope) => tools.pidj.initiateSurvey(survey, scope),
      messageOf: ({ message }) => message,
      presume: () => ({ message: null }),
    });
  });
}
