import { randomUUID } from "node:crypto";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { readConfig, readSimulation } from "../src/config.ts";
import { ConfigError } from "../src/environment.ts";
import { credentialsOf } from "../src/simulator/credentials.ts";
import { startSimulator } from "../src/simulator/simulator.ts";
import { Program } from "./program.ts";
import { ask } from "./support.ts";

const SEND = "mutation ($input: SendMessageInput!) { sendMessage(input: $input) { userErrors { code } } }";

type Env = Record<string, string>;

const PIDJ: Env = { PIDJ_ACCOUNT_KEY: "account-1", PIDJ_TOKEN: "hunter2" };
const TEXTIZEN: Env = { TEXTIZEN_AUTH_TOKEN: "hunter2" };
const PRODUCTION: Env = { NODE_ENV: "production" };

const folder = mkdtempSync(join(tmpdir(), "textgraph-simulation-"));
afterAll(() => rmSync(folder, { recursive: true }));

function simulates(env: Env): boolean {
  return readSimulation(env, readConfig(env));
}

describe("both platforms are simulated", () => {
  test.each<Env>([
    {},
    { PORT: "0", STORE_URL: "sqlite::memory:", NODE_ENV: "development" },
    { SIMULATE: "" },
    { SIMULATE: "on" },
    { ...PRODUCTION, SIMULATE: "on" },
    { ...PRODUCTION, ...PIDJ, ...TEXTIZEN, SIMULATE: "on" },
    { PIDJ_BASE_URL: "https://gopidj.com/api/2020", SIMULATE: "on" },
  ])("with %j", (env) => {
    expect(simulates(env)).toBe(true);
  });
});

describe("no platform is simulated", () => {
  test.each<Env>([
    PIDJ,
    TEXTIZEN,
    { ...PIDJ, ...PRODUCTION },
    { ...TEXTIZEN, SIMULATE: "off" },
    { ...PIDJ, TEXTIZEN_EMAIL: " " },
  ])("with %j", (env) => {
    expect(simulates(env)).toBe(false);
  });
});

describe("without credentials the start stops where simulating cannot be meant", () => {
  const stopped: [env: Env, reason: string][] = [
    [PRODUCTION, "NODE_ENV is production"],
    [{ SIMULATE: "off" }, "SIMULATE is off"],
    [{ PIDJ_TOKEN: "" }, "PIDJ_TOKEN is blank"],
    [{ PIDJ_ACCOUNT_KEY: " ", PIDJ_TOKEN: " " }, "PIDJ_ACCOUNT_KEY is blank"],
    [{ TEXTIZEN_PASSWORD: "" }, "TEXTIZEN_PASSWORD is blank"],
    [{ TEXTIZEN_BASE_URL: "https://textizen.com" }, "TEXTIZEN_BASE_URL is set"],
    [{ PIDJ_TOKN: "hunter2" }, "PIDJ_TOKN is set"],
  ];
  test.each(stopped)("%j", (env, reason) => {
    expect(() => simulates(env)).toThrow(ConfigError);
    expect(() => simulates(env)).toThrow(
      `${reason}, but there are no credentials: set PIDJ_ACCOUNT_KEY and PIDJ_TOKEN, or TEXTIZEN_EMAIL and TEXTIZEN_PASSWORD, or both pairs; or SIMULATE=on to simulate both platforms.`,
    );
  });

  test("SIMULATE must be on or off", () => {
    expect(() => simulates({ SIMULATE: "true" })).toThrow("SIMULATE must be one of on, off.");
  });
});

test("a simulation that was asked for says so, with and without credentials", async () => {
  await using program = new Program(folder, { SIMULATE: "on", NODE_ENV: "production" });
  await program.url();
  expect(program.stdout).toMatch(/^SIMULATE is on: simulating both platforms, /);
});

test("what a simulated platform accepted is no attempt of the store that STORE_URL names", async () => {
  await using simulator = await startSimulator({ people: 3, polls: 0 });
  // Of this try alone: another one begins where there is none yet too.
  const file = `shared-${randomUUID()}.db`;
  const store = { STORE_URL: `sqlite:./${file}` };
  const recipient = { phoneNumber: "+13035550199" };
  const find = `{ attempt(idempotencyKey: "key-1") { state } }`;
  {
    await using program = new Program(folder, { ...credentialsOf(simulator), ...store, SIMULATE: "on" });
    const url = await program.url();
    expect(program.stdout).toMatch(
      /^SIMULATE is on: simulating both platforms, .*\nSTORE_URL is not used: what simulated platforms do is kept in memory\.\n/,
    );
    const { data } = await ask(url, "{ pidjGroups { nodes { id phoneNumber } } }");
    const { id: groupId } = data.pidjGroups.nodes.find((group: { phoneNumber: string | null }) => group.phoneNumber);
    const input = { from: { groupId }, recipient, text: "Hello", idempotencyKey: "key-1" };
    const sent = await ask(url, SEND, { input });
    expect(sent.data.sendMessage.userErrors).toEqual([]);
    expect((await ask(url, find)).data.attempt).toEqual({ state: "ACCEPTED" });
    expect(simulator.journal).toEqual([]);
  }
  expect(existsSync(join(folder, file))).toBe(false);
  await using program = new Program(folder, { ...credentialsOf(simulator), ...store });
  expect((await ask(await program.url(), find)).data.attempt).toBeNull();
});
