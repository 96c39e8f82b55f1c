import { parseDateTime } from "../date-time.ts";
import { type Id, makeId, type PartedType, parsePart } from "../ids.ts";
import { isJsonObject, listOf, parseJson, textOf } from "../json.ts";
import { parseWrittenNumber } from "../phone.ts";
import type { PollReport, ReportedResponse } from "../store/event-records.ts";
import { readText, type Values } from "./values.ts";

// The webhook is not documented: docs/platforms.md T-24, and T-21 and T-22 for the shape of answers.

/** Both spellings occur (docs/platforms.md T-24). */
const COMPLETED: ReadonlySet<string> = new Set(["poll.completed", "poll.complete"]);

/**
 * A report of Textizen's webhook. "other" for another event or none; "malformed" if it cannot be read, for instance
 * because its JSON was cut off.
 */
export function parsePollReport(values: Values): PollReport | "other" | "malformed" {
  if (!COMPLETED.has(readText(values["event"]) ?? "")) {
    return "other";
  }
  const poll = unwrap(readJson(values["poll"]) ?? {}, "poll");
  const list = listOf(readJson(values["responses"]) ?? (isJsonObject(poll) ? answersIn(poll) : null) ?? []);
  if (!isJsonObject(poll) || list === null) {
    return "malformed";
  }
  const answers = list.map((item) => unwrap(item, "response")).filter(isJsonObject);
  const pollPart = parsePart(poll["id"]) ?? firstOf(answers, (answer) => partOf(answer, "poll"));
  const responses = readResponses(answers, pollPart);
  return {
    kind: "CompletedPoll",
    pollId: pollPart === null ? null : makeId("Poll", pollPart),
    participantId:
      firstOf(responses, ({ participantId }) => participantId) ?? idOf("Participant", values["participant_id"]),
    from: firstOf(responses, ({ from }) => from) ?? parseWrittenNumber(readText(values["from"]) ?? ""),
    answeredAt: lastOf(responses) ?? readTime(values["time"]),
    responses,
  };
}

/** A poll's answers: a list, or one list for each person who answered (docs/platforms.md T-22). */
function answersIn(poll: Values): unknown {
  const sequences = listOf(poll["response_sequences"]);
  return sequences === null || sequences.length === 0
    ? poll["responses"]
    : sequences.map((item) => unwrap(item, "response_sequence")).flatMap(answersOfSequence);
}

function answersOfSequence(sequence: unknown): readonly unknown[] {
  const { from, last_response_created: lastTime, responses } = isJsonObject(sequence) ? sequence : NOTHING;
  const answers = (listOf(responses) ?? []).map((item) => unwrap(item, "response")).filter(isJsonObject);
  return answers.map((answer, at) => ({
    ...answer,
    from: answer["from"] ?? from,
    created_at: answer["created_at"] ?? answer["created"] ?? (at === answers.length - 1 ? lastTime : null),
  }));
}

const NOTHING: Values = {};

/** An answer without an id gets one from its place: poll, participant, question and a count, `-` for unknown. */
function readResponses(answers: readonly Values[], pollPart: string | null): ReportedResponse[] {
  const counts = new Map<string, number>();
  return answers.map((answer) => {
    const question = partOf(answer, "question");
    const participant = partOf(answer, "participant");
    const place = [pollPart ?? "-", participant ?? "-", question ?? "-"];
    const count = (counts.get(place.join(".")) ?? 0) + 1;
    counts.set(place.join("."), count);
    const own = parsePart(answer["id"]);
    const displayFrom = readText(answer["from"]);
    return {
      id: own === null ? makeId("PollResponse", ...place, String(count)) : makeId("PollResponse", own),
      text: readWords(answer["response"] ?? answer["text"]),
      from: displayFrom === null ? null : parseWrittenNumber(displayFrom),
      displayFrom,
      participantId: participant === null ? null : makeId("Participant", participant),
      pollId: pollPart === null ? null : makeId("Poll", pollPart),
      questionId: pollPart === null || question === null ? null : makeId("PollQuestion", pollPart, question),
      matchedOptionIds: pollPart === null || question === null ? [] : readMatches(answer, pollPart, question),
      createdAt: readTime(answer["created_at"] ?? answer["created"]),
    };
  });
}

/**
 * The options in `matching_option_id` or `match: {id}`; each may be missing, null, or a list (docs/platforms.md T-21).
 */
function readMatches(answer: Values, poll: string, question: string): ReportedResponse["matchedOptionIds"] {
  const { match, matches, matching_option_id: id, matching_option_ids: ids } = answer;
  const found = match ?? matches ?? id ?? ids ?? [];
  return (listOf(found) ?? [found])
    .map((item) => unwrap(item, "option"))
    .map((item) => parsePart(isJsonObject(item) ? item["id"] : item))
    .filter((part) => part !== null)
    .map((part) => makeId("PollOption", poll, question, part));
}

/**
 * The value of an object or list, which a form contains as JSON text. Null if there is none, false if it cannot be
 * read.
 */
function readJson(value: unknown): unknown {
  if (typeof value !== "string") {
    return value ?? null;
  }
  const text = value.trim();
  return text === "" ? null : (parseJson(text) ?? false);
}

/** The value inside a wrapper of its own name, if there is one (docs/platforms.md T-9). */
function unwrap(item: unknown, name: string): unknown {
  const inner = isJsonObject(item) && item["id"] === undefined ? item[name] : undefined;
  return isJsonObject(inner) ? inner : item;
}

/** The id of another record: `poll_id`, or the id of the object `poll`. */
function partOf(answer: Values, name: string): string | null {
  const whole = answer[name];
  return parsePart(answer[`${name}_id`] ?? (isJsonObject(whole) ? whole["id"] : null));
}

function firstOf<Item, Value>(items: readonly Item[], read: (item: Item) => Value | null): Value | null {
  for (const item of items) {
    const value = read(item);
    if (value !== null) {
      return value;
    }
  }
  return null;
}

function lastOf(responses: readonly ReportedResponse[]): string | null {
  const times = responses.map(({ createdAt }) => createdAt).filter((time) => time !== null);
  return times.sort().at(-1) ?? null;
}

function idOf<Type extends PartedType>(type: Type, value: unknown): Id<Type> | null {
  const part = parsePart(value);
  return part === null ? null : makeId(type, part);
}

/** A person's text, unchanged: blanks and the word "null" are part of it. */
function readWords(value: unknown): string | null {
  return textOf(value) || null;
}

/** In UTC; null if the text is no instant. */
function readTime(value: unknown): string | null {
  return parseDateTime(readText(value) ?? "")?.toISOString() ?? null;
}
