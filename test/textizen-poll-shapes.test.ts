import { expect, test } from "vitest";
import { makeId } from "../src/ids.ts";
import type { PollQuestionRecord, PollResponseRecord } from "../src/textizen/records.ts";
import { decode, poll, type Read } from "./textizen-upstream.ts";
import { failureOf } from "./upstream.ts";

async function questions(list: unknown): Promise<readonly PollQuestionRecord[]> {
  return (await poll({ questions: list })).questions as readonly PollQuestionRecord[];
}

async function responses(body: object): Promise<readonly PollResponseRecord[]> {
  return (await poll(body)).responses as readonly PollResponseRecord[];
}

test.each<[object, object]>([
  [{ start_date: "2017-01-01T00:00:00Z", end_date: "2017-01-02T00:00:00Z" }, {}],
  [{ starts_at: "2017-01-01T00:00:00Z", ends_at: "2017-01-02T00:00:00Z" }, {}],
  [{ start_at: "2017-01-01T00:00:00Z", end_at: "2017-01-02T00:00:00Z" }, {}],
])("reads a poll's dates from %j", async (body) => {
  const startsAt = new Date("2017-01-01T00:00:00Z");
  expect(await poll(body)).toMatchObject({ startsAt, endsAt: new Date("2017-01-02T00:00:00Z") });
});

test("reads everything else that a poll says", async () => {
  const body = {
    title: "Parks",
    confirmation: "Thanks",
    error_message: "?",
    language: "en",
    public: "true",
    active: false,
    type: "followup",
    campaign_id: 12,
  };
  expect(await poll(body)).toMatchObject({
    title: "Parks",
    confirmation: "Thanks",
    errorMessage: "?",
    language: "en",
    isPublic: true,
    isActive: false,
    type: "followup",
    campaignId: "campaign:12",
    questions: null,
    responses: null,
  });
});

test("takes a poll's questions and responses from a detail alone", async () => {
  const { rows } = await decode([{ id: 3, questions: [], responses: [] }], (client, scope) => client.polls(scope));
  expect(rows[0]).toMatchObject({ questions: undefined, responses: undefined, phoneNumber: undefined });
});

const QUESTION = { id: 9, text: "Which?", question_type: "MULTI", sequence: 2 };
test.each<[string, object]>([
  ["bare", { questions: [QUESTION] }],
  ["wrapped as question", { questions: [{ question: QUESTION }] }],
  ["wrapped as open_question under open_questions", { open_questions: [{ open_question: QUESTION }] }],
  ["in any single wrapper", { questions: [{ multi_question: QUESTION }] }],
])("reads a question %s", async (_shape, body) => {
  const [question] = (await poll(body)).questions as readonly PollQuestionRecord[];
  expect(question).toEqual({
    id: "question:3.9",
    text: "Which?",
    type: "MULTIPLE_CHOICE",
    rawType: "MULTI",
    sequence: 2,
    options: [],
  });
});

test.each([
  ["OPEN", "OPEN"],
  ["YN", "YES_NO"],
  ["YES_NO", "YES_NO"],
  ["MULTI", "MULTIPLE_CHOICE"],
  ["MULTIPLE_CHOICE", "MULTIPLE_CHOICE"],
  ["MULTI_MANY", "MULTIPLE_CHOICE_MANY"],
  ["MULTIPLE_CHOICE_MANY", "MULTIPLE_CHOICE_MANY"],
  ["NAME", "NAME"],
  ["open", "OPEN"],
  ["ZIP", "OTHER"],
])("knows the question type %s as %s", async (rawType, type) => {
  expect(
    await questions([
      { id: 9, question_type: rawType },
      { id: 10, type: rawType },
    ]),
  ).toMatchObject([
    { type, rawType },
    { type, rawType },
  ]);
});

test.each(["followup_questions", "follow_up_questions", "followups", "follow_ups", "questions", "open_questions"])(
  "reads an option's follow-up questions under %s",
  async (key) => {
    const [question] = await questions([
      {
        id: 9,
        options: [
          { option: { id: 4, text: "Yes", value: "y", [key]: [{ question: { id: 10, options: [{ id: 5 }] } }] } },
        ],
      },
    ]);
    expect(question?.options).toEqual([
      {
        id: "option:3.9.4",
        text: "Yes",
        value: "y",
        followUps: [
          expect.objectContaining({
            id: "question:3.10",
            options: [{ id: "option:3.10.5", text: null, value: null, followUps: [] }],
          }),
        ],
      },
    ]);
  },
);

test("refuses follow-up questions that are nested without end", async () => {
  let question: object = { id: 1 };
  for (let depth = 0; depth < 100; depth += 1) {
    question = { id: 1, options: [{ id: 1, questions: [question] }] };
  }
  expect(await failureOf(poll({ questions: [question] }))).toMatchObject({ reason: "shape" });
});

test.each<[string, object]>([
  [
    "in sequences, the sender on the sequence",
    { response_sequences: [{ from: "14155551212", responses: [{ id: 30, response: "Yes" }] }] },
  ],
  [
    "in wrapped sequences",
    {
      response_sequences: [
        { response_sequence: { from: "14155551212", responses: [{ response: { id: 30, response: "Yes" } }] } },
      ],
    },
  ],
  ["in a plain list", { responses: [{ id: 30, response: "Yes", from: "14155551212" }] }],
])("reads responses %s", async (_shape, body) => {
  expect(await responses(body)).toMatchObject([
    { id: "response:30", text: "Yes", from: "+14155551212", displayFrom: "14155551212", pollId: "poll:3" },
  ]);
});

test("prefers a response's own sender, and keeps a masked one in displayFrom", async () => {
  const body = { response_sequences: [{ from: "14155551212", responses: [{ id: 30, from: "*******1212" }] }] };
  expect(await responses(body)).toMatchObject([{ from: null, displayFrom: "*******1212" }]);
});

test("names responses without an id by poll, participant, question and count", async () => {
  const answer = { participant_id: 58, question_id: 9, response: "x" };
  const body = {
    response_sequences: [
      { from: "1", responses: [answer, { ...answer, question_id: 10 }] },
      { from: "1", responses: [{ ...answer, participant_id: "59" }, answer, { response: "nobody's" }] },
    ],
  };
  expect((await responses(body)).map(({ id }) => id)).toEqual([
    "response:3.58.9.1",
    "response:3.58.10.1",
    "response:3.59.9.1",
    "response:3.58.9.2",
  ]);
});

test.each<[object, string[]]>([
  [{ match: { id: 4 } }, ["option:3.9.4"]],
  [{ match: [{ id: 4 }, { id: 5 }] }, ["option:3.9.4", "option:3.9.5"]],
  [{ match: null }, []],
  [{ match: null, matching_option_id: 4 }, ["option:3.9.4"]],
  [{ matching_option_id: "4" }, ["option:3.9.4"]],
  [{ matching_option_id: [4, 5] }, ["option:3.9.4", "option:3.9.5"]],
  [{ matching_option_ids: [4] }, ["option:3.9.4"]],
  [{ matching_option_id: "" }, []],
])("reads the options that a response matched from %j", async (match, matchedOptionIds) => {
  const body = {
    responses: [{ id: 30, question_id: 9, participant_id: 58, created_at: "2017-01-01T00:00:00Z", ...match }],
  };
  expect(await responses(body)).toMatchObject([
    {
      questionId: "question:3.9",
      participantId: "participant:58",
      createdAt: new Date("2017-01-01T00:00:00Z"),
      matchedOptionIds,
    },
  ]);
});

test("reads a response by its id, with the poll that it names", async () => {
  const read: Read<unknown> = (client, scope) => client.response(makeId("PollResponse", "30"), scope);
  const body = { response: { id: 30, response: "Yes", poll_id: 3, question: { id: 9 }, match: { id: 4 } } };
  expect(await decode(body, read)).toMatchObject({
    id: "response:30",
    text: "Yes",
    pollId: "poll:3",
    questionId: "question:3.9",
    matchedOptionIds: ["option:3.9.4"],
  });
  expect(await decode({ id: 30, question_id: 9 }, read)).toMatchObject({ pollId: null, questionId: null });
});

test.each<[what: string, responses: object[], createdAt: (string | null)[]]>([
  ["its only answer", [{}], ["2014-05-02T18:04:05.000Z"]],
  ["the last of its answers", [{}, {}], [null, "2014-05-02T18:04:05.000Z"]],
  ["no answer that has a time of its own", [{ created_at: "2014-05-01" }], ["2014-05-01T00:00:00.000Z"]],
  ["no answer whose time is under the other name", [{ created: "2014-05-01" }], ["2014-05-01T00:00:00.000Z"]],
])("takes last_response_created of a sequence as the time of %s", async (_what, answers, createdAt) => {
  const responses = answers.map((answer, at) => ({ id: at + 1, question_id: 9, participant_id: 58, ...answer }));
  const sequence = { from: 14155551212, last_response_created: "2014-05-02 18:04:05 UTC", responses };
  const record = await poll({ response_sequences: { 0: { response_sequence: sequence } } });
  expect(record.responses).toMatchObject(
    createdAt.map((time) => ({ from: "+14155551212", createdAt: time === null ? null : new Date(time) })),
  );
});

test("reads questions, options and follow-ups from lists with gaps", async () => {
  const followups = { 3: { id: 12, text: "Why?" } };
  const options = { 0: { option: { id: 4, text: "Yes", followup_questions: followups } }, 2: { id: 5, text: "No" } };
  const record = await poll({ open_questions: { 1: { open_question: { id: 9, options } } }, responses: {} });
  expect(record.questions).toMatchObject([
    {
      id: "question:3.9",
      options: [
        { id: "option:3.9.4", followUps: [{ id: "question:3.12" }] },
        { id: "option:3.9.5", followUps: [] },
      ],
    },
  ]);
  expect(record.responses).toEqual([]);
});
