import { describe, expect, test } from "vitest";
import type { Option, PollResponse, Question, World } from "../src/simulator/world.ts";
import { one } from "./simulator-client.ts";
import { startStage } from "./support.ts";

const RESULTS = `query ($id: ID!) {
  poll(id: $id) {
    results {
      respondentCount replyCount firstResponseAt lastResponseAt
      questions {
        question { id text type }
        respondentCount unmatchedCount
        options { option { id text followUps { id } } count share }
      }
    }
  }
}`;

/** Everybody's last word on a question, one text a participant, counted from the world itself. */
function lastWords(world: World, question: Question): PollResponse[] {
  const texts = [...world.responses.values()].filter(({ question_id }) => question_id === question.id);
  const people = [...new Set(texts.map(({ participant_id }) => participant_id))];
  return people.flatMap((person) => {
    const own = texts.filter(({ participant_id }) => participant_id === person);
    return own.sort((a, b) => Date.parse(a.created_at) - Date.parse(b.created_at)).slice(-1);
  });
}

function withFollowUps(questions: readonly Question[]): Question[] {
  return questions.flatMap((question) => [
    question,
    ...withFollowUps(question.options.flatMap((option) => option.followups)),
  ]);
}

test("the results of every poll are what counting its responses by hand gives", async () => {
  await using stage = await startStage({ simulator: { people: 150, polls: 5, responsesPerPoll: 300 } });
  const { world } = stage.simulator;
  let [changedMinds, unmatched, followUps] = [0, 0, 0];
  for (const poll of world.polls.values()) {
    const texts = [...world.responses.values()].filter(({ poll_id }) => poll_id === poll.id);
    const times = texts.map(({ created_at }) => created_at).sort();
    const { data, errors } = await stage.query(RESULTS, { id: `poll:${poll.id}` });
    expect(errors).toBeUndefined();
    expect(data.poll.results).toMatchObject({
      respondentCount: new Set(texts.map(({ participant_id }) => participant_id)).size,
      replyCount: 300,
      firstResponseAt: times[0],
      lastResponseAt: times.at(-1),
    });
    const questions = withFollowUps(poll.questions);
    expect(data.poll.results.questions).toEqual(
      questions.map((question) => {
        const words = lastWords(world, question);
        const matched = words.filter(({ option_id }) => option_id !== null);
        changedMinds += texts.filter(({ question_id }) => question_id === question.id).length - words.length;
        unmatched += question.options.length > 0 ? words.length - matched.length : 0;
        followUps += poll.questions.includes(question) ? 0 : words.length;
        return {
          question: {
            id: `question:${poll.id}.${question.id}`,
            text: question.text,
            type: { MULTI: "MULTIPLE_CHOICE", YN: "YES_NO", OPEN: "OPEN", NAME: "NAME" }[question.question_type],
          },
          respondentCount: words.length,
          unmatchedCount: question.options.length > 0 ? words.length - matched.length : 0,
          options: question.options.map(({ id, text, followups }) => {
            const count = matched.filter(({ option_id }) => option_id === id).length;
            return {
              option: {
                id: `option:${poll.id}.${question.id}.${id}`,
                text,
                followUps: followups.map((followUp) => ({ id: `question:${poll.id}.${followUp.id}` })),
              },
              count,
              share: matched.length === 0 ? 0 : expect.closeTo(count / matched.length, 12),
            };
          }),
        };
      }),
    );
  }
  expect(Math.min(changedMinds, unmatched, followUps)).toBeGreaterThan(10);
});

function choice(id: number, text: string, followups: readonly Question[] = []): Option {
  return { id, text, value: text, followups };
}

/** Asked only after "Bike". */
const WHICH: Question = {
  id: 20,
  text: "Which?",
  question_type: "MULTI",
  sequence: 1,
  options: [choice(21, "Own"), choice(22, "Hired")],
};
const HOW: Question = {
  id: 10,
  text: "How do you come?",
  question_type: "MULTI",
  sequence: 1,
  options: [choice(1, "Bus"), choice(2, "Bike", [WHICH]), choice(3, "On foot")],
};
const WHY: Question = { id: 30, text: "Why?", question_type: "OPEN", sequence: 2, options: [] };

/** Ann and Ben take the bus, Cem changes his mind twice, Dee's last word is unclear, Eli comes by bike and Fay only says why. */
const ANSWERS: readonly [person: string, at: string, question: number, text: string, option: number | null][] = [
  ["Ann", "09:00", 10, "Bus", 1],
  ["Ben", "09:01", 10, "bus", 1],
  ["Cem", "09:02", 10, "Bus", 1],
  // Out of order: this is Cem's last word, though an earlier one is listed behind it.
  ["Cem", "09:20", 10, "Bike", 2],
  ["Cem", "09:10", 10, "On foot", 3],
  ["Cem", "09:21", 20, "own", 21],
  ["Dee", "09:03", 10, "Bike", 2],
  ["Dee", "09:04", 20, "Hired", 22],
  ["Dee", "09:05", 10, "it depends", null],
  ["Eli", "09:06", 10, "bike", 2],
  ["Eli", "09:07", 20, "a borrowed one", null],
  ["Eli", "09:08", 30, "it is quick", null],
  ["Fay", "09:30", 30, "I do not come", null],
];

test("six people's answers to three questions, counted beforehand", async () => {
  await using stage = await startStage({ simulator: { people: 9, polls: 1, responsesPerPoll: 0 } });
  const { polls, responses, participants } = stage.simulator.world;
  const poll = polls.put({ ...one(polls), id: 900, questions: [HOW, WHY] });
  const people = [...new Set(ANSWERS.map(([person]) => person))];
  const ids = [...participants.keys()];
  // A masked number does not make two of one person, nor one of two.
  for (const id of ids.slice(0, 3)) {
    participants.put({ ...one(participants, (row) => row.id === id), phone_number: "14155551212", is_masked: true });
  }
  ANSWERS.forEach(([person, at, question_id, response, option_id], index) => {
    const participant_id = ids[people.indexOf(person)] ?? 0;
    const created_at = `2026-03-02T${at}:00.000Z`;
    responses.put({ id: 1 + index, poll_id: poll.id, question_id, participant_id, response, created_at, option_id });
  });
  const { data, errors } = await stage.query(RESULTS, { id: "poll:900" });
  expect(errors).toBeUndefined();
  const option = (id: number, count: number, share: number) => ({
    option: expect.objectContaining({ id: expect.stringMatching(new RegExp(`\\.${id}$`)) }),
    count,
    share,
  });
  expect(data.poll.results).toEqual({
    respondentCount: 6,
    replyCount: 13,
    firstResponseAt: "2026-03-02T09:00:00.000Z",
    lastResponseAt: "2026-03-02T09:30:00.000Z",
    questions: [
      {
        question: { id: "question:900.10", text: "How do you come?", type: "MULTIPLE_CHOICE" },
        respondentCount: 5,
        unmatchedCount: 1,
        options: [option(1, 2, 0.5), option(2, 2, 0.5), option(3, 0, 0)],
      },
      {
        question: { id: "question:900.20", text: "Which?", type: "MULTIPLE_CHOICE" },
        respondentCount: 3,
        unmatchedCount: 1,
        options: [option(21, 1, 0.5), option(22, 1, 0.5)],
      },
      {
        question: { id: "question:900.30", text: "Why?", type: "OPEN" },
        respondentCount: 2,
        // Free text has no options to match.
        unmatchedCount: 0,
        options: [],
      },
    ],
  });
});

/** Replaces what a poll's detail says of who answered, and gives the poll's counts. */
async function countMasked(
  replies: readonly object[],
  envelope: (responses: readonly object[]) => object,
): Promise<{ respondentCount: number; replyCount: number; questions: { respondentCount: number }[] }> {
  await using stage = await startStage({ simulator: { people: 3, polls: 1, responsesPerPoll: 0 } });
  const poll = one(stage.simulator.world.polls);
  const [question] = poll.questions;
  const responses = replies.map((reply, at) => ({ id: 500 + at, question_id: question?.id, response: "x", ...reply }));
  const rewrite = (answer: unknown) => {
    const { response_sequences: _sequences, responses: _responses, ...rest } = answer as Record<string, unknown>;
    return { ...rest, ...envelope(responses) };
  };
  stage.simulator.fault({ platform: "TEXTIZEN", route: "GET /api/polls/{id}", kind: "rewrite", rewrite });
  const { data, errors } = await stage.query(RESULTS, { id: `poll:${poll.id}` });
  expect(errors).toBeUndefined();
  return data.poll.results;
}

describe("without a participant's id", () => {
  const masked = { from: "*******1212" };

  test("answers from numbers that are masked alike are different people's", async () => {
    const results = await countMasked(
      [masked, masked, { from: "14155551212" }, { from: "14155551212" }],
      (responses) => ({
        responses,
      }),
    );
    expect(results).toMatchObject({ respondentCount: 3, replyCount: 4 });
    expect(results.questions[0]).toMatchObject({ respondentCount: 3 });
  });

  test("the answers of one response sequence are one person's", async () => {
    const results = await countMasked([masked, masked, masked], ([first, second, third]) => ({
      response_sequences: [
        { ...masked, responses: [first, second] },
        { ...masked, responses: [third] },
      ],
    }));
    expect(results).toMatchObject({ respondentCount: 2, replyCount: 3 });
    expect(results.questions[0]).toMatchObject({ respondentCount: 2 });
  });

  test("one answer that names the participant names that of its whole sequence", async () => {
    const named = { participant_id: 1001 };
    const results = await countMasked([masked, named, named], ([first, second, third]) => ({
      response_sequences: [
        { ...masked, responses: [first, second] },
        { ...masked, responses: [third] },
      ],
    }));
    expect(results).toMatchObject({ respondentCount: 1, replyCount: 3 });
  });

  test.each(["XXXXXXX1212", "(***) ***-1212", "1212", "....1212", ""])("%j is no one person's number", async (from) => {
    expect(await countMasked([{ from }, { from }], (responses) => ({ responses }))).toMatchObject({
      respondentCount: 2,
    });
  });

  test.each(["4155551212", "86753"])("%j is one person's number", async (from) => {
    expect(await countMasked([{ from }, { from }], (responses) => ({ responses }))).toMatchObject({
      respondentCount: 1,
    });
  });
});

test("a poll that nobody has answered has results, all of them zero", async () => {
  await using stage = await startStage({ simulator: { people: 3, polls: 1, responsesPerPoll: 0 } });
  const { data, errors } = await stage.query(RESULTS, { id: `poll:${one(stage.simulator.world.polls).id}` });
  expect(errors).toBeUndefined();
  const { questions, ...counts } = data.poll.results;
  expect(counts).toEqual({ respondentCount: 0, replyCount: 0, firstResponseAt: null, lastResponseAt: null });
  for (const { respondentCount, unmatchedCount, options } of questions) {
    expect([respondentCount, unmatchedCount]).toEqual([0, 0]);
    for (const { count, share } of options) {
      expect([count, share]).toEqual([0, 0]);
    }
  }
});

const NON_RESPONDENTS = `query ($id: ID!, $group: ID!, $first: Int, $after: String) {
  poll(id: $id) {
    nonRespondents(groupId: $group, first: $first, after: $after) {
      totalCount unidentifiedCount pageInfo { hasNextPage endCursor } nodes { participant { id } }
    }
  }
}`;

test("the members of a group who have not answered are all but those whom a response names, page by page, for two calls", async () => {
  await using stage = await startStage({
    simulator: { people: 150, polls: 1, responsesPerPoll: 60 },
  });
  const { world } = stage.simulator;
  const poll = one(world.polls);
  const group = [...world.textizenGroups.values()].at(-1);
  const answered = new Set([...world.responses.values()].map(({ participant_id }) => participant_id));
  const members = [...world.participants.values()].filter(({ group_ids }) => group_ids.includes(group?.id ?? 0));
  const silent = members.filter(({ id }) => !answered.has(id)).map(({ id }) => `participant:${id}`);
  const variables = { id: `poll:${poll.id}`, group: `group:${group?.id}`, first: 5 };

  const { data, extensions } = await stage.query(NON_RESPONDENTS, variables);
  const page = data.poll.nonRespondents;
  expect(page).toMatchObject({ totalCount: silent.length, unidentifiedCount: 0, pageInfo: { hasNextPage: true } });
  expect(stage.calls()).toEqual(["TEXTIZEN GET /api/polls/{id}", "TEXTIZEN GET /api/groups/{id}"]);
  expect(extensions.cost.asked.calls).toBeGreaterThanOrEqual(stage.calls().length);
  const rest = await stage.query(NON_RESPONDENTS, { ...variables, first: 100, after: page.pageInfo.endCursor });
  const ids = [...page.nodes, ...rest.data.poll.nonRespondents.nodes].map(({ participant }) => participant.id);
  expect(silent.length).toBeGreaterThan(5);
  expect(silent.length).toBeLessThan(members.length);
  expect(ids).toEqual(silent);

  // A response that names no participant is known by its number; one whose number is masked too, by nobody.
  const hide = (text: string) =>
    text.replaceAll(/"participant(_id)?":(\d+|\{[^{}]*\})/g, '"nobody":null').replaceAll(/"\*{3,}\d{4}"/g, "null");
  const rewrite = (json: unknown) => JSON.parse(hide(JSON.stringify(json)));
  stage.simulator.fault({ platform: "TEXTIZEN", route: "GET /api/polls/{id}", kind: "rewrite", rewrite });
  const hidden = await stage.query(NON_RESPONDENTS, { ...variables, first: 100 });
  const { nodes, unidentifiedCount } = hidden.data.poll.nonRespondents;
  const masked = members
    .filter(({ id, is_masked }) => is_masked && answered.has(id))
    .map(({ id }) => `participant:${id}`);
  expect(
    nodes
      .map(({ participant }: { readonly participant: { readonly id: string } }) => participant.id)
      .filter((id: string) => !silent.includes(id)),
  ).toEqual(masked);
  expect(unidentifiedCount).toBeGreaterThanOrEqual(masked.length);

  const none = await stage.query(NON_RESPONDENTS, { ...variables, group: "group:999999" });
  expect([none.data.poll.nonRespondents, none.errors]).toEqual([null, undefined]);
  const wrong = await stage.query(NON_RESPONDENTS, { ...variables, group: "gr:1" });
  expect(wrong.errors?.[0]?.message).toContain("groupId");
});
