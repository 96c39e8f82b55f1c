import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fetch from "node-fetch";
import { afterAll, expect, test } from "vitest";
import { startApp } from "../src/app.ts";
import { Documents } from "../src/operations/documents.ts";
import type { Plan, PlannedField } from "../src/operations/explain.ts";
import { buildGraph } from "../src/operations/graph.ts";
import { type Operation, RandomOperations } from "./random-operations.ts";
import { readValues } from "./random-values.ts";
import { configFor, type Stage, startStage } from "./support.ts";

/** `npm run stress` tries 10,000. */
const OPERATIONS = Number(process.env["STRESS_OPERATIONS"] ?? 2_000);
const TRUSTED = OPERATIONS / 10;
const SIZES = { people: 30, polls: 6, responsesPerPoll: 12, pidjGroups: 5, series: 4, textizenGroups: 6 };
const LIMITS = { calls: 1_000_000, objects: 1_000_000 };
const ENV = {
  // Prices of all sizes are compared, those that the defaults refuse too.
  MAX_QUERY_CALLS: String(LIMITS.calls),
  MAX_QUERY_OBJECTS: String(LIMITS.objects),
  QUERY_TIMEOUT_MS: "60000",
  SNAPSHOT_SECONDS: "600",
  // With `_entities`, as a router asks.
  SUBGRAPH: "on",
};
/** Cold, then as lists are kept. */
const RUNS = [
  ["atMost", { "cache-control": "no-cache" }],
  ["warm", {}],
] as const;

const folder = mkdtempSync(join(tmpdir(), "claimed-calls-"));
afterAll(() => rmSync(folder, { recursive: true }));

interface Explained {
  readonly plan?: Plan;
}

interface Answered {
  readonly extensions?: {
    readonly cost: Record<"asked" | "actual", { readonly calls: number; readonly objects: number }>;
    readonly platforms: readonly {
      readonly platform: string;
      readonly route: string;
      readonly status?: number;
      readonly source: string;
    }[];
  };
}

async function post<Body>(url: string, body: object, headers: Record<string, string> = {}): Promise<Body> {
  const response = await fetch(url, {
    method: "POST",
    headers: { "content-type": "application/json", ...headers },
    body: JSON.stringify(body),
  });
  return (await response.json()) as Body;
}

function callsIn(fields: readonly PlannedField[]): string[] {
  return fields.flatMap(({ calls, fields: inner }) => [...calls, ...callsIn(inner)]);
}

/** Every call as the simulator saw it since the last look, sign-ins included. */
function journalOf({ simulator }: Stage): string[] {
  const calls = simulator.journal.map(({ platform, route, status }) => `${platform} ${route} ${status}`);
  simulator.clearJournal();
  return calls.sort();
}

/** Explains and runs an operation, by its text or its id, and tells what is not as it was said to be. */
class Check {
  readonly wrong: unknown[] = [];
  planned = 0;
  calls = 0;

  async compare(stage: Stage, url: string, body: object): Promise<void> {
    const { plan } = await post<Explained>(new URL("/explain", url).href, body);
    if (plan === undefined) {
      return;
    }
    this.planned += 1;
    const named = new Set<string>(callsIn(plan.fields));
    for (const [state, headers] of RUNS) {
      journalOf(stage);
      const { extensions } = await post<Answered>(url, body, headers);
      const journal = journalOf(stage);
      const claimed = (extensions?.platforms ?? [])
        .filter(({ source }) => source === "called")
        .map(({ platform, route, status }) => `${platform} ${route} ${status}`)
        .sort();
      // Sign-ins belong to the session, which all operations share: no plan counts them.
      const calls = journal.map((call) => call.replace(/ \d+$/, "")).filter((call) => !call.endsWith("/sign_in"));
      const most = plan[state];
      const { asked, actual } = extensions?.cost ?? { asked: most, actual: { calls: 0, objects: 0 } };
      this.calls += calls.length;
      const isRight =
        claimed.join() === journal.join() &&
        calls.every((call) => named.has(call)) &&
        calls.length <= Math.min(most.calls, asked.calls) &&
        actual.objects <= Math.min(most.objects, asked.objects);
      if (!isRight) {
        this.wrong.push({ state, body, journal, claimed, most, asked, actual, named: [...named] });
      }
    }
  }
}

test("each operation makes the calls that its answer claims, and no more than its price and its plan say", {
  timeout: Math.max(180_000, OPERATIONS * 60),
}, async () => {
  await using stage = await startStage({ simulator: SIZES, env: ENV });
  await stage.learnContacts();
  const { schema } = await buildGraph({ isSubgraph: true, allowsIntrospection: true, limits: LIMITS });
  const operations = new RandomOperations(schema, await readValues(stage), 20_261_126);
  const check = new Check();
  let entities = 0;
  while (check.planned < OPERATIONS) {
    const operation = operations.next();
    entities += operation.query.includes("_entities(") ? 1 : 0;
    await check.compare(stage, stage.app.url, operation);
  }
  expect(check.wrong.slice(0, 5)).toEqual([]);
  expect(check.calls).toBeGreaterThan(OPERATIONS);
  expect(entities).toBeGreaterThan(OPERATIONS / 100);
});

test("so does each trusted document, by its id", { timeout: Math.max(60_000, OPERATIONS * 10) }, async () => {
  await using stage = await startStage({ simulator: SIZES, env: ENV });
  await stage.learnContacts();
  const { schema } = await buildGraph({ isSubgraph: true, allowsIntrospection: true, limits: LIMITS });
  const operations = new RandomOperations(schema, await readValues(stage), 42);
  // A document with a wrong literal stops the start.
  const documents = new Documents(schema, true);
  const tried: Operation[] = [];
  while (tried.length < TRUSTED) {
    const operation = operations.next();
    if ("kind" in documents.prepare(operation.query)) {
      tried.push(operation);
    }
  }
  const manifest = join(folder, "documents.json");
  writeFileSync(manifest, JSON.stringify(Object.fromEntries(tried.map(({ query }, at) => [`d${at}`, query]))));
  const closed = await startApp(configFor(stage.simulator, { ...ENV, TRUSTED_DOCUMENTS: manifest }));
  try {
    const check = new Check();
    for (const [at, { variables }] of tried.entries()) {
      await check.compare(stage, closed.url, { documentId: `d${at}`, variables });
    }
    expect(check.wrong.slice(0, 5)).toEqual([]);
    expect(check.planned).toBeGreaterThan(TRUSTED / 2);
    expect(check.calls).toBeGreaterThan(TRUSTED);
  } finally {
    await closed.close();
  }
});
