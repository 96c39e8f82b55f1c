import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fetch from "node-fetch";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { addApiKey } from "../src/access/api-keys.ts";
import { readConfig } from "../src/config.ts";
import { SECRET } from "./events.ts";
import { ON_TEXT, openSubscriber, startListening } from "./subscribers.ts";
import { type Stage, startStage } from "./support.ts";

async function metricsOf({ app }: Stage, headers: Record<string, string> = {}): Promise<string> {
  return (await fetch(new URL("/metrics", app.url), { headers })).text();
}

/** The value of the one series with this name and these labels; null if there is none. */
function valueIn(text: string, name: string, labels: Record<string, string> = {}): number | null {
  const series = Object.entries(labels).map(([label, value]) => `${label}="${value}"`);
  const line = text
    .split("\n")
    .find(
      (each) => each.startsWith(`${name}${series.length ? "{" : " "}`) && series.every((pair) => each.includes(pair)),
    );
  return line === undefined ? null : Number(line.slice(line.lastIndexOf(" ")));
}

test("operations by kind and outcome, errors by code, and how long they took", async () => {
  await using stage = await startStage({
    simulator: { people: 3, polls: 0 },
    env: { TEXTIZEN_EMAIL: "", TEXTIZEN_PASSWORD: "" },
  });
  await stage.query("{ surveys { totalCount } }");
  await stage.query("{ surveys { totalCount } polls { totalCount } }");
  await stage.query("{ nothing }");
  const text = await metricsOf(stage);
  const operations = (kind: string, outcome: string) => valueIn(text, "textgraph_operations_total", { kind, outcome });
  expect([operations("query", "ok"), operations("query", "partial"), operations("none", "refused")]).toEqual([1, 1, 1]);
  expect(valueIn(text, "textgraph_errors_total", { code: "PLATFORM_NOT_CONFIGURED" })).toBe(1);
  expect(valueIn(text, "textgraph_errors_total", { code: "GRAPHQL_VALIDATION_FAILED" })).toBe(1);
  expect(valueIn(text, "textgraph_operation_duration_seconds_count", { kind: "query" })).toBe(2);
  expect(valueIn(text, "textgraph_http_requests_total", { route: "/graphql", status: "200" })).toBe(2);
  expect(valueIn(text, "textgraph_http_requests_total", { route: "/graphql", status: "400" })).toBe(1);
});

test("platform calls by route template and outcome, those of the background too", async () => {
  await using stage = await startStage({ simulator: { people: 3, polls: 0 }, env: { READ_TIMEOUT_MS: "150" } });
  const contactId = [...stage.simulator.world.contacts.keys()][0];
  await stage.query(`{ contact(id: "${contactId}") { id } }`);
  stage.simulator.fault({ platform: "PIDJ", route: "GET /surveys", kind: "hang", times: 1 });
  await stage.query("{ surveys { totalCount } }");
  const text = await metricsOf(stage);
  const calls = (route: string, outcome: string) =>
    valueIn(text, "textgraph_platform_call_duration_seconds_count", { platform: "PIDJ", route, outcome });
  expect(calls("GET /contact/{id}", "ok")).toBe(1);
  expect(calls("GET /surveys", "timeout")).toBe(1);
  expect(calls("GET /surveys", "ok")).toBe(1);
  expect(text).not.toContain(contactId?.slice(3));
});

test("the state of each platform, the age of kept lists, open connections, and what waits for a person", async () => {
  let milliseconds = 0;
  await using stage = await startListening({
    simulator: { people: 3, polls: 0 },
    app: { clock: () => milliseconds },
  });
  const before = await metricsOf(stage);
  expect(valueIn(before, "textgraph_kept_list_age_seconds", { list: "pidj surveys" })).toBeNull();
  await stage.query("{ surveys { totalCount } }");
  milliseconds = 7_000;
  await using socket = openSubscriber(stage.app.url, "WebSocket");
  socket
    .subscribe(ON_TEXT, {})
    .next()
    .catch(() => undefined);
  await using stream = openSubscriber(stage.app.url, "server-sent events");
  stream
    .subscribe(ON_TEXT, {})
    .next()
    .catch(() => undefined);
  await expect
    .poll(async () => valueIn(await metricsOf(stage), "textgraph_connections", { transport: "event-stream" }))
    .toBe(1);
  const text = await metricsOf(stage);
  expect(valueIn(text, "textgraph_connections", { transport: "websocket" })).toBe(1);
  expect(valueIn(text, "textgraph_kept_list_age_seconds", { list: "pidj surveys" })).toBe(7);
  for (const name of ["reads_suspended", "writes_suspended", "calls_in_flight", "calls_waiting"]) {
    for (const platform of ["PIDJ", "TEXTIZEN"]) {
      expect(valueIn(text, `textgraph_platform_${name}`, { platform })).toBe(0);
    }
  }
  expect(valueIn(text, "textgraph_unknown_attempts")).toBe(0);
  expect(valueIn(text, "nodejs_eventloop_lag_seconds")).not.toBeNull();
  expect(valueIn(text, "process_resident_memory_bytes")).toBeGreaterThan(1_000_000);
});

test("a read breaker that is open is 1", async () => {
  await using stage = await startStage({ simulator: { people: 3, polls: 0 }, env: { SNAPSHOT_SECONDS: "0" } });
  stage.simulator.fault({ platform: "PIDJ", kind: "status", status: 503, times: Number.POSITIVE_INFINITY });
  for (let at = 0; at < 20; at += 1) {
    await stage.query("{ surveys { totalCount } }");
  }
  const text = await metricsOf(stage);
  expect(valueIn(text, "textgraph_platform_reads_suspended", { platform: "PIDJ" })).toBe(1);
  expect(valueIn(text, "textgraph_platform_writes_suspended", { platform: "PIDJ" })).toBe(0);
  expect(valueIn(text, "textgraph_platform_reads_suspended", { platform: "TEXTIZEN" })).toBe(0);
});

test("no label comes from a client: paths, methods, names and hosts make no series", async () => {
  await using stage = await startListening({ simulator: { people: 3, polls: 0 } });
  await stage.query("query canary { __typename canary }", { canary: 1 }, { "x-request-id": "canary" });
  await fetch(new URL("/canary?canary=1", stage.app.url));
  await fetch(new URL("/webhooks/pidj/canarycanarycanary", stage.app.url), { method: "POST", body: "canary" });
  await fetch(new URL(`/webhooks/pidj/${SECRET}?message=canary`, stage.app.url));
  const text = await metricsOf(stage);
  expect(text).not.toContain("canary");
  expect(text).not.toContain(SECRET);
  expect(valueIn(text, "textgraph_http_requests_total", { route: "none", status: "404" })).toBe(2);
});

describe("who may read them", () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "metrics-"));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  test("with authentication on, callers with the scope metrics:read", async () => {
    const path = join(folder, "keys.json");
    const keyOf = (name: string, scopes: Parameters<typeof addApiKey>[1]["scopes"]) =>
      addApiKey(path, { name, scopes, expires: null, callsPerMinute: null, recipientsPerMinute: null });
    const [reader, other] = [keyOf("prometheus", ["metrics:read"]), keyOf("console", ["platform:status"])];
    await using stage = await startStage({ simulator: { people: 1, polls: 0 }, env: { API_KEYS_FILE: path } });
    const get = async (headers: Record<string, string>) => {
      const answer = await fetch(new URL("/metrics", stage.app.url), { headers });
      return { status: answer.status, text: await answer.text() };
    };
    expect(await get({ authorization: `Bearer ${reader}` })).toMatchObject({ status: 200 });
    expect(await get({})).toMatchObject({ status: 401, text: expect.stringContaining("UNAUTHENTICATED") });
    expect(await get({ "x-api-key": other })).toMatchObject({
      status: 403,
      text: expect.stringContaining("metrics:read"),
    });
    expect(readFileSync(path, "utf8")).not.toContain(reader);
  });

  test("with METRICS_PORT, who reaches that port, and nobody at the graph's", async () => {
    await using stage = await startStage({ simulator: { people: 1, polls: 0 }, env: { METRICS_PORT: "0" } });
    expect(stage.app.metricsUrl).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/metrics$/);
    const answer = await fetch(stage.app.metricsUrl ?? "");
    expect(answer.headers.get("content-type")).toMatch(/^text\/plain; version=0\.0\.4/);
    expect(await answer.text()).toContain("textgraph_operations_total");
    expect((await fetch(new URL("/", stage.app.metricsUrl ?? ""))).status).toBe(404);
    expect((await fetch(new URL("/metrics", stage.app.url))).status).toBe(404);
  });

  test("METRICS_HOST says where that port listens; without METRICS_PORT it has no effect", () => {
    const metrics = (env: Record<string, string>) => readConfig({ SIMULATE: "on", ...env }).metrics;
    expect(metrics({ METRICS_PORT: "9464" })).toEqual({ host: "127.0.0.1", port: 9464 });
    expect(metrics({ METRICS_PORT: "9464", METRICS_HOST: "0.0.0.0" })).toEqual({ host: "0.0.0.0", port: 9464 });
    expect(metrics({ METRICS_HOST: "0.0.0.0" })).toBeNull();
  });
});
