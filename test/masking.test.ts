import { GraphQLError } from "graphql";
import { expect, test } from "vitest";
import { PlatformError, StoreError } from "../src/errors.ts";
import { formatError } from "../src/operations/errors.ts";
import { describeError } from "../src/telemetry/redaction.ts";
import { errorsAt, startStage } from "./support.ts";

test("a log line holds what we say of a failure, and nothing that a platform said", () => {
  const cause = new PlatformError("PIDJ", "refused", "GET /contact/{id}: refused with 422", {
    status: 422,
    platformMessage: "Jane Doe +14155551212 says hello",
    fieldMessages: { name: "Jane Doe" },
  });
  const logged = describeError(new StoreError("not read back", cause));
  expect(JSON.stringify(logged)).not.toMatch(/Jane|1415555/);
  const unparsed = new StoreError(
    "a row cannot be read",
    attempt(() => JSON.parse('{"from": +14155551212}')),
  );
  expect(JSON.stringify(describeError(unparsed))).not.toContain("1415");
  expect(logged).toMatchObject({
    type: "StoreError",
    message: "not read back",
    cause: { type: "PlatformError", platform: "PIDJ", reason: "refused", status: 422, stack: expect.any(String) },
  });
});

function attempt(run: () => unknown): unknown {
  try {
    return run();
  } catch (error) {
    return error;
  }
}

test("an answer that does not fit the schema is a bug of ours, told to the log alone", () => {
  const bug = new GraphQLError('Expected Iterable, but did not find one for field "Group.secret".');
  const reported: unknown[] = [];
  const shown = formatError({ message: bug.message, path: ["group"] }, bug, (error) => reported.push(error));
  expect(shown).toMatchObject({ path: ["group"], extensions: { code: "INTERNAL_SERVER_ERROR" } });
  expect(shown.message).not.toContain("secret");
  expect(reported).toEqual([bug]);
});

test.each([
  ["PhoneNumber", '{ person(phoneNumber: "415-555-1212") { id } }'],
  ["PhoneNumber", "{ person(phoneNumber: 14155551212) { id } }"],
])("a malformed %s in the document is bad input, and where it stands is said", async (scalar, document) => {
  await using stage = await startStage({ simulator: { people: 1, polls: 0 } });
  const { status, errors } = await stage.query(document);
  expect(status).toBe(400);
  expect(errors).toMatchObject([
    { message: expect.stringContaining(scalar), locations: [{ line: 1 }], extensions: { code: "BAD_USER_INPUT" } },
  ]);
});

test("a contact whose number cannot be read is an error, not nobody, and its link stays", async () => {
  await using stage = await startStage({ simulator: { people: 6, polls: 0 } });
  await stage.learnContacts();
  const [contact] = stage.simulator.world.contacts.values();
  const rewrite = (answer: unknown) => {
    const body = answer as { contact: object };
    return { ...body, contact: { ...body.contact, phone_number: 42 } };
  };
  const end = stage.simulator.fault({ platform: "PIDJ", route: "GET /contact/{id}", kind: "rewrite", rewrite });
  const document = `{ person(phoneNumber: "${contact?.phone_number}") { contactLink { state } contact { id } } }`;
  const spoilt = await stage.query(document);
  expect(errorsAt(spoilt)).toEqual({ "person.contact": "PLATFORM_BAD_RESPONSE" });
  end();
  expect((await stage.query(document)).data.person).toEqual({
    contactLink: { state: "LINKED" },
    contact: { id: contact?.id },
  });
});
