import { gzipSync } from "node:zlib";
import fetch from "node-fetch";
import { afterAll, beforeAll, expect, test } from "vitest";
import { SECRET } from "./events.ts";
import { type Stage, startStage } from "./support.ts";

const FORM = "application/x-www-form-urlencoded";
const WHO = "+12025550101";

let stage: Stage;
beforeAll(async () => {
  stage = await startStage({ simulator: { people: 6, polls: 1 }, env: { WEBHOOK_SECRET: SECRET } });
});
afterAll(() => stage[Symbol.asyncDispose]());

async function deliver(door: string, body: string | Buffer, type: string, headers: object = {}): Promise<number> {
  const url = new URL(`/webhooks/${door}/${SECRET}`, stage.app.url);
  return (await fetch(url, { method: "POST", body, headers: { "content-type": type, ...headers } })).status;
}

async function newestText(): Promise<unknown> {
  const { data } = await stage.query(
    "{ receivedMessages(first: 1) { nodes { text displayFrom from { phoneNumber optedOutAt } toPhoneNumber } } }",
  );
  return data.receivedMessages.nodes[0];
}

async function newestReport(): Promise<unknown> {
  const { data, errors } = await stage.query(
    "{ completedPolls(first: 1) { nodes { poll { id } responses { id text matchedOptions { id } } } } }",
  );
  expect(errors).toBeUndefined();
  return data.completedPolls.nodes[0];
}

const json = (message: string) => JSON.stringify({ message, from: WHO });
const escaped = (message: string) => `message=${message}&from=%2B12025550101`;
const utf16be = (text: string) => Buffer.from(text, "utf16le").swap16();

test.each<[what: string, body: string | Buffer, type: string, text: string]>([
  ["JSON in ISO 8859-1", Buffer.from(json("Grüße 1"), "latin1"), "application/json; charset=iso-8859-1", "Grüße 1"],
  [
    "JSON in Windows-1252",
    Buffer.from([...Buffer.from('{"message":"2 '), 0x80, ...Buffer.from(`","from":"${WHO}"}`)]),
    'application/json; charset="Windows-1252"',
    "2 €",
  ],
  ["JSON in UTF-16", Buffer.from(json("Grüße 3 👋"), "utf16le"), "application/json; charset=utf-16le", "Grüße 3 👋"],
  ["JSON in UTF-16 by its mark", utf16be(`\ufeff${json("Grüße 4")}`), "application/json", "Grüße 4"],
  ["JSON after a mark", `\ufeff${json("Grüße 5")}`, "application/json", "Grüße 5"],
  ["JSON after a mark, said to be a form", `\ufeff${json("Grüße 6")}`, FORM, "Grüße 6"],
  ["JSON in a charset nobody knows", json("Grüße 7"), "application/json; charset=klingon", "Grüße 7"],
  ["a form escaped in ISO 8859-1", escaped("Gr%FC%DFe+8"), `${FORM}; charset=ISO-8859-1`, "Grüße 8"],
  ["a form with bytes of ISO 8859-1", Buffer.from(escaped("Grüße 9"), "latin1"), `${FORM};charset=latin1`, "Grüße 9"],
  ["a form in UTF-8", escaped("Gr%C3%BC%C3%9Fe+10%"), `${FORM}; charset=UTF-8`, "Grüße 10%"],
  ["a form in UTF-16", Buffer.from(escaped("Grüße+11"), "utf16le"), `${FORM}; charset=utf-16`, "Grüße 11"],
  ["a form after a mark", `\ufeff${escaped("12")}`, FORM, "12"],
  ["a form with a mark in its value", escaped("%EF%BB%BF13"), FORM, "13"],
  ["JSON with a mark in its value", json("\ufeff14"), "application/json", "14"],
])("a text as %s is read", async (_what, body, type, text) => {
  expect(await deliver("pidj", body, type)).toBe(200);
  expect(await newestText()).toMatchObject({ text, displayFrom: WHO });
});

test.each(["pidj", "textizen"])(
  "an encoded body is refused, and not taken for an event without a meaning: %s",
  async (door) => {
    const body = gzipSync(`event=poll.completed&poll={"id":301}&${escaped("15")}`);
    expect(await deliver(door, body, FORM, { "content-encoding": "gzip" })).toBe(415);
  },
);

test.each<[written: unknown, number: string | null]>([
  ["12025550111", "+12025550111"],
  [12025550112, "+12025550112"],
  ["\ufeff+12025550113", "+12025550113"],
  ["2025550114", null],
  [2025550115, null],
  ["*******0116", null],
  ["68398", null],
])("from %j a text is somebody's, and opts them out, only if the number is clear", async (from, phoneNumber) => {
  expect(await deliver("pidj", JSON.stringify({ message: "Opt-out", from, to: from }), "application/json")).toBe(200);
  expect(await newestText()).toMatchObject({
    from: phoneNumber && { phoneNumber, optedOutAt: expect.any(String) },
    toPhoneNumber: phoneNumber,
  });
});

const REPORT = {
  poll: { id: "poll:301" },
  responses: [
    { id: "response:301.1001.9.1", text: "B", matchedOptions: [] },
    { id: "response:301.1001.10.1", text: "C & D", matchedOptions: [] },
  ],
};

test.each<[what: string, fields: [name: string, value: string][]]>([
  [
    "numbered brackets",
    [
      ["responses[0][question_id]", "9"],
      ["responses[0][participant_id]", "1001"],
      ["responses[0][response]", "B"],
      ["responses[2][question_id]", "10"],
      ["responses[2][participant_id]", "1001"],
      ["responses[2][response]", "C & D"],
    ],
  ],
  [
    "empty brackets",
    [
      ["responses[][question_id]", "9"],
      ["responses[][participant_id]", "1001"],
      ["responses[][response]", "B"],
      ["responses[][question_id]", "10"],
      ["responses[][participant_id]", "1001"],
      ["responses[][response]", "C & D"],
    ],
  ],
  [
    "brackets and wrappers",
    [
      ["poll[poll][id]", "301"],
      ["responses[0][response][question_id]", "9"],
      ["responses[0][response][participant_id]", "1001"],
      ["responses[0][response][response]", "B"],
      ["responses[1][response][question_id]", "10"],
      ["responses[1][response][participant_id]", "1001"],
      ["responses[1][response][response]", "C & D"],
      ["__proto__[polluted]", "yes"],
      ["constructor[prototype][polluted]", "yes"],
      [`deep${"[a]".repeat(5_000)}`, "1"],
      ["half[open", "1"],
      ["[]", "1"],
    ],
  ],
])("a report as a form with %s is read as if it were JSON", async (what, fields) => {
  const poll: [string, string][] = fields.some(([name]) => name.startsWith("poll")) ? [] : [["poll[id]", "301"]];
  const form = new URLSearchParams([["event", "poll.completed"], ["kind", what], ...poll, ...fields]);
  expect(await deliver("textizen", form.toString(), FORM)).toBe(200);
  expect(await newestReport()).toEqual(REPORT);
  expect("polluted" in {}).toBe(false);
});

test("a mark before JSON in a form's field, and a list with gaps, are read", async () => {
  const { responses } = REPORT;
  const list = Object.fromEntries(
    responses.map(({ text }, at) => [at * 2, { question_id: 9 + at, participant_id: 1001, response: text }]),
  );
  const form = new URLSearchParams({
    event: "poll.completed",
    kind: "marks",
    poll: '\ufeff{"id":301}',
    responses: `\ufeff${JSON.stringify(list)}`,
  });
  expect(await deliver("textizen", form.toString(), FORM)).toBe(200);
  expect(await newestReport()).toEqual(REPORT);
});
