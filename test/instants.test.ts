import { expect, test } from "vitest";
import { PlatformError } from "../src/errors.ts";
import { parsePollReport } from "../src/events/poll-report.ts";
import { makeId } from "../src/ids.ts";
import type { ReadScope } from "../src/rest/calls.ts";
import type { TextizenClient } from "../src/textizen/client.ts";
import { decode } from "./textizen-upstream.ts";

const participant = (client: TextizenClient, scope: ReadScope) =>
  client.participant(makeId("Participant", "58"), scope);

const INSTANTS: [text: string, instant: string | null][] = [
  ["2017-03-14T19:26:53.895-04:00", "2017-03-14T23:26:53.895Z"],
  ["2017-03-14 15:26:53 UTC", "2017-03-14T15:26:53.000Z"],
  ["2017-03-14 15:26:53 GMT", "2017-03-14T15:26:53.000Z"],
  ["2017-03-14 15:26:53 +0000", "2017-03-14T15:26:53.000Z"],
  ["2017-03-14T15:26:53+0530", "2017-03-14T09:56:53.000Z"],
  ["2017-03-14 15:26:53 -04:00", "2017-03-14T19:26:53.000Z"],
  ["2017-03-14 15:26:53.25+00", "2017-03-14T15:26:53.250Z"],
  ["2017-03-14T19:26:53.8951234Z", "2017-03-14T19:26:53.895Z"],
  ["\ufeff2017-03-14T15:26:53Z ", "2017-03-14T15:26:53.000Z"],
  ["0000-01-01T00:00:00Z", "0000-01-01T00:00:00.000Z"],
  ["0000-02-29", "0000-02-29T00:00:00.000Z"],
  ["0001-02-28T23:59:59Z", "0001-02-28T23:59:59.000Z"],
  ["0099-12-31", "0099-12-31T00:00:00.000Z"],
  ["9999-12-31T23:59:59.999Z", "9999-12-31T23:59:59.999Z"],
  ["9999-12-31T23:00:00-02:00", null],
  ["9999-12-31T23:59:60Z", null],
  ["0000-01-01T00:00:00+00:01", null],
  ["10000-01-01T00:00:00Z", null],
  ["+012017-03-14T00:00:00Z", null],
  ["2017-02-30T00:00:00Z", null],
  ["2017-03-14 15:26:53  UTC", null],
  ["2017-03-14 15:26:53 EST", null],
  ["2017-03-14 15:26:53 +000", null],
  ["2017-03-14T15:26:53+00:0", null],
  ["2017-03-14T15:26:53+00000", null],
  ["2017-03-14T15:26:53.Z", null],
  ["2017-03-14T19:26:53Z", "2017-03-14T19:26:53.000Z"],
  ["2017-03-14t19:26:53z", "2017-03-14T19:26:53.000Z"],
  ["2017-03-14T19:26:53.895", "2017-03-14T19:26:53.895Z"],
  ["2017-03-14 19:26:53", "2017-03-14T19:26:53.000Z"],
  ["2017-03-14", "2017-03-14T00:00:00.000Z"],
  ["2024-02-29", "2024-02-29T00:00:00.000Z"],
  ["2023-02-29T00:00:00Z", null],
  ["2017-04-31T10:00:00+02:00", null],
  ["2017-13-01T00:00:00Z", null],
  ["2017-03-14T25:00:00Z", null],
  ["March 14, 2017", null],
  ["1489519613", null],
];

test.each(INSTANTS)("reads the instant %s as %s, in an answer and in a webhook alike", async (text, instant) => {
  const record = await decode({ id: 58, created_at: text }, participant);
  const date = record?.createdAt;
  expect(date instanceof Date ? date.toISOString() : date instanceof PlatformError ? null : date).toBe(instant);
  const report = parsePollReport({ event: "poll.completed", responses: [{ response: "B", created_at: text }] });
  expect(report).toMatchObject({ responses: [{ createdAt: instant }] });
});

test("does not hang on the time zone that it runs in", async () => {
  const zone = process.env["TZ"];
  process.env["TZ"] = "Asia/Tokyo";
  try {
    const record = await decode({ id: 58, created_at: "2017-03-14 19:26:53" }, participant);
    expect(record?.createdAt).toEqual(new Date("2017-03-14T19:26:53Z"));
  } finally {
    process.env["TZ"] = zone ?? "";
  }
});
