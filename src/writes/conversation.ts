import type { E164 } from "../phone.ts";
import type { Recipient, Sender } from "../pidj/writes.ts";
import type { WriteScope } from "../rest/calls.ts";
import { carryOut } from "./carry-out.ts";
import { Checks } from "./checks.ts";
import { type RecipientNumber, requireTextable } from "./opt-out.ts";
import { checkRecipient, checkSender, type RecipientInput, type SenderInput } from "./parties.ts";
import type { FieldPaths } from "./platform-refusal.ts";
import { type Outcome, refusalsAsData } from "./refusal.ts";
import type { WriteTools } from "./tools.ts";

export interface ConversationInput {
  readonly recipient: RecipientInput;
  readonly from: SenderInput;
  readonly idempotencyKey: string;
}

/** A series subscription or a survey that was started. */
export interface StartedConversation {
  /** Whom Pidj texts. Undefined if an older version of this program recorded the outcome. */
  readonly to?: E164 | undefined;
  /** Pidj's own sentence. */
  readonly message: string | null;
}

interface Parties {
  readonly recipient: Recipient;
  readonly from: Sender;
}

interface Conversation<Details> {
  readonly mutation: string;
  readonly paths: FieldPaths;
  /** Checks the fields that only one of the two conversations has. */
  readonly check: (checks: Checks) => Details;
  readonly call: (started: Details & Parties, scope: WriteScope) => Promise<{ readonly message: string | null }>;
}

/** Starts a series or a survey, at most once for a key: Pidj texts the recipient from then on. */
export function startConversation<Details extends object>(
  tools: WriteTools,
  input: ConversationInput,
  { mutation, paths, check, call }: Conversation<Details>,
): Promise<Outcome<StartedConversation>> {
  return refusalsAsData(async () => {
    const checks = new Checks();
    const details = check(checks);
    const recipient = checkRecipient(checks, input.recipient);
    const started = { ...details, recipient, from: checkSender(checks, input.from) };
    const idempotencyKey = checks.idempotencyKey(input.idempotencyKey);
    checks.done();
    return carryOut<StartedConversation, RecipientNumber>(tools, {
      mutation,
      kind: "send",
      idempotencyKey,
      input: started,
      paths,
      // Pidj creates a contact for a number that has none (docs/platforms.md P-25).
      changes: ["contacts"],
      prepare: () => requireTextable(tools, recipient),
      texts: (number) => [number],
      call: async (scope, { number: to }) => ({ to, message: (await call(started, scope)).message }),
      messageOf: ({ message }) => message,
      resultIfConfirmed: ({ number: to }) => ({ to, message: null }),
    });
  });
}
