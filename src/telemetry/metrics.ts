import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from "prom-client";
import type { CallMeter } from "../rest/call-meter.ts";
import type { PlatformState } from "../rest/guard.ts";

/** What is asked for when the metrics are read. */
export interface MetricsSources {
  readonly platforms: Readonly<Record<string, () => PlatformState>>;
  /** Milliseconds since a kept list was read; null if none is kept. */
  readonly lists: Readonly<Record<string, () => number | null>>;
  /** Open connections by transport. */
  readonly connections: () => Readonly<Record<string, number>>;
  /** Attempts of unknown outcome, which wait for a person. */
  readonly countUnknown: () => Promise<number>;
  /** Called with failures to read the metrics. */
  readonly warn: (message: string, error: unknown) => void;
}

/**
 * Metrics for Prometheus. Every label is from a fixed list of this server's own (kinds, codes, route templates,
 * mutations) or the name of a platform's property, so their number is bounded, and no value of a client or platform gets in.
 */
export interface Metrics extends CallMeter {
  operation(kind: string, outcome: string, codes: readonly string[], seconds: number | null): void;
  /** A write was settled; see `AuditedWrite` for the outcomes. */
  write(mutation: string, kind: string, outcome: string): void;
  /** A platform's answers changed: the path of a property (src/rest/drift.ts bounds their number), and how. */
  drift(platform: string, route: string, path: string, kind: string): void;
  /** `route`: a template of this server's. */
  request(route: string, status: number): void;
  watch(sources: MetricsSources): void;
  readonly contentType: string;
  /** In Prometheus' text format. */
  text(): Promise<string>;
}

const SECONDS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 8, 12];
/** The count of unknown attempts reads the whole table, so it may be this old. */
const UNKNOWN_KEPT_MS = 60_000;

let processMetrics: Registry | null = null;

export function createMetrics(): Metrics {
  // Those of the process are made once, however many servers it has.
  if (processMetrics === null) {
    processMetrics = new Registry();
    collectDefaultMetrics({ register: processMetrics });
  }
  const registry = new Registry();
  const registers = [registry];
  const operations = new Counter({
    name: "textgraph_operations_total",
    help: "Operations by kind and outcome: ok, partial (data and errors), refused (not executed), failed (a bug).",
    labelNames: ["kind", "outcome"],
    registers,
  });
  const durations = new Histogram({
    name: "textgraph_operation_duration_seconds",
    help: "Time from an operation's start to its answer; without subscriptions.",
    labelNames: ["kind"],
    buckets: SECONDS,
    registers,
  });
  const errors = new Counter({
    name: "textgraph_errors_total",
    help: "Answers with an error of this code.",
    labelNames: ["code"],
    registers,
  });
  const writes = new Counter({
    name: "textgraph_writes_total",
    help: "Writes by mutation, kind (send, creation, change) and outcome (ACCEPTED, REFUSED, UNKNOWN).",
    labelNames: ["mutation", "kind", "outcome"],
    registers,
  });
  const requests = new Counter({
    name: "textgraph_http_requests_total",
    help: "HTTP requests by route and status.",
    labelNames: ["route", "status"],
    registers,
  });
  const calls = new Histogram({
    name: "textgraph_platform_call_duration_seconds",
    help: "Attempts at platform calls, by route template and outcome.",
    labelNames: ["platform", "route", "outcome"],
    buckets: SECONDS,
    registers,
  });

  const drifts = new Counter({
    name: "textgraph_platform_drifts_total",
    help: "Properties of a platform's answers that are new, missing or of another type, by their path.",
    labelNames: ["platform", "route", "path", "kind"],
    registers,
  });

  return {
    operation: (kind, outcome, codes, seconds) => {
      operations.inc({ kind, outcome });
      if (seconds !== null) {
        durations.observe({ kind }, seconds);
      }
      for (const code of codes) {
        errors.inc({ code });
      }
    },
    write: (mutation, kind, outcome) => writes.inc({ mutation, kind, outcome }),
    request: (route, status) => requests.inc({ route, status }),
    drift: (platform, route, path, kind) => drifts.inc({ platform, route, path, kind }),
    ended: (platform, route, outcome, milliseconds) =>
      calls.observe({ platform, route, outcome }, milliseconds / 1_000),
    watch: (sources) => addGauges(registers, sources),
    contentType: registry.contentType,
    text: async () => (await Promise.all([registry.metrics(), processMetrics?.metrics()])).join("\n"),
  };
}

function addGauges(registers: Registry[], { platforms, lists, connections, countUnknown, warn }: MetricsSources): void {
  const ofPlatforms = (name: string, help: string, read: (state: PlatformState) => number) => {
    const gauge = new Gauge({
      name,
      help,
      labelNames: ["platform"],
      registers,
      collect: () => {
        for (const [platform, state] of Object.entries(platforms)) {
          gauge.set({ platform }, read(state()));
        }
      },
    });
  };
  ofPlatforms("textgraph_platform_reads_suspended", "1 while the breaker of reads is open.", ({ suspendsReads }) =>
    Number(suspendsReads),
  );
  ofPlatforms("textgraph_platform_writes_suspended", "1 while the breaker of writes is open.", ({ suspendsWrites }) =>
    Number(suspendsWrites),
  );
  ofPlatforms("textgraph_platform_calls_in_flight", "Platform calls under way.", ({ inFlight }) => inFlight);
  ofPlatforms("textgraph_platform_calls_waiting", "Platform calls that wait for a place.", ({ waiting }) => waiting);

  const ages = new Gauge({
    name: "textgraph_kept_list_age_seconds",
    help: "Time since each kept list was read; a list that is not kept is left out.",
    labelNames: ["list"],
    registers,
    collect: () => {
      ages.reset();
      for (const [list, age] of Object.entries(lists)) {
        const milliseconds = age();
        if (milliseconds !== null) {
          ages.set({ list }, milliseconds / 1_000);
        }
      }
    },
  });
  const open = new Gauge({
    name: "textgraph_connections",
    help: "Open WebSockets and event streams.",
    labelNames: ["transport"],
    registers,
    collect: () => {
      for (const [transport, count] of Object.entries(connections())) {
        open.set({ transport }, count);
      }
    },
  });
  let countedAt = Number.NEGATIVE_INFINITY;
  const unknown = new Gauge({
    name: "textgraph_unknown_attempts",
    help: "Attempts of unknown outcome, which wait for a person: npm run attempts. Up to a minute old.",
    registers,
    collect: async () => {
      if (performance.now() - countedAt >= UNKNOWN_KEPT_MS) {
        countedAt = performance.now();
        await countUnknown().then(
          (count) => unknown.set(count),
          (error: unknown) => warn("the attempts of unknown outcome could not be counted", error),
        );
      }
    },
  });
}
