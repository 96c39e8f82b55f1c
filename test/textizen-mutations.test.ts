import { describe, expect, test } from "vitest";
import { errorsAt, startStage } from "./support.ts";
import { payloadOf, run, wireOf, writesOf } from "./textizen-wire.ts";

const start = () => startStage({ simulator: { people: 6, polls: 2 } });

const CAMPAIGN = { title: "Parks", description: "What residents think", organizationId: 1 };
const POLL = { title: "Parks", errorMessage: "Sorry?", language: "en", isActive: true };

/** Every creation that may do without a key: what it asks for, and the record that it makes. */
const CREATIONS = [
  { mutation: "createTextizenGroup", entity: "group", route: "POST /api/groups", input: { name: "Cyclists" } },
  { mutation: "createCampaign", entity: "campaign", route: "POST /api/campaigns", input: CAMPAIGN },
  { mutation: "createPoll", entity: "poll", route: "POST /api/polls", input: POLL },
  {
    mutation: "createParticipant",
    entity: "participant",
    route: "POST /api/participants",
    input: { phoneNumber: "+14155551212", name: "Jane Q Public" },
  },
];

describe("groups", () => {
  test("are created by their name, and told from the answer without another call", async () => {
    await using stage = await start();
    const payload = payloadOf(
      await run(stage, "createTextizenGroup", "group { id name createdAt }", { name: "Cyclists" }),
    );
    expect(payload).toMatchObject({
      group: { id: expect.stringMatching(/^group:\d+$/), name: "Cyclists" },
      userErrors: [],
    });
    expect(wireOf(stage)).toEqual([["POST /api/groups", { group: { name: "Cyclists" } }]]);
  });

  test("are renamed, and read back only where more than the id is asked for", async () => {
    await using stage = await start();
    const input = { id: "group:72", name: "Drivers" };
    const put = ["PUT /api/groups/72", { group: { name: "Drivers" } }];
    expect(payloadOf(await run(stage, "updateTextizenGroup", "group { id }", input))).toEqual({
      group: { id: "group:72" },
      userErrors: [],
    });
    expect(wireOf(stage)).toEqual([put]);
    expect(payloadOf(await run(stage, "updateTextizenGroup", "group { id name }", input))).toEqual({
      group: { id: "group:72", name: "Drivers" },
      userErrors: [],
    });
    expect(wireOf(stage)).toEqual([put, ["GET /api/groups/72", {}]]);
  });

  test("show their new name to whoever reads the list that was kept before", async () => {
    await using stage = await start();
    const names = async () => {
      const { data } = await stage.query(`{ textizenGroups { nodes { id name } } }`);
      return new Map<string, string>(
        data.textizenGroups.nodes.map(({ id, name }: Record<string, string>) => [id, name]),
      );
    };
    expect((await names()).get("group:72")).toBe("PARENTS");
    await run(stage, "updateTextizenGroup", "group { id }", { id: "group:72", name: "Drivers" });
    expect((await names()).get("group:72")).toBe("Drivers");
  });
});

test("a campaign is created with its organization outside the wrapper", async () => {
  await using stage = await start();
  const input = {
    ...CAMPAIGN,
    infoMessage: "Reply QUIT to unsubscribe.",
    webhookUrl: "https://our.agency.gov/webhook",
    exchange: "867",
  };
  const selection = "campaign { id title description infoMessage webhookUrl exchange organizationId }";
  expect(payloadOf(await run(stage, "createCampaign", selection, input))).toEqual({
    campaign: { id: expect.stringMatching(/^campaign:\d+$/), ...input },
    userErrors: [],
  });
  expect(wireOf(stage)).toEqual([
    [
      "POST /api/campaigns",
      {
        campaign: {
          title: "Parks",
          description: "What residents think",
          info_message: "Reply QUIT to unsubscribe.",
          webhook_url: "https://our.agency.gov/webhook",
          exchange: "867",
        },
        organization_id: 1,
      },
    ],
  ]);
});

test.each(["ftp://our.agency.gov/webhook", "https://user:password@our.agency.gov/webhook", "javascript:alert(1)"])(
  "a campaign's reports go to an address of the web: not to %s",
  async (webhookUrl) => {
    await using stage = await start();
    const answer = await run(stage, "createCampaign", "campaign { id }", { ...CAMPAIGN, webhookUrl });

    expect(payloadOf(answer)["userErrors"]).toEqual([
      {
        code: "INVALID_INPUT",
        field: ["input", "webhookUrl"],
        message: "webhookUrl must be an http or https URL without a user name and password.",
      },
    ]);
    expect(wireOf(stage)).toEqual([]);
  },
);

test("a poll is created with real truth values, and found in the list afterwards", async () => {
  await using stage = await start();
  await stage.query("{ polls { totalCount } }");
  stage.calls();
  const input = { ...POLL, confirmation: "Thank you", isPublic: false, type: "followup" };
  const selection = "poll { id title confirmation errorMessage language isPublic isActive type }";
  const payload = payloadOf(await run(stage, "createPoll", selection, input));
  expect(payload).toEqual({ poll: { id: expect.stringMatching(/^poll:\d+$/), ...input }, userErrors: [] });
  expect(wireOf(stage)).toEqual([
    [
      "POST /api/polls",
      {
        poll: {
          title: "Parks",
          confirmation: "Thank you",
          error_message: "Sorry?",
          language: "en",
          public: false,
          active: true,
          type: "followup",
        },
      },
    ],
  ]);
  const { data } = await stage.query("{ polls { nodes { id } } }");
  expect(data.polls.nodes).toContainEqual({ id: (payload["poll"] as { id: string }).id });
});

describe.each(CREATIONS)("$mutation", ({ mutation, entity, route, input }) => {
  const selection = `${entity} { id }`;

  test("with a key is carried out once, and its record told again", async () => {
    await using stage = await start();
    const keyed = { ...input, idempotencyKey: "a2f1" };
    const first = payloadOf(await run(stage, mutation, selection, keyed));
    expect(first).toEqual({ [entity]: { id: expect.any(String) }, userErrors: [] });
    expect(payloadOf(await run(stage, mutation, selection, keyed))).toEqual(first);
    expect(writesOf(stage)).toHaveLength(1);
  });

  test("whose answer is lost is neither repeated nor said to have failed", async () => {
    await using stage = await start();
    stage.simulator.fault({ platform: "TEXTIZEN", route, kind: "reset-after-request" });
    expect(payloadOf(await run(stage, mutation, selection, input))).toMatchObject({
      [entity]: null,
      userErrors: [{ code: "OUTCOME_UNKNOWN", field: null }],
    });
    expect(writesOf(stage)).toHaveLength(1);
  });

  test("gives no record where the answer tells no id", async () => {
    await using stage = await start();
    stage.simulator.fault({ platform: "TEXTIZEN", route, kind: "status", status: 201, after: true });
    expect(payloadOf(await run(stage, mutation, selection, input))).toEqual({ [entity]: null, userErrors: [] });
  });

  test.each([
    ["nothing but its id", {}],
    ["no more than its id and when it came to be", { created_at: "2026-01-01T00:00:00Z" }],
  ])("reads the record where the answer tells %s", async (_what, said) => {
    await using stage = await start();
    const rewrite = (json: unknown) => ({ id: (json as { id: number }).id, ...said });
    stage.simulator.fault({ platform: "TEXTIZEN", route, kind: "rewrite", rewrite });
    const words = "name" in input ? "name" : "title";
    const payload = payloadOf(await run(stage, mutation, `${entity} { ${words} }`, input));
    expect(payload).toEqual({ [entity]: { [words]: (input as Record<string, unknown>)[words] }, userErrors: [] });
  });
});

test("a creation that could not be handed over is a failure that may be tried again", async () => {
  await using stage = await start();
  await stage.query("{ textizenGroups { totalCount } }");
  await stage.simulator.textizen.stop();
  const { data, errors } = await run(stage, "createTextizenGroup", "group { id }", { name: "Cyclists" });
  expect(data).toEqual({ createTextizenGroup: null });
  expect(errors?.[0]?.extensions).toMatchObject({
    code: "PLATFORM_UNAVAILABLE",
    platform: "TEXTIZEN",
    retryable: true,
  });
});

describe("an update", () => {
  const input = { id: "group:72", name: "Drivers" };
  const route = "PUT /api/groups/{id}";

  test("is repeated once after a network error", async () => {
    await using stage = await start();
    stage.simulator.fault({ platform: "TEXTIZEN", route, kind: "reset-after-request", times: 1 });
    expect(payloadOf(await run(stage, "updateTextizenGroup", "group { id }", input))).toEqual({
      group: { id: "group:72" },
      userErrors: [],
    });
    expect(writesOf(stage)).toHaveLength(2);
  });

  test("stays accepted where it cannot be read back", async () => {
    await using stage = await start();
    stage.simulator.fault({ platform: "TEXTIZEN", route: "GET /api/groups/{id}", kind: "status", status: 500 });
    const answer = await run(stage, "updateTextizenGroup", "group { id name }", input);
    expect(answer.data).toEqual({ updateTextizenGroup: { group: { id: "group:72", name: null }, userErrors: [] } });
    expect(errorsAt(answer)).toEqual({ "updateTextizenGroup.group.name": "PLATFORM_UNAVAILABLE" });
  });
});

describe("what is refused", () => {
  const cases: [mutation: string, input: object, code: string, field: string[] | null][] = [
    ["createTextizenGroup", { name: "  " }, "INVALID_INPUT", ["input", "name"]],
    ["updateTextizenGroup", { id: "group:72", name: "" }, "INVALID_INPUT", ["input", "name"]],
    ["updateTextizenGroup", { id: "gr:72", name: "A" }, "INVALID_INPUT", ["input", "id"]],
    ["createCampaign", { ...CAMPAIGN, title: "" }, "INVALID_INPUT", ["input", "title"]],
    ["createCampaign", { ...CAMPAIGN, description: " " }, "INVALID_INPUT", ["input", "description"]],
    ["createPoll", { ...POLL, title: "" }, "INVALID_INPUT", ["input", "title"]],
    ["createPoll", { ...POLL, errorMessage: "" }, "INVALID_INPUT", ["input", "errorMessage"]],
    ["createPoll", { ...POLL, language: "" }, "INVALID_INPUT", ["input", "language"]],
    ["createPoll", { ...POLL, idempotencyKey: " " }, "INVALID_INPUT", ["input", "idempotencyKey"]],
  ];
  test.each(cases)("%s %j is refused before anything is sent", async (mutation, input, code, field) => {
    await using stage = await start();
    const payload = payloadOf(await run(stage, mutation, "", input));
    expect(payload["userErrors"]).toEqual([{ code, field, message: expect.stringMatching(/^\S.*\.$/) }]);
    expect(wireOf(stage)).toEqual([]);
  });

  test("comes all at once", async () => {
    await using stage = await start();
    const payload = payloadOf(await run(stage, "createPoll", "", { ...POLL, title: "", language: "" }));
    expect(payload["userErrors"]).toMatchObject([{ field: ["input", "title"] }, { field: ["input", "language"] }]);
  });

  test("by Textizen names the argument of each property that it names", async () => {
    await using stage = await start();
    const body = JSON.stringify({ webhook_url: ["is invalid"], organization_id: ["is unknown"], base: ["No."] });
    stage.simulator.fault({ platform: "TEXTIZEN", route: "POST /api/campaigns", kind: "status", status: 422, body });
    expect(payloadOf(await run(stage, "createCampaign", "campaign { id }", CAMPAIGN))).toEqual({
      campaign: null,
      userErrors: [
        { code: "INVALID_INPUT", field: ["input", "webhookUrl"], message: "webhook_url is invalid" },
        { code: "INVALID_INPUT", field: ["input", "organizationId"], message: "organization_id is unknown" },
      ],
    });
  });

  test("by Textizen for a reason of its own comes in its words", async () => {
    await using stage = await start();
    const body = JSON.stringify({ error: "Your <b>plan</b> has no more polls." });
    stage.simulator.fault({ platform: "TEXTIZEN", route: "POST /api/polls", kind: "status", status: 403, body });
    expect(payloadOf(await run(stage, "createPoll", "poll { id }", POLL))).toEqual({
      poll: null,
      userErrors: [{ code: "REFUSED_BY_PLATFORM", field: null, message: "Your plan has no more polls." }],
    });
  });

  test("for an id of nothing is NOT_FOUND, without the page that Textizen shows", async () => {
    await using stage = await start();
    const input = { id: "group:1", name: "Drivers" };
    expect(payloadOf(await run(stage, "updateTextizenGroup", "group { id }", input))).toEqual({
      group: null,
      userErrors: [
        { code: "NOT_FOUND", field: ["input", "id"], message: "Textizen has nothing of an id that was given." },
      ],
    });
  });
});
