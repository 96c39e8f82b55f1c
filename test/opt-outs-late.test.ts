import { expect, test } from "vitest";
import { SECRET } from "./events.ts";
import { errorsAt, type Stage, startStage } from "./support.ts";

const FROM = "+18885552000";
const WHO = "+12025550101";
const SOON = "2099-03-14T19:26:53.897Z";
const REFUSED = { code: "RECIPIENT_OPTED_OUT", field: ["input", "recipient", "phoneNumber"] };

let keys = 0;

function open(): Promise<Stage> {
  const simulator = { people: 6, polls: 1, responsesPerPoll: 2 };
  return startStage({ simulator, env: { WEBHOOK_SECRET: SECRET } });
}

async function stop(stage: Stage): Promise<void> {
  stage.simulator.pushTo({ forwardTo: stage.app.webhooks?.pidj ?? null, webhookTo: null });
  expect(await stage.simulator.forwardText({ message: "STOP", from: WHO })).toBe(200);
}

function mutate(stage: Stage, mutation: string, input: object) {
  const title = mutation.replace(/^./, (letter) => letter.toUpperCase());
  const document = `mutation ($input: ${title}Input!) { ${mutation}(input: $input) { userErrors { code field } } }`;
  return stage.query(document, { input });
}

function texting(stage: Stage) {
  const [series] = stage.simulator.world.series.keys();
  const [survey] = stage.simulator.world.surveys.keys();
  const [poll] = stage.simulator.world.polls.keys();
  keys += 1;
  const shared = { from: { phoneNumber: FROM }, recipient: { phoneNumber: WHO }, idempotencyKey: `key ${keys}` };
  return {
    sendMessage: { ...shared, text: "hi" },
    subscribeToSeries: { ...shared, seriesId: series, timezone: "America/Denver" },
    initiateSurvey: { ...shared, surveyId: survey },
    createMailing: { pollId: `poll:${poll}`, sendAt: SOON, phoneNumbers: [WHO], idempotencyKey: `key ${keys}` },
  };
}

test.each([
  ["sendMessage", "PIDJ", "POST /send"],
  ["subscribeToSeries", "PIDJ", /^POST .*series/],
  ["initiateSurvey", "PIDJ", /^POST .*survey/],
  ["createMailing", "TEXTIZEN", /^POST .*mailings/],
] as const)(
  "%s that was asked to wait does not go out after a STOP that came meanwhile",
  async (name, platform, route) => {
    await using stage = await open();
    const headers = { "retry-after": "0" };
    const held = stage.simulator.fault({ platform, route, kind: "hold", times: 1 });
    stage.simulator.fault({ platform, route, kind: "status", status: 429, headers, times: 1 });
    const input = texting(stage)[name];
    const answer = mutate(stage, name, input);
    await held.arrived;
    await stop(stage);
    held.release();
    const { data, errors } = await answer;
    expect(errors).toBeUndefined();
    const field = name === "createMailing" ? ["input", "phoneNumbers", "0"] : REFUSED.field;
    expect(data[name].userErrors).toEqual([{ ...REFUSED, field }]);
    expect(stage.simulator.ledger).toEqual([]);
    // Nothing went out, so the key is free.
    const { data: freed } = await stage.query("query ($key: String!) { attempt(idempotencyKey: $key) { state } }", {
      key: input.idempotencyKey,
    });
    expect(freed.attempt.state).toBe("REFUSED");
  },
);

test("a mailing that waits for a sign-in does not go out after a STOP that came meanwhile", async () => {
  await using stage = await open();
  const held = stage.simulator.fault({ platform: "TEXTIZEN", route: "POST /api/users/sign_in", kind: "hold" });
  const answer = mutate(stage, "createMailing", texting(stage).createMailing);
  await held.arrived;
  await stop(stage);
  held.release();
  expect((await answer).data.createMailing.userErrors).toEqual([
    { code: "RECIPIENT_OPTED_OUT", field: ["input", "phoneNumbers", "0"] },
  ]);
  expect(stage.simulator.ledger).toEqual([]);
});

/** Puts numbers on the first mailing, as Textizen writes them. */
function address(stage: Stage, phone_numbers_list: string): string {
  const { mailings } = stage.simulator.world;
  const [mailing] = mailings.values();
  if (mailing === undefined) {
    throw new Error("the simulator has no mailing");
  }
  mailings.put({ ...mailing, phone_numbers_list });
  return `mailing:${mailing.id}`;
}

test.each([{}, { groupIds: ["group:71"] }])(
  "a mailing is not changed (%j) while it texts who opted out",
  async (lists) => {
    await using stage = await open();
    const id = address(stage, "14155551212,12025550101");
    await stop(stage);
    const { data } = await mutate(stage, "updateMailing", { id, sendAt: SOON, ...lists });
    expect(data.updateMailing.userErrors).toEqual([{ code: "RECIPIENT_OPTED_OUT", field: null }]);
    expect(stage.calls().filter((call) => call.includes("PUT"))).toEqual([]);
    const without = await mutate(stage, "updateMailing", { id, sendAt: SOON, phoneNumbers: ["+14155551212"] });
    expect(without.data.updateMailing.userErrors).toEqual([]);
  },
);

test("a mailing whose numbers cannot be read is not changed", async () => {
  await using stage = await open();
  const id = address(stage, "*******1212");
  const { data } = await mutate(stage, "updateMailing", { id, sendAt: SOON });
  expect(data.updateMailing.userErrors).toEqual([{ code: "INVALID_INPUT", field: ["input", "phoneNumbers"] }]);
  stage.simulator.fault({ platform: "TEXTIZEN", route: "GET /api/mailings/{id}", kind: "status", status: 500 });
  expect(errorsAt(await mutate(stage, "updateMailing", { id, sendAt: SOON }))).toEqual({
    updateMailing: "PLATFORM_UNAVAILABLE",
  });
  expect(stage.calls().filter((call) => call.includes("PUT"))).toEqual([]);
});
