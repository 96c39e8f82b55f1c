import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fetch from "node-fetch";
import { afterAll, beforeAll, expect, test } from "vitest";
import { addApiKey } from "../src/access/api-keys.ts";
import type { Scope } from "../src/access/scopes.ts";
import { createJob, numberAt } from "./jobs.ts";
import { type Stage, startStage } from "./support.ts";

let folder: string;
let stage: Stage;
const keys: Record<string, string> = {};

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "job-access-"));
  const path = join(folder, "keys.json");
  const add = (name: string, scopes: Scope[], recipientsPerMinute: number | null) => {
    keys[name] = addApiKey(path, { name, scopes, expires: null, callsPerMinute: null, recipientsPerMinute });
  };
  add("reader", ["messages:read"], null);
  add("sender", ["messages:send"], null);
  // It may text two people at once, and then one every eight seconds.
  add("slow", ["messages:read", "messages:send"], 8);
  stage = await startStage({
    env: { API_KEYS_FILE: path, NODE_ENV: "production", CORS_ORIGINS: "https://app.example.org" },
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
