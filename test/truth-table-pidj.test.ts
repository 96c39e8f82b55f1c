import { isInputObjectType, isNonNullType, isRequiredInputField } from "graphql";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { buildSchema } from "../src/operations/schema.ts";
import { pidjWritesOf } from "./pidj-wire.ts";
import { one } from "./simulator-client.ts";
import { type Stage, startStage } from "./support.ts";
import { run } from "./textizen-wire.ts";

/**
 * What a value that is not there becomes on the wire. `out`: the property is left out. `blank`: it is sent blank, which
 * removes the value (docs/platforms.md P-5). `refused`: INVALID_INPUT at the field. `malformed`: BAD_USER_INPUT.
 */
type Fate = "out" | "blank" | "refused" | "malformed";

/** An optional field, its property, a value and how that is written; then what null and an empty value become. */
type Row = readonly [field: string, property: string, value: unknown, written: string, onNull: Fate, onEmpty: Fate];

const address = (field: string, prefix: string, absent: Fate): Row[] => [
  [`${field}.street1`, `${prefix}_street_1`, "1 Main", "1 Main", absent, absent],
  [`${field}.street2`, `${prefix}_street_2`, "Apt 2", "Apt 2", absent, absent],
  [`${field}.city`, `${prefix}_city`, "Denver", "Denver", absent, absent],
  [`${field}.state`, `${prefix}_state`, "CO", "CO", absent, absent],
  [`${field}.postalCode`, `${prefix}_postal`, "80202-1234", "80202-1234", absent, absent],
  [`${field}.country`, `${prefix}_country`, "US", "US", absent, absent],
];

const names = (absent: Fate): Row[] => [
  ["firstName", "first_name", "Jane", "Jane", absent, absent],
  ["lastName", "last_name", "Doe", "Doe", absent, absent],
];

const contact = (absent: Fate): Row[] => [
  ["emailAddress", "email_address", "jane+1@example.com", "jane+1@example.com", absent, "malformed"],
  ...names(absent),
  ["businessName", "business_name", "City Hall", "City Hall", absent, absent],
  ["displayName", "display_name", "J & D", "J & D", absent, absent],
  ["groupId", "group", "GROUP", "GROUP", absent, "refused"],
  ["timezone", "timezone", "Asia/Kolkata", "Asia/Kolkata", absent, "malformed"],
  ...address("homeAddress", "home", absent),
  ...address("businessAddress", "business", absent),
];

const user = (absent: Fate): Row[] => [
  ["phoneNumber", "phone_number", "+14155550000", "+14155550000", absent, "malformed"],
  ["emailAddress", "email_address", "jane@example.com", "jane@example.com", absent, "malformed"],
  ...names(absent),
  ["roles", "roles", ["MANAGER", "AGENT"], "manager|agent", absent, absent],
  ["groupIds", "groups", ["GROUP"], "GROUP", absent, absent],
  ["timezone", "timezone", "UTC", "UTC", absent, "malformed"],
  ["externalId", "external_id", "x-1", "x-1", absent, absent],
];

const TABLE: Readonly<Record<string, readonly Row[]>> = {
  createContact: [...contact("out"), ["externalId", "external_id", "x-1", "x-1", "out", "out"]],
  updateContact: [
    ["phoneNumber", "phone_number", "+14155550000", "+14155550000", "refused", "malformed"],
    ...contact("blank"),
  ],
  createPidjUser: user("out"),
  updatePidjUser: [["password", "password", "p&w", "p&w", "refused", "refused"], ...user("blank")],
  initiateTask: [
    ["groupId", "group_id", "GROUP", "GROUP", "out", "refused"],
    ["subject", "subject", "Pothole", "Pothole", "out", "out"],
    ["topic", "topic", "On Main & 1st", "On Main & 1st", "out", "out"],
    ["name", "name", "Jane", "Jane", "out", "out"],
    ["emailAddress", "email_address", "anything", "anything", "out", "out"],
    ["phoneNumber", "phone_number", "555-0100", "555-0100", "out", "out"],
  ],
  createSsoUrl: [["next", "next", "https://example.com/", "aHR0cHM6Ly9leGFtcGxlLmNvbS8=", "out", "malformed"]],
  subscribeToSeries: [],
  initiateSurvey: [],
  deleteContact: [],
  deletePidjUser: [],
  recoverPidjUser: [],
  pausePidjUser: [],
  unpausePidjUser: [],
};

let stage: Stage;
let count = 0;
beforeAll(async () => {
  stage = await startStage({ simulator: { people: 6, polls: 1 } });
});
afterAll(() => stage[Symbol.asyncDispose]());

/** An input that does something without the field, and its form. */
function baseOf(mutation: string, field: string): { readonly input: object; readonly form: object } {
  const { world } = stage.simulator;
  count += 1;
  const other = field === "lastName" ? ["firstName", "first_name"] : ["lastName", "last_name"];
  const changes = { input: { [other[0] ?? ""]: "Roe" }, form: { [other[1] ?? ""]: "Roe" } };
  switch (mutation) {
    case "createContact": {
      const number = `+1415555${String(1_000 + count)}`;
      return { input: { phoneNumber: number }, form: { phone_number: number } };
    }
    case "updateContact":
      return { ...changes, input: { ...changes.input, id: one(world.contacts).id } };
    case "createPidjUser": {
      const both = { username: `jane${count}`, password: "p" };
      return { input: both, form: both };
    }
    case "updatePidjUser":
      return { ...changes, input: { ...changes.input, id: one(world.pidjUsers).id } };
    case "initiateTask":
      return { input: { idempotencyKey: `k${count}` }, form: { channel: "ticket" } };
    default: {
      const { id } = one(world.pidjUsers);
      return { input: { user: { id } }, form: { user_uuid: id } };
    }
  }
}

function withField(input: object, field: string, value: unknown): object {
  const [outer = "", inner] = field.split(".");
  return { ...input, [outer]: inner === undefined ? value : { [inner]: value } };
}

/** The value, with the id of a group that there is. */
function real(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value).replace("GROUP", one(stage.simulator.world.pidjGroups).id));
}

async function expectFate(mutation: string, [field, property]: Row, value: unknown, fate: Fate): Promise<void> {
  const { input, form } = baseOf(mutation, field);
  stage.simulator.clearJournal();
  const answer = await run(stage, mutation, "", withField(input, field, value));
  const writes = pidjWritesOf(stage).map(([, sent]) => sent);
  if (fate === "malformed") {
    expect(answer).toMatchObject({ errors: [{ extensions: { code: "BAD_USER_INPUT" } }] });
    expect(writes).toEqual([]);
  } else if (fate === "refused") {
    const path = ["input", ...field.split(".")];
    expect(answer.data[mutation].userErrors).toMatchObject([{ code: "INVALID_INPUT", field: path }]);
    expect(writes).toEqual([]);
  } else {
    expect(answer.data[mutation].userErrors).toEqual([]);
    expect(writes).toEqual([fate === "out" ? form : { ...form, [property]: "" }]);
  }
}

function emptyOf(value: unknown): unknown {
  return Array.isArray(value) ? [] : "";
}

describe.each(Object.entries(TABLE).filter(([, rows]) => rows.length > 0))("%s", (mutation, rows) => {
  test.each(rows)("%s is %s on the wire: %j as %s; null %s, empty %s", async (...row) => {
    const [field, property, value, written, onNull, onEmpty] = row;
    const { input, form } = baseOf(mutation, field);
    stage.simulator.clearJournal();
    await run(stage, mutation, "", withField(input, field, real(value)));
    await run(stage, mutation, "", baseOf(mutation, field).input);
    const [first, second] = pidjWritesOf(stage).map(([, sent]) => sent);
    expect(first).toEqual({ ...form, [property]: real(written) });
    expect(second).not.toHaveProperty(property);
    await expectFate(mutation, row, null, onNull);
    await expectFate(mutation, row, emptyOf(value), onEmpty);
  });
});

test.each(["homeAddress", "businessAddress"])("an update clears the whole of %s by null", async (field) => {
  const { input, form } = baseOf("updateContact", field);
  stage.simulator.clearJournal();
  await run(stage, "updateContact", "", { ...input, [field]: null });
  const blanks = ["street_1", "street_2", "city", "state", "postal", "country"].map((part) => [
    `${field.replace("Address", "")}_${part}`,
    "",
  ]);
  expect(pidjWritesOf(stage).map(([, sent]) => sent)).toEqual([{ ...form, ...Object.fromEntries(blanks) }]);
});

test("a creation leaves an address out that is null, and takes no blank key", async () => {
  const { input, form } = baseOf("createContact", "homeAddress");
  stage.simulator.clearJournal();
  await run(stage, "createContact", "", { ...input, homeAddress: null, businessAddress: {}, idempotencyKey: null });
  expect(pidjWritesOf(stage).map(([, sent]) => sent)).toEqual([form]);
  const { data } = await run(stage, "createContact", "", { ...input, idempotencyKey: "" });
  expect(data.createContact.userErrors).toMatchObject([{ field: ["input", "idempotencyKey"] }]);
});

test("the table has a row for every optional field of every mutation of Pidj's", () => {
  const schema = buildSchema();
  const optionalFields = (typeName: string, path = ""): string[] => {
    const type = schema.getType(typeName);
    const fields = isInputObjectType(type) && !type.isOneOf ? Object.values(type.getFields()) : [];
    return fields.flatMap((field) => {
      const inner = isNonNullType(field.type) ? [] : optionalFields(String(field.type), `${path}${field.name}.`);
      return inner.length > 0
        ? inner
        : isRequiredInputField(field) || isNonNullType(field.type)
          ? []
          : [path + field.name];
    });
  };
  for (const [mutation, rows] of Object.entries(TABLE)) {
    const type = mutation.replace(/^./, (letter) => letter.toUpperCase());
    const optional = optionalFields(`${type}Input`).filter((field) => field !== "idempotencyKey");
    expect(rows.map(([field]) => field).sort(), mutation).toEqual(optional.sort());
  }
});
