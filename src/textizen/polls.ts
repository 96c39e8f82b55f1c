import type { Field } from "../errors.ts";
import { makeId, type PollOptionId, type PollQuestionId, parsePart } from "../ids.ts";
import { isJsonObject, type JsonObject, listOf } from "../json.ts";
import type { Answer } from "../rest/answer.ts";
import { reference, referenceField } from "./decode.ts";
import type { PollOptionRecord, PollQuestionRecord, PollRecord, PollResponseRecord, QuestionType } from "./records.ts";
import { firstOf, type RecordKind, type Reference, read, readReference, shapeError, unwrapMember } from "./shapes.ts";

export const polls: RecordKind<PollRecord> = {
  singular: "poll",
  plural: "polls",
  decode(raw, id, isDetail, answer) {
    const absent = isDetail ? null : undefined;
    const number = read.phone(firstOf(raw["phone"], raw["phone_number"]), "phone", absent);
    return {
      id: makeId("Poll", id),
      isDetail,
      title: read.text(raw["title"], "title", absent),
      phoneNumber: number === undefined ? undefined : read.e164(number),
      displayPhoneNumber: number,
      confirmation: read.text(raw["confirmation"], "confirmation", absent),
      errorMessage: read.text(raw["error_message"], "error_message", absent),
      language: read.text(raw["language"], "language", absent),
      isPublic: read.flag(firstOf(raw["public"], raw["is_public"]), "public", absent),
      isActive: read.flag(firstOf(raw["active"], raw["is_active"]), "active", absent),
      type: read.text(raw["type"], "type", absent),
      createdAt: read.date(raw["created_at"], "created_at", absent),
      startsAt: read.date(firstOf(firstOf(raw["start_date"], raw["starts_at"]), raw["start_at"]), "start_date", absent),
      endsAt: read.date(firstOf(firstOf(raw["end_date"], raw["ends_at"]), raw["end_at"]), "end_date", absent),
      campaignId: reference("Campaign", raw, "campaign_id", "campaign", absent),
      questions: isDetail ? readQuestions(raw, id, answer) : undefined,
      responses: isDetail ? readResponses(raw, id, answer) : undefined,
    };
  },
};

/** Responses that are read by id: `GET /api/responses/{id}`. */
export const responses: RecordKind<PollResponseRecord> = {
  singular: "response",
  plural: "responses",
  decode: (raw, id) =>
    decodeResponse(
      raw,
      id,
      readReference(raw, "poll_id", "poll") || null,
      readReference(raw, "participant_id", "participant"),
      readReference(raw, "question_id", "question"),
      { from: raw["from"] },
    ),
};

const TYPES: ReadonlyMap<string, QuestionType> = new Map([
  ["OPEN", "OPEN"],
  ["YN", "YES_NO"],
  ["YES_NO", "YES_NO"],
  ["MULTI", "MULTIPLE_CHOICE"],
  ["MULTIPLE_CHOICE", "MULTIPLE_CHOICE"],
  ["MULTI_MANY", "MULTIPLE_CHOICE_MANY"],
  ["MULTIPLE_CHOICE_MANY", "MULTIPLE_CHOICE_MANY"],
  ["NAME", "NAME"],
]);

/** Keys under which an option may hold its follow-up questions; none is documented (docs/platforms.md T-20). */
const FOLLOW_UP_KEYS = [
  "followup_questions",
  "follow_up_questions",
  "followups",
  "follow_ups",
  "questions",
  "open_questions",
] as const;
/** Deeper than any conversation by text. Deeper nesting would exhaust the stack. */
const DEEPEST = 32;

function readQuestions(raw: JsonObject, poll: string, answer: Answer): Field<readonly PollQuestionRecord[]> {
  const questions = firstOf(raw["questions"], raw["open_questions"]);
  return read.list(questions, "questions", null, (list) => decodeQuestions(list, poll, 0, answer));
}

function decodeQuestions(list: readonly unknown[], poll: string, depth: number, answer: Answer): PollQuestionRecord[] {
  if (depth > DEEPEST) {
    throw shapeError("follow-up questions are nested too deeply");
  }
  const questions: PollQuestionRecord[] = [];
  for (const item of list) {
    const raw = unwrapMember(item, "question");
    const id = raw === null ? null : parsePart(raw["id"]);
    if (raw === null || id === null) {
      answer.skippedRows += 1;
      continue;
    }
    const rawType = read.text(firstOf(raw["question_type"], raw["type"]), "question_type", null);
    questions.push({
      id: makeId("PollQuestion", poll, id),
      text: read.text(firstOf(firstOf(raw["text"], raw["question_text"]), raw["question"]), "text", null),
      type: typeof rawType === "string" ? (TYPES.get(rawType.toUpperCase()) ?? "OTHER") : "OTHER",
      rawType,
      sequence: read.integer(firstOf(raw["sequence"], raw["position"]), "sequence", null),
      options: decodeOptions(listOf(raw["options"]) ?? [], poll, id, depth, answer),
    });
  }
  return questions;
}

function decodeOptions(
  list: readonly unknown[],
  poll: string,
  question: string,
  depth: number,
  answer: Answer,
): PollOptionRecord[] {
  const options: PollOptionRecord[] = [];
  for (const item of list) {
    const raw = unwrapMember(item, "option");
    const id = raw === null ? null : parsePart(raw["id"]);
    if (raw === null || id === null) {
      answer.skippedRows += 1;
      continue;
    }
    const followUps = FOLLOW_UP_KEYS.map((key) => listOf(raw[key])).find((list) => list !== null);
    options.push({
      id: makeId("PollOption", poll, question, id),
      text: read.text(raw["text"], "text", null),
      value: read.text(raw["value"], "value", null),
      followUps: followUps === undefined ? [] : decodeQuestions(followUps, poll, depth + 1, answer),
    });
  }
  return options;
}

/**
 * Reads `response_sequences`, one for each person who answered (docs/platforms.md T-22), or a plain list of
 * `responses`.
 */
function readResponses(raw: JsonObject, poll: string, answer: Answer): Field<readonly PollResponseRecord[]> {
  const found = new PollResponses(poll, answer);
  const readSequences = (sequences: readonly unknown[]) => {
    for (const [position, item] of sequences.entries()) {
      const sequence = unwrapMember(item, "response_sequence");
      const list = listOf(sequence?.["responses"]);
      if (sequence !== null && list !== null) {
        const { from, last_response_created: lastCreatedAt } = sequence;
        found.add(list, { from, lastCreatedAt, sequence: position });
      } else {
        answer.skippedRows += 1;
      }
    }
    return found.all;
  };
  const readPlain = (list: readonly unknown[]) => {
    found.add(list, {});
    return found.all;
  };
  const { response_sequences: sequences, responses: plain } = raw;
  return sequences === undefined || sequences === null
    ? read.list(plain, "responses", null, readPlain)
    : read.list(sequences, "responses", null, readSequences);
}

/** What is known about the person who answered, besides the participant's id. */
interface ResponseSender {
  readonly from?: unknown;
  readonly sequence?: number;
  /** When the last of these responses was received: `last_response_created` (docs/platforms.md T-22). */
  readonly lastCreatedAt?: unknown;
}

/** Collects a poll's responses, and makes ids for those that have none. */
class PollResponses {
  readonly all: PollResponseRecord[] = [];
  readonly #poll: string;
  readonly #answer: Answer;
  /** How many answers of a participant to a question were read so far. */
  readonly #counts = new Map<string, number>();

  constructor(poll: string, answer: Answer) {
    this.#poll = poll;
    this.#answer = answer;
  }

  add(list: readonly unknown[], sender: ResponseSender): void {
    for (const [position, item] of list.entries()) {
      const raw = unwrapMember(item, "response");
      if (raw === null) {
        this.#answer.skippedRows += 1;
        continue;
      }
      const participant = readReference(raw, "participant_id", "participant");
      const question = readReference(raw, "question_id", "question");
      const id = parsePart(raw["id"]) ?? this.#placeOf(participant, question);
      if (id === null) {
        this.#answer.skippedRows += 1;
      } else {
        const from = raw["from"] ?? sender.from;
        const lastCreatedAt = position === list.length - 1 ? sender.lastCreatedAt : undefined;
        this.all.push(decodeResponse(raw, id, this.#poll, participant, question, { ...sender, from, lastCreatedAt }));
      }
    }
  }

  #placeOf(participant: Reference, question: Reference): string | null {
    if (!participant || !question) {
      return null;
    }
    const place = `${this.#poll}.${participant}.${question}`;
    const count = (this.#counts.get(place) ?? 0) + 1;
    this.#counts.set(place, count);
    return `${place}.${count}`;
  }
}

function decodeResponse(
  raw: JsonObject,
  id: string,
  poll: string | null,
  participant: Reference,
  question: Reference,
  { from, sequence, lastCreatedAt }: ResponseSender,
): PollResponseRecord {
  const displayFrom = read.phone(from, "from", null);
  return {
    id: makeId("PollResponse", id),
    text: read.text(firstOf(raw["response"], raw["text"]), "response", null),
    from: read.e164(displayFrom),
    displayFrom,
    sequence,
    participantId: referenceField("Participant", participant, "participant_id", null),
    pollId: poll === null ? null : makeId("Poll", poll),
    questionId: questionField(poll, question),
    matchedOptionIds: poll && question ? readMatches(raw, poll, question) : [],
    createdAt: read.date(raw["created_at"] ?? raw["created"] ?? lastCreatedAt, "created_at", null),
  };
}

function questionField(poll: string | null, question: Reference): Field<PollQuestionId> {
  if (question === false) {
    return read.defect("question_id");
  }
  return poll !== null && question ? makeId("PollQuestion", poll, question) : null;
}

/**
 * The options in `match: {id}` or `matching_option_id`; each may be missing, null, or a list (docs/platforms.md T-21).
 */
function readMatches(raw: JsonObject, poll: string, question: string): PollOptionId[] {
  const value = raw["match"] ?? raw["matches"] ?? raw["matching_option_id"] ?? raw["matching_option_ids"];
  const ids: PollOptionId[] = [];
  for (const match of listOf(value) ?? [value]) {
    const part = parsePart(isJsonObject(match) ? unwrapMember(match, "option")?.["id"] : match);
    if (part !== null) {
      ids.push(makeId("PollOption", poll, question, part));
    }
  }
  return ids;
}
