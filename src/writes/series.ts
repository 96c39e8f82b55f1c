import { type ConversationInput, type StartedConversation, startConversation } from "./conversation.ts";
import { PARTY_PATHS } from "./parties.ts";
import type { Outcome } from "./refusal.ts";
import type { WriteTools } from "./tools.ts";

interface SubscribeToSeriesInput extends ConversationInput {
  readonly seriesId: string;
  readonly timezone: string;
}

const PATHS = { series_id: ["input", "seriesId"], timezone: ["input", "timezone"], ...PARTY_PATHS };

/** docs/platforms.md, Subscribe to a series. */
export function subscribeToSeries(
  tools: WriteTools,
  input: SubscribeToSeriesInput,
): Promise<Outcome<StartedConversation>> {
  return startConversation(tools, input, {
    mutation: "subscribeToSeries",
    paths: PATHS,
    check: (checks) => ({
      seriesId: checks.id("Series", PATHS.series_id, input.seriesId),
      timezone: input.timezone,
    }),
    call: tools.pidj.subscribeToSeries,
  });
}
