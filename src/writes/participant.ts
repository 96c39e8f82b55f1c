import type { E164 } from "../phone.ts";
import type { TextizenClient } from "../textizen/client.ts";
import type { ParticipantRecord, TextizenGroupRecord } from "../textizen/records.ts";
import { carryOut, nobody } from "./carry-out.ts";
import { Checks, type Optional } from "./checks.ts";
import { carryOutCreation, stubOf } from "./created.ts";
import { notApplied, readBack, requireApplied } from "./read-back.ts";
import { type Outcome, type Refusal, refusalsAsData } from "./refusal.ts";
import type { WriteTools } from "./tools.ts";
import { verifyUpdate } from "./verify.ts";

export interface CreateParticipantInput {
  readonly phoneNumber: E164;
  readonly name: string;
  readonly campaignId?: Optional;
  readonly idempotencyKey?: Optional;
}

export interface UpdateParticipantInput {
  readonly id: string;
  readonly phoneNumber?: Optional<E164>;
  readonly name?: Optional;
}

/** A participant, and the group that it is added to or removed from. */
export interface MembershipInput {
  readonly participantId: string;
  readonly groupId: string;
}

/** The participant and the group of a changed membership. */
export interface Membership {
  readonly participant: ParticipantRecord;
  readonly group: TextizenGroupRecord;
}

const PATHS = {
  phone_number: ["input", "phoneNumber"],
  name: ["input", "name"],
  campaign_id: ["input", "campaignId"],
  campaign: ["input", "campaignId"],
  // A number belongs to one participant (docs/platforms.md T-15).
  ALREADY_EXISTS: ["input", "phoneNumber"],
};

const ID = ["input", "id"];

// A 404 may be about the participant or the group. If it names neither, no argument is named.
const MEMBERSHIP_PATHS = {
  participant_id: ["input", "participantId"],
  participant: ["input", "participantId"],
  group_id: ["input", "groupId"],
  group: ["input", "groupId"],
};

/**
 * docs/platforms.md, Create a participant. If Textizen answers with a participant who has the number already, that one
 * is returned (T-15).
 */
export function createParticipant(
  tools: WriteTools,
  input: CreateParticipantInput,
): Promise<Outcome<ParticipantRecord>> {
  return refusalsAsData(async () => {
    const checks = new Checks();
    const created = {
      phoneNumber: input.phoneNumber,
      name: checks.text(PATHS.name, input.name),
      campaignId: checks.optionalId("Campaign", PATHS.campaign_id, input.campaignId) ?? undefined,
    };
    const idempotencyKey = checks.idempotencyKey(input.idempotencyKey);
    checks.done();
    return carryOutCreation(tools, {
      mutation: "createParticipant",
      kind: "creation",
      idempotencyKey,
      input: created,
      paths: { ...PATHS, NOT_FOUND: created.campaignId === undefined ? undefined : PATHS.campaign_id },
      changes: ["participants"],
      texts: nobody,
      call: async (scope) => (await tools.textizen.createParticipant(created, scope)).participant,
    });
  });
}

/**
 * docs/platforms.md, Update a participant. Its form is uncertain, and a wrong form may succeed without effect, so the
 * participant is read back and compared (docs/platforms.md T-4).
 */
export function updateParticipant(
  tools: WriteTools,
  input: UpdateParticipantInput,
): Promise<Outcome<ParticipantRecord>> {
  return refusalsAsData(async () => {
    const checks = new Checks();
    const id = checks.id("Participant", ID, input.id);
    const changes = {
      phoneNumber: checks.notNull(PATHS.phone_number, input.phoneNumber),
      name: checks.optionalText(PATHS.name, input.name),
    };
    checks.atLeastOne({ phoneNumber: input.phoneNumber, name: input.name });
    checks.done();
    const { value: written } = await carryOut<ParticipantRecord>(tools, {
      mutation: "updateParticipant",
      kind: "change",
      idempotencyKey: null,
      input: { id, ...changes },
      paths: { ...PATHS, NOT_FOUND: ID },
      changes: ["participants"],
      texts: nobody,
      call: async (scope) => {
        await tools.textizen.updateParticipant(id, changes, scope);
        return stubOf(id);
      },
      verify: verifyUpdate(tools.textizen.participant, id, changes),
    });
    if (written.isDetail) {
      return { value: written };
    }
    const participant = await readBack(tools, () => tools.textizen.participant(id, tools.scope));
    requireApplied(participant === null ? [] : unchanged(participant, changes));
    return { value: participant ?? written };
  });
}

/** The changes that had no effect. A masked number and a value that cannot be read are not compared. */
function unchanged(
  participant: ParticipantRecord,
  { phoneNumber, name }: { readonly phoneNumber: E164 | undefined; readonly name: string | null | undefined },
): Refusal[] {
  const isOtherNumber =
    phoneNumber !== undefined && typeof participant.phoneNumber === "string" && participant.phoneNumber !== phoneNumber;
  // Textizen may trim names.
  const isOtherName =
    name !== undefined &&
    !(participant.name instanceof Error) &&
    (participant.name ?? "").trim() !== (name ?? "").trim();
  return [
    ...(isOtherNumber ? [notApplied(PATHS.phone_number, "the phone number")] : []),
    ...(isOtherName ? [notApplied(PATHS.name, "the name")] : []),
  ];
}

/** docs/platforms.md, Add a participant to a group. `idempotencyKey`: of a job's row; the mutation has none. */
export function addParticipantToGroup(
  tools: WriteTools,
  input: MembershipInput,
  { idempotencyKey = null }: { readonly idempotencyKey?: string | null } = {},
): Promise<Outcome<Membership>> {
  return changeMembership(tools, input, {
    idempotencyKey,
    mutation: "addParticipantToGroup",
    // A POST: adding twice may not be the same as adding once (docs/platforms.md T-29).
    kind: "creation",
    isMember: true,
    call: tools.textizen.addParticipantToGroup,
  });
}

/** docs/platforms.md, Remove a participant from a group. Its form is uncertain too (docs/platforms.md T-5). */
export function removeParticipantFromGroup(tools: WriteTools, input: MembershipInput): Promise<Outcome<Membership>> {
  return changeMembership(tools, input, {
    idempotencyKey: null,
    mutation: "removeParticipantFromGroup",
    kind: "change",
    isMember: false,
    call: tools.textizen.removeParticipantFromGroup,
  });
}

interface MembershipChange {
  readonly idempotencyKey: string | null;
  readonly mutation: string;
  readonly kind: "creation" | "change";
  /** Whether the participant is in the group afterwards. */
  readonly isMember: boolean;
  readonly call: TextizenClient["addParticipantToGroup"];
}

function changeMembership(
  tools: WriteTools,
  input: MembershipInput,
  { idempotencyKey, mutation, kind, isMember, call }: MembershipChange,
): Promise<Outcome<Membership>> {
  return refusalsAsData(async () => {
    const checks = new Checks();
    const participantId = checks.id("Participant", MEMBERSHIP_PATHS.participant_id, input.participantId);
    const groupId = checks.id("TextizenGroup", MEMBERSHIP_PATHS.group_id, input.groupId);
    checks.done();
    const isAsAsked = ({ groups }: ParticipantRecord) =>
      Array.isArray(groups) ? groups.some(({ id }) => id === groupId) === isMember : null;
    const { value: written } = await carryOut<ParticipantRecord>(tools, {
      mutation,
      kind,
      idempotencyKey,
      input: { participantId, groupId },
      paths: MEMBERSHIP_PATHS,
      // No kept list contains group membership.
      changes: ["TEXTIZEN"],
      texts: nobody,
      resultIfConfirmed: () => stubOf(participantId),
      call: async (scope) => {
        await call(participantId, groupId, scope);
        return stubOf(participantId);
      },
      verify: async (scope) => {
        const participant = await tools.textizen.participant(participantId, scope);
        return participant !== null && isAsAsked(participant) === true ? { value: participant } : null;
      },
    });
    const readParticipant = () => tools.textizen.participant(participantId, tools.scope);
    const participant = written.isDetail ? written : await readBack(tools, readParticipant);
    if (participant !== null && isAsAsked(participant) === false) {
      requireApplied([notApplied(MEMBERSHIP_PATHS.group_id, "the participant's membership")]);
    }
    return { value: { participant: participant ?? written, group: stubOf(groupId) } };
  });
}
