import { describe, expect, test } from "vitest";
import { parsePollReport } from "../src/events/poll-report.ts";
import type { PollReport } from "../src/store/event-records.ts";

const ANSWER = { id: 30, question_id: 9, response: "B", participant_id: 58, from: "14155551212", match: { id: 4 } };

function parse(responses: unknown, poll: unknown = { id: 3 }, more: object = {}): PollReport {
  const report = parsePollReport({ event: "poll.completed", poll, responses, ...more });
  if (typeof report === "string") {
    throw new Error(`the report was ${report}`);
  }
  return report;
}

const BARE = { id: 30, response: "B", from: "14155551212" };
const { from: _from, ...WITHOUT_FROM } = ANSWER;

const READ = {
  id: "response:30",
  text: "B",
  from: "+14155551212",
  displayFrom: "14155551212",
  participantId: "participant:58",
  pollId: "poll:3",
  questionId: "question:3.9",
  matchedOptionIds: ["option:3.9.4"],
  createdAt: null,
};

test("a report's answers are read in every shape that Textizen is known to write", () => {
  for (const report of [
    parse([ANSWER]),
    parse([{ response: ANSWER }]),
    parse([{ ...ANSWER, id: "30", question_id: "9", participant_id: "58" }]),
    parse([{ ...ANSWER, match: null, matching_option_id: "4" }]),
    parse([ANSWER], { poll: { id: "3" } }),
    parse(undefined, { id: 3, responses: [ANSWER] }),
    parse([{ ...ANSWER, poll_id: 3 }], null),
    parse(JSON.stringify([ANSWER]), JSON.stringify({ id: 3 })),
    parse({ 2: { ...ANSWER, match: { 0: { id: 4 } } } }, { id: 3 }),
    parse(`\ufeff${JSON.stringify({ 0: ANSWER })}`, `\ufeff${JSON.stringify({ id: 3 })}`),
    parse([{ ...ANSWER, from: 14155551212, match: { 1: 4 } }]),
    parse([{ ...BARE, participant: { id: 58 }, question: { id: "9" }, matches: [{ option: { id: 4 } }] }]),
    parse([{ ...BARE, poll: { id: 3 }, participant_id: 58, question_id: 9, matching_option_ids: ["4"] }], {}),
    parse(undefined, { id: 3, response_sequences: [{ from: 14155551212, responses: [WITHOUT_FROM] }] }),
    parse(null, {
      id: 3,
      response_sequences: { 1: { response_sequence: { responses: { 0: { response: ANSWER } } } } },
    }),
  ]) {
    expect(report).toMatchObject({ pollId: "poll:3", participantId: "participant:58", from: "+14155551212" });
    expect(report.responses).toEqual([READ]);
  }
});

test("the last answer of a sequence without times of its own was given at the sequence's time", () => {
  const responses = [
    { ...ANSWER, id: 1 },
    { ...ANSWER, id: 2 },
  ];
  const poll = { id: 3, response_sequences: [{ last_response_created: "2017-03-14 15:26:53 UTC", responses }] };
  const report = parse(undefined, poll);
  expect(report.answeredAt).toBe("2017-03-14T15:26:53.000Z");
  expect(report.responses.map(({ createdAt }) => createdAt)).toEqual([null, report.answeredAt]);
});

test("answers without ids are named by their place, whatever of it is unknown", () => {
  const { id: _id, ...bare } = ANSWER;
  const answers = [bare, bare, { response: "x" }, { ...bare, participant_id: null }];
  expect(parse(answers).responses.map(({ id }) => id)).toEqual([
    "response:3.58.9.1",
    "response:3.58.9.2",
    "response:3.-.-.1",
    "response:3.-.9.1",
  ]);
});

describe("what a report does not say", () => {
  test("is null: a masked number, a poll without an id, an answer in no words", () => {
    const { responses, ...report } = parse([{ id: 1, from: "*******1212", matching_option_id: 4 }], {});
    expect(report).toMatchObject({ pollId: null, participantId: null, from: null, answeredAt: null });
    expect(responses).toEqual([
      {
        ...READ,
        id: "response:1",
        text: null,
        from: null,
        displayFrom: "*******1212",
        participantId: null,
        pollId: null,
        questionId: null,
        matchedOptionIds: [],
      },
    ]);
  });

  test("is nothing at all where there are no answers, and no reason to refuse it", () => {
    expect(parse(null).responses).toEqual([]);
    expect(parse([null, 7, "x"]).responses).toEqual([]);
  });
});

test.each([
  [["2026-03-14T19:26:53Z", "2026-03-14T20:00:00+02:00"], "2026-03-14T19:26:53.000Z"],
  [["2026-03-14 19:26:53.895", null], "2026-03-14T19:26:53.895Z"],
  [[null, "yesterday"], "2026-01-01T00:00:00.000Z"],
])("answered at %j: the last of them that can be read, else when the report says", (times, answeredAt) => {
  const answers = times.map((created_at) => ({ ...ANSWER, created_at }));
  expect(parse(answers, { id: 3 }, { time: "2026-01-01T00:00:00Z" }).answeredAt).toBe(answeredAt);
});

test.each([
  [{ event: "poll.started" }, "other"],
  [{}, "other"],
  [{ event: "poll.completed", poll: '{"id":', responses: "[]" }, "malformed"],
  [{ event: "poll.completed", poll: "{}", responses: '{"a":1}' }, "malformed"],
  [{ event: "poll.completed", poll: [], responses: [] }, "malformed"],
])("%j is %s", (values, what) => {
  expect(parsePollReport(values)).toBe(what);
});
