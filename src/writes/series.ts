import { carryOut } from "./carry-out.ts";
import { Checks } from "./checks.ts";
import { type Addressee, needTextable } from "./opt-out.ts";
import { checkRecipient, checkSender, PARTY_PATHS, type RecipientInput, type SenderInput } from "./parties.ts";
import { type Outcome, refusalsAsData } from "./refusal.ts";
import type { WriteTools } from "./tools.ts";

interface SubscribeToSeriesInput {
  readonly seriesId: string;
  readonly recipient: RecipientInput;
  readonly from: SenderInput;
  readonly timezone: string;
  readonly idempotencyKey: string;
}

/** What Pidj said to a send that it took. */
export interface Said {
  readonly message: string | null;
}

const PATHS = { ...PARTY_PATHS, series_id: ["input", "seriesId"], timezone: ["input", "timezone"] };

/** pidj-api.txt:407-427. For a number that no contact has, Pidj creates one (pidj-api.txt:409). */
export function subscribeToSeries(tools: WriteTools, input: SubscribeToSeriesInput): Promise<Outcome<Said>> {
  return refusalsAsData(async () => {
    const checks = new Checks();
    const subscription = {
      seriesId: checks.id("Series", PATHS.series_id, input.seriesId),
      recipient: checkRecipient(checks, input.recipient),
      from: checkSender(checks, input.from),
      timezone: input.timezone,
    };
    const idempotencyKey = checks.idempotencyKey(input.idempotencyKey);
    checks.done();
    return carryOut<Said, Addressee>(tools, {
      mutation: "subscribeToSeries",
      kind: "send",
      idempotencyKey,
      input: subscription,
      paths: PATHS,
      changes: ["contacts"],
      prepare: () => needTextable(tools, subscription.recipient),
      texts: (addressee) => [addressee],
      call: (scope) => tools.pidj.subscribeToSeries(subscription, scope),
      messageOf: ({ message }) => message,
      presume: () => ({ message: null }),
    });
  });
}
