import { expect, test } from "vitest";
import { type GivenRow, RowChecks } from "../src/jobs/rows.ts";
import { parseTemplate } from "../src/jobs/template.ts";
import type { Region } from "../src/phone.ts";
import type { JobKind } from "../src/store/jobs.ts";
import { numberAt } from "./jobs.ts";

function check(
  text: string | null,
  rows: readonly GivenRow[],
  kind: JobKind = "SEND",
  region: Region | null = null,
): string[] {
  const template = text === null ? null : parseTemplate(text);
  const checks = new RowChecks({ kind, template, allowTruncation: false, region });
  return rows.map((row, at) => {
    const { refusal, preview } = checks.check(row, at + 1);
    return refusal?.message ?? preview?.text ?? "accepted";
  });
}

const row = (values: object, phoneNumber = numberAt(0)): GivenRow => ({
  phoneNumber,
  values: Object.entries(values).map(([name, value]) => ({ name, value })),
});

test("a placeholder with the name of what every object has is one like any other", () => {
  expect(check("{constructor}", [row({})])).toEqual(["The row has no value for {constructor}."]);
  expect(check("{constructor}", [row({ constructor: "Ada" })])).toEqual(["Ada"]);
  expect(check("{__proto__}", [row({ ["__proto__"]: "Ada" })])).toEqual(["Ada"]);
});

test("a value's braces are no placeholders, and its own name may be written with other signs", () => {
  expect(check("{{{name}}}", [row({ name: "{name}\n😀 {{" })])).toEqual(["{{name}\n😀 {{}"]);
  expect(check("{prénom}".normalize("NFC"), [row({ ["prénom".normalize("NFD")]: "Zoë" })])).toEqual(["Zoë"]);
});

test("a value that makes the text too long is refused, and never cut", () => {
  const [message] = check("{note}", [row({ note: `${"x".repeat(1_600)}!` })]);
  expect(message).toBe("The text has 1601 characters; Pidj delivers 1,600 at most.");
  // Of a value that the text does not have, the length does not count.
  expect(check("Hi {name}", [row({ name: "Ada", note: "x".repeat(5_000) })])).toEqual(["Hi Ada"]);
});

test("a row may have as many values as a wide sheet has columns", () => {
  const values = Object.fromEntries(Array.from({ length: 120 }, (_, at) => [`column${at}`, String(at)]));
  expect(check("{column 110}", [row(values)])).toEqual(["110"]);
});

test("a row that is refused keeps no later row of its number from being sent", () => {
  expect(check("Hi {name}", [row({}), row({ name: "Ada" }), row({ name: "Ada" })])).toEqual([
    "The row has no value for {name}.",
    "Hi Ada",
    "Row 2 has the same number.",
  ]);
});

test("a number with the prefix that is dialed within its country is not texted beside the same without it", () => {
  const numbers = [
    "+44 020 7946 0958",
    "+44 20 7946 0958",
    "+1 (1) 415 555 0100",
    "+1 415 555 0100",
    "+39 06 698 83145",
  ];
  expect(
    check(
      "Hi",
      numbers.map((phoneNumber) => row({}, phoneNumber)),
    ),
  ).toEqual([
    "The phone number has digits that are left out after a country code: it may be +442079460958.",
    "Hi",
    "The phone number has digits that are left out after a country code: it may be +14155550100.",
    "Hi",
    "Hi",
  ]);
});

test.each([
  [{ firstName: "Ada", timezone: "Mars/Base" }, /^timezone must be an IANA time zone/],
  [{ firstName: "Ada", emailAddress: "none" }, /^emailaddress must be an e-mail address/],
  [{ firstName: "Ada", note: "x" }, /^note is no field/],
  [{ firstName: "Ada", emailAddress: "", timezone: " " }, /^accepted$/],
  [{ firstName: "Ada", emailAddress: " ada@example.org ", timezone: "America/Denver" }, /^accepted$/],
])("of a contact that is to be imported, %j is looked at before anything is created", (values, message) => {
  expect(check(null, [row(values)], "IMPORT_CONTACTS")[0]).toMatch(message);
});

test.each([
  ["US", ["(415) 555-0100", "+1 415-555-0100", "1 415 555 0100", "14155550100"], "Row 1 has the same number."],
  ["GB", ["020 7946 0958", "+44 20 7946 0958", "442079460958", "44 20 7946 0958"], "Row 1 has the same number."],
  // A number of another country that lacks its plus alone, and with what is dialed before it.
  ["US", ["44 20 7946 0958", "011 44 20 7946 0958"], "Row 1 has the same number."],
  ["US", ["(415) 555-0100", "555-0100"], "The phone number is not whole, or no number of US: write it with a plus"],
  // Perhaps one of Germany's, perhaps one of the country code 1.
  ["DE", ["0151 23456789", "14155550100"], "The phone number is not whole, or no number of DE: write it with a plus"],
  [null, ["+1 415 555 0100", "(415) 555-0100"], "or name the country of such numbers in `region`."],
] as const)("where numbers without a plus are of %s, of %j the first one is texted", (region, numbers, message) => {
  const rows = numbers.map((phoneNumber) => row({}, phoneNumber));
  const [first, ...others] = check("Hi", rows, "SEND", region);
  expect(first).toBe("Hi");
  expect(others).toEqual(others.map(() => expect.stringContaining(message)));
});
