import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterEach, beforeEach, expect, test } from "vitest";
import { readContactIds } from "../src/commands/contact-ids.ts";
import { type ImportSurroundings, runImport } from "../src/commands/import-contacts.ts";
import type { ContactId } from "../src/ids.ts";
import { createContactDirectory } from "../src/store/contacts.ts";
import { openSqliteStore } from "../src/store/sqlite.ts";
import type { Store } from "../src/store/store.ts";

let folder: string;
let csv: string;
let store: Store;
let read: string[];
let complained: string[];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "textgraph-csv-"));
  csv = join(folder, "ids.csv");
  store = openSqliteStore("sqlite::memory:", "default");
  [read, complained] = [[], []];
});

afterEach(async () => {
  await store.close();
  rmSync(folder, { recursive: true });
});

async function readContact(id: ContactId) {
  read.push(id);
  return { id, phoneNumber: null };
}

function run(args: string[] = [], reading: ImportSurroundings["readContact"] = readContact): Promise<number> {
  const now = () => new Date(0);
  return runImport([csv, ...args], {
    readContact: reading,
    directory: createContactDirectory(store, now),
    now,
    wait: async () => {},
    stdout: { write: () => {} },
    stderr: {
      write: (text) => complained.push(text),
    },
  });
}

test("the file may have a header, quotes, other columns, blank lines, a byte order mark and any line ends", async () => {
  writeFileSync(
    csv,
    '\uFEFFcontact id,name\r\nco:1,"Doe, ""John""\nfrom Boston"\r\n\r\n"co:2",x\n  co:3  \n\n"co:4",\rco:5',
  );
  expect(await run()).toBe(0);
  expect(read).toEqual(["co:1", "co:2", "co:3", "co:4", "co:5"]);
  expect(complained.join("")).toBe("");
});

test("the file needs no header, and an id that it has twice is read once", async () => {
  writeFileSync(csv, "co:1\nco:2\nco:1\n");
  await run();
  expect(read).toEqual(["co:1", "co:2"]);
});

const ROWS = [
  ["contact id", "name", "number"],
  ["co:1", "Doe, John; Jr", "+14155550001"],
  ["co:2", "Ann | Lee", "+14155550002"],
];

function table(delimiter: string, quote = '"'): string {
  return ROWS.map((row) => row.map((cell) => quote + cell + quote).join(delimiter)).join("\r\n");
}

test.each([
  ["semicolons", table(";")],
  ["tabs", table("\t")],
  ["pipes", table("|")],
  ["tabs, nothing quoted", table("\t", "")],
  ["semicolons, after a line that says so", `sep=;\r\n${table(";")}`],
  ["commas in a last column whose quote does not close", `${table(",")}\r\nco:3,"oops`],
])("a spreadsheet's file may have %s", async (_, text) => {
  writeFileSync(csv, text);
  expect(await run()).toBe(0);
  expect(read.slice(0, 2)).toEqual(["co:1", "co:2"]);
  expect(read.slice(2)).toEqual(text.endsWith("oops") ? ["co:3"] : []);
  expect(complained.join("")).toBe("");
});

const utf16 = (text: string, isBig = false) => {
  const bytes = Buffer.from(text, "utf16le");
  return isBig ? bytes.swap16() : bytes;
};

test.each([
  ["UTF-16", utf16(`\uFEFF${table("\t")}`)],
  ["big-endian UTF-16", utf16(`\uFEFF${table("\t")}`, true)],
  ["UTF-16 without a mark", utf16(table("\t"))],
  ["big-endian UTF-16 without a mark", utf16(table("\t"), true)],
  ["UTF-8 with a mark", Buffer.from(`\uFEFF${table(",")}`)],
  ["an older code page", Buffer.from(`co:1;J\u00f6rg\nco:2;x`, "latin1")],
])("the file may be in %s", async (_, bytes) => {
  writeFileSync(csv, bytes);
  expect(await run()).toBe(0);
  expect(read).toEqual(["co:1", "co:2"]);
});

test("characters that nobody sees are no part of an id", async () => {
  writeFileSync(csv, "\u200Bco:1\n\u202Aco:2\u202C;x\nco:\u00AD3\u00A0\n");
  expect(await run()).toBe(0);
  expect(read).toEqual(["co:1", "co:2", "co:3"]);
});

test("a whole row in one cell, or what is none of Pidj's form, is refused by its line and never asked for", async () => {
  const wrong = [
    '"co:1,Ann,+14155550001"',
    "'co:2;Ann'",
    '"co:3;""Ann"";+14155550001"',
    "co:4 Ann",
    "co:5@example.com",
    "co:6+14155550001",
    "co:7#Ann#14155550001",
    "co:8:Ann",
    "co:9^Ann",
    'co:10"Ann"',
    "co:11(415)5550001",
    `co:${"7".repeat(201)}`,
    "co:",
    "Ann",
  ];
  writeFileSync(csv, ["co:0", ...wrong].join("\n"));
  expect(await run()).toBe(0);
  expect(read).toEqual(["co:0"]);
  for (const line of wrong.keys()) {
    expect(complained.join("")).toContain(`line ${line + 2}: not a contact id (co:…), skipped\n`);
  }
  expect(complained.join("")).not.toMatch(/Ann|4155550001/);
});

test.each(["\n", "\r\n", "\r"])("lines are counted as an editor counts them, which ends them with %j", async (end) => {
  const lines = ["id;note", 'co:1;"two', "", 'lines"', "wrong", "", ";no id", '"co:2', '";x', "co:3"];
  writeFileSync(csv, lines.join(end));
  expect(await run()).toBe(0);
  expect(read).toEqual(["co:1", "co:2", "co:3"]);
  expect(complained.join("")).toMatch(/^line 5: [^\n]+\nline 7: [^\n]+\n2 lines skipped\n$/);
});

test("a file without ids is a wrong call, and says where they are looked for", async () => {
  for (const text of ["", "id,name\n", "name,id\nAnn,co:1\n"]) {
    writeFileSync(csv, text);
    expect(await run()).toBe(2);
    expect(complained.join("")).toContain("ids.csv has no contact ids (co:…) in its first column: nothing was read.");
  }
  expect(read).toEqual([]);
});

test("a wrong line is skipped, named by its number and not shown", async () => {
  writeFileSync(csv, 'id,note\nco:1,"two\nlines"\n+14155550001\nus:7\nco:2\n"co:3\n');
  await run();
  expect(read).toEqual(["co:1", "co:2"]);
  expect(complained.join("")).toContain("line 4: not a contact id (co:…), skipped\nline 5: not");
  expect(complained.join("")).toContain("line 7: not");
  expect(complained.join("")).toContain("3 lines skipped\n");
  expect(complained.join("")).not.toContain("4155550001");
});

test("a first line with the id of something else is a wrong line and no header", async () => {
  writeFileSync(csv, "us:7\nco:1\n");
  await run();
  expect(complained.join("")).toContain("line 1: not a contact id");
});

test("a file that is not there ends the program at once", async () => {
  expect(await run()).toBe(2);
  expect(complained.join("")).toContain("ids.csv cannot be read (ENOENT)");
});

test.each([["--per-second", "0"], ["--per-second", "many"], ["--unknown"], ["second.csv"]])(
  "a wrong call reads nothing and shows the right one: %s %s",
  async (...args) => {
    writeFileSync(csv, "co:1\n");
    expect(await run(args)).toBe(2);
    expect(complained.join("")).toMatch(/^Usage: /);
    expect(read).toEqual([]);
  },
);

test("a store that fails ends the program with a sentence and how to go on", async () => {
  writeFileSync(csv, "co:1\n");
  await store.close();
  expect(await run()).toBe(1);
  expect(complained.join("")).toBe("\nThe store failed. Run the same command again to go on.\n");
});

test("an error that is not made for logs does not show what it says", async () => {
  writeFileSync(csv, "co:1\n");
  expect(await run([], () => Promise.reject(new Error("https://user:secret@host")))).toBe(1);
  expect(complained.join("")).toContain("co:1 could not be read\n");
  expect(complained.join("")).not.toContain("secret");
});

test("whatever a file holds is read without failing, and gives nothing but whole ids", () => {
  const part = fc.constantFrom(
    "co:1",
    "co:",
    '"',
    '""',
    ",",
    ";",
    "\t",
    "|",
    "\n",
    "\r\n",
    "\r",
    " ",
    "sep=",
    "é",
    "\uFEFF",
    "\0",
    "+1",
  );
  fc.assert(
    fc.property(fc.array(part, { maxLength: 30 }), fc.constantFrom("utf8", "utf16le", "latin1"), (parts, encoding) => {
      const { ids } = readContactIds(Buffer.from(parts.join(""), encoding as BufferEncoding));
      for (const id of ids) {
        expect(id).toMatch(/^co:[^\s,;|@+]+$/);
      }
    }),
    { numRuns: 5_000 },
  );
});
