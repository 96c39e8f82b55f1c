import { describe, expect, test } from "vitest";
import type { Shapes } from "../src/simulator/shapes.ts";
import { startSimulator } from "../src/simulator/simulator.ts";
import { connect, exchange, one } from "./simulator-client.ts";

const small = { people: 60, polls: 2, responsesPerPoll: 120 };

describe("the world", () => {
  test("is the same for the same seed, and another for another", async () => {
    const read = async (seed: number): Promise<unknown[]> => {
      await using simulator = await startSimulator({ ...small, seed, now: () => new Date(0) });
      const { pidj, textizen } = await connect(simulator);
      const created = await pidj("POST /contact", { phone_number: "+13035550199" });
      return [
        created,
        await pidj("GET /groups"),
        await textizen("GET /api/polls/301"),
        [...simulator.world.contacts.values()],
      ];
    };
    const once = await read(7);
    expect(await read(7)).toEqual(once);
    expect(await read(8)).not.toEqual(once);
  });

  test("has a third of its people on both platforms, each number once", async () => {
    await using simulator = await startSimulator({ people: 3000, polls: 0 });
    const numbers = Array.from(simulator.world.contacts.values(), (contact) => contact.phone_number);
    const participants = [...simulator.world.participants.values()];
    const onBoth = participants.filter(({ phone_number }) => numbers.includes(`+${phone_number}`));
    expect([numbers.length, participants.length, onBoth.length]).toEqual([2000, 2000, 1000]);
    expect(new Set(numbers).size).toBe(2000);
    const masked = participants.filter((participant) => participant.is_masked);
    expect(masked.length / participants.length).toBeCloseTo(0.03, 1);
    const { textizen } = await connect(simulator);
    const { body } = await textizen(`GET /api/participants/${masked[0]?.id}`);
    expect(body).toMatchObject({ phone_number: `*******${masked[0]?.phone_number.slice(-4)}` });
  });

  test("has groups without a number, a series with an inactive group, and an ambiguous group name", async () => {
    await using simulator = await startSimulator({ people: 0, polls: 0 });
    const { pidj, textizen } = await connect(simulator);
    const { groups } = (await pidj("GET /groups")).body as {
      groups: { group_id: string; phone_number: string | null }[];
    };
    const { series } = (await pidj("GET /series")).body as { series: { groups: string[] }[] };
    expect(groups.filter((group) => group.phone_number === null)).toHaveLength(2);
    const active = groups.map((group) => group.group_id);
    expect(series.flatMap((one) => one.groups).filter((id) => !active.includes(id))).toHaveLength(1);
    const names = ((await textizen("GET /api/groups")).body as { name: string }[]).map(({ name }) =>
      name.trim().toLowerCase(),
    );
    expect(names.filter((name) => name === "volunteers")).toHaveLength(2);
    expect(new Set(names).size).toBe(names.length - 1);
  });

  test("has polls with follow-ups, second thoughts, unmatched texts and as many responses as asked", async () => {
    await using simulator = await startSimulator(small);
    const { textizen } = await connect(simulator);
    const { body } = await textizen(`GET /api/polls/${one(simulator.world.polls).id}`);
    type Answer = { id: number; question_id: number; match: { id: number } | null };
    const poll = body as {
      questions: { question: { id: number; question_type: string } }[];
      response_sequences: { responses: Answer[] }[];
    };
    expect(poll.questions.map(({ question }) => question.question_type)).toEqual(["MULTI", "YN", "OPEN", "NAME"]);
    expect(poll).toMatchObject({
      questions: [
        {
          question: {
            options: [{ option: { followup_questions: [{ question: { question_type: "MULTI" } }] } }, {}, {}, {}],
          },
        },
        {},
        {},
        {},
      ],
    });
    const answers = poll.response_sequences.flatMap((sequence) => sequence.responses);
    expect(answers).toHaveLength(120);
    const [choice, yesNo] = poll.questions.map(({ question }) => question.id);
    const unmatched = answers.filter(
      ({ match, question_id }) => match === null && [choice, yesNo].includes(question_id),
    );
    expect(unmatched.length).toBeGreaterThan(3);
    const again = ({ responses }: { responses: Answer[] }) =>
      responses.some((answer, at) => answer.question_id === responses[at + 1]?.question_id);
    expect(poll.response_sequences.some(again)).toBe(true);
    const { to: _to, ...shared } = { to: null, ...answers[0] };
    expect((await textizen(`GET /api/responses/${shared.id}`)).body).toMatchObject(shared);
  });

  test("lists anew what a test has changed", async () => {
    await using simulator = await startSimulator({ people: 3, polls: 0 });
    const { textizen } = await connect(simulator);
    const before = await textizen("GET /api/participants");
    const [participant] = simulator.world.participants.values();
    simulator.world.participants.put({ ...participant, name: "Changed" } as NonNullable<typeof participant>);
    const after = await textizen("GET /api/participants");
    expect(before.body).toHaveLength(2);
    expect(after.body).toMatchObject([{ name: "Changed" }, {}]);
  });
});

describe("Textizen's answers come in the shape that is set", () => {
  const cases: [set: Partial<Shapes>, call: string, shape: unknown][] = [
    [{ record: "wrapped" }, "GET /api/groups/71", { group: { id: 71 } }],
    [{ record: "enveloped" }, "GET /api/polls/301", { status: "ok", poll: { id: 301 } }],
    [{ list: "keyed" }, "GET /api/campaigns", { campaigns: [{ id: 11 }, {}, {}] }],
    [{ list: "keyed-wrapped" }, "GET /api/campaigns", { campaigns: [{ campaign: { id: 11 } }, {}, {}] }],
    [{ ids: "text" }, "GET /api/mailings/5001", { id: "5001", poll_id: "301", group_ids: ["71", "74", "77"] }],
    [{ absent: "missing" }, "GET /api/mailings/5003", expect.not.objectContaining({ send_at: expect.anything() })],
    [{ absent: "blank" }, "GET /api/mailings/5003", { send_at: "" }],
    [
      { questionKey: "open_question" },
      "GET /api/polls/301",
      { open_questions: [{ open_question: { sequence: 1 } }, {}, {}, {}] },
    ],
    [
      { options: "bare" },
      "GET /api/polls/301",
      { questions: [{}, { question: { options: [{ text: "Yes" }, {}] } }, {}, {}] },
    ],
    [{ match: "matching_option_id" }, "GET /api/responses/3000001", { matching_option_id: expect.anything() }],
    [{ match: "missing" }, "GET /api/responses/3000001", expect.not.objectContaining({ match: expect.anything() })],
    [{ tokens: "map" }, "GET /api/participants/1001/tokens?campaign_id=11", { day: "Tuesday" }],
    [{ tokens: "list" }, "GET /api/participants/1001/tokens?campaign_id=11", [{ key: "day", value: "Tuesday" }]],
    [{}, "GET /api/participants/1001/tokens?campaign_id=11", { tokens: { day: "Tuesday" } }],
  ];
  test.each(cases)("%o", async (set, call, shape) => {
    await using simulator = await startSimulator({ ...small, shapes: set });
    const participant = simulator.world.participants.get(1001);
    simulator.world.participants.put({ ...participant, tokens: { 11: { day: "Tuesday" } } } as NonNullable<
      typeof participant
    >);
    const { textizen } = await connect(simulator);
    const { body } = await textizen(call);
    expect(body).toEqual(shape instanceof Object && "asymmetricMatch" in shape ? shape : expect.anything());
    expect(body).toMatchObject(shape as object);
  });

  test("sign_in, response ids and updates too, changed while it runs", async () => {
    await using simulator = await startSimulator(small);
    const { email, password, url } = simulator.textizen;
    const { textizen } = await connect(simulator);
    Object.assign(simulator.shapes, {
      signInKey: "token",
      signInDepth: "nested",
      responseIds: "missing",
      updateAnswer: "record",
    });
    const session = await exchange(url, "POST /api/users/sign_in", {}, { email, password });
    expect(session.body).toEqual({ user: { token: expect.any(String) } });
    const poll = (await textizen("GET /api/polls/301")).body as { response_sequences: { responses: object[] }[] };
    expect(poll.response_sequences[0]?.responses[0]).not.toHaveProperty("id");
    const updated = await textizen("PUT /api/groups/71", { group: { name: "Renamed" } });
    expect(updated).toMatchObject({ status: 200, body: { id: 71, name: "Renamed" } });
  });
});
