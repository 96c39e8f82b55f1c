import { type Field, valueOrNull } from "../errors.ts";
import type {
  ParticipantRecord,
  PollOptionRecord,
  PollQuestionRecord,
  PollResponseRecord,
} from "../textizen/records.ts";

/** Counts of one poll; people are counted if nothing else is said. */
interface PollSummary {
  readonly respondentCount: number;
  /** Texts, including repeated answers. */
  readonly replyCount: number;
  readonly firstResponseAt: Date | null;
  readonly lastResponseAt: Date | null;
  readonly questions: readonly QuestionSummary[];
}

interface QuestionSummary {
  readonly question: PollQuestionRecord;
  readonly respondentCount: number;
  readonly unmatchedCount: number;
  readonly options: readonly {
    readonly option: PollOptionRecord;
    readonly count: number;
    /** Share of the respondents whose answer matched an option, 0 to 1. */
    readonly share: number;
  }[];
}

/** Counts people: somebody who answers a question again counts once, with the latest answer. */
export function summarizePoll(
  questions: readonly PollQuestionRecord[],
  responses: readonly PollResponseRecord[],
): PollSummary {
  const times = responses.map(timeOf).filter((time) => time !== null);
  const respondentOf = findRespondents(responses);
  const latest = new Map<string, Map<string, PollResponseRecord>>();
  for (const response of responses) {
    if (typeof response.questionId === "string") {
      const answers = latest.get(response.questionId) ?? new Map<string, PollResponseRecord>();
      const respondent = respondentOf(response);
      if (isLater(response, answers.get(respondent))) {
        answers.set(respondent, response);
      }
      latest.set(response.questionId, answers);
    }
  }
  return {
    respondentCount: new Set(responses.map(respondentOf)).size,
    replyCount: responses.length,
    firstResponseAt: times.length === 0 ? null : new Date(times.reduce((a, b) => Math.min(a, b))),
    lastResponseAt: times.length === 0 ? null : new Date(times.reduce((a, b) => Math.max(a, b))),
    questions: withFollowUps(questions).map((question) =>
      summarizeQuestion(question, [...(latest.get(question.id)?.values() ?? [])]),
    ),
  };
}

interface Answerers {
  readonly hasAnswered: (participant: ParticipantRecord) => boolean;
  /** How many answered of whom it is not known who they are. */
  readonly unidentifiedCount: number;
}

/** Tells who has answered anything, by the participant or by the whole number that a response names. */
export function findAnswerers(responses: readonly PollResponseRecord[]): Answerers {
  const named = new Set(
    responses.flatMap((response) => [
      valueOrNull(response.participantId),
      digitsOf(response.from),
      digitsOf(response.displayFrom),
    ]),
  );
  const respondentOf = findRespondents(responses);
  const names = new Set(responses.map(nameOf));
  return {
    hasAnswered: ({ id, phoneNumber, displayPhoneNumber }) =>
      [id, digitsOf(phoneNumber), digitsOf(displayPhoneNumber)].some((name) => name !== null && named.has(name)),
    unidentifiedCount: new Set(responses.map(respondentOf).filter((key) => !names.has(key))).size,
  };
}

/** The digits of a number that is not masked. */
function digitsOf(number: Field<string> | undefined): string | null {
  const text = valueOrNull(number);
  return text !== null && WHOLE_NUMBER.test(text) ? text.replace("+", "") : null;
}

/** All questions in the order of asking: the follow-ups of a question's options come after the question. */
export function withFollowUps(questions: readonly PollQuestionRecord[]): PollQuestionRecord[] {
  return questions.flatMap((question) => [
    question,
    ...question.options.flatMap((option) => withFollowUps(option.followUps)),
  ]);
}

function summarizeQuestion(question: PollQuestionRecord, answers: readonly PollResponseRecord[]): QuestionSummary {
  const known = new Set<string>(question.options.map(({ id }) => id));
  const matched = answers
    .map((answer) => new Set<string>(answer.matchedOptionIds.filter((id) => known.has(id))))
    .filter((ids) => ids.size > 0);
  return {
    question,
    respondentCount: answers.length,
    // Free text is matched to no option.
    unmatchedCount: question.options.length === 0 ? 0 : answers.length - matched.length,
    options: question.options.map((option) => {
      const count = matched.filter((ids) => ids.has(option.id)).length;
      return { option, count, share: matched.length === 0 ? 0 : count / matched.length };
    }),
  };
}

/**
 * Returns who gave an answer: the participant, else the number, else the response sequence, which is one person's. Several
 * people can have the same masked number, such as `*******1212`: outside a sequence, each such answer counts as another
 * person's.
 */
function findRespondents(responses: readonly PollResponseRecord[]): (response: PollResponseRecord) => string {
  const named = new Map<string, string>();
  const keyOf = ({ sequence }: PollResponseRecord) => `sequence ${sequence}`;
  for (const response of responses) {
    const name = nameOf(response);
    if (name !== null && response.sequence !== undefined) {
      named.set(keyOf(response), name);
    }
  }
  return (response) => {
    const name = nameOf(response);
    if (name !== null || response.sequence === undefined) {
      return name ?? response.id;
    }
    return named.get(keyOf(response)) ?? keyOf(response);
  };
}

function nameOf({ participantId, from, displayFrom }: PollResponseRecord): string | null {
  return valueOrNull(participantId) ?? valueOrNull(from) ?? digitsOf(displayFrom);
}

/** A number or short code that is neither E.164 nor masked. */
const WHOLE_NUMBER = /^\+?[0-9]{5,}$/;

function timeOf({ createdAt }: PollResponseRecord): number | null {
  return createdAt instanceof Date ? createdAt.getTime() : null;
}

// Without times, the answer that comes later in the poll's details is the later one.
function isLater(response: PollResponseRecord, than: PollResponseRecord | undefined): boolean {
  if (than === undefined) {
    return true;
  }
  const [time, other] = [timeOf(response), timeOf(than)];
  return time === null || other === null || time >= other;
}
