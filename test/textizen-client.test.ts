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

test.each(["application/json", "text/html"])("finds no record where the answer is 404 of type %s", async (type) => {
  await using upstream = await serve((_request, response) => {
    response.writeHead(404, { "content-type": type }).end("<html>Not found</html>");
  });
  expect(await upstream.client.poll(POLL, createScope())).toBeNull();
  const error = await failureOf(upstream.client.updateGroup(GROUP, { name: "x" }, createWriteScope()));
  expect(error).toMatchObject({ reason: "refused", status: 404, mayHaveTaken: false, platformMessage: null });
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
