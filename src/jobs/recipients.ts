import type { Context } from "../context.ts";
import { valueOrNull, valueOrThrow } from "../errors.ts";
import { type Id, type IdType, idParts, makeId, type PollOptionId, parseId } from "../ids.ts";
import type { PollResponseRecord } from "../textizen/records.ts";
import { Refused } from "../writes/refusal.ts";
import type { GivenRow } from "./rows.ts";

type Given<Value = string> = Value | null | undefined;

/** Where a job's rows come from: exactly one of them; the schema ensures it (`@oneOf`). */
export interface RowSource {
  readonly rows?: Given<readonly GivenRow[]>;
  /** The set that an upload wrote. */
  readonly uploadId?: Given;
  readonly groupId?: Given;
  readonly pollAnswer?: Given<PollAnswer>;
}

interface PollAnswer {
  readonly pollId: string;
  readonly questionId?: Given;
  readonly optionId?: Given;
  readonly text?: Given;
}

const UPLOAD_ID = /^[\w-]{1,40}$/;
const BATCH = 1_000;
/** Of a participant who no longer takes texts. */
export const UNSUBSCRIBED = {
  code: "RECIPIENT_OPTED_OUT" as const,
  message: "This person is unsubscribed in Textizen.",
};

/** The rows in batches. `field`: the path of the argument that names them. Throws Refused, and what its reads throw. */
export async function* batchesOf(
  context: Context,
  source: RowSource,
  field: readonly string[],
): AsyncGenerator<readonly GivenRow[]> {
  const { rows, uploadId, groupId, pollAnswer } = source;
  if (uploadId) {
    yield* uploaded(context, uploadId, field);
    return;
  }
  const all = groupId
    ? await membersOf(context, requireId("TextizenGroup", groupId, [...field, "groupId"]), [...field, "groupId"])
    : pollAnswer
      ? await respondentsOf(context, pollAnswer, [...field, "pollAnswer"])
      : (rows ?? []);
  for (let start = 0; start < all.length; start += BATCH) {
    yield all.slice(start, start + BATCH);
  }
}

async function* uploaded(
  { services }: Context,
  uploadId: string,
  field: readonly string[],
): AsyncGenerator<readonly GivenRow[]> {
  const { rows } = services.jobs;
  const upload = UPLOAD_ID.test(uploadId) ? await rows.find(uploadId) : null;
  const notThere = new Refused({
    code: "NOT_FOUND",
    field: [...field, "uploadId"],
    message: "There is no upload of this id: it is kept for a day, and was perhaps not finished.",
  });
  if (upload === null || upload.rowCount === null) {
    throw notThere;
  }
  for (let after = 0; after < upload.rowCount; ) {
    const stored = await rows.read(uploadId, { after, limit: BATCH });
    const last = stored.at(-1);
    if (last === undefined || last.number !== after + stored.length) {
      // Its day ended while it was read. The rows that are left are not what was uploaded.
      throw notThere;
    }
    after = last.number;
    yield stored.map(({ to, values, line, outcome }) => ({
      line,
      ...(outcome && { refusal: { code: "INVALID_INPUT" as const, message: outcome.message ?? "" } }),
      ...(to.startsWith("co:") ? { contactId: to } : { phoneNumber: to }),
      values: Object.entries(values).map(([name, value]) => ({ name, value })),
    }));
  }
}

/** A masked number stays as it is, and its row is refused. */
async function membersOf(
  context: Context,
  id: Id<"TextizenGroup">,
  field: readonly string[],
): Promise<readonly GivenRow[]> {
  context.requireType("TextizenGroup");
  context.requireType("Participant");
  const members = await context.textizen.members(id);
  if (members === null) {
    const message = "There is no group of this id, or Textizen does not say who is in it.";
    throw new Refused({ code: "NOT_FOUND", field, message });
  }
  return members.rows.map(({ id: participantId, phoneNumber, displayPhoneNumber, name, isSubscribed }) => ({
    phoneNumber: valueOrNull(phoneNumber) ?? valueOrNull(displayPhoneNumber),
    values: [{ name: "name", value: valueOrNull(name) ?? "" }],
    // Rows of lists may not say it: it is asked again when the row's turn comes.
    participantId,
    ...(isSubscribed === false && { refusal: UNSUBSCRIBED }),
  }));
}

async function respondentsOf(
  context: Context,
  { pollId, questionId, optionId, text }: PollAnswer,
  field: readonly string[],
): Promise<readonly GivenRow[]> {
  context.requireType("PollResponse");
  const poll = requireId("Poll", pollId, [...field, "pollId"]);
  const option = optionId ? requireId("PollOption", optionId, [...field, "optionId"]) : null;
  const question = questionId
    ? requireId("PollQuestion", questionId, [...field, "questionId"])
    : option && questionOf(option);
  const detail = await context.textizen.poll.detail(poll);
  if (detail === null) {
    throw new Refused({ code: "NOT_FOUND", field: [...field, "pollId"], message: "There is no poll of this id." });
  }
  const responses = valueOrThrow(detail.responses) ?? [];
  const latest = new Map<string, PollResponseRecord>();
  for (const response of responses.filter((each) => question === null || each.questionId === question)) {
    // A later answer takes the place of the one before, and keeps its row.
    const who = valueOrNull(response.from) ?? response.id;
    const earlier = latest.get(who);
    if (earlier === undefined || timeOf(response) >= timeOf(earlier)) {
      latest.set(who, response);
    }
  }
  return [...latest.values()]
    .filter((response) => option === null || response.matchedOptionIds.includes(option))
    .filter((response) => !text || fold(valueOrNull(response.text) ?? "") === fold(text))
    .map((response) => ({
      phoneNumber: valueOrNull(response.from) ?? valueOrNull(response.displayFrom),
      values: [{ name: "answer", value: valueOrNull(response.text) ?? "" }],
      // Whoever answered may have unsubscribed since.
      participantId: valueOrNull(response.participantId) ?? undefined,
    }));
}

function questionOf(option: PollOptionId): Id<"PollQuestion"> {
  const [poll = "", question = ""] = idParts(option);
  return makeId("PollQuestion", poll, question);
}

function timeOf({ createdAt }: PollResponseRecord): number {
  return valueOrNull(createdAt)?.getTime() ?? 0;
}

function fold(text: string): string {
  return text.trim().toLowerCase();
}

function requireId<Type extends IdType>(type: Type, id: string, field: readonly string[]): Id<Type> {
  const parsed = parseId(type, id);
  if (parsed === null) {
    const message = `${field.at(-1)} must be the id of a ${type}.`;
    throw new Refused({ code: "INVALID_INPUT", field, message });
  }
  return parsed;
}
