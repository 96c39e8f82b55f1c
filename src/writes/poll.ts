import type { PollRecord } from "../textizen/records.ts";
import { nobody } from "./carry-out.ts";
import { Checks, type Optional } from "./checks.ts";
import { carryOutCreation } from "./created.ts";
import { type Outcome, refusalsAsData } from "./refusal.ts";
import type { WriteTools } from "./tools.ts";

export interface CreatePollInput {
  readonly title: string;
  readonly confirmation?: Optional;
  readonly errorMessage: string;
  readonly language: string;
  readonly isPublic?: Optional<boolean>;
  readonly isActive: boolean;
  readonly type?: Optional;
  readonly idempotencyKey?: Optional;
}

const PATHS = {
  title: ["input", "title"],
  confirmation: ["input", "confirmation"],
  error_message: ["input", "errorMessage"],
  language: ["input", "language"],
  public: ["input", "isPublic"],
  active: ["input", "isActive"],
  type: ["input", "type"],
};

/** docs/platforms.md, Create a poll. */
export function createPoll(tools: WriteTools, input: CreatePollInput): Promise<Outcome<PollRecord>> {
  return refusalsAsData(async () => {
    const checks = new Checks();
    const poll = {
      title: checks.text(PATHS.title, input.title),
      confirmation: checks.optionalText(PATHS.confirmation, input.confirmation) ?? undefined,
      errorMessage: checks.text(PATHS.error_message, input.errorMessage),
      language: checks.text(PATHS.language, input.language),
      isPublic: input.isPublic ?? undefined,
      isActive: input.isActive,
      type: checks.optionalText(PATHS.type, input.type) ?? undefined,
    };
    const idempotencyKey = checks.idempotencyKey(input.idempotencyKey);
    checks.done();
    return carryOutCreation(tools, {
      mutation: "createPoll",
      kind: "creation",
      idempotencyKey,
      input: poll,
      paths: PATHS,
      changes: ["polls"],
      texts: nobody,
      call: (scope) => tools.textizen.createPoll(poll, scope),
    });
  });
}
