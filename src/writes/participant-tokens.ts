import type { CampaignId, ParticipantId } from "../ids.ts";
import type { WriteScope } from "../rest/calls.ts";
import { carryOut, nobody } from "./carry-out.ts";
import { Checks, once, type Path } from "./checks.ts";
import { type Outcome, refusalsAsData } from "./refusal.ts";
import type { WriteTools } from "./tools.ts";

export interface SetParticipantTokensInput {
  readonly participantId: string;
  readonly campaignId: string;
  readonly tokens: readonly { readonly key: string; readonly value: string }[];
}

export interface RemoveParticipantTokensInput {
  readonly participantId: string;
  readonly campaignId: string;
  readonly keys: readonly string[];
}

/** The participant and the campaign whose tokens were changed. */
export interface TokensChanged {
  readonly participantId: ParticipantId;
  readonly campaignId: CampaignId;
}

const PARTICIPANT = ["input", "participantId"];
const CAMPAIGN = ["input", "campaignId"];

/** Textizen provides the participant's full name under this key (docs/platforms.md T-18). */
const BUILT_IN_KEY = "name";

/** docs/platforms.md, Set a participant's tokens. Textizen decides whether other tokens stay (T-18). */
export function setParticipantTokens(
  tools: WriteTools,
  input: SetParticipantTokensInput,
): Promise<Outcome<TokensChanged>> {
  const path = ["input", "tokens"];
  return changeTokens(tools, input, {
    mutation: "setParticipantTokens",
    path,
    check: (checks) => {
      const keys = input.tokens.map(({ key }) => key);
      const pathOf = (at: number) => [...path, String(at), "key"];
      checkKeys(checks, keys, path, pathOf);
      keys.forEach((key, at) => {
        if (key === BUILT_IN_KEY) {
          checks.refuse(pathOf(at), `${BUILT_IN_KEY} is built into Textizen and cannot be set: use another key.`);
        }
        if (keys.indexOf(key) !== at) {
          checks.refuse(pathOf(at), "Each key must be given once: a token has one value.");
        }
      });
    },
    call: ({ participantId, campaignId }, scope) =>
      tools.textizen.setParticipantTokens(participantId, campaignId, input.tokens, scope),
    isDone: (tokens) => input.tokens.every(({ key, value }) => (tokens.get(key) ?? "") === value),
  });
}

/** docs/platforms.md, Remove a participant's tokens. */
export function removeParticipantTokens(
  tools: WriteTools,
  input: RemoveParticipantTokensInput,
): Promise<Outcome<TokensChanged>> {
  const path = ["input", "keys"];
  return changeTokens(tools, input, {
    mutation: "removeParticipantTokens",
    path,
    check: (checks) => checkKeys(checks, input.keys, path, (at) => [...path, String(at)]),
    call: ({ participantId, campaignId }, scope) =>
      tools.textizen.removeParticipantTokens(participantId, campaignId, once(input.keys), scope),
    isDone: (tokens) => !input.keys.some((key) => tokens.has(key)),
  });
}

interface TokensChange {
  readonly mutation: string;
  /** The argument that holds the tokens. */
  readonly path: Path;
  readonly check: (checks: Checks) => void;
  readonly call: (changed: TokensChanged, scope: WriteScope) => Promise<void>;
  /** True if the participant's tokens are as they were to be. */
  readonly isDone: (tokens: ReadonlyMap<string, string | null>) => boolean;
}

function changeTokens(
  tools: WriteTools,
  input: { readonly participantId: string; readonly campaignId: string },
  { mutation, path, check, call, isDone }: TokensChange,
): Promise<Outcome<TokensChanged>> {
  return refusalsAsData(async () => {
    const checks = new Checks();
    const changed = {
      participantId: checks.id("Participant", PARTICIPANT, input.participantId),
      campaignId: checks.id("Campaign", CAMPAIGN, input.campaignId),
    };
    check(checks);
    checks.done();
    return carryOut(tools, {
      mutation,
      kind: "change",
      idempotencyKey: null,
      input,
      // A 404 may be about the participant or the campaign.
      paths: {
        participant_id: PARTICIPANT,
        participant: PARTICIPANT,
        campaign_id: CAMPAIGN,
        campaign: CAMPAIGN,
        tokens: path,
      },
      // No kept list contains tokens.
      changes: ["TEXTIZEN"],
      texts: nobody,
      call: async (scope) => {
        await call(changed, scope);
        return changed;
      },
      verify: async (scope) => {
        const tokens = await tools.textizen.participantTokens(changed.participantId, changed.campaignId, scope);
        return isDone(new Map(tokens.map(({ key, value }) => [key, value]))) ? { value: changed } : null;
      },
    });
  });
}

/** Textizen takes the keys to remove as one text, separated by commas (docs/platforms.md T-18). */
function checkKeys(checks: Checks, keys: readonly string[], list: Path, pathOf: (at: number) => Path): void {
  if (keys.length === 0) {
    checks.refuse(list, "At least one token must be named.");
  }
  keys.forEach((key, at) => {
    if (key === "" || key !== key.trim() || key.includes(",")) {
      checks.refuse(pathOf(at), "A token's key must not be empty, contain a comma, or begin or end with a blank.");
    }
  });
}
