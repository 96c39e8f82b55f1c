import { describe, expect, test } from "vitest";
import { one } from "./simulator-client.ts";
import { startStage } from "./support.ts";
import { payloadOf, run } from "./textizen-wire.ts";

const start = () => startStage({ simulator: { people: 6, polls: 2 } });

const ID = ["input", "id"];
const LATER = "2099-03-14T19:26:53.895Z";
const NUMBERS = { phoneNumbers: ["+14155551212"] };
const MAILING = { pollId: "poll:301", sendAt: LATER, idempotencyKey: "k" };
const UPDATED_MAILING = { id: "mailing:5002", sendAt: LATER };
const PARTICIPANT = { phoneNumber: "+14155551212", name: "Jane" };
const CAMPAIGN = { title: "Parks", description: "What residents think", organizationId: 1 };
const USER = { username: "jane", password: "p" };
const FROM_GROUP = { from: { groupId: "gr:1" }, recipient: { phoneNumber: "+14155550100" } };
const SURVEY = { surveyId: "sv:1", ...FROM_GROUP, idempotencyKey: "k" };
const SERIES = { seriesId: "ts:1", timezone: "UTC", ...FROM_GROUP, idempotencyKey: "k" };
const TEXT = { text: "Hi", idempotencyKey: "k" };
const MEMBERSHIP = { participantId: "participant:1001", groupId: "group:71" };
const TOKENS = { participantId: "participant:1001", campaignId: "campaign:11" };

/** "There is none", in the form of either platform. */
const NONE = { code: 404, status: "error", error: "Not Found" };

type Case = [mutation: string, input: object, field: string[] | null];

/** What each mutation says of a refusal of everything that writes. */
async function fieldOf([mutation, input]: Case, status: number, words: object): Promise<unknown> {
  await using stage = await start();
  const writes = /^(POST|PUT|DELETE)(?! \/api\/users)/;
  const body = JSON.stringify(words);
  for (const platform of ["PIDJ", "TEXTIZEN"] as const) {
    stage.simulator.fault({ platform, route: writes, kind: "status", status, body, contentType: "application/json" });
  }
  const { userErrors } = payloadOf(await run(stage, mutation, "", input));
  return userErrors;
}

describe("an id that names nothing, of which the platform says no more", () => {
  const cases: Case[] = [
    ["updateTextizenGroup", { id: "group:72", name: "A" }, ID],
    ["updateParticipant", { id: "participant:58", name: "A" }, ID],
    ["createParticipant", { ...PARTICIPANT, campaignId: "campaign:11" }, ["input", "campaignId"]],
    ["createCampaign", CAMPAIGN, ["input", "organizationId"]],
    ["createMailing", { ...MAILING, ...NUMBERS }, ["input", "pollId"]],
    ["updateMailing", { ...UPDATED_MAILING, ...NUMBERS }, ID],
    ["updateContact", { id: "co:1", firstName: "A" }, ID],
    ["deleteContact", { id: "co:1" }, ID],
    ["createContact", { phoneNumber: "+14155550100", groupId: "gr:1" }, ["input", "groupId"]],
    ["updatePidjUser", { id: "us:1", firstName: "A" }, ID],
    ["updatePidjUser", { id: "us:1", groupIds: [] }, ID],
    ["recoverPidjUser", { id: "us:1" }, ID],
    ["createPidjUser", { ...USER, groupIds: ["gr:1"] }, ["input", "groupIds"]],
    ["initiateTask", { groupId: "gr:1", idempotencyKey: "k" }, ["input", "groupId"]],
    ["sendMessage", { ...FROM_GROUP, ...TEXT }, ["input", "from", "groupId"]],
  ];
  test.each(cases)("%s %j: only %j can be meant", async (...each) => {
    expect(await fieldOf(each, 404, NONE)).toMatchObject([{ code: "NOT_FOUND", field: each[2] }]);
  });

  const ambiguous: [mutation: string, input: object][] = [
    ["createMailing", { ...MAILING, ...NUMBERS, groupIds: ["group:71"] }],
    ["updateMailing", { ...UPDATED_MAILING, groupIds: ["group:71"] }],
    ["addParticipantToGroup", MEMBERSHIP],
    ["removeParticipantFromGroup", MEMBERSHIP],
    ["setParticipantTokens", { ...TOKENS, tokens: [{ key: "A", value: "1" }] }],
    ["updateContact", { id: "co:1", groupId: "gr:1" }],
    ["updatePidjUser", { id: "us:1", groupIds: ["gr:1"] }],
    ["createParticipant", PARTICIPANT],
    ["createContact", { phoneNumber: "+14155550100" }],
    ["initiateTask", { idempotencyKey: "k" }],
  ];
  test.each(ambiguous)("%s %j: none alone can be meant", async (mutation, input) => {
    expect(await fieldOf([mutation, input, null], 404, NONE)).toMatchObject([{ code: "NOT_FOUND", field: null }]);
  });

  const named: [...Case, sentence: string][] = [
    ["addParticipantToGroup", MEMBERSHIP, ["input", "groupId"], "Couldn't find Group with 'id'=71"],
    ["addParticipantToGroup", MEMBERSHIP, ["input", "participantId"], "Couldn't find Participant with 'id'=1001"],
    [
      "removeParticipantTokens",
      { ...TOKENS, keys: ["A"] },
      ["input", "campaignId"],
      "Couldn't find Campaign with 'id'=11",
    ],
    ["createMailing", { ...MAILING, groupIds: ["group:71"] }, ["input", "pollId"], "Couldn't find Poll with 'id'=301"],
    ["updatePidjUser", { id: "us:1", groupIds: ["gr:1"] }, ["input", "groupIds"], "A group is not known."],
  ];
  test.each(named)("%s %j: %j is meant where it is said so: %s", async (mutation, input, field, error) => {
    expect(await fieldOf([mutation, input, field], 404, { ...NONE, error, message: error })).toMatchObject([
      { code: "NOT_FOUND", field, message: expect.stringContaining(error) },
    ]);
  });
});

const taken: Case[] = [
  ["createTextizenGroup", { name: "A" }, ["input", "name"]],
  ["updateTextizenGroup", { id: "group:72", name: "A" }, ["input", "name"]],
  ["createParticipant", PARTICIPANT, ["input", "phoneNumber"]],
  ["createContact", { phoneNumber: "+14155550100" }, ["input", "phoneNumber"]],
  ["createPidjUser", USER, ["input", "username"]],
  ["createPoll", { title: "A", errorMessage: "B", language: "en", isActive: true }, null],
];
test.each(taken)("%s %j is told what exists already: %j", async (...each) => {
  expect(await fieldOf(each, 409, {})).toMatchObject([{ code: "ALREADY_EXISTS", field: each[2] }]);
});

const silent: [mutation: string, input: object][] = [
  ["sendMessage", { ...FROM_GROUP, ...TEXT }],
  ["initiateSurvey", SURVEY],
  ["subscribeToSeries", SERIES],
];
test.each(silent)("%s is told that the group cannot send", async (mutation, input) => {
  const field = ["input", "from", "groupId"];
  const said = { code: 400, status: "failure", message: "The group has no phone number." };
  expect(await fieldOf([mutation, input, field], 400, said)).toMatchObject([{ code: "GROUP_CANNOT_SEND", field }]);
});

test("a text to a contact that Pidj refuses for its number names the contact", async () => {
  await using stage = await start();
  const body = JSON.stringify({ code: 400, status: "error", message: "to_number is not valid." });
  stage.simulator.fault({ platform: "PIDJ", route: "POST /send", kind: "status", status: 400, body });
  const recipient = { contactId: one(stage.simulator.world.contacts).id };
  expect(payloadOf(await run(stage, "sendMessage", "", { ...FROM_GROUP, ...TEXT, recipient }))).toMatchObject({
    userErrors: [{ code: "INVALID_INPUT", field: ["input", "recipient", "contactId"] }],
  });
});

test.each(["constructor", "toString", "__proto__"])("a refused field called %s is no argument", async (name) => {
  await using stage = await start();
  const body = `{"${name}":["is bad"]}`;
  stage.simulator.fault({ platform: "TEXTIZEN", route: "POST /api/groups", kind: "status", status: 422, body });
  expect(payloadOf(await run(stage, "createTextizenGroup", "", { name: "A" }))).toEqual({
    userErrors: [{ code: "REFUSED_BY_PLATFORM", field: null, message: `${name} is bad` }],
  });
});

test("a line that is too long is told how long it may be", async () => {
  await using stage = await start();
  const input = { phoneNumber: "+14155550100", homeAddress: { street1: "x".repeat(201) } };
  expect(payloadOf(await run(stage, "createContact", "", input))).toEqual({
    userErrors: [
      {
        code: "INVALID_INPUT",
        field: ["input", "homeAddress", "street1"],
        message: "homeAddress.street1 must have at most 200 characters.",
      },
    ],
  });
});
