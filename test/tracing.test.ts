import { readdirSync, readFileSync } from "node:fs";
import { createServer } from "node:net";
import { expect, test } from "vitest";
import { readConfig } from "../src/config.ts";
import { type ReceivedSpan, startOtlpReceiver } from "./otlp-receiver.ts";
import { openSubscriber } from "./subscribers.ts";
import { ask, startStage } from "./support.ts";

const TRACE = "0af7651916cd43dd8448eb211c80319c";
const PARENT = "b7ad6b7169203331";

/** The spans that a server sends while `use` runs and when it stops. */
async function spansOf(use: (url: string) => Promise<unknown>): Promise<readonly ReceivedSpan[]> {
  await using receiver = await startOtlpReceiver();
  {
    await using stage = await startStage({
      simulator: { people: 3, polls: 0 },
      env: { OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url, TEXTIZEN_EMAIL: "", TEXTIZEN_PASSWORD: "" },
    });
    await use(stage.app.url);
  }
  return receiver.spans;
}

test("an operation is a span, its platform calls are below it, and it is below the client's own", async () => {
  const spans = await spansOf((url) =>
    ask(
      url,
      "query Lists { surveys { totalCount } seriesList { totalCount } }",
      {},
      {
        traceparent: `00-${TRACE}-${PARENT}-01`,
        "x-request-id": "r1",
      },
    ),
  );
  const [operation] = spans.filter(({ kind }) => kind === 2);
  expect(operation).toMatchObject({
    name: "query Lists",
    traceId: TRACE,
    parentSpanId: PARENT,
    attributes: {
      "service.name": "textgraph",
      "graphql.operation.type": "query",
      "graphql.operation.name": "Lists",
      "textgraph.requestId": "r1",
      "textgraph.caller": "anonymous",
      "textgraph.outcome": "ok",
      "textgraph.calls": 2,
      "textgraph.document": expect.stringMatching(/^[0-9a-f]{64}$/),
    },
  });
  const calls = spans.filter(({ kind }) => kind === 3);
  expect(calls.map(({ name }) => name).sort()).toEqual(["GET /series", "GET /surveys"]);
  for (const call of calls) {
    expect(call).toMatchObject({ traceId: TRACE, parentSpanId: operation?.spanId });
    expect(call.attributes).toMatchObject({
      "http.request.method": "GET",
      "url.template": expect.stringMatching(/^\/s/),
      "http.response.status_code": 200,
      "textgraph.platform": "PIDJ",
    });
    expect(call.milliseconds).toBeGreaterThan(0);
  }
  expect(spans).toHaveLength(3);
});

test("what is refused is a span too, whatever transport it came by, and a trace that is not sampled is not sent", async () => {
  const spans = await spansOf(async (url) => {
    await ask(url, "{ nothing }");
    await ask(url, "{ __typename }", {}, { traceparent: `00-${TRACE}-${PARENT}-00` });
    for (const transport of ["WebSocket", "server-sent events"] as const) {
      await using subscriber = openSubscriber(url, transport);
      await subscriber.subscribe("query Q { __typename polls { totalCount } }").next();
    }
  });
  expect(spans.map(({ name, attributes }) => [name, attributes["textgraph.outcome"]])).toEqual([
    ["request", "refused"],
    ["query Q", "partial"],
    ["query Q", "partial"],
  ]);
});

test("a receiver that does not answer holds neither an answer nor the end", async () => {
  const silent = createServer(() => undefined).listen(0, "127.0.0.1");
  await new Promise((resolve) => silent.once("listening", resolve));
  const { port } = silent.address() as { port: number };
  const began = performance.now();
  {
    await using stage = await startStage({
      simulator: { people: 1, polls: 0 },
      env: { OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${port}` },
    });
    expect((await stage.query("{ surveys { totalCount } }")).errors).toBeUndefined();
  }
  expect(performance.now() - began).toBeLessThan(6_000);
  silent.close();
});

test("OpenTelemetry is loaded only if an endpoint is set", () => {
  const sources = readdirSync(new URL("../src/", import.meta.url), { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".ts"))
    .map((name) => ({ name, text: readFileSync(new URL(`../src/${name}`, import.meta.url), "utf8") }));
  const users = sources.filter(({ text }) => text.includes('"@opentelemetry/'));
  expect(users.map(({ name }) => name)).toEqual(["telemetry/tracing.ts"]);
  const imports = users[0]?.text.match(/^import .*"@opentelemetry\/.*$/gm) ?? [];
  expect(imports.filter((line) => !line.startsWith("import type "))).toEqual([]);
});

test("OTEL_EXPORTER_OTLP_ENDPOINT is a URL, and OTEL_SERVICE_NAME names the service", () => {
  const tracing = (env: Record<string, string>) => readConfig({ SIMULATE: "on", ...env }).tracing;
  expect(tracing({})).toBeNull();
  expect(tracing({ OTEL_EXPORTER_OTLP_ENDPOINT: "http://collector:4318", OTEL_SERVICE_NAME: "texts" })).toEqual({
    endpoint: "http://collector:4318",
    serviceName: "texts",
  });
  for (const wrong of ["collector:4318", "ftp://collector", "http://u:p@collector", "http://collector?x=1"]) {
    expect(() => tracing({ OTEL_EXPORTER_OTLP_ENDPOINT: wrong })).toThrow(/^OTEL_EXPORTER_OTLP_ENDPOINT must be a URL/);
  }
});
