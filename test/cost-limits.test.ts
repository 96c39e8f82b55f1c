import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { getIntrospectionQuery } from "graphql";
import fetch from "node-fetch";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { addApiKey } from "../src/access/api-keys.ts";
import { SCOPES } from "../src/access/scopes.ts";
import { startStage } from "./support.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "cost-limits-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

const SIMULATOR = { people: 20, polls: 3 };

/** A server, and a caller with every scope. */
async function startWithKey(callsPerMinute: number, env: Record<string, string> = {}) {
  const path = join(folder, "keys.json");
  const limits = { expires: null, callsPerMinute, recipientsPerMinute: null };
  const key = addApiKey(path, { name: "app", scopes: SCOPES, ...limits });
  const stage = await startStage({ simulator: SIMULATOR, env: { API_KEYS_FILE: path, ...env } });
  return { ...stage, headers: { "x-api-key": key, "content-type": "application/json", "cache-control": "no-cache" } };
}

describe("what was taken of a caller's share is settled when the operation ends:", () => {
  test("an operation whose variables are wrong costs nothing, though its price was known", async () => {
    await using stage = await startWithKey(100);
    const QUERY = "query ($ids: [ID!]!, $n: Int) { nodes(ids: $ids) { id } polls(first: $n) { totalCount } }";
    const ids = Array.from({ length: 5 }, (_, at) => `poll:${at}`);
    await stage.query(QUERY, { ids, n: 1 }, stage.headers);

    const statuses = [];
    for (let each = 0; each < 10; each += 1) {
      statuses.push((await stage.query(QUERY, { ids, n: "many" }, stage.headers)).status);
    }

    expect(new Set(statuses)).toEqual(new Set([400]));
  });

  test("what it used in addition is missing later", async () => {
    await using stage = await startWithKey(60);
    stage.simulator.fault({ kind: "status", status: 503, platform: "PIDJ", route: "GET /surveys" });
    const { extensions } = await stage.query("{ surveys { totalCount } }", {}, stage.headers);
    const { asked, actual, left } = extensions.cost;

    expect(actual.calls).toBeGreaterThan(asked.calls);
    expect(left.calls).toBeLessThan(12 - asked.calls);
  });
});

test("objects have a share of their own", async () => {
  await using stage = await startWithKey(6_000, { OBJECTS_PER_MINUTE: "100" });
  const QUERY = "{ polls(first: 100) { nodes { id } } }";
  const first = await stage.query(QUERY, {}, stage.headers);
  expect(first.status).toBe(200);
  expect(first.extensions.cost).toMatchObject({
    left: { objects: 20 - first.extensions.cost.actual.objects },
    restoredPerSecond: { objects: 100 / 60 },
  });

  const second = await stage.query(QUERY, {}, stage.headers);
  expect(second.errors?.[0]).toMatchObject({
    message: expect.stringContaining("its objects"),
    extensions: { code: "RATE_LIMITED", retryAfter: expect.any(Number) },
  });
});

test.each(["POST", "GET"])("a refusal that passes with time has the header Retry-After: %s", async (method) => {
  await using stage = await startWithKey(1);
  const query = "query Two { a: polls { totalCount } b: surveys { totalCount } }";
  const send = () =>
    method === "POST"
      ? fetch(stage.app.url, { method, headers: stage.headers, body: JSON.stringify({ query }) })
      : fetch(`${stage.app.url}?query=${encodeURIComponent(query)}`, { headers: stage.headers });
  await send();

  const refused = await send();

  const body = (await refused.json()) as { errors: { extensions: { retryAfter: number } }[] };
  expect(refused.status).toBe(429);
  expect(Number(refused.headers.get("retry-after"))).toBe(body.errors[0]?.extensions.retryAfter);
});

describe("the limits of fields hold through fragments:", () => {
  const many = Array.from({ length: 101 }, (_, at) => at);

  test("a hundred and one root fields in a fragment are too many", async () => {
    await using stage = await startStage({ simulator: SIMULATOR });
    const answer = await stage.query(
      `{ ...F } fragment F on Query { ${many.map((at) => `a${at}: eventCursor`).join(" ")} }`,
    );
    expect(answer.errors?.[0]?.extensions["code"]).toBe("QUERY_TOO_COSTLY");
  });

  test("what is skipped is looked at too: a bomb of it is refused at once", async () => {
    await using stage = await startStage({ simulator: SIMULATOR });
    const skipped = `fragment Skipped on Poll { ${"id @skip(if: true) ".repeat(100)} }`;
    const doubled = Array.from(
      { length: 11 },
      (_, at) =>
        `fragment F${at} on Poll { a: campaign { polls { ...F${at + 1} ...Skipped } } b: campaign { polls { ...F${at + 1} ...Skipped } } }`,
    );
    const text = `{ polls { nodes { ...F0 } } } ${doubled.join(" ")} fragment F11 on Poll { id } ${skipped}`;
    const began = performance.now();
    const answer = await stage.query(text);
    expect(answer.errors?.[0]?.extensions["code"]).toBe("QUERY_TOO_COSTLY");
    expect(performance.now() - began).toBeLessThan(500);
  });
});

describe("introspection has a price:", () => {
  test("reading the whole schema passes", async () => {
    await using stage = await startStage({ simulator: SIMULATOR });
    const answer = await stage.query(getIntrospectionQuery({ inputValueDeprecation: true, specifiedByUrl: true }));
    expect(answer.errors).toBeUndefined();
    expect(answer.extensions.cost.asked.objects).toBeLessThan(15_000);
  });

  test.each([
    [
      "reading it a hundred times does not",
      `{ ${Array.from({ length: 100 }, (_, at) => `a${at}: __schema { types { fields { name } } }`).join(" ")} }`,
    ],
    [
      "nor reading its fields a hundred times",
      `{ __schema { types { ${Array.from({ length: 90 }, (_, at) => `a${at}: fields { args { type { name } } }`).join(" ")} } } }`,
    ],
    [
      "nor going round in it",
      "{ __schema { types { fields { type { fields { type { fields { type { fields { name } } } } } } } } } }",
    ],
  ])("%s", async (_name, text) => {
    await using stage = await startStage({ simulator: SIMULATOR });
    const began = performance.now();
    const answer = await stage.query(text);
    expect(answer.status).toBe(400);
    expect(answer.data).toBeUndefined();
    expect(performance.now() - began).toBeLessThan(500);
  });
});
