import type { Attributes, Span } from "@opentelemetry/api";
import type { TraceParent } from "../operations/operation.ts";
import type { CallRecord } from "../rest/calls.ts";

export interface TracingOptions {
  /** An OTLP/HTTP receiver; spans are posted to `/v1/traces` below it. */
  readonly endpoint: string;
  readonly serviceName: string;
}

/** Sends a span for each operation, and one below it for each of its platform calls. */
export interface Tracing {
  /** `name` and the attributes come from `onlyFields` of log.ts, so they are free of texts and secrets. */
  begin(name: string, parent: TraceParent | null): OperationSpan;
  /** Sends what is left. */
  close(): Promise<void>;
}

export interface OperationSpan {
  readonly traceId: string;
  /** A platform call that has just ended. */
  call(call: CallRecord): void;
  end(fields: Readonly<Record<string, unknown>>): void;
}

const FLUSH_WITHIN_MS = 2_000;

/**
 * OpenTelemetry's SDK is loaded here and nowhere else. It is put together from the packages for traces over HTTP:
 * `@opentelemetry/sdk-node` brings gRPC, Zipkin, Prometheus and the patching of modules with it.
 */
export async function startTracing({ endpoint, serviceName }: TracingOptions): Promise<Tracing> {
  const [{ ROOT_CONTEXT, SpanKind, SpanStatusCode, trace }, sdk, { OTLPTraceExporter }, { resourceFromAttributes }] =
    await Promise.all([
      import("@opentelemetry/api"),
      import("@opentelemetry/sdk-trace"),
      import("@opentelemetry/exporter-trace-otlp-http"),
      import("@opentelemetry/resources"),
    ]);
  const exporter = new OTLPTraceExporter({ url: `${endpoint.replace(/\/+$/, "")}/v1/traces` });
  const provider = new sdk.TracerProvider({
    resource: resourceFromAttributes({ "service.name": serviceName }),
    spanProcessors: [new sdk.BatchSpanProcessor({ exporter })],
  });
  const tracer = provider.getTracer("textgraph");

  function addCall(parent: Span, { platform, route, status, milliseconds }: CallRecord): void {
    const now = Date.now();
    const [method = "", template = ""] = route.split(" ");
    const span = tracer.startSpan(
      route,
      {
        kind: SpanKind.CLIENT,
        startTime: now - milliseconds,
        attributes: {
          "http.request.method": method,
          "url.template": template,
          "textgraph.platform": platform,
          ...(status !== null && { "http.response.status_code": status }),
        },
      },
      trace.setSpan(ROOT_CONTEXT, parent),
    );
    if (status === null || status >= 400) {
      span.setStatus({ code: SpanStatusCode.ERROR });
    }
    span.end(now);
  }

  return {
    begin: (name, parent) => {
      const context =
        parent === null
          ? ROOT_CONTEXT
          : trace.setSpanContext(ROOT_CONTEXT, {
              traceId: parent.traceId,
              spanId: parent.spanId,
              traceFlags: parent.isSampled ? 1 : 0,
              isRemote: true,
            });
      const span = tracer.startSpan(name, { kind: SpanKind.SERVER }, context);
      return {
        traceId: span.spanContext().traceId,
        call: (call) => addCall(span, call),
        end: (fields) => {
          span.setAttributes(attributesOf(fields));
          if (fields["outcome"] === "failed") {
            span.setStatus({ code: SpanStatusCode.ERROR });
          }
          span.end();
        },
      };
    },
    close: async () => {
      const timer = Promise.withResolvers<void>();
      const timeout = setTimeout(timer.resolve, FLUSH_WITHIN_MS);
      // A receiver that does not answer must not hold the process.
      await Promise.race([provider.shutdown().catch(() => undefined), timer.promise]);
      clearTimeout(timeout);
    },
  };
}

/** https://opentelemetry.io/docs/specs/semconv/graphql/graphql-spans/ for those that it names. */
function attributesOf({ kind, operation, ...fields }: Readonly<Record<string, unknown>>): Attributes {
  const attributes: Attributes = {
    ...(typeof kind === "string" && { "graphql.operation.type": kind }),
    ...(typeof operation === "string" && { "graphql.operation.name": operation }),
  };
  for (const name of ["requestId", "document", "caller", "outcome", "calls", "events"]) {
    const value = fields[name];
    if (typeof value === "string" || typeof value === "number") {
      attributes[`textgraph.${name}`] = value;
    }
  }
  if (Array.isArray(fields["codes"])) {
    attributes["textgraph.codes"] = fields["codes"].map(String);
  }
  return attributes;
}
