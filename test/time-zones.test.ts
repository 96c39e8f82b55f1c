import { describe, expect, test } from "vitest";
import { isTimeZone } from "../src/time-zones.ts";

describe("isTimeZone", () => {
  // The second row: names that `Intl.supportedValuesOf("timeZone")` leaves out.
  test.each([
    ...["America/Los_Angeles", "America/Denver", "Pacific/Honolulu", "America/Argentina/Buenos_Aires", "UTC"],
    ...[
      "Asia/Kolkata",
      "Asia/Calcutta",
      "Europe/Kyiv",
      "Europe/Kiev",
      "US/Pacific",
      "EST5EDT",
      "GB-Eire",
      "Etc/GMT+12",
    ],
    ...["America/Coyhaique", "Antarctica/DumontDUrville", "Africa/Dar_es_Salaam", "America/Port-au-Prince", "W-SU"],
  ])("takes %s, in its own letter case only", (zone) => {
    expect(isTimeZone(zone)).toBe(true);
    expect(isTimeZone(zone.toLowerCase())).toBe(false);
    expect(isTimeZone(` ${zone}`)).toBe(false);
  });

  test("takes every zone that the engine lists", () => {
    expect(Intl.supportedValuesOf("timeZone").filter((zone) => !isTimeZone(zone))).toEqual([]);
  });

  test.each(["", "Mars/Olympus", "+05:00", "-0500", "PST", "Factory", "Etc/Unknown", "localtime", "2030-01-01T00:00Z"])(
    "refuses %j",
    (zone) => {
      expect(isTimeZone(zone)).toBe(false);
    },
  );

  test("refuses a time in a zone", () => {
    expect(isTimeZone("2030-01-01T00:00[America/Denver]")).toBe(false);
  });
});
