import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
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
  folder = mkdtempSync(join(tmpdir(), "keys-"));
  path = join(folder, "private", "keys.json");
  time = Date.parse("2026-05-01T00:00:00Z");
  warnings.length = 0;
});

afterEach(() => rmSync(folder, { recursive: true }));

function keysOf(file = path) {
  return createApiKeys({ path: file, now: () => time, warn: (message) => warnings.push(message) });
}

function add(name: string, more: Partial<Parameters<typeof addApiKey>[1]> = {}): string {
  return addApiKey(path, {
    name,
    scopes: ["contacts:read"],
    expires: null,
    callsPerMinute: null,
    recipientsPerMinute: null,
    ...more,
  });
}

test("a key that was made is found, with its name, scopes and rates; the file holds its digest alone", () => {
  const key = add("console", { scopes: ["contacts:read", "messages:send"], callsPerMinute: 60 });

  expect(keysOf().find(key)).toMatchObject({
    id: "key:console",
    scopes: new Set(["contacts:read", "messages:send"]),
    expiresAt: null,
    isAnonymous: false,
    callsPerMinute: 60,
    recipientsPerMinute: null,
  });
  expect(readFileSync(path, "utf8")).not.toContain(key);
  expect(statSync(path).mode & 0o777).toBe(0o600);
});

test("nobody is found by another key, by a digest, or by a key in other letters", () => {
  const key = add("console");
  const [entry] = readKeysFile(path);

  for (const wrong of ["", "tg_", `${key} `, key.toUpperCase(), entry?.sha256 ?? "", "__proto__"]) {
    expect(keysOf().find(wrong)).toBeNull();
  }
});

test("a key ends at its expiry, to the millisecond", () => {
  const key = add("console", { expires: new Date(time + 10) });
  const keys = keysOf();

  time += 9;
  expect(keys.find(key)?.id).toBe("key:console");
  time += 1;
  expect(keys.find(key)).toBeNull();
});

test("a key that is made or revoked while the server runs counts within a second", () => {
  const first = add("console");
  const keys = keysOf();
  const second = add("inbox");

  time += 1_000;
  expect(keys.find(second)?.id).toBe("key:inbox");
  removeApiKey(path, "console");
  expect(keys.find(first)?.id).toBe("key:console");
  time += 1_000;
  expect(keys.find(first)).toBeNull();
});

test("a file that becomes unreadable keeps the keys that were read last, warns once, and is read again when mended", () => {
  const key = add("console");
  const good = readFileSync(path, "utf8");
  const keys = keysOf();

  writeFileSync(path, "[{");
  for (let second = 0; second < 3; second += 1) {
    time += 1_000;
    expect(keys.find(key)?.id).toBe("key:console");
  }
  expect(warnings).toHaveLength(1);
  writeFileSync(path, good.replace("console", "renamed"));
  time += 1_000;
  expect(keys.find(key)?.id).toBe("key:renamed");
});

test("a second key of a name is refused, and so is revoking one that is not there", () => {
  add("console");

  expect(() => add("console")).toThrow("There is a key named console already");
  expect(() => removeApiKey(path, "inbox")).toThrow("There is no key named inbox");
});

const digest = "a".repeat(64);

test.each([
  ["{}", "must be a JSON list of keys"],
  ["nothing", "is not JSON"],
  ["[1]", "key 1 must be an object"],
  [`[{"name":"a b","sha256":"${digest}","scopes":[]}]`, "key 1: name must be 1 to 64"],
  [`[{"name":"a","sha256":"tg_secret","scopes":[]}]`, "key 1: sha256 must be 64 hexadecimal digits"],
  [`[{"name":"a","sha256":"${digest}","scopes":["contacts:reed"]}]`, "key 1: scopes must be a list of these"],
  [`[{"name":"a","sha256":"${digest}","scopes":"contacts:read"}]`, "key 1: scopes must be a list of these"],
  [`[{"name":"a","sha256":"${digest}","scopes":[],"expires":"soon"}]`, "key 1: expires must be a date"],
  [`[{"name":"a","sha256":"${digest}","scopes":[],"expires":"2027-02-30"}]`, "key 1: expires must be a date"],
  [`[{"name":"a","sha256":"${digest}","scopes":[],"callsPerMinute":0}]`, "callsPerMinute must be a whole number"],
  [`[{"name":"a","sha256":"${digest}","scopes":[],"scope":[]}]`, "key 1 has a member that is not known"],
  [`[{"name":"a","sha256":"${digest}","scopes":[]},{"name":"b","sha256":"${digest}","scopes":[]}]`, "two keys"],
])("a file that is wrong stops the start with a sentence that says where: %s", (text, sentence) => {
  const file = join(folder, "wrong.json");
  writeFileSync(file, text);

  expect(() => keysOf(file)).toThrow(sentence);
  expect(() => keysOf(file)).not.toThrow("tg_secret");
});

test("a file that is missing stops the start and says what makes it", () => {
  expect(() => keysOf()).toThrow(`API_KEYS_FILE ${path} does not exist: npm run keys:create makes it.`);
});
