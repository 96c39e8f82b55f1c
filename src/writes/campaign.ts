import type { CampaignRecord } from "../textizen/records.ts";
import { nobody } from "./carry-out.ts";
import { Checks, type Optional } from "./checks.ts";
import { carryOutCreation } from "./created.ts";
import { type Outcome, refusalsAsData } from "./refusal.ts";
import type { WriteTools } from "./tools.ts";

export interface CreateCampaignInput {
  readonly title: string;
  readonly description: string;
  readonly infoMessage?: Optional;
  readonly webhookUrl?: Optional;
  readonly exchange?: Optional;
  readonly organizationId: number;
  readonly idempotencyKey?: Optional;
}

const PATHS = {
  title: ["input", "title"],
  description: ["input", "description"],
  info_message: ["input", "infoMessage"],
  webhook_url: ["input", "webhookUrl"],
  exchange: ["input", "exchange"],
  organization_id: ["input", "organizationId"],
  organization: ["input", "organizationId"],
  NOT_FOUND: ["input", "organizationId"],
};

/** docs/platforms.md, Create a campaign. */
export function createCampaign(tools: WriteTools, input: CreateCampaignInput): Promise<Outcome<CampaignRecord>> {
  return refusalsAsData(async () => {
    const checks = new Checks();
    const campaign = {
      title: checks.text(PATHS.title, input.title),
      description: checks.text(PATHS.description, input.description),
      infoMessage: checks.optionalText(PATHS.info_message, input.infoMessage) ?? undefined,
      webhookUrl: input.webhookUrl ?? undefined,
      exchange: checks.optionalText(PATHS.exchange, input.exchange) ?? undefined,
      organizationId: input.organizationId,
    };
    if (typeof input.webhookUrl === "string") {
      checks.webUrl(PATHS.webhook_url, input.webhookUrl);
    }
    const idempotencyKey = checks.idempotencyKey(input.idempotencyKey);
    checks.done();
    return carryOutCreation(tools, {
      mutation: "createCampaign",
      kind: "creation",
      idempotencyKey,
      input: campaign,
      paths: PATHS,
      changes: ["campaigns"],
      texts: nobody,
      call: (scope) => tools.textizen.createCampaign(campaign, scope),
    });
  });
}
