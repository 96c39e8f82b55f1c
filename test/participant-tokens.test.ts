import { describe, expect, test } from "vitest";
import { errorsAt, startStage } from "./support.ts";
import { payloadOf, run, wireOf } from "./textizen-wire.ts";

const start = () => startStage({ simulator: { people: 6, polls: 1 } });
const OF = { participantId: "participant:1001", campaignId: "campaign:11" };
const GET_TOKENS = ["GET /api/participants/1001/tokens", { campaign_id: 11 }];

describe("tokens", () => {
  test("are set as an object, and read back only where they are asked for", async () => {
    await using stage = await start();
    const input = { ...OF, tokens: [{ key: "VOTING-DATE", value: "14 May" }] };
    const put = ["PUT /api/participants/1001/tokens", { campaign_id: 11, tokens: { "VOTING-DATE": "14 May" } }];
    expect(payloadOf(await run(stage, "setParticipantTokens", "participant { id }", input))).toEqual({
      participant: { id: "participant:1001" },
      userErrors: [],
    });
    expect(wireOf(stage)).toEqual([put]);
    expect(payloadOf(await run(stage, "setParticipantTokens", "tokens { key value }", input))).toEqual({
      tokens: input.tokens,
      userErrors: [],
    });
    expect(wireOf(stage)).toEqual([put, GET_TOKENS]);
  });

  test("are removed by a text of their keys", async () => {
    await using stage = await start();
    const tokens = ["A", "B", "C"].map((key) => ({ key, value: "1" }));
    await run(stage, "setParticipantTokens", "", { ...OF, tokens });
    wireOf(stage);
    const input = { ...OF, keys: ["A", "C"] };
    expect(payloadOf(await run(stage, "removeParticipantTokens", "tokens { key }", input))).toEqual({
      tokens: [{ key: "B" }],
      userErrors: [],
    });
    expect(wireOf(stage)).toEqual([
      ["DELETE /api/participants/1001/tokens", { campaign_id: 11, tokens: "A,C" }],
      GET_TOKENS,
    ]);
  });

  test("stay set where they cannot be read back", async () => {
    await using stage = await start();
    stage.simulator.fault({
      platform: "TEXTIZEN",
      route: "GET /api/participants/{id}/tokens",
      kind: "status",
      status: 500,
    });
    const answer = await run(stage, "setParticipantTokens", "tokens { key }", {
      ...OF,
      tokens: [{ key: "A", value: "1" }],
    });
    expect(answer.data).toEqual({ setParticipantTokens: { tokens: null, userErrors: [] } });
    expect(errorsAt(answer)).toEqual({ "setParticipantTokens.tokens": "PLATFORM_UNAVAILABLE" });
  });

  test("that Textizen refuses are told by their argument", async () => {
    await using stage = await start();
    const body = JSON.stringify({ tokens: ["are too many"] });
    stage.simulator.fault({ platform: "TEXTIZEN", route: /^PUT/, kind: "status", status: 422, body });
    const input = { ...OF, tokens: [{ key: "A", value: "1" }] };
    expect(payloadOf(await run(stage, "setParticipantTokens", "participant { id } tokens { key }", input))).toEqual({
      participant: null,
      tokens: null,
      userErrors: [{ code: "INVALID_INPUT", field: ["input", "tokens"], message: "tokens are too many" }],
    });
  });

  const refused: [keys: string[], at: string | null][] = [
    [[], null],
    [[""], "0"],
    [["A", " "], "1"],
    [["A "], "0"],
    [["A,B"], "0"],
  ];
  test.each(refused)("of the keys %j are neither set nor removed", async (keys, at) => {
    await using stage = await start();
    const tokens = keys.map((key) => ({ key, value: "1" }));
    expect(payloadOf(await run(stage, "setParticipantTokens", "", { ...OF, tokens }))["userErrors"]).toMatchObject([
      { code: "INVALID_INPUT", field: ["input", "tokens", ...(at === null ? [] : [at, "key"])] },
    ]);
    expect(payloadOf(await run(stage, "removeParticipantTokens", "", { ...OF, keys }))["userErrors"]).toMatchObject([
      { code: "INVALID_INPUT", field: ["input", "keys", ...(at === null ? [] : [at])] },
    ]);
    expect(wireOf(stage)).toEqual([]);
  });

  test("named twice are removed once, and not set, since a key has one value", async () => {
    await using stage = await start();
    const keys = ["A", "B", "A"];
    await run(stage, "removeParticipantTokens", "", { ...OF, keys });
    expect(wireOf(stage)).toEqual([["DELETE /api/participants/1001/tokens", { campaign_id: 11, tokens: "A,B" }]]);
    const tokens = keys.map((key, at) => ({ key, value: String(at) }));
    expect(payloadOf(await run(stage, "setParticipantTokens", "", { ...OF, tokens }))["userErrors"]).toMatchObject([
      { code: "INVALID_INPUT", field: ["input", "tokens", "2", "key"] },
    ]);
    expect(wireOf(stage)).toEqual([]);
  });

  test("cannot take the place of the name that Textizen has built in", async () => {
    await using stage = await start();
    const tokens = [{ key: "name", value: "Jane" }];
    expect(payloadOf(await run(stage, "setParticipantTokens", "", { ...OF, tokens }))["userErrors"]).toMatchObject([
      { code: "INVALID_INPUT", field: ["input", "tokens", "0", "key"] },
    ]);
    expect(wireOf(stage)).toEqual([]);
  });

  test("keep a key that means something to JavaScript", async () => {
    await using stage = await start();
    const tokens = [{ key: "__proto__", value: "1" }];
    await run(stage, "setParticipantTokens", "", { ...OF, tokens });
    expect(stage.simulator.journal.at(-1)?.body).toContain(`"tokens":{"__proto__":"1"}`);
  });
});
