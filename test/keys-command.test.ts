import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { createApiKeys } from "../src/access/api-keys.ts";
import { runKeys } from "../src/commands/keys.ts";

let folder: string;
let path: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "keys-"));
  path = join(folder, "api-keys.json");
});

afterEach(() => rmSync(folder, { recursive: true }));

async function run(argv: readonly string[], file: string | undefined = path) {
  let out = "";
  let err = "";
  const code = await runKeys(argv, {
    path: file,
    stdout: { write: (text: string) => (out += text) },
    stderr: { write: (text: string) => (err += text) },
    now: () => new Date("2026-05-01T00:00:00Z"),
  });
  return { code, out, err };
}

const CREATE = ["create", "--name", "console", "--scopes", "contacts:read, messages:send"];

test("a key is printed once on stdout, is good at once with what was asked for, and is listed without itself", async () => {
  const { code, out } = await run([...CREATE, "--expires", "2027-01-31", "--calls-per-minute", "60"]);
  const key = out.trim();
  const keys = createApiKeys({ path, now: () => Date.parse("2026-05-01T00:00:00Z"), warn: () => undefined });
  const list = await run(["list"]);

  expect(code).toBe(0);
  expect(key).toMatch(/^tg_[\w-]{43}$/);
  expect(keys.find(key)).toMatchObject({
    id: "key:console",
    scopes: new Set(["contacts:read", "messages:send"]),
    expiresAt: Date.parse("2027-01-31T00:00:00Z"),
    callsPerMinute: 60,
  });
  expect(list.out).toBe("console  contacts:read,messages:send  until 2027-01-31T00:00:00.000Z\n");
});

test("a revoked key is gone", async () => {
  await run(CREATE);

  expect(await run(["revoke", "--name", "console"])).toMatchObject({ code: 0 });
  expect((await run(["list"])).out).toBe(`There are no keys in ${path}.\n`);
  expect(await run(["revoke", "--name", "console"])).toMatchObject({
    code: 1,
    err: expect.stringContaining("no key named"),
  });
});

test.each([
  [[], 2, "Usage:"],
  [["create", "--scopes", "contacts:read"], 2, "--name is missing"],
  [["create", "--name", "a b", "--scopes", "contacts:read"], 1, "name must be 1 to 64"],
  [["create", "--name", "a"], 1, "--scopes: scopes must be a list of these: contacts:read,"],
  [["create", "--name", "a", "--scopes", "contacts:reed"], 1, "--scopes: scopes must be a list of these"],
  [["create", "--name", "a", "--scopes", "polls:read", "--expires", "soon"], 1, "--expires: expires must be a date"],
  [["create", "--name", "a", "--scopes", "polls:read", "--expires", "2026-05-01"], 1, "--expires has passed already"],
  [
    ["create", "--name", "a", "--scopes", "polls:read", "--calls-per-minute", "many"],
    1,
    "--calls-per-minute must be a",
  ],
  [["create", "--name", "a", "--scopes", "polls:read", "--admin"], 2, "Usage:"],
])("a call that is wrong says what was expected, and makes no key: %j", async (argv, code, sentence) => {
  const result = await run(argv);

  expect(result.code).toBe(code);
  expect(result.err).toContain(sentence);
  expect((await run(["list"])).out).toBe(`There are no keys in ${path}.\n`);
});

test("without API_KEYS_FILE it says where to set it", async () => {
  expect(
    await runKeys(["list"], {
      path: undefined,
      stdout: { write: () => 0 },
      stderr: { write: () => 0 },
      now: () => new Date(),
    }),
  ).toBe(1);
});
