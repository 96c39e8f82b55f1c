import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fetch from "node-fetch";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createAccess } from "../src/access/access.ts";
import { addApiKey, removeApiKey } from "../src/access/api-keys.ts";
import { changeKeysFile } from "../src/access/keys-file.ts";
import type { Scope } from "../src/access/scopes.ts";
import { createJob, numberAt } from "./jobs.ts";
import { type Stage, startStage } from "./support.ts";

let folder: string;
let path: string;
let stage: Stage;
/** Milliseconds by which the server's clock is ahead. */
let ahead = 0;
const keys: Record<string, string> = {};

function add(name: string, scopes: readonly Scope[], recipientsPerMinute: number | null = null): void {
  keys[name] = addApiKey(path, { name, scopes, expires: null, callsPerMinute: null, recipientsPerMinute });
  // The file is looked at once a second.
  ahead += 2_000;
}

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "job-access-"));
  path = join(folder, "keys.json");
  add("reader", ["messages:read"], null);
  add("sender", ["messages:send"], null);
  add("importer", ["messages:read", "participants:write"]);
  // It may text two people at once, and then one every eight seconds.
  add("slow", ["messages:read", "messages:send"], 8);
  stage = await startStage({
    env: { API_KEYS_FILE: path, NODE_ENV: "production", CORS_ORIGINS: "https://app.example.org" },
    app: { now: () => new Date(Date.now() + ahead) },
  });
});

afterAll(async () => {
  await stage[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true });
});

function upload(key: string | undefined, headers: Record<string, string> = {}) {
  return fetch(new URL("/jobs", stage.app.url), {
    method: "POST",
    headers: { "content-type": "text/csv", ...(key !== undefined && { "x-api-key": key }), ...headers },
    body: `phone,name\n${numberAt(0)},Ada`,
  });
}

test("a file is taken from those alone who may make a job of it", async () => {
  expect((await upload(undefined)).status).toBe(401);
  expect((await upload("none")).status).toBe(401);
  expect((await upload(keys["reader"])).status).toBe(403);
  expect((await upload(keys["sender"])).status).toBe(403);
  expect((await upload(keys["slow"])).status).toBe(200);
  expect((await upload(keys["slow"], { "content-encoding": "gzip" })).status).toBe(415);
});

test("a page of a foreign origin is not let through, and one of CORS_ORIGINS is", async () => {
  const preflight = async (origin: string) => {
    const headers = {
      origin,
      "access-control-request-method": "POST",
      "access-control-request-headers": "content-type",
    };
    const answer = await fetch(new URL("/jobs", stage.app.url), { method: "OPTIONS", headers });
    return answer.headers.get("access-control-allow-origin");
  };
  expect(await preflight("https://app.example.org")).toBe("https://app.example.org");
  expect(await preflight("https://evil.example.org")).toBeNull();
});

test("results are given to readers of messages alone, and jobs are made by those who may text and read", async () => {
  const slow = { "x-api-key": keys["slow"] ?? "" };
  const refused = await createJob(stage.app.url, {}, { "x-api-key": keys["sender"] ?? "" });
  expect(refused.errors?.[0]?.extensions["code"]).toBe("FORBIDDEN");

  const made = await createJob(stage.app.url, {}, slow);
  const { id } = made.data.createSendJob.job;
  const results = (key: string) =>
    fetch(new URL(`/jobs/${id}/results.csv`, stage.app.url), { headers: { "x-api-key": keys[key] ?? "" } });
  expect((await results("sender")).status).toBe(403);
  expect((await results("reader")).status).toBe(200);
});

test("a job texts no more people a minute than its caller may, says that it waits, and then goes on", async () => {
  const slow = { "x-api-key": keys["slow"] ?? "" };
  const { id } = (await createJob(stage.app.url, {}, slow)).data.createSendJob.job;
  const look = async () => {
    const query = `{ job(id: "${id}") { state waitsFor resumesAt counts { accepted } } }`;
    return (await stage.query(query, {}, slow)).data.job;
  };
  await expect.poll(look, { timeout: 10_000 }).toMatchObject({
    state: "WAITING",
    waitsFor: "RATE_LIMIT",
    counts: { accepted: 2 },
  });
  await expect.poll(look, { timeout: 20_000 }).toMatchObject({ state: "COMPLETED", counts: { accepted: 3 } });
  const named = stage.simulator.ledger.map(({ input }) => input["to_number"]);
  expect(new Set(named).size).toBe(named.length);
}, 40_000);

const control = (change: string, id: string, key: string) =>
  stage.query(
    `mutation ($id: ID!) { ${change}Job(input: { id: $id }) { job { state pauseReason } } }`,
    { id },
    { "x-api-key": keys[key] ?? "" },
  );

test.each([
  ["is revoked", () => removeApiKey(path, "maker")],
  [
    "loses a scope",
    () =>
      changeKeysFile(path, (all) =>
        all.map((key) => (key.name === "maker" ? { ...key, scopes: ["messages:read" as const] } : key)),
      ),
  ],
])("a job whose maker's key %s pauses when a row's turn comes, and goes on for who resumes it", async (how, change) => {
  add("maker", ["messages:read", "messages:send"]);
  const first = how === "is revoked" ? 100 : 200;
  const rows = Array.from({ length: 10 }, (_, at) => ({
    phoneNumber: numberAt(first + at),
    values: [{ name: "name", value: "Ada" }],
  }));
  const hold = stage.simulator.fault({ platform: "PIDJ", route: "POST /send", kind: "hold" });
  const input = { recipients: { rows }, idempotencyKey: how };
  const made = await createJob(stage.app.url, input, { "x-api-key": keys["maker"] ?? "" });
  const { id } = made.data.createSendJob.job;
  const look = async () => {
    const query = `{ job(id: "${id}") { state pauseReason createdBy counts { accepted waiting } } }`;
    return (await stage.query(query, {}, { "x-api-key": keys["reader"] ?? "" })).data.job;
  };
  const texted = () =>
    stage.simulator.ledger.filter(({ input: { to_number } }) =>
      rows.some(({ phoneNumber }) => phoneNumber === to_number),
    );
  await expect.poll(() => texted().length, { timeout: 10_000 }).toBe(8);

  change();
  ahead += 2_000;
  hold.release();
  await expect.poll(look, { timeout: 10_000 }).toEqual({
    ...{ state: "PAUSED", pauseReason: "KEY_REVOKED", createdBy: "key:maker" },
    counts: { accepted: 8, waiting: 2 },
  });
  expect(texted()).toHaveLength(8);

  // A new key of the same name is another one, and does not let the job go on by itself.
  changeKeysFile(path, (all) => all.filter(({ name }) => name !== "maker"));
  add("maker", ["messages:read", "messages:send"]);
  for (const key of ["reader", "sender", "importer"]) {
    expect((await control("resume", id, key)).errors?.[0]?.extensions["code"]).toBe("FORBIDDEN");
  }
  expect(await look()).toMatchObject({ state: "PAUSED", counts: { accepted: 8 } });
  expect((await control("resume", id, "maker")).data.resumeJob.job).toEqual({ state: "RUNNING", pauseReason: null });
  await expect.poll(look, { timeout: 10_000 }).toMatchObject({ state: "COMPLETED", counts: { accepted: 10 } });
  expect(texted()).toHaveLength(10);
  removeApiKey(path, "maker");
});

test("an import is paused and cancelled by those who may make one, and by nobody else", async () => {
  const hold = stage.simulator.fault({ platform: "TEXTIZEN", route: "POST /api/participants", kind: "hold" });
  const create = `mutation ($input: CreateImportJobInput!) { createImportJob(input: $input) { job { id } } }`;
  const rows = [{ phoneNumber: numberAt(300), values: [{ name: "name", value: "Ada" }] }];
  const input = { target: "PARTICIPANTS", rows: { rows }, idempotencyKey: "import" };
  const made = await stage.query(create, { input }, { "x-api-key": keys["importer"] ?? "" });
  const { id } = made.data.createImportJob.job;
  for (const change of ["pause", "resume", "cancel"]) {
    expect((await control(change, id, "slow")).errors?.[0]?.extensions["code"]).toBe("FORBIDDEN");
  }
  expect((await control("pause", id, "importer")).data.pauseJob.job).toEqual({
    state: "PAUSED",
    pauseReason: "REQUESTED",
  });
  expect((await control("cancel", id, "importer")).data.cancelJob.job.state).toBe("CANCELLED");
  hold.release();
});

test("a token's caller cannot be asked for; a key that the file does not have, and nobody by name, are gone", () => {
  const access = createAccess({ keys: null, tokens: null, isSubgraph: false, now: () => 0 });
  const who = (id: string) => access.recall({ id, isAnonymous: false, recipientsPerMinute: null });
  expect([who("token:58"), who("key:maker"), who("anonymous")]).toEqual(["unknown", "gone", "gone"]);
});
