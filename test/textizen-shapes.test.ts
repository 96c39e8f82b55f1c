import { expect, test } from "vitest";
import { PlatformError } from "../src/errors.ts";
import { makeId } from "../src/ids.ts";
import type { ReadScope } from "../src/rest/calls.ts";
import type { TextizenClient } from "../src/textizen/client.ts";
import { decode, poll, type Read } from "./textizen-upstream.ts";
import { createScope, failureOf } from "./upstream.ts";

const group: Read<unknown> = (client, scope) => client.group(makeId("TextizenGroup", "72"), scope);
const groups: Read<{ rows: readonly unknown[]; skipped: number }> = (client, scope) => client.groups(scope);
const participant = (client: TextizenClient, scope: ReadScope) =>
  client.participant(makeId("Participant", "58"), scope);
const participants = (client: TextizenClient, scope: ReadScope) => client.participants(scope);
const mailing = (client: TextizenClient, scope: ReadScope) => client.mailing(makeId("Mailing", "5"), scope);
const tokens = (client: TextizenClient, scope: ReadScope) =>
  client.participantTokens(makeId("Participant", "58"), makeId("Campaign", "1"), scope);

test.each<[string, unknown]>([
  ["with an id that is a number", { id: 72, name: "A" }],
  ["with an id that is a text", { id: "72", name: "A" }],
  ["wrapped in its name", { group: { id: 72, name: "A" } }],
  ["wrapped without an id of its own", { group: { name: "A" } }],
  ["in an envelope beside other things", { status: "ok", group: { id: 72, name: "A" } }],
  ["in an envelope's data", { status: "ok", data: { id: 72, name: "A" } }],
  ["in any single wrapper", { segment: { id: 72, name: "A" } }],
  ["wrapped in its name in an envelope", { data: { group: { id: 72, name: "A" } }, took: 5 }],
])("reads a record %s", async (_shape, body) => {
  expect(await decode(body, group)).toMatchObject({ id: "group:72", isDetail: true, name: "A" });
});

test.each<[string, unknown]>([
  ["bare", [{ id: 1 }, { id: 2 }]],
  ["under its plural", { groups: [{ id: 1 }, { id: 2 }], tags: [] }],
  ["as the only array of an object", { total: 2, items: [{ id: 1 }, { id: 2 }] }],
  ["inside an envelope", { data: { groups: [{ id: 1 }, { id: 2 }] }, total: 2 }],
  ["of members wrapped in their name", [{ group: { id: 1 } }, { group: { id: 2 }, links: {} }]],
  ["of members in any single wrapper", [{ segment: { id: 1 } }, { segment: { id: 2 } }]],
  ["with gaps, as PHP writes it", { 0: { id: 1 }, 2: { id: 2 } }],
  ["with gaps, under its plural", { groups: { 0: { id: 1 }, 10: { group: { id: 2 } } }, tags: {} }],
])("reads a list %s", async (_shape, body) => {
  const { rows } = await decode(body, groups);
  expect(rows).toMatchObject([{ id: "group:1", isDetail: false }, { id: "group:2" }]);
});

test.each([[[]], [{ groups: [] }], [{ groups: {} }], [{ groups: null, total: 0 }]])(
  "reads an empty list from %j",
  async (body) => {
    expect(await decode(body, groups)).toEqual({ rows: [], skipped: 0 });
  },
);

test.each<[string, unknown, Read<unknown>]>([
  ["an empty object for a list", {}, groups],
  ["a record whose id is none", { group: { id: {} } }, group],
  ["a record without id or wrapper", { name: "A", colour: "red" }, group],
  ["a text", "gone", group],
  ["null", null, group],
  ["a list for a record", [{ id: 72 }], group],
  ["an object for a list", { id: 1 }, groups],
  ["an object with two unknown arrays for a list", { a: [], b: [] }, groups],
  ["null for a list", null, groups],
  ["a record of another id", { id: 71, name: "A" }, group],
  ["somebody else's object that has an id", { id: "req_0f1e2d3c", status: "ok" }, group],
  ["an empty object for a user", {}, (client, scope) => client.user(scope)],
  ["a text for tokens", "none", tokens],
  ["tokens whose values are no text", { tokens: { a: {} } }, tokens],
])("says so where the shape is %s", async (_shape, body, read) => {
  expect(await failureOf(decode(body, read))).toMatchObject({ reason: "shape" });
});

test("leaves out and counts rows without a usable id", async () => {
  const scope = createScope();
  const body = [
    { id: 1 },
    {},
    { id: null },
    { id: "" },
    { id: 1.5 },
    { id: {} },
    { id: "a b" },
    null,
    "x",
    { id: "ok" },
  ];
  const { rows, skipped } = await decode(body, groups, scope);
  expect(rows).toMatchObject([{ id: "group:1" }, { id: "group:ok" }]);
  expect(skipped).toBe(8);
  expect(scope.calls[0]?.skippedRows).toBe(8);
});

test("says null in a detail and undefined in a row for a key that is missing, and null for a blank in both", async () => {
  expect(await decode({ id: 58, phone: "" }, participant)).toStrictEqual({
    id: "participant:58",
    isDetail: true,
    name: null,
    phoneNumber: null,
    displayPhoneNumber: null,
    isSubscribed: null,
    createdAt: null,
    campaignId: null,
    groups: null,
  });
  const blanks = { name: "", subscribed: null, created_at: "", campaign_id: "" };
  const { rows } = await decode([{ id: 58 }, { id: 59, ...blanks }], participants);
  expect(rows[0]).toMatchObject({ isSubscribed: undefined, createdAt: undefined, campaignId: undefined });
  expect(rows[1]).toMatchObject({ name: null, isSubscribed: null, createdAt: null, campaignId: null });
});

test("puts an error in place of a value that cannot be read, and serves the rest", async () => {
  const record = await decode(
    {
      id: 58,
      name: {},
      subscribed: "maybe",
      created_at: "yesterday",
      campaign_id: {},
      groups: "all",
      phone: "14155551212",
    },
    participant,
  );
  for (const field of ["name", "isSubscribed", "createdAt", "campaignId", "groups"] as const) {
    expect(record?.[field]).toBeInstanceOf(PlatformError);
    expect(record?.[field]).toMatchObject({ platform: "TEXTIZEN", reason: "shape" });
  }
  expect(record?.phoneNumber).toBe("+14155551212");
});

test.each([{}, { phone_number: 4155551212 }, { phone_number: 68398 }, { phone_number: {} }, { phone: 1415555121.5 }])(
  "does not take %j for a participant without a number: the field is an error",
  async (body) => {
    const record = await decode({ id: 58, ...body }, participant);
    expect(record?.phoneNumber).toBeInstanceOf(PlatformError);
    expect(record?.displayPhoneNumber).toBeInstanceOf(PlatformError);
  },
);

test.each<[object, string | null, string]>([
  [{ phone_number: "14155551212" }, "+14155551212", "14155551212"],
  [{ phone_number: 14155551212 }, "+14155551212", "14155551212"],
  [{ phone_number: "68398" }, null, "68398"],
  [{ phone: "14155551212" }, "+14155551212", "14155551212"],
  [{ phone_number: "*******1212" }, null, "*******1212"],
  [{ phone_number: "4155551212" }, null, "4155551212"],
  [{ phone_number: "+14155551212" }, "+14155551212", "+14155551212"],
])("reads the number of %j as %s, and shows it as it came", async (body, phoneNumber, displayPhoneNumber) => {
  expect(await decode({ id: 58, ...body }, participant)).toMatchObject({ phoneNumber, displayPhoneNumber });
  const { displayPhoneNumber: shown, phoneNumber: read } = await poll(body);
  expect([read, shown]).toEqual([phoneNumber, displayPhoneNumber]);
});

test.each<[object, boolean]>([
  [{ subscribed: true }, true],
  [{ subscribed: "false" }, false],
  [{ subscribed: "true" }, true],
  [{ subscribed: 1 }, true],
  [{ subscribed: 0 }, false],
  [{ subscribed: "1" }, true],
  [{ subscribed: "0" }, false],
  [{ is_subscribed: false }, false],
])("reads %j as %s", async (body, isSubscribed) => {
  expect(await decode({ id: 58, ...body }, participant)).toMatchObject({ isSubscribed });
});

test.each<[object, unknown]>([
  [{ campaign_id: 12 }, "campaign:12"],
  [{ campaign_id: "12" }, "campaign:12"],
  [{ campaign: { id: 12, title: "x" } }, "campaign:12"],
  [{ campaign: { title: "x" } }, null],
])("reads the campaign of %j as %s", async (body, campaignId) => {
  expect(await decode({ id: 58, ...body }, participant)).toMatchObject({ campaignId });
});

test.each<[object, unknown]>([
  [{ groups: [{ id: 72, name: "A" }] }, [{ id: "group:72", name: "A" }]],
  [{ groups: [{ group: { id: 72, name: "A" } }] }, [{ id: "group:72", name: "A" }]],
  [
    { groups: [72, "73"] },
    [
      { id: "group:72", name: undefined },
      { id: "group:73", name: undefined },
    ],
  ],
  [{ group_ids: [72] }, [{ id: "group:72", name: undefined }]],
  [
    { groups: { 0: { id: 72, name: "A" }, 2: 73 } },
    [
      { id: "group:72", name: "A" },
      { id: "group:73", name: undefined },
    ],
  ],
  [{ groups: {} }, []],
  [{ groups: null }, null],
])("reads a participant's groups from %j", async (body, expected) => {
  expect((await decode({ id: 58, ...body }, participant))?.groups).toEqual(expected);
});

test("takes a participant's groups and a group's members from a detail alone", async () => {
  const { rows } = await decode([{ id: 58, groups: [72] }], participants);
  expect(rows[0]?.groups).toBeUndefined();
  const listed = await decode([{ id: 72, participants: [58] }], (client, scope) => client.groups(scope));
  expect(listed.rows[0]).toMatchObject({ participants: undefined, participantIds: undefined });
});

test.each<[object, unknown, unknown]>([
  [
    { participants: [{ id: 58, name: "J" }, { participant: { id: 59 } }, 60] },
    ["participant:58", "participant:59"],
    ["participant:60"],
  ],
  [{ participant_ids: [58, "59"] }, [], ["participant:58", "participant:59"]],
  [{}, null, null],
])("reads a group's members from %j", async (body, whole, bare) => {
  const record = await decode({ id: 72, ...body }, (client, scope) =>
    client.group(makeId("TextizenGroup", "72"), scope),
  );
  const rows = record?.participants;
  expect(Array.isArray(rows) ? rows.map((row) => row.id) : rows).toEqual(whole);
  expect(record?.participantIds).toEqual(bare);
});

test.each<[unknown, unknown]>([
  [5, 5],
  ["5", 5],
  ["", null],
  [2 ** 31, PlatformError],
  ["five", PlatformError],
])("reads the organization %j", async (value, expected) => {
  const read: Read<unknown> = async (client, scope) =>
    (await client.campaign(makeId("Campaign", "1"), scope))?.organizationId;
  const organization = await decode({ id: 1, organization_id: value }, read);
  expect(organization instanceof PlatformError ? PlatformError : organization).toBe(expected);
});

test.each<[object, object]>([
  [{ phone_numbers_list: "14155551212,555" }, { recipientNumbers: ["+14155551212", null] }],
  [{ phone_numbers_list: ["14155551212", 5] }, { recipientNumbers: ["+14155551212", null] }],
  [{ phone_numbers_list: { 1: 14155551212 } }, { recipientNumbers: ["+14155551212"] }],
  [{ phone_numbers_list: 14155551212 }, { recipientNumbers: ["+14155551212"] }],
  [{ phone_numbers_list: "" }, { recipientNumbers: null }],
  [{ group_ids: [1, "77"] }, { groupIds: ["group:1", "group:77"] }],
  [{ groups: [{ id: 1 }, { group: { id: 77 } }] }, { groupIds: ["group:1", "group:77"] }],
  [
    { poll_id: 3, send_at: "2017-03-14T19:26:53.895" },
    { pollId: "poll:3", sendAt: new Date("2017-03-14T19:26:53.895Z") },
  ],
])("reads a mailing's %j", async (body, expected) => {
  expect(await decode({ id: 5, ...body }, mailing)).toMatchObject(expected);
});

test("knows whose a mailing is that was listed under its poll", async () => {
  const { rows } = await decode([{ mailing: { id: 5 } }], (client, scope) =>
    client.mailings(makeId("Poll", "3"), scope),
  );
  expect(rows).toMatchObject([{ id: "mailing:5", pollId: "poll:3", isDetail: false, groupIds: undefined }]);
});

test.each<[unknown, object]>([
  [
    { id: 7, email: "a@example.com" },
    { id: "user:7", emailAddress: "a@example.com" },
  ],
  [{ user: { id: "7", name: "A", organization_id: "2" } }, { id: "user:7", name: "A", organizationId: 2 }],
  [
    { email: "a@example.com", name: "A" },
    { id: null, name: "A" },
  ],
])("reads the user from %j", async (body, expected) => {
  expect(await decode(body, (client, scope) => client.user(scope))).toMatchObject(expected);
});

test.each<[unknown, object[]]>([
  [
    { ZIP: "80014", AGE: 5, NOTE: "" },
    [
      { key: "ZIP", value: "80014" },
      { key: "AGE", value: "5" },
      { key: "NOTE", value: null },
    ],
  ],
  [{ tokens: { ZIP: "80014" } }, [{ key: "ZIP", value: "80014" }]],
  [
    { tokens: "a", ZIP: "80014" },
    [
      { key: "tokens", value: "a" },
      { key: "ZIP", value: "80014" },
    ],
  ],
  [[{ key: "ZIP", value: "80014" }, { value: "nobody's" }], [{ key: "ZIP", value: "80014" }]],
  [[{ token: { name: "ZIP", value: "80014" } }], [{ key: "ZIP", value: "80014" }]],
  [{ tokens: [{ name: "ZIP", value: "80014" }] }, [{ key: "ZIP", value: "80014" }]],
  [[], []],
])("reads tokens from %j", async (body, expected) => {
  expect(await decode(body, tokens)).toEqual(expected);
});
