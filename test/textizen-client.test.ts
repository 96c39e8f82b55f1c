import { expect, test } from "vitest";
import { makeId } from "../src/ids.ts";
import type { E164 } from "../src/phone.ts";
import { serve } from "./textizen-upstream.ts";
import { createScope, createWriteScope, failureOf, sendJson } from "./upstream.ts";

const GROUP = makeId("TextizenGroup", "72");
const POLL = makeId("Poll", "3");
const NUMBER = "+14155551212" as E164;

test("gives what a creation answers as a row, null where no record came, and a participant's status", async () => {
  const bodies = [{ participant: { id: 58, name: "Jane" } }, { ok: true }];
  await using upstream = await serve((_request, response) =>
    sendJson(response, bodies.shift(), bodies.length === 1 ? 201 : 200),
  );
  const create = () => upstream.client.createParticipant({ name: "Jane", phoneNumber: NUMBER }, createWriteScope());
  expect(await create()).toMatchObject({ participant: { id: "participant:58", isDetail: false }, status: 201 });
  expect(await create()).toEqual({ participant: null, status: 200 });
});

test.each<[status: number, body: unknown]>([
  [404, { status: 404, error: "Not Found" }],
  [404, { error: "Couldn't find Poll with 'id'=3" }],
  [404, { errors: ["Poll not found"] }],
  [410, { errors: { base: ["is gone"] }, message: "Gone" }],
  [200, { error: "Poll not found" }],
  [200, { error: "Couldn't find Poll with 'id'=3" }],
  [200, { errors: ["This poll doesn’t exist"] }],
  [200, { error: "Record cannot be found." }],
  [200, { error: "Not found" }],
])("finds no record where Textizen itself says so: HTTP %i, %j", async (status, body) => {
  await using upstream = await serve((_request, response) => sendJson(response, body, status));
  expect(await upstream.client.poll(POLL, createScope())).toBeNull();
  const error = await failureOf(upstream.client.updateGroup(GROUP, { name: "x" }, createWriteScope()));
  expect(error).toMatchObject({ reason: "refused", status: 404, mayHaveTaken: false });
});

test.each<[body: unknown]>([
  [{ error: "Unknown error" }],
  [{ error: "Unknown error while reading the poll." }],
  [{ error: "The account was not found" }],
  [{ error: "Couldn't find a database server" }],
])("does not take a failure inside HTTP 200 that says %j for the end of a record", async (body) => {
  await using upstream = await serve((_request, response) => sendJson(response, body));
  expect(await failureOf(upstream.client.poll(POLL, createScope()))).toMatchObject({ reason: "refused", status: 200 });
});

test.each<[status: number, type: string, body: string]>([
  [404, "text/html", "<html>Not found</html>"],
  [404, "application/json", "<html>Not found</html>"],
  [404, "text/plain", "404 page not found"],
  [404, "application/json", ""],
  [404, "application/json", "{}"],
  [404, "application/json", "null"],
  [404, "application/json", '{"message":"no Route matched with those values"}'],
  [404, "application/json", '{"code":404,"message":"Not Found"}'],
  [404, "application/json", '{"error":"","message":"Not Found"}'],
  [404, "application/json", '{"timestamp":"2026-03-14","status":404,"error":"Not Found","path":"/api"}'],
  [404, "application/json", '{"success":false,"errors":[{"code":7003}],"messages":[],"result":null}'],
  [410, "text/html", "<html>Gone</html>"],
  [403, "text/html", "<html>Forbidden</html>"],
  [403, "application/json", '{"message":"You cannot consume this service"}'],
])("takes HTTP %i as %s, %j, for nobody's word: no record is called absent, and no id is blamed", async (...answer) => {
  const [status, type, body] = answer;
  await using upstream = await serve((_request, response) => {
    response.writeHead(status, { "content-type": type }).end(body);
  });
  expect(await failureOf(upstream.client.poll(POLL, createScope()))).toMatchObject({ reason: "shape", status });
  expect(await failureOf(upstream.client.polls(createScope()))).toMatchObject({ reason: "shape" });
  const error = await failureOf(upstream.client.updateGroup(GROUP, { name: "x" }, createWriteScope()));
  expect(error).toMatchObject({ reason: "refused", mayHaveTaken: false, platformMessage: null });
  expect(error.status).not.toBe(404);
});

test("says a refusal of a participant's tokens as any other", async () => {
  await using upstream = await serve((_request, response) =>
    sendJson(response, { status: 404, error: "Not Found" }, 404),
  );
  const reading = upstream.client.participantTokens(
    makeId("Participant", "58"),
    makeId("Campaign", "1"),
    createScope(),
  );
  expect(await failureOf(reading)).toMatchObject({ reason: "refused", status: 404 });
});

test("takes an error alone inside HTTP 200 for a refusal, and a token of that name for a token", async () => {
  await using upstream = await serve((_request, response) => sendJson(response, { error: "Name is taken" }));
  const error = await failureOf(upstream.client.createGroup({ name: "x" }, createWriteScope()));
  expect(error).toMatchObject({ reason: "refused", mayHaveTaken: false, platformMessage: "Name is taken" });
  expect(
    await upstream.client.participantTokens(makeId("Participant", "58"), makeId("Campaign", "1"), createScope()),
  ).toEqual([{ key: "error", value: "Name is taken" }]);
});

test.each<[unknown, string, object]>([
  [
    { name: ["can't be blank", "is <b>too</b> short"] },
    "name can't be blank, is too short",
    { name: "can't be blank, is too short" },
  ],
  [{ errors: { phone_number: ["is invalid"] } }, "phone_number is invalid", { phone_number: "is invalid" }],
  [{ errors: { phone_number: "is invalid" } }, "phone_number is invalid", { phone_number: "is invalid" }],
  [{ errors: ["Name is taken", "Stop"] }, "Name is taken; Stop", {}],
  [{ error: "Not allowed" }, "Not allowed", {}],
  [{ message: "Not allowed" }, "Not allowed", {}],
])("reads the words of a refusal from %j", async (body, platformMessage, fieldMessages) => {
  await using upstream = await serve((_request, response) => sendJson(response, body, 422));
  const error = await failureOf(upstream.client.createGroup({ name: "" }, createWriteScope()));
  expect(error).toMatchObject({ reason: "refused", status: 422, mayHaveTaken: false, platformMessage });
  expect(error.fieldMessages).toEqual(fieldMessages);
});
