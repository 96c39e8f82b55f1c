import { chmodSync, chownSync, existsSync, mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { addApiKey, createApiKeys, removeApiKey } from "../src/access/api-keys.ts";
import { readKeysFile } from "../src/access/keys-file.ts";

let folder: string;
let path: string;
let time: number;
const warnings: string[] = [];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "keys-file-"));
  path = join(folder, "keys.json");
  time = Date.parse("2026-05-01T00:00:00Z");
  warnings.length = 0;
});

afterEach(() => rmSync(folder, { recursive: true }));

function keysOf() {
  return createApiKeys({ path, now: () => time, warn: (message) => warnings.push(message) });
}

function add(name: string): string {
  return addApiKey(path, { name, scopes: [], expires: null, callsPerMinute: null, recipientsPerMinute: null });
}

test("a change leaves the file readable for whoever could read it, so that the server learns of a revoked key", () => {
  add("console");
  add("inbox");
  chmodSync(path, 0o640);
  const isRoot = process.getuid?.() === 0;
  if (isRoot) {
    chownSync(path, 1234, 5678);
  }

  removeApiKey(path, "console");

  const { mode, uid, gid } = statSync(path);
  expect(mode & 0o777).toBe(0o640);
  expect([uid, gid]).toEqual(isRoot ? [1234, 5678] : [process.getuid?.(), process.getgid?.()]);
});

test("while one program changes the file no other does, and a change that fails leaves no trace", () => {
  add("console");
  writeFileSync(`${path}.new`, "");

  expect(() => removeApiKey(path, "console")).toThrow("is being changed by another program");
  expect(() => add("inbox")).toThrow(`delete ${path}.new`);
  rmSync(`${path}.new`);
  expect(() => add("console")).toThrow("There is a key named console already");
  expect(existsSync(`${path}.new`)).toBe(false);
  expect(readKeysFile(path).map(({ name }) => name)).toEqual(["console"]);
});

test("a file that cannot be changed is said to be one", () => {
  writeFileSync(join(folder, "file"), "");
  path = join(folder, "file", "keys.json");

  expect(() => add("console")).toThrow(`API_KEYS_FILE ${path} cannot be changed (ENOTDIR)`);
});

test("a revoked key ends within a second even if the time of day is set back", () => {
  const key = add("console");
  const keys = keysOf();
  const caller = keys.find(key);
  removeApiKey(path, "console");
  time -= 3_600_000;

  expect(keys.find(key)).toBeNull();
  expect(caller !== null && keys.has(caller)).toBe(false);
});

test("a file that other users may write is warned of, at the start and after a change", () => {
  add("console");
  const keys = keysOf();
  expect(warnings).toEqual([]);
  chmodSync(path, 0o620);
  add("inbox");
  time += 1_000;
  keys.find("");

  expect(warnings).toEqual(["other users may write the API keys file, and so give themselves a key"]);
  keysOf();
  expect(warnings).toHaveLength(2);
});
