import { expect, test } from "vitest";
import { PlatformError } from "../src/errors.ts";
import { createPidjClient } from "../src/pidj/client.ts";
import {
  CONTACT,
  type Documented,
  expectDocumented,
  FROM,
  GROUP,
  type Make,
  SERIES,
  SUCCESS,
  SURVEY,
  serve,
  TO,
  USER,
} from "./pidj-upstream.ts";
import { createScope, createWriteScope, failureOf, sendJson, startUpstream } from "./upstream.ts";

test.each<Documented>([
  [
    "GET /user/{id}",
    "/user/us:a33a8313-8uq7",
    null,
    {
      ...SUCCESS,
      user: { username: "jane", roles: ["agent"], tags: [], phone_number: "+18885552222", first_name: "" },
    },
    (client, scope) => client.user(USER, scope),
    {
      id: USER,
      isDetail: true,
      username: "jane",
      firstName: null,
      lastName: null,
      businessName: null,
      displayName: null,
      emailAddress: null,
      phoneNumber: "+18885552222",
      displayPhoneNumber: "+18885552222",
      roles: ["agent"],
      tags: [],
      externalId: null,
    },
  ],
  [
    "GET /contact/{id}",
    "/contact/co:l93a8313-kuq7",
    null,
    {
      ...SUCCESS,
      contact: {
        first_name: "John",
        last_name: "Doe",
        business_name: "",
        display_name: "",
        email_address: "john.doe@example.com",
        phone_number: "+18015551111",
        phone_office: null,
        timezone: "America/Denver",
        tags: ["VIP"],
        external_id: null,
      },
    },
    (client, scope) => client.contact(CONTACT, scope),
    {
      id: CONTACT,
      isDetail: true,
      firstName: "John",
      lastName: "Doe",
      businessName: null,
      displayName: null,
      emailAddress: "john.doe@example.com",
      phoneNumber: "+18015551111",
      displayPhoneNumber: "+18015551111",
      officePhoneNumber: null,
      faxNumber: null,
      timezone: "America/Denver",
      tags: ["VIP"],
      externalId: null,
    },
  ],
  [
    "GET /contacts",
    "/contacts",
    null,
    { ...SUCCESS, contacts: [{ id: CONTACT, first_name: "J", last_name: "", display_name: null, phone_number: "x" }] },
    (client, scope) => client.contacts(scope),
    {
      rows: [
        {
          id: CONTACT,
          isDetail: false,
          firstName: "J",
          lastName: null,
          displayName: null,
          phoneNumber: null,
          displayPhoneNumber: "x",
        },
      ],
      skipped: 0,
    },
  ],
  [
    "GET /groups",
    "/groups",
    null,
    { ...SUCCESS, groups: [{ name: "Sales", group_id: GROUP, phone_number: "", color: "#fff" }] },
    (client, scope) => client.groups(scope),
    { rows: [{ id: GROUP, name: "Sales", phoneNumber: null, displayPhoneNumber: null, color: "#fff" }], skipped: 0 },
  ],
  [
    "GET /series",
    "/series",
    null,
    { ...SUCCESS, series: [{ name: "Drip", series_id: SERIES, groups: [GROUP], more: 1 }] },
    (client, scope) => client.series(scope),
    { rows: [{ id: SERIES, name: "Drip", groupIds: [GROUP] }], skipped: 0 },
  ],
  [
    "GET /surveys",
    "/surveys",
    null,
    { ...SUCCESS, surveys: [{ name: "Poll", survey_id: SURVEY }] },
    (client, scope) => client.surveys(scope),
    { rows: [{ id: SURVEY, name: "Poll" }], skipped: 0 },
  ],
  [
    "GET /authorization-check",
    "/authorization-check",
    null,
    { ...SUCCESS, message: "Authorization successful." },
    (client, scope) => client.authorizationCheck(scope),
    { message: "Authorization successful." },
  ],
])("makes %s as documented: %s", expectDocumented);

test.each<[what: string, status: number, body: unknown, error: object]>([
  [
    "status failure with HTTP 200",
    200,
    { code: 200, status: "failure", message: "No number." },
    { reason: "refused", mayHaveTaken: false, platformMessage: "No number." },
  ],
  [
    "status error with HTTP 200",
    200,
    { status: "error" },
    { reason: "refused", mayHaveTaken: false, platformMessage: null },
  ],
  ["status success with HTTP 400", 400, { status: "success" }, { reason: "refused", status: 400, mayHaveTaken: false }],
  [
    "HTTP 422",
    422,
    { status: "failure", message: "Bad." },
    { reason: "refused", status: 422, mayHaveTaken: false, platformMessage: "Bad." },
  ],
  ["HTTP 404", 404, { code: 404, status: "error" }, { reason: "refused", status: 404, mayHaveTaken: false }],
  ["HTTP 410", 410, { code: 410, status: "error" }, { reason: "refused", status: 404, mayHaveTaken: false }],
  [
    "HTTP 404 of somebody else",
    404,
    { code: 404, message: "contact not found" },
    { reason: "refused", status: null, mayHaveTaken: false, platformMessage: null },
  ],
  ["HTTP 404 that says no more", 404, { status: "error" }, { reason: "refused", status: null, mayHaveTaken: false }],
  ["HTTP 401", 401, {}, { reason: "unauthorized", mayHaveTaken: false }],
  ["code 401 with HTTP 200", 200, { code: "401", status: "error" }, { reason: "unauthorized", mayHaveTaken: false }],
  ["code 429 with HTTP 200", 200, { code: 429, status: "error" }, { reason: "rate-limited", mayHaveTaken: false }],
  [
    "code 500 with HTTP 200",
    200,
    { code: 500, status: "failure" },
    { reason: "unreachable", status: 500, mayHaveTaken: true },
  ],
  ["no status", 200, { code: 200 }, { reason: "shape", mayHaveTaken: true }],
  ["an unknown status", 200, { status: "queued" }, { reason: "shape", mayHaveTaken: true }],
  ["a list", 200, [], { reason: "shape", mayHaveTaken: true }],
  ["a code of a mere 400 beside an unknown status", 200, { code: 400 }, { reason: "shape", mayHaveTaken: true }],
])("takes %s for no success of a send", async (_what, status, body, error) => {
  await using upstream = await serve(body, status);
  const sending = upstream.client.send(
    { from: { phoneNumber: FROM }, to: TO, text: "secret text" },
    createWriteScope(),
  );
  const failure = await failureOf(sending);
  expect(failure).toMatchObject(error);
  expect(JSON.stringify([failure.message, failure])).not.toMatch(/secret text|s3cret|3333/);
});

test.each<[number, unknown]>([
  [404, { code: 404, status: "error" }],
  [200, { code: 404, status: "failure", message: "Not found." }],
  [200, { code: "404", status: "error" }],
  [200, { code: 200, status: "failure", message: "Contact not found." }],
  [200, { status: "error", message: "No such contact exists." }],
  [200, { code: 200, status: "failure", message: "This contact does not exist" }],
  [200, { code: 200, status: "failure", message: "The contact doesn't exist." }],
  [200, { code: 200, status: "failure", message: "Couldn’t find the contact." }],
  [200, { code: 200, status: "failure", message: "Contact cannot be found" }],
  [200, { code: 200, status: "failure", message: "No contact found." }],
  [404, { code: 200, status: "failure", message: "The contact could not be found." }],
  [410, { code: 410, status: "failure", message: "Gone." }],
])("finds no contact where HTTP says %i and the body %j", async (status, body) => {
  await using upstream = await serve(body, status);
  expect(await upstream.client.contact(CONTACT, createScope())).toBeNull();
});

test.each<[status: number, body: unknown, reason: string]>([
  [404, { status: "error" }, "shape"],
  [404, { code: 404, message: "no Route matched" }, "shape"],
  [404, { code: 404, status: 404, message: "Contact not found." }, "shape"],
  [404, { code: 404, status: "Failure", reason: "NotFound" }, "shape"],
  [404, { status: "error", message: "There is no such page." }, "shape"],
  [404, { code: 404, status: "error", message: "There is no such call." }, "shape"],
  [200, { code: 404, status: "error", message: "Unknown API version." }, "refused"],
  [404, { status: "success", code: 404 }, "shape"],
  [404, "Contact not found.", "shape"],
  [403, { message: "Missing Authentication Token" }, "shape"],
  [200, { code: 200, status: "failure", message: "The account was not found." }, "refused"],
  [200, { code: 200, status: "failure", message: "The contact could not be read." }, "refused"],
  [200, { code: 200, status: "failure", message: "An unknown error occurred: contact support." }, "refused"],
  [400, { code: 404, status: "error", message: "Contact not found." }, "refused"],
])("does not take HTTP %i with %j for the end of a contact", async (status, body, reason) => {
  await using upstream = await serve(body, status);
  const error = await failureOf(upstream.client.contact(CONTACT, createScope()));
  expect(error.reason).toBe(reason);
});

test("reads a 503 inside HTTP 200 again", async () => {
  await using upstream = await startUpstream((_request, response) =>
    sendJson(response, upstream.requests.length === 1 ? { code: 503, status: "error" } : { ...SUCCESS, groups: [] }),
  );
  const client = createPidjClient({ baseUrl: upstream.url, accountKey: "a", token: "b", sleep: async () => undefined });
  expect(await client.groups(createScope())).toEqual({ rows: [], skipped: 0 });
  await client.close();
});

test("cleans the platform's sentence: no tags, no line breaks, at most 300 characters", async () => {
  const message = `<b>No</b>\r\n<script src="x">\t<<i>b>user${"😀".repeat(400)}`;
  await using upstream = await serve({ status: "failure", message });
  const { platformMessage } = await failureOf(upstream.client.deleteUser(USER, createWriteScope()));
  expect(platformMessage).toMatch(/^No < b>user😀+$/u);
  expect(platformMessage?.length).toBeLessThanOrEqual(300);
  expect(platformMessage?.length).toBeGreaterThan(297);
});

test("does not claim a creation without Pidj's own sentence, nor an id that is none", async () => {
  await using upstream = await serve({ ...SUCCESS, id: "", message: "Contact exists." });
  const created = await upstream.client.createContact({ phoneNumber: FROM }, createWriteScope());
  expect(created).toEqual({ kind: "exists", id: null, message: "Contact exists." });
});

test("leaves out and counts rows without a usable id, and puts an error in place of any other defect", async () => {
  await using upstream = await serve({
    ...SUCCESS,
    series: [
      { series_id: "", name: "a" },
      { series_id: "co:1", name: "b" },
      null,
      { series_id: SERIES, name: {}, groups: "none" },
      { series_id: SERIES, name: null, groups: [GROUP, "x"] },
    ],
  });
  const scope = createScope();
  const { rows, skipped } = await upstream.client.series(scope);
  expect(skipped).toBe(4);
  expect(scope.calls[0]?.skippedRows).toBe(4);
  expect(rows[0]?.name).toBeInstanceOf(PlatformError);
  expect(rows[0]?.name).toMatchObject({ platform: "PIDJ", reason: "shape" });
  expect(rows[0]?.groupIds).toBeInstanceOf(PlatformError);
  expect(rows[1]).toEqual({ id: SERIES, name: null, groupIds: [GROUP] });
});

test.each<[string, Make]>([
  ["a list", (client, scope) => client.groups(scope)],
  ["a record", (client, scope) => client.contact(CONTACT, scope)],
  ["an SSO URL", (client, _, scope) => client.createSsoUrl({ user: { id: USER } }, scope)],
])("fails where a success lacks %s", async (_what, make) => {
  await using upstream = await serve({ ...SUCCESS, groups: "none", contact: [] });
  expect(await failureOf(make(upstream.client, createScope(), createWriteScope()))).toMatchObject({ reason: "shape" });
});
