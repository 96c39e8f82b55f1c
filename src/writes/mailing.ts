import { PlatformError } from "../errors.ts";
import type { MailingId, TextizenGroupId } from "../ids.ts";
import type { E164 } from "../phone.ts";
import type { MailingRecord } from "../textizen/records.ts";
import { instantsOf } from "../time-zones.ts";
import { carryOut } from "./carry-out.ts";
import { Checks, type Optional, once, type Path } from "./checks.ts";
import { carryOutCreation, stubOf } from "./created.ts";
import { type RecipientNumber, refuseOptedOut } from "./opt-out.ts";
import { notApplied, readBack, requireApplied } from "./read-back.ts";
import { type Outcome, Refused, refusalsAsData } from "./refusal.ts";
import type { WriteTools } from "./tools.ts";
import { verifyUpdate } from "./verify.ts";

/** When a mailing is sent: an instant, or a time by the clocks of a zone. */
interface SendTimeInput {
  readonly sendAt?: Optional<Date>;
  readonly sendAtLocal?: Optional<{ readonly dateTime: string; readonly timeZone: string }>;
}

export interface CreateMailingInput extends SendTimeInput {
  readonly pollId: string;
  readonly groupIds?: Optional<readonly string[]>;
  readonly phoneNumbers?: Optional<readonly E164[]>;
  readonly idempotencyKey: string;
}

export interface UpdateMailingInput extends SendTimeInput {
  readonly id: string;
  readonly groupIds?: Optional<readonly string[]>;
  readonly phoneNumbers?: Optional<readonly E164[]>;
}

const ID = ["input", "id"];
const POLL_ID = ["input", "pollId"];
const SEND_AT = ["input", "sendAt"];
const SEND_AT_LOCAL = ["input", "sendAtLocal"];
const GROUP_IDS = ["input", "groupIds"];
const PHONE_NUMBERS = ["input", "phoneNumbers"];

const PATHS = {
  group_ids: GROUP_IDS,
  group: GROUP_IDS,
  phone_numbers_list: PHONE_NUMBERS,
  poll: POLL_ID,
  poll_id: POLL_ID,
};

// Textizen accepts a mailing without recipients, and texts nobody (docs/platforms.md T-19).
const NO_RECIPIENT = "At least one of groupIds and phoneNumbers must name a recipient.";

/** docs/platforms.md, Create a mailing. It texts people, at most once for a key. */
export function createMailing(tools: WriteTools, input: CreateMailingInput): Promise<Outcome<MailingRecord>> {
  return refusalsAsData(async () => {
    const checks = new Checks();
    const pollId = checks.id("Poll", POLL_ID, input.pollId);
    const groupIds = checkGroups(checks, input.groupIds ?? []);
    const phoneNumbers = once(input.phoneNumbers ?? []);
    const time = checkTime(checks, { sendAt: input.sendAt ?? undefined, sendAtLocal: input.sendAtLocal ?? undefined });
    if (time === null) {
      checks.refuse(["input"], "Either sendAt or sendAtLocal must say when to send.");
    }
    if (groupIds.length === 0 && phoneNumbers.length === 0) {
      checks.refuse(["input"], NO_RECIPIENT);
    }
    checks.done();
    const recipients = numbered(input.phoneNumbers ?? []);
    const { at, field } = time ?? REFUSED_TIME;
    const mailing = {
      sendAt: at,
      groupIds: groupIds.length === 0 ? undefined : groupIds,
      phoneNumbers: phoneNumbers.length === 0 ? undefined : phoneNumbers,
    };
    return carryOutCreation(tools, {
      mutation: "createMailing",
      kind: "send",
      idempotencyKey: input.idempotencyKey,
      input: { pollId, ...mailing },
      paths: { ...PATHS, send_at: field, NOT_FOUND: idUnlessGroups(groupIds, POLL_ID) },
      // There is no list of mailings to make stale.
      changes: ["TEXTIZEN"],
      // Not checked for a replay: its outcome is returned even if the time has passed.
      prepare: async () => {
        requireFuture(tools, at, field);
        await refuseOptedOut(tools, recipients);
      },
      texts: () => recipients,
      call: (scope) => tools.textizen.createMailing(pollId, mailing, scope),
    });
  });
}

/** What an update needs of the mailing as it is now. */
interface Prepared {
  /** The new time, or the text of the present one, which is sent back letter for letter. */
  readonly sendAt: Date | string;
  /** All numbers that the mailing texts, also those that the update does not change. */
  readonly recipients: readonly RecipientNumber[];
}

/**
 * docs/platforms.md, Update a mailing. Its `send_at` is not optional: without `sendAt`, the text that was read is sent
 * back. Textizen may write times without an offset, in a zone that this server does not know: a time that is parsed and
 * written again would then move by hours.
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
    const { sendAt: instant, sendAtLocal } = input;
    const newTime = checkTime(checks, {
      sendAt: checks.notNull(SEND_AT, instant),
      sendAtLocal: checks.notNull(SEND_AT_LOCAL, sendAtLocal),
    });
    checks.atLeastOne({ sendAt: instant, sendAtLocal, ...lists });
    if (isCleared(groupIds) && isCleared(phoneNumbers)) {
      checks.refuse(["input"], NO_RECIPIENT);
    }
    checks.done();
    const sendAt = newTime?.at;
    const { value: written } = await carryOut<MailingRecord, Prepared>(tools, {
      mutation: "updateMailing",
      kind: "change",
      idempotencyKey: null,
      input: { id, sendAt, ...lists },
      paths: { ...PATHS, send_at: newTime?.field ?? SEND_AT, NOT_FOUND: idUnlessGroups(lists.groupIds ?? [], ID) },
      changes: ["TEXTIZEN"],
      prepare: async () => {
        if (newTime !== null) {
          requireFuture(tools, newTime.at, newTime.field);
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

/** Each number with the argument that names it. */
function numbered(numbers: readonly E164[]): RecipientNumber[] {
  return numbers.map((number, at) => ({ number, field: [...PHONE_NUMBERS, String(at)] }));
}

function checkGroups(checks: Checks, ids: readonly string[]): readonly TextizenGroupId[] {
  return once(ids.map((id, at) => checks.id("TextizenGroup", [...GROUP_IDS, String(at)], id)));
}

/** True if the list is to be emptied; undefined leaves it as it is. */
function isCleared(list: readonly unknown[] | null | undefined): boolean {
  return list === null || list?.length === 0;
}

/** The argument that a 404 is about; undefined if it could also be about a group. */
function idUnlessGroups(groupIds: readonly TextizenGroupId[], id: Path): Path | undefined {
  return groupIds.length === 0 ? id : undefined;
}

/** An instant, and the argument that says it. */
interface CheckedTime {
  readonly at: Date;
  readonly field: Path;
}

/** Stands for a time that was refused: it is never used. */
const REFUSED_TIME: CheckedTime = { at: new Date(Number.NaN), field: SEND_AT };

/** Null if neither says a time. */
function checkTime(
  checks: Checks,
  { sendAt, sendAtLocal }: { readonly [Name in keyof SendTimeInput]-?: NonNullable<SendTimeInput[Name]> | undefined },
): CheckedTime | null {
  if (sendAtLocal === undefined) {
    return sendAt === undefined ? null : { at: sendAt, field: SEND_AT };
  }
  if (sendAt !== undefined) {
    checks.refuse(SEND_AT_LOCAL, "Only one of sendAt and sendAtLocal can say when to send.");
    return REFUSED_TIME;
  }
  const { dateTime, timeZone } = sendAtLocal;
  const instant = instantsOf(dateTime, timeZone);
  if (instant.kind === "one") {
    return { at: instant.at, field: SEND_AT_LOCAL };
  }
  const [earlier, later] = instant.candidates;
  const why = instant.kind === "skipped" ? "clocks are put forward then" : "clocks are put back then";
  checks.refuse(
    [...SEND_AT_LOCAL, "dateTime"],
    `There is no single such time in ${timeZone}: ${why}. Give sendAt, either ${earlier} or ${later}.`,
  );
  return REFUSED_TIME;
}

/** Throws Refused if the time has passed. */
function requireFuture({ now }: WriteTools, sendAt: Date, field: Path): void {
  if (sendAt < now()) {
    throw badTime(`${field.at(-1)} must be a time in the future: this one has passed.`, field);
  }
}

/** The mailing as it is now. Throws Refused if there is none. */
async function requireStored({ textizen, scope }: WriteTools, id: MailingId): Promise<MailingRecord> {
  const mailing = await textizen.mailing(id, scope);
  if (mailing === null) {
    throw new Refused({ code: "NOT_FOUND", field: ID, message: "Textizen has no mailing of this id." });
  }
  return mailing;
}

/** The text of the mailing's time. Throws Refused if it has none, or if the time has passed. */
function requireStoredTime({ now }: WriteTools, mailing: MailingRecord | null): string {
  const { sendAt, sendAtText } = mailing ?? {};
  if (!(sendAt instanceof Date) || typeof sendAtText !== "string") {
    throw badTime("Textizen gives no time for this mailing: give sendAt.");
  }
  if (sendAt < now()) {
    throw badTime("As this server reads it, the time of this mailing has passed: give sendAt, a time in the future.");
  }
  return sendAtText;
}

/**
 * The numbers that the mailing texts already. Throws PlatformError if the list cannot be read, and Refused if a number
 * in it is not E.164: nobody can tell then whether its owner opted out.
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

function badTime(message: string, field: Path = SEND_AT): Refused {
  return new Refused({ code: "INVALID_INPUT", field, message });
}

/**
 * The mailing, read back if a list was to be cleared, since Textizen may leave it as it was (docs/platforms.md T-19).
 * Null if there was no need to read it, or if it cannot be read. Throws Refused if the list is not empty.
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
