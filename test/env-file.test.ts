import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { loadEnvFile } from "../src/env-file.ts";
import { ConfigError } from "../src/environment.ts";
import { Program } from "./program.ts";

const root = mkdtempSync(join(tmpdir(), "textgraph-env-"));
afterAll(() => rmSync(root, { recursive: true }));
let folders = 0;

/** A new folder whose `.env` has this content. */
function folderWith(content: string | Buffer): string {
  folders += 1;
  const folder = join(root, String(folders));
  mkdirSync(folder);
  writeFileSync(join(folder, ".env"), content);
  return folder;
}

function load(content: string | Buffer, set: Record<string, string> = {}): NodeJS.ProcessEnv {
  return loadEnvFile(set, join(folderWith(content), ".env"));
}

const CREDENTIALS = "PIDJ_ACCOUNT_KEY=account-1\nPIDJ_TOKEN=hunter2\n";
const BIG_ENDIAN = Buffer.from(CREDENTIALS, "utf16le").swap16();

describe("a .env file is read", () => {
  const read: [what: string, content: string | Buffer, variables: Record<string, string>][] = [
    ["that is empty", "", {}],
    ["with comments and blank lines", "\n# PORT=1\n  # A comment: of words\nPORT=5000 # why\n", { PORT: "5000" }],
    [
      "that begins with a byte order mark",
      `\uFEFF${CREDENTIALS}`,
      { PIDJ_ACCOUNT_KEY: "account-1", PIDJ_TOKEN: "hunter2" },
    ],
    ["with Windows' line ends", "A=1\r\nB=2\r\n", { A: "1", B: "2" }],
    ["with the line ends of old Macs", "A=1\rB=2\r", { A: "1", B: "2" }],
    ["with export", "export A=1\n", { A: "1" }],
    ["with quotes, which keep # and line breaks", "A='p#w'\nB=\"x\n: y\"\nC=p#w\n", { A: "p#w", B: "x\n: y", C: "p" }],
  ];
  test.each(read)("%s", (_, content, variables) => {
    expect(load(content)).toEqual(variables);
  });

  test("and what is set already stays, blank too", () => {
    expect(load("A=1\nB=2\nC=3\n", { A: "set", B: "" })).toEqual({ A: "set", B: "", C: "3" });
  });

  test("if there is one", () => {
    expect(loadEnvFile({ A: "1" }, join(root, "nowhere", ".env"))).toEqual({ A: "1" });
  });
});

describe("a .env file that cannot be taken as a whole says why, and what to do", () => {
  const refused: [what: string, content: string | Buffer, sentence: RegExp][] = [
    [
      "UTF-16 with a mark",
      Buffer.from(`\uFEFF${CREDENTIALS}`, "utf16le"),
      /is not UTF-8, but UTF-16 .*: save it as UTF-8\.$/,
    ],
    ["UTF-16 without one", Buffer.from(CREDENTIALS, "utf16le"), /is not UTF-8, but UTF-16 .*: save it as UTF-8\.$/],
    [
      "big-endian UTF-16 with a mark",
      Buffer.concat([Buffer.of(0xfe, 0xff), BIG_ENDIAN]),
      /UTF-16 .*: save it as UTF-8\.$/,
    ],
    ["big-endian UTF-16 without one", BIG_ENDIAN, /UTF-16 .*: save it as UTF-8\.$/],
    ["Latin-1", Buffer.from("TEXTIZEN_PASSWORD=pässword\n", "latin1"), /is not UTF-8: save it as UTF-8\.$/],
    ["colons for equal signs", "PORT=0\n\nPIDJ_TOKEN: hunter2\n", /^\.env, line 3: expected NAME=value/],
    ["a name with an invisible blank", "PIDJ_TOKEN\u00A0=hunter2\n", /^\.env, line 1: expected NAME=value/],
    ["words", '"two\nlines"\n', /^\.env, line 1: expected NAME=value/],
  ];
  test.each(refused)("%s", (_, content, sentence) => {
    expect(() => load(content)).toThrow(ConfigError);
    expect(() => load(content)).toThrow(sentence);
    expect(() => load(content)).not.toThrow("hunter2");
  });

  test("a folder", () => {
    const folder = folderWith("");
    rmSync(join(folder, ".env"));
    mkdirSync(join(folder, ".env"));
    expect(() => loadEnvFile({}, join(folder, ".env"))).toThrow(/^\.env is a folder: make it a file/);
  });

  test("a link to a file that is gone", () => {
    const folder = folderWith("");
    rmSync(join(folder, ".env"));
    symlinkSync(join(folder, "gone"), join(folder, ".env"));
    expect(() => loadEnvFile({}, join(folder, ".env"))).toThrow(/^\.env cannot be read \(ENOENT\): let the user/);
  });
});

const programs = [["main.ts"], ["commands/import-contacts.ts", "ids.csv"], ["commands/settle-attempts.ts"]];
describe.each(programs)("%s", (...command) => {
  test("does not start beside a .env file that cannot be taken", async () => {
    await using program = new Program(folderWith(BIG_ENDIAN), {}, command);
    expect(await program.exited).toBe(1);
    expect(program.stdout).toBe("");
    expect(program.stderr).toBe(".env is not UTF-8, but UTF-16 or binary: save it as UTF-8.\n");
  });

  test("takes its variables from .env", async () => {
    await using program = new Program(folderWith(`\uFEFFSTORE_URL=redis://10.0.0.1\n${CREDENTIALS}`), {}, command);
    expect(await program.exited).toBe(1);
    expect(program.stderr).toMatch(/^STORE_URL must be/);
  });
});
