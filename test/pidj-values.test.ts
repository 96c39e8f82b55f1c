import { expect, test } from "vitest";
import { PlatformError } from "../src/errors.ts";
import { CONTACT, GROUP, SUCCESS, serve, USER } from "./pidj-upstream.ts";
import { createScope, createWriteScope } from "./upstream.ts";

test.each<[list: unknown, names: unknown[]]>([
  [{ 0: { group_id: GROUP, name: "A" }, 2: { group_id: GROUP, name: 7 } }, ["A", "7"]],
  [{}, []],
  [null, []],
])("reads the list %j, as PHP writes lists with gaps and empty ones", async (groups, names) => {
  await using upstream = await serve({ ...SUCCESS, groups });
  const { rows, skipped } = await upstream.client.groups(createScope());
  expect([rows.map(({ name }) => name), skipped]).toEqual([names, 0]);
});

test("reads numbers, texts and lists of a contact in whatever JSON type they come", async () => {
  const contact = { phone_number: 14155559025, external_id: 12, first_name: 7, tags: { 0: "VIP", 3: 5 } };
  await using upstream = await serve({ ...SUCCESS, contact });
  expect(await upstream.client.contact(CONTACT, createScope())).toMatchObject({
    phoneNumber: "+14155559025",
    displayPhoneNumber: "14155559025",
    externalId: "12",
    firstName: "7",
    tags: ["VIP", "5"],
  });
});

test.each<[written: unknown, number: string | null]>([
  ["+14155559025", "+14155559025"],
  ["14155559025", "+14155559025"],
  [" +14155559025 ", "+14155559025"],
  ["\ufeff14155559025", "+14155559025"],
  ["4155559025", null],
  ["*******9025", null],
  ["68398", null],
  ["", null],
  [null, null],
])("reads a contact's number %j as %j", async (phone_number, number) => {
  await using upstream = await serve({ ...SUCCESS, contact: { phone_number } });
  expect(await upstream.client.contact(CONTACT, createScope())).toMatchObject({ phoneNumber: number });
});

test.each([{}, { phone_number: 4155559025 }, { phone_number: 2 ** 60 }, { phone_number: ["+14155559025"] }])(
  "does not take %j for a contact without a number: the field is an error",
  async (contact) => {
    await using upstream = await serve({ ...SUCCESS, contact });
    const record = await upstream.client.contact(CONTACT, createScope());
    expect(record?.phoneNumber).toBeInstanceOf(PlatformError);
    expect(record?.displayPhoneNumber).toBeInstanceOf(PlatformError);
  },
);

test.each<[written: unknown, isPaused: boolean | null]>([
  [true, true],
  ["true", true],
  [1, true],
  ["0", false],
  ["maybe", null],
  [undefined, null],
])("reads of a user that paused is %j as %j", async (paused, isPaused) => {
  await using upstream = await serve({ ...SUCCESS, paused });
  expect(await upstream.client.pauseUser(USER, createWriteScope())).toEqual({ isPaused });
});
