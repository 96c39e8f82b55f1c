import { PlatformError } from "../errors.ts";
import type { MailingId, TextizenGroupId } from "../ids.ts";
import type { E164 } from "../phone.ts";
import type { MailingRecord } from "../textizen/records.ts";
import { carryOut } from "./carry-out.ts";
import { Checks, once, type Path } from "./checks.ts";
import { carryOutCreation, stubOf } from "./created.ts";
import { type RecipientNumber, refuseOptedOut } from "./opt-out.ts";
import { notApplied, readBack, requireApplied } from "./read-back.ts";
import { type Outcome, Refused, refusalsAsData } from "./refusal.ts";
import type { WriteTools } from "./tools.ts";
import { verifyUpdate } from "./verify.ts";

export interface CreateMailingInput {
  readonly pollId: string;
  readonly sendAt: Date;
  readonly groupIds?: readonly string[] | null | undefined;
  readonly phoneNumbers?: readonly E164[] | null | undefined;
  readonly idempotencyKey: string;
}

export interface UpdateMailingInput {
  readonly id: string;
  readonly sendAt?: Date | null | undefined;
  readonly groupIds?: readonly string[] | null | undefined;
  readonly phoneNumbers?: readonly E164[] | null | undefined;
}

const ID = ["input", "id"];
const POLL_ID = ["input", "pollId"];
const SEND_AT = ["input", "sendAt"];
const GROUP_IDS = ["input", "groupIds"];
const PHONE_NUMBERS = ["input", "phoneNumbers"];

const PATHS = {
  send_at: SEND_AT,
  group_ids: GROUP_IDS,
  group: GROUP_IDS,
  phone_numbers_list: PHONE_NUMBERS,
  poll: POLL_ID,
  poll_id: POLL_ID,
};

// Textizen saves a mailing to nobody and texts nobody (ambiguities T-19).
const NO_RECIPIENT = "At least one of groupIds and phoneNumbers must name a receiver.";

/** textizen-api.txt:260-273. It texts people: at most once for a key. */
export function createMailing(tools: WriteTools, input: CreateMailingInput): Promise<Outcome<MailingRecord>> {
  return refusalsAsData(async () => {
    const checks = new Checks();
    const pollId = checks.id("Poll", POLL_ID, input.pollId);
    const groupIds = checkGroups(checks, input.groupIds ?? []);
    const phoneNumbers = once(input.phoneNumbers ?? []);
    if (groupIds.length === 0 && phoneNumbers.length === 0) {
      checks.refuse(["input"], NO_RECIPIENT);
    }
    checks.done();
    const recipients = numbered(input.phoneNumbers ?? []);
    const mailing = {
      sendAt: input.sendAt,
      groupIds: groupIds.length === 0 ? undefined : groupIds,
      phoneNumbers: phoneNumbers.length === 0 ? undefined : phoneNumbers,
    };
    return carryOutCreation(tools, {
      mutation: "createMailing",
      kind: "send",
      idempotencyKey: input.idempotencyKey,
      input: { pollId, ...mailing },
      paths: { ...PATHS, NOT_FOUND: idUnlessGroups(groupIds, POLL_ID) },
      // No kept list holds mailings.
      changes: ["TEXTIZEN"],
      // A key that was used is told its outcome, however late.
      prepare: async () => {
        requireTimeToCome(tools, mailing.sendAt);
        await refuseOptedOut(tools, recipients);
      },
      texts: () => recipients,
      call: (scope) => tools.textizen.createMailing(pollId, mailing, scope),
    });
  });
}

/** What an update needs to know of the mailing as it is. */
interface Prepared {
  /** The stored time is a text, to be sent back letter for letter. */
  readonly sendAt: Date | string;
  /** Everybody whom the mailing texts by number, those who stay on it included. */
  readonly recipients: readonly RecipientNumber[];
}

/**
 * textizen-api.txt:275-288, where `send_at` is not optional: if it is not given, the stored text is sent back as it was
 * read. Textizen may write times without an offset, in a zone that this server does not know: written anew, such a time
 * would move by hours.
 */
export function updateMailing(tools: WriteTools, input: UpdateMailingInput): Promise<Outcome<MailingRecord>> {
  return refusalsAsData(async () => {
    const checks = new Checks();
    const id = checks.id("Mailing", ID, input.id);
    const { groupIds, phoneNumbers } = input;
    const lists = {
      groupIds: groupIds && checkGroups(checks, groupIds),
      phoneNumbers: phoneNumbers && once(phoneNumbers),
    };
    const sendAt = checks.notNull(SEND_AT, input.sendAt);
    checks.atLeastOne({ sendAt: input.sendAt, ...lists });
    if (isCleared(groupIds) && isCleared(phoneNumbers)) {
      checks.refuse(["input"], NO_RECIPIENT);
    }
    checks.done();
    const { value: written } = await carryOut<MailingRecord, Prepared>(tools, {
      mutation: "updateMailing",
      kind: "change",
      idempotencyKey: null,
      input: { id, sendAt, ...lists },
      paths: { ...PATHS, NOT_FOUND: idUnlessGroups(lists.groupIds ?? [], ID) },
      changes: ["TEXTIZEN"],
      prepare: async () => {
        if (sendAt !== undefined) {
          requireTimeToCome(tools, sendAt);
        }
        const isWhole = sendAt !== undefined && phoneNumbers !== undefined;
        const stored = isWhole ? null : await requireStored(tools, id);
        const time = sendAt ?? requireStoredTime(tools, stored);
        const recipients = phoneNumbers === undefined ? requireStoredNumbers(stored) : numbered(phoneNumbers ?? []);
        await refuseOptedOut(tools, recipients);
        return { sendAt: time, recipients };
      },
      texts: ({ recipients }) => recipients,
      call: async (scope, prepared) => {
        await tools.textizen.updateMailing(id, { ...lists, sendAt: prepared.sendAt }, scope);
        return stubOf(id);
      },
      verify: verifyUpdate(tools.textizen.mailing, id, {
        sendAt,
        groupIds: lists.groupIds,
        recipientNumbers: lists.phoneNumbers,
      }),
    });
    const mailing = written.isDetail ? written : await readCleared(tools, id, lists);
    return { value: mailing ?? written };
  });
}

/** Each number with its place among the arguments. */
function numbered(numbers: readonly E164[]): RecipientNumber[] {
  return numbers.map((number, at) => ({ number, field: [...PHONE_NUMBERS, String(at)] }));
}

function checkGroups(checks: Checks, ids: readonly string[]): readonly TextizenGroupId[] {
  return once(ids.map((id, at) => checks.id("TextizenGroup", [...GROUP_IDS, String(at)], id)));
}

/** A list that is to be emptied, not one that is to stay. */
function isCleared(list: readonly unknown[] | null | undefined): boolean {
  return list === null || list?.length === 0;
}

/** The argument that a 404 is about, where no group can be meant as well. */
function idUnlessGroups(groupIds: readonly TextizenGroupId[], id: Path): Path | undefined {
  return groupIds.length === 0 ? id : undefined;
}

/** Throws Refused where a mailing cannot be handed over now, whatever else is right about it. */
function requireTimeToCome({ now }: WriteTools, sendAt: Date): void {
  if (sendAt < now()) {
    throw badTime("sendAt must be a time to come: this one has passed.");
  }
}

/** The mailing as it is; throws Refused where there is none. */
async function requireStored({ textizen, scope }: WriteTools, id: MailingId): Promise<MailingRecord> {
  const mailing = await textizen.mailing(id, scope);
  if (mailing === null) {
    throw new Refused({ code: "NOT_FOUND", field: ID, message: "Textizen has no mailing of this id." });
  }
  return mailing;
}

/** The text of the time that a mailing has; throws Refused if there is none, or it has passed. */
function requireStoredTime({ now }: WriteTools, mailing: MailingRecord | null): string {
  const { sendAt, sendAtText } = mailing ?? {};
  if (!(sendAt instanceof Date) || typeof sendAtText !== "string") {
    throw badTime("Textizen gives no time for this mailing: give sendAt.");
  }
  if (sendAt < now()) {
    throw badTime("The time of this mailing has passed: give sendAt, a time to come.");
  }
  return sendAtText;
}

/**
 * Whom the mailing texts by number already, named by no argument. Throws PlatformError where the list cannot be read, and
 * Refused where a number in it is no E.164: whether its owner opted out cannot be told.
 */
function requireStoredNumbers(mailing: MailingRecord | null): RecipientNumber[] {
  const numbers = mailing?.recipientNumbers ?? [];
  if (numbers instanceof PlatformError) {
    throw numbers;
  }
  return numbers.map((number) => {
    if (number === null) {
      const message = "Textizen has numbers for this mailing that are not E.164: phoneNumbers must be given.";
      throw new Refused({ code: "INVALID_INPUT", field: PHONE_NUMBERS, message });
    }
    return { number, field: null };
  });
}

function badTime(message: string): Refused {
  return new Refused({ code: "INVALID_INPUT", field: SEND_AT, message });
}

/**
 * The mailing, read back where a list was to be cleared, which cannot be relied on (ambiguities T-19); null where there
 * was no need, or where it cannot be read. Throws Refused where a list still has what it should have lost.
 */
async function readCleared(
  tools: WriteTools,
  id: MailingId,
  { groupIds, phoneNumbers }: Pick<UpdateMailingInput, "groupIds" | "phoneNumbers">,
): Promise<MailingRecord | null> {
  if (!isCleared(groupIds) && !isCleared(phoneNumbers)) {
    return null;
  }
  const mailing = await readBack(tools, () => tools.textizen.mailing(id, tools.scope));
  const isLeft = (list: MailingRecord["groupIds"] | MailingRecord["recipientNumbers"]) =>
    Array.isArray(list) && list.length > 0;
  requireApplied([
    ...(isCleared(groupIds) && isLeft(mailing?.groupIds) ? [notApplied(GROUP_IDS, "the list of groups")] : []),
    ...(isCleared(phoneNumbers) && isLeft(mailing?.recipientNumbers)
      ? [notApplied(PHONE_NUMBERS, "the list of phone numbers")]
      : []),
  ]);
  return mailing;
}
