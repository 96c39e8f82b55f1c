import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type AuditResult, auditServer } from "graphql-http";
import { afterAll, beforeAll, expect, test } from "vitest";
import { addApiKey } from "../src/access/api-keys.ts";
import { startStage } from "./support.ts";

// The audits of GraphQL over HTTP (https://graphql.github.io/graphql-over-http/draft/), by the reference implementation.

/** What is not done as it SHOULD be, and why. */
const DEPARTURES = {
  // For `accept: application/json` an operation that was not executed is answered with 400 and not with 200, like for
  // application/graphql-response+json: proxies and monitors, which see the status alone, count it as what it is.
  "572B": "SHOULD use 200 status code on document parsing failure when accepting application/json",
  FDE2: "SHOULD use 200 status code on document validation failure when accepting application/json",
  "7B9B": "SHOULD use a status code of 200 on variable coercion failure when accepting application/json",
};

/** What need not be done at all, and is done for those alone who send a header that no page can send unasked (CSRF). */
const WITHOUT_PREFLIGHT = {
  "5A70": "MAY accept application/x-www-form-urlencoded formatted GET requests",
  D6D5: "MAY allow URL-encoded JSON string {variables} parameter in GETs when accepting application/graphql-response+json",
  "6A70": "MAY allow URL-encoded JSON string {variables} parameter in GETs when accepting application/json",
};

const PREFLIGHT = { "apollo-require-preflight": "true" };

let folder: string;
let key: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "audits-"));
  const limits = { expires: null, callsPerMinute: null, recipientsPerMinute: null };
  key = addApiKey(join(folder, "keys.json"), { name: "auditor", scopes: [], ...limits });
});

afterAll(() => rmSync(folder, { recursive: true }));

/** The audits that do not pass. */
async function audit(env: Record<string, string>, headers: Record<string, string>): Promise<Record<string, string>> {
  await using stage = await startStage({ simulator: { people: 2 }, env });
  const fetchFn = (url: string, options: RequestInit = {}) =>
    fetch(url, { ...options, headers: { ...Object.fromEntries(new Headers(options.headers)), ...headers } });
  const results = await auditServer({ url: stage.app.url, fetchFn });
  expect(results.length).toBeGreaterThan(60);
  return Object.fromEntries(results.filter(isFailed).map(({ id, name }) => [id, name]));
}

function isFailed({ status }: AuditResult): boolean {
  return status !== "ok";
}

test("in development", async () => {
  expect(await audit({}, {})).toEqual({ ...DEPARTURES, ...WITHOUT_PREFLIGHT });
  expect(await audit({}, PREFLIGHT)).toEqual(DEPARTURES);
});

test("in production, with authentication on", async () => {
  // The audits' own queries are introspections.
  const env = { NODE_ENV: "production", INTROSPECTION: "on", API_KEYS_FILE: join(folder, "keys.json") };

  expect(await audit(env, { "x-api-key": key })).toEqual({ ...DEPARTURES, ...WITHOUT_PREFLIGHT });
  expect(await audit(env, { authorization: `Bearer ${key}`, ...PREFLIGHT })).toEqual(DEPARTURES);
});

test("without a credential nothing but refusals in GraphQL's shape is answered", async () => {
  await using stage = await startStage({ env: { API_KEYS_FILE: join(folder, "keys.json") } });
  const answers: unknown[] = [];
  const fetchFn = async (url: string, options: RequestInit) => {
    const response = await fetch(url, options);
    answers.push([response.status, await response.clone().json()]);
    return response;
  };
  await auditServer({ url: stage.app.url, fetchFn });

  expect(answers.length).toBeGreaterThan(60);
  expect(new Set(answers.map((answer) => JSON.stringify(answer))).size).toBe(1);
  expect(answers[0]).toEqual([
    401,
    { errors: [{ message: expect.any(String), extensions: { code: "UNAUTHENTICATED", retryable: false } }] },
  ]);
});
