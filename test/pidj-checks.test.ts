import { afterAll, beforeAll, expect, test } from "vitest";
import { pidjCallsOf, pidjWritesOf } from "./pidj-wire.ts";
import { one } from "./simulator-client.ts";
import { type Stage, startStage } from "./support.ts";
import { payloadOf, run } from "./textizen-wire.ts";

let stage: Stage;
beforeAll(async () => {
  stage = await startStage({ simulator: { people: 3, polls: 1 } });
});
afterAll(() => stage[Symbol.asyncDispose]());

/** The fields that an update of a contact is refused for; everything else about it is fine. */
async function refusedFields(changes: object): Promise<string[]> {
  const input = { id: one(stage.simulator.world.contacts).id, firstName: "Jane", ...changes };
  const { userErrors } = payloadOf(await run(stage, "updateContact", "", input));
  return (userErrors as { code: string; field: string[] }[]).map(({ code, field }) => {
    expect(code).toBe("INVALID_INPUT");
    return field.slice(1).join(".");
  });
}

test.each([
  [{ state: "CO" }, true],
  [{ state: "DC" }, true],
  [{ state: "PR" }, true],
  [{ state: "AE" }, true],
  [{ state: "co" }, false],
  [{ state: "Colorado" }, false],
  [{ state: "XX" }, false],
  [{ country: "US" }, true],
  [{ country: "GBR" }, true],
  [{ country: "gb" }, false],
  [{ country: "UK" }, false],
  [{ country: "constructor" }, false],
  [{ postalCode: "80202" }, true],
  [{ postalCode: "80202-1234" }, true],
  [{ postalCode: "SW1A 1AA" }, true],
  [{ postalCode: "K1A 0B1" }, true],
  [{ postalCode: "2600" }, true],
  [{ postalCode: "8020" + "21234" }, false],
  [{ postalCode: "D-10115" }, false],
  [{ postalCode: "SW1A 1AA", country: "US" }, false],
  [{ postalCode: "SW1A 1AA", country: "GB" }, true],
  [{ street1: "é".repeat(200), street2: "x".repeat(200), city: "-".repeat(200) }, true],
  [{ street1: "x".repeat(201) }, false],
  [{ street2: "x".repeat(201) }, false],
  [{ city: "x".repeat(201) }, false],
])("the address %j passes: %s", async (address, passes) => {
  const [field = ""] = Object.keys(address);
  expect(await refusedFields({ homeAddress: address })).toEqual(passes ? [] : [`homeAddress.${field}`]);
});

test("a postal code of a country that Pidj says nothing of is for Pidj to judge", async () => {
  stage.simulator.clearJournal();
  const input = {
    id: one(stage.simulator.world.contacts).id,
    businessAddress: { postalCode: "D-10115", country: "DEU" },
  };
  expect(payloadOf(await run(stage, "updateContact", "", input))).toMatchObject({
    userErrors: [{ code: "INVALID_INPUT", field: ["input", "businessAddress", "postalCode"] }],
  });
  expect(pidjWritesOf(stage)).toHaveLength(1);
});

test("everything that is wrong is told at once, and nothing is sent", async () => {
  stage.simulator.clearJournal();
  const changes = {
    id: "us:1",
    phoneNumber: null,
    groupId: "group:72",
    homeAddress: { state: "Colorado", country: "Germany" },
    businessAddress: { city: "x".repeat(201) },
  };
  expect((await refusedFields(changes)).sort()).toEqual([
    "businessAddress.city",
    "groupId",
    "homeAddress.country",
    "homeAddress.state",
    "id",
    "phoneNumber",
  ]);
  expect(pidjCallsOf(stage)).toEqual([]);
});

test("a group id that would fall apart in a list is refused at its place", async () => {
  const input = { username: "jane", password: "p", groupIds: ["gr:1", "gr:2|gr:3", "co:1"] };
  const { userErrors } = payloadOf(await run(stage, "createPidjUser", "", input));
  expect((userErrors as { field: string[] }[]).map(({ field }) => field).sort()).toEqual([
    ["input", "groupIds", "1"],
    ["input", "groupIds", "2"],
  ]);
});

test.each([
  ["createPidjUser", { username: " ", password: "" }, ["username", "password"]],
  ["updatePidjUser", { id: "us:1", password: "" }, ["password"]],
])("%s refuses what is blank and must not be: %j", async (mutation, input, fields) => {
  const { userErrors } = payloadOf(await run(stage, mutation, "", input));
  expect((userErrors as { field: string[] }[]).map(({ field }) => field[1])).toEqual(fields);
});

test.each([
  ["createContact", { phoneNumber: "+14155551212", firstName: " " }, "firstName"],
  ["updateContact", { id: "co:1", lastName: "\u00a0 " }, "lastName"],
  ["updateParticipant", { id: "participant:1", name: "  " }, "name"],
])("%s refuses an optional text of blanks alone: %j", async (mutation, input, field) => {
  expect(payloadOf(await run(stage, mutation, "", input))).toMatchObject({
    userErrors: [{ code: "INVALID_INPUT", field: ["input", field] }],
  });
});

test.each([
  ["updateContact", { id: "co:1" }],
  ["updateContact", { id: "co:1", homeAddress: {} }],
  ["updatePidjUser", { id: "us:1" }],
])("%s with nothing to change is refused: %j", async (mutation, input) => {
  stage.simulator.clearJournal();
  expect(payloadOf(await run(stage, mutation, "", input))).toMatchObject({
    userErrors: [{ code: "INVALID_INPUT", field: ["input"] }],
  });
  expect(pidjCallsOf(stage)).toEqual([]);
});

test.each([
  ["deleteContact", "us:1"],
  ["deletePidjUser", "co:1"],
  ["recoverPidjUser", "user:1"],
  ["pausePidjUser", ""],
  ["unpausePidjUser", "us:"],
])("%s refuses the id %j", async (mutation, id) => {
  expect(payloadOf(await run(stage, mutation, "", { id }))).toMatchObject({
    userErrors: [{ code: "INVALID_INPUT", field: ["input", "id"] }],
  });
});

test.each([
  ["timezone", "america/denver"],
  ["timezone", "asia/kolkata"],
  ["timezone", "US/pacific"],
  ["timezone", "Mars/Olympus_Mons"],
  ["timezone", "+01:00"],
  ["emailAddress", "jane"],
  ["emailAddress", "jane@@example.com"],
  ["phoneNumber", "4155551212"],
])("%s %j never gets as far as a mutation", async (field, value) => {
  stage.simulator.clearJournal();
  expect(await run(stage, "updateContact", "", { id: "co:1", [field]: value })).toMatchObject({
    errors: [{ extensions: { code: "BAD_USER_INPUT" } }],
  });
  const text = `mutation { updateContact(input: { id: "co:1", ${field}: "${value}" }) { userErrors { code } } }`;
  expect((await stage.query(text)).errors).toHaveLength(1);
  expect(pidjCallsOf(stage)).toEqual([]);
});

test("a time zone may be any that IANA names, its old names included", async () => {
  for (const timezone of ["America/Denver", "Asia/Kolkata", "Asia/Calcutta", "US/Pacific", "Europe/Kyiv", "UTC"]) {
    expect(await refusedFields({ timezone })).toEqual([]);
  }
});
