import { describe, expect, test } from "vitest";
import type { Shapes } from "../src/simulator/shapes.ts";
import { pidjCallsOf, pidjWritesOf } from "./pidj-wire.ts";
import { one } from "./simulator-client.ts";
import { errorsAt, type Stage, startStage } from "./support.ts";
import { payloadOf, run } from "./textizen-wire.ts";

const NUMBER = "+14155551212";
const CREATED = { id: expect.stringMatching(/^co:/) };

const start = (shapes: Partial<Shapes> = {}) => startStage({ simulator: { people: 12, polls: 1, shapes } });

async function linkOf(stage: Stage, phoneNumber: string): Promise<unknown> {
  const document =
    "query ($of: PhoneNumber!) { person(phoneNumber: $of) { contactLink { state source } contact { id } } }";
  const { data } = await stage.query(document, { of: phoneNumber });
  return { ...data.person.contactLink, id: data.person.contact?.id ?? null };
}

describe("createContact", () => {
  test("creates, and reads back only where more than the id is asked for", async () => {
    await using stage = await start();
    const input = { phoneNumber: NUMBER, firstName: "Jane", timezone: "America/Denver" };
    expect(payloadOf(await run(stage, "createContact", "contact { id }", input))).toEqual({
      contact: CREATED,
      userErrors: [],
    });
    const form = { phone_number: NUMBER, first_name: "Jane", timezone: "America/Denver" };
    expect(pidjCallsOf(stage)).toEqual([["POST /contact", form]]);

    const other = { ...input, phoneNumber: "+14155551213" };
    expect(payloadOf(await run(stage, "createContact", "contact { id firstName phoneNumber }", other))).toEqual({
      contact: { ...CREATED, firstName: "Jane", phoneNumber: other.phoneNumber },
      userErrors: [],
    });
    expect(pidjCallsOf(stage).map(([call]) => call)).toEqual([
      "POST /contact",
      expect.stringMatching(/^GET \/contact\//),
    ]);
  });

  test("teaches the directory whose number it is", async () => {
    await using stage = await start();
    const { contact } = payloadOf(await run(stage, "createContact", "contact { id }", { phoneNumber: NUMBER }));
    const { id } = contact as { readonly id: string };
    expect(await linkOf(stage, NUMBER)).toEqual({ state: "LINKED", source: "WRITTEN", id });
  });

  test("is carried out once for a key, and gives the same contact as it is by then", async () => {
    await using stage = await start();
    const input = { phoneNumber: NUMBER, firstName: "Jane", lastName: null, idempotencyKey: "k" };
    const { contact } = payloadOf(await run(stage, "createContact", "contact { id }", input));
    const { id } = contact as { readonly id: string };
    await run(stage, "updateContact", "contact { id }", { id, firstName: "Joan" });
    const { lastName: _absent, ...same } = input;
    expect(payloadOf(await run(stage, "createContact", "contact { id firstName }", same))).toEqual({
      contact: { id, firstName: "Joan" },
      userErrors: [],
    });
    expect(pidjWritesOf(stage).map(([call]) => call)).toEqual(["POST /contact", `PUT /contact/${id}`]);
  });

  test("is unknown where the answer was lost, and known to be so by its key", async () => {
    await using stage = await start();
    stage.simulator.fault({ platform: "PIDJ", route: "POST /contact", kind: "cut-body", times: 1 });
    const input = { phoneNumber: NUMBER, idempotencyKey: "k" };
    const unknown = { contact: null, existingContact: null, userErrors: [{ code: "OUTCOME_UNKNOWN" }] };
    const selection = "contact { id } existingContact { id }";
    expect(payloadOf(await run(stage, "createContact", selection, input))).toMatchObject(unknown);
    expect(payloadOf(await run(stage, "createContact", selection, input))).toMatchObject(unknown);
    expect(pidjWritesOf(stage)).toHaveLength(1);
  });

  test("is accepted where the contact cannot be read back: null, and an error at what was asked for", async () => {
    await using stage = await start();
    stage.simulator.fault({ platform: "PIDJ", route: "GET /contact/{id}", kind: "status", status: 400 });
    const answer = await run(stage, "createContact", "contact { id firstName }", { phoneNumber: NUMBER });
    expect(answer.data.createContact).toEqual({ contact: { ...CREATED, firstName: null }, userErrors: [] });
    expect(errorsAt(answer)).toEqual({ "createContact.contact.firstName": "PLATFORM_BAD_RESPONSE" });
  });
});

describe("a number that is on record (P-7)", () => {
  const SHAPES = ["success-with-id", "success-without-id", "failure"] as const;

  test.each(SHAPES)("creates nothing, and says who has it where the directory knows: %s", async (existingContact) => {
    await using stage = await start({ existingContact });
    await stage.learnContacts();
    const { id, phone_number: phoneNumber, first_name: firstName } = one(stage.simulator.world.contacts);
    const selection = "contact { id } existingContact { id firstName }";
    const input = { phoneNumber, firstName: "Not me", idempotencyKey: "k" };
    expect(payloadOf(await run(stage, "createContact", selection, input))).toEqual({
      contact: null,
      existingContact: { id, firstName },
      userErrors: [{ code: "ALREADY_EXISTS", field: ["input", "phoneNumber"], message: "Contact already exists." }],
    });
    expect(pidjWritesOf(stage).map(([call]) => call)).toEqual(["POST /contact"]);
    const free = { phoneNumber: NUMBER, idempotencyKey: "k" };
    expect(payloadOf(await run(stage, "createContact", "contact { id }", free))).toMatchObject({ contact: CREATED });
  });

  test.each(SHAPES)("names nobody but whom Pidj's answer names where the directory knows nobody: %s", async (shape) => {
    await using stage = await start({ existingContact: shape });
    const { id, phone_number: phoneNumber } = one(stage.simulator.world.contacts);
    const { existingContact, userErrors } = payloadOf(
      await run(stage, "createContact", "existingContact { id }", { phoneNumber }),
    );
    expect(userErrors).toMatchObject([{ code: "ALREADY_EXISTS" }]);
    const isNamed = shape === "success-with-id";
    expect(existingContact).toEqual(isNamed ? { id } : null);
    expect(await linkOf(stage, phoneNumber)).toMatchObject(
      isNamed ? { state: "LINKED", source: "WRITTEN", id } : { state: "UNKNOWN" },
    );
  });

  test("counts as not created wherever Pidj does not say that it was", async () => {
    await using stage = await start();
    stage.simulator.fault({
      platform: "PIDJ",
      route: "POST /contact",
      kind: "rewrite",
      rewrite: (body) => ({ ...Object(body), message: undefined }),
    });
    expect(payloadOf(await run(stage, "createContact", "contact { id }", { phoneNumber: NUMBER }))).toMatchObject({
      contact: null,
      userErrors: [{ code: "ALREADY_EXISTS", field: ["input", "phoneNumber"] }],
    });
  });
});

describe("a number that is on record, in words that sound like something else", () => {
  test.each([
    "The contact was not found to be new.",
    "The group has no phone number.",
    "email_address is not valid.",
    "Nothing was done.",
  ])("is on record all the same: %s", async (message) => {
    await using stage = await start({ existingContact: "success-with-id" });
    const { id, phone_number: phoneNumber } = one(stage.simulator.world.contacts);
    const rewrite = (body: unknown) => ({ ...Object(body), message });
    stage.simulator.fault({ platform: "PIDJ", route: "POST /contact", kind: "rewrite", rewrite });
    const input = { phoneNumber, idempotencyKey: "k" };
    expect(payloadOf(await run(stage, "createContact", "contact { id } existingContact { id }", input))).toEqual({
      contact: null,
      existingContact: { id },
      userErrors: [{ code: "ALREADY_EXISTS", field: ["input", "phoneNumber"], message }],
    });
    const { data } = await stage.query('{ attempt(idempotencyKey: "k") { state message } }');
    expect(data.attempt).toEqual({ state: "REFUSED", message });
  });

  test("is on record where a failure says so by its code alone", async () => {
    await using stage = await start();
    await stage.learnContacts();
    const { id, phone_number: phoneNumber } = one(stage.simulator.world.contacts);
    const fault = { platform: "PIDJ", route: "POST /contact", kind: "failure-in-200", code: 409 } as const;
    stage.simulator.fault({ ...fault, message: "Not found to be new." });
    expect(payloadOf(await run(stage, "createContact", "existingContact { id }", { phoneNumber }))).toEqual({
      existingContact: { id },
      userErrors: [{ code: "ALREADY_EXISTS", field: ["input", "phoneNumber"], message: "Not found to be new." }],
    });
  });
});

describe("updateContact", () => {
  test("changes what is given, and reads back only where more than the id is asked for", async () => {
    await using stage = await start();
    const { id } = one(stage.simulator.world.contacts);
    const input = { id, firstName: "Jane", lastName: null };
    const put = [`PUT /contact/${id}`, { first_name: "Jane", last_name: "" }];
    expect(payloadOf(await run(stage, "updateContact", "contact { id }", input))).toEqual({
      contact: { id },
      userErrors: [],
    });
    expect(pidjCallsOf(stage)).toEqual([put]);
    expect(payloadOf(await run(stage, "updateContact", "contact { firstName lastName }", input))).toEqual({
      contact: { firstName: "Jane", lastName: null },
      userErrors: [],
    });
    expect(pidjCallsOf(stage)).toEqual([put, [`GET /contact/${id}`, null]]);
  });

  test("moves the directory's link to the new number", async () => {
    await using stage = await start();
    await stage.learnContacts();
    const { id, phone_number: old } = one(stage.simulator.world.contacts);
    await run(stage, "updateContact", "contact { id }", { id, phoneNumber: NUMBER });
    expect(await linkOf(stage, NUMBER)).toEqual({ state: "LINKED", source: "WRITTEN", id });
    expect(await linkOf(stage, old)).toEqual({ state: "UNKNOWN", source: null, id: null });
  });

  test("is repeated once where the connection broke", async () => {
    await using stage = await start();
    const { id } = one(stage.simulator.world.contacts);
    const route = "PUT /contact/{id}";
    stage.simulator.fault({ platform: "PIDJ", route, kind: "reset-after-request", times: 1 });
    expect(payloadOf(await run(stage, "updateContact", "contact { firstName }", { id, firstName: "Jane" }))).toEqual({
      contact: { firstName: "Jane" },
      userErrors: [],
    });
    expect(pidjWritesOf(stage)).toHaveLength(2);
  });

  test("refuses a number that another contact has, and a contact that is not there", async () => {
    await using stage = await start();
    const [first, second] = [...stage.simulator.world.contacts.values()];
    const taken = { id: first?.id, phoneNumber: second?.phone_number };
    expect(payloadOf(await run(stage, "updateContact", "contact { id }", taken))).toMatchObject({
      contact: null,
      userErrors: [{ code: "ALREADY_EXISTS", field: ["input", "phoneNumber"] }],
    });
    const missing = { id: "co:none", firstName: "Jane" };
    expect(payloadOf(await run(stage, "updateContact", "contact { id }", missing))).toMatchObject({
      contact: null,
      userErrors: [{ code: "NOT_FOUND", field: ["input", "id"] }],
    });
  });
});

describe("deleteContact", () => {
  test("gives the id of what is gone, with its link", async () => {
    await using stage = await start();
    await stage.learnContacts();
    const { id, phone_number: number } = one(stage.simulator.world.contacts);
    expect(payloadOf(await run(stage, "deleteContact", "deletedId", { id }))).toEqual({
      deletedId: id,
      userErrors: [],
    });
    expect(pidjCallsOf(stage)).toEqual([[`DELETE /contact/${id}`, null]]);
    expect(await linkOf(stage, number)).toEqual({ state: "UNKNOWN", source: null, id: null });
    expect(payloadOf(await run(stage, "deleteContact", "deletedId", { id }))).toMatchObject({
      deletedId: null,
      userErrors: [{ code: "NOT_FOUND", field: ["input", "id"] }],
    });
  });
});

test("each write of an operation shows what it wrote, and none shows what was before", async () => {
  await using stage = await start();
  const { id } = one(stage.simulator.world.contacts);
  const names = ["Ann", "Ben", "Cid"];
  const writes = names.map(
    (name) => `${name}: updateContact(input: { id: "${id}", firstName: "${name}" }) { contact { firstName } }`,
  );
  const { data } = await stage.query(`mutation { ${writes.join("\n")} }`);
  expect(data).toEqual(Object.fromEntries(names.map((name) => [name, { contact: { firstName: name } }])));
  const later = await stage.query(`{ contact(id: "${id}") { firstName } }`);
  expect(later.data.contact).toEqual({ firstName: "Cid" });
});

test("a list that is kept shows a new contact at once, and no longer a deleted one", async () => {
  await using stage = await startStage({
    simulator: { people: 12, polls: 1, contactsList: true },
    env: { PIDJ_CONTACTS_LIST: "on" },
  });
  const ids = async () => {
    const { data } = await stage.query("{ contacts(first: 100) { nodes { id } } }");
    return data.contacts.nodes.map((node: { readonly id: string }) => node.id);
  };
  const before = await ids();
  const { contact } = payloadOf(await run(stage, "createContact", "contact { id }", { phoneNumber: NUMBER }));
  const { id } = contact as { readonly id: string };
  expect((await ids()).sort()).toEqual([...before, id].sort());
  await run(stage, "deleteContact", "deletedId", { id });
  expect((await ids()).sort()).toEqual([...before].sort());
});
