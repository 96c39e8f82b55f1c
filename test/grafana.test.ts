import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fetch from "node-fetch";
import { expect, test } from "vitest";
import { startStage } from "./support.ts";

interface Panel {
  readonly title: string;
  readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number };
  readonly targets: readonly { readonly expr: string; readonly legendFormat: string }[];
}

const { panels } = JSON.parse(readFileSync(new URL("../deploy/grafana.json", import.meta.url), "utf8")) as {
  readonly panels: readonly Panel[];
};

const KEYWORDS = new Set([
  "by",
  "without",
  "on",
  "ignoring",
  "group_left",
  "group_right",
  "and",
  "or",
  "unless",
  "offset",
]);

/** Metrics, and the labels that the query groups or selects by. */
function namesIn(expr: string): { metrics: string[]; labels: string[] } {
  const labels: string[] = [];
  const rest = expr
    .replace(/"[^"]*"/g, '""')
    .replace(/\{([^}]*)\}/g, (_all, matchers: string) => {
      labels.push(...Array.from(matchers.matchAll(/(\w+)\s*(?:=~|!~|!=|=)/g), ([, label = ""]) => label));
      return "";
    })
    .replace(/\[[^\]]*\]/g, "")
    .replace(/\b(?:by|without)\s*\(([^)]*)\)/g, (_all, list: string) => {
      labels.push(...list.split(",").map((label) => label.trim()));
      return "";
    });
  const words = Array.from(rest.matchAll(/[A-Za-z_:][\w:]*(?!\w*\s*\()/g), ([word]) => word);
  return { metrics: words.filter((word) => !KEYWORDS.has(word)), labels };
}

test("the dashboard asks only for metrics and labels that the server has, and shows them side by side", async () => {
  await using stage = await startStage({ simulator: { people: 2, polls: 0 } });
  await stage.query("{ surveys { totalCount } participants { totalCount } nothing }");
  await stage.query("{ surveys { totalCount } participants { totalCount } }");
  const groupId = [...stage.simulator.world.pidjGroups.keys()][0];
  await stage.query(
    `mutation { sendMessage(input: { from: { groupId: "${groupId}" }, recipient: { phoneNumber: "+14155551212" }, text: "Hi", idempotencyKey: "k" }) { userErrors { code } } }`,
  );
  const text = await (await fetch(new URL("/metrics", stage.app.url))).text();
  const labelsOf = new Map<string, Set<string>>();
  for (const [, name = "", labels = ""] of text.matchAll(/^([A-Za-z_:][\w:]*)(\{[^}\n]*\})? \S+$/gm)) {
    const known = labelsOf.get(name) ?? new Set();
    labelsOf.set(name, known);
    for (const [, label = ""] of labels.matchAll(/(\w+)="/g)) {
      known.add(label);
    }
  }

  const queries = panels.flatMap(({ title, targets }) => targets.map((target) => ({ title, ...target })));
  expect(queries.length).toBeGreaterThan(15);
  for (const { title, expr, legendFormat } of queries) {
    const { metrics, labels } = namesIn(expr);
    expect({ title, metrics: metrics.length }).toEqual({ title, metrics: 1 });
    const [metric = ""] = metrics;
    expect({ title, metric, isServed: labelsOf.has(metric) }).toEqual({ title, metric, isServed: true });
    const unknown = labels.filter((label) => !labelsOf.get(metric)?.has(label));
    expect({ title, unknown }).toEqual({ title, unknown: [] });
    const shown = Array.from(legendFormat.matchAll(/\{\{(\w+)\}\}/g), ([, label = ""]) => label);
    expect({ title, missing: shown.filter((label) => !labels.includes(label)) }).toEqual({ title, missing: [] });
  }
  // Whatever this server counts is shown somewhere.
  const own = new Set([...labelsOf.keys()].filter((name) => name.startsWith("textgraph_")).map(family));
  const shown = new Set(queries.flatMap(({ expr }) => namesIn(expr).metrics.map(family)));
  expect([...own].filter((name) => !shown.has(name))).toEqual([]);
});

function family(name: string): string {
  return name.replace(/_(bucket|count|sum)$/, "");
}

const PROMETHEUS = process.env["PROMETHEUS"] ?? "prometheus";
const hasPrometheus = spawnSync("sh", ["-c", `command -v ${PROMETHEUS}`]).status === 0;

/** A Prometheus that reads these metrics every half second, and answers queries. */
async function startPrometheus(port: number) {
  const folder = mkdtempSync(join(tmpdir(), "textgraph-prometheus-"));
  const file = join(folder, "prometheus.yml");
  writeFileSync(
    file,
    `scrape_configs: [{ job_name: textgraph, scrape_interval: 500ms, scrape_timeout: 500ms, static_configs: [{ targets: ["127.0.0.1:${port}"] }] }]`,
  );
  const options = [`--config.file=${file}`, `--storage.tsdb.path=${folder}/data`, "--web.listen-address=127.0.0.1:0"];
  const child = spawn(PROMETHEUS, options, { stdio: ["ignore", "ignore", "pipe"] });
  let log = "";
  child.stderr.on("data", (chunk) => {
    log += chunk;
  });
  const listening = /address=(127\.0\.0\.1:[1-9]\d*)/;
  await expect.poll(() => log, { timeout: 20_000 }).toMatch(listening);
  const base = `http://${listening.exec(log)?.[1]}/api/v1/query`;
  return {
    /** What a query gives now; a text if it is refused. */
    query: async (expr: string): Promise<readonly Sample[] | string> => {
      const response = await fetch(base, { method: "POST", body: new URLSearchParams({ query: expr }) });
      const { data, error } = (await response.json()) as {
        readonly data?: { readonly result: readonly Sample[] };
        readonly error?: string;
      };
      return data?.result ?? error ?? "";
    },
    async [Symbol.asyncDispose]() {
      const ended = once(child, "exit");
      child.kill("SIGKILL");
      await ended;
      rmSync(folder, { recursive: true });
    },
  };
}

interface Sample {
  readonly metric: Readonly<Record<string, string>>;
  readonly value: readonly [at: number, value: string];
}

test.skipIf(!hasPrometheus)(
  "Prometheus draws every panel from this server's metrics",
  { timeout: 60_000 },
  async () => {
    await using stage = await startStage({ simulator: { people: 2, polls: 0 } });
    await using prometheus = await startPrometheus(Number(new URL(stage.app.url).port));
    stage.simulator.fault({ platform: "PIDJ", route: "GET /surveys", kind: "status", status: 404 });
    const use = async (key: string) => {
      await stage.query("{ surveys { totalCount } participants { totalCount } }");
      await stage.query("{ nothing }");
      await stage.query(
        `mutation { sendMessage(input: { from: { phoneNumber: "+18885552000" }, recipient: { phoneNumber: "+14155551212" }, text: "Hi", idempotencyKey: "${key}" }) { userErrors { code } } }`,
      );
    };
    const queries = panels.flatMap(({ title, targets }) => targets.map((target) => ({ title, ...target })));
    let round = 0;
    const undrawn = async () => {
      round += 1;
      await use(`key ${round}`);
      const drawn = await Promise.all(
        queries.map(async ({ title, expr, legendFormat }) => {
          const result = await prometheus.query(expr.replaceAll("$__rate_interval", "1m"));
          const labels = Array.from(legendFormat.matchAll(/\{\{(\w+)\}\}/g), ([, label = ""]) => label);
          const isDrawn =
            typeof result !== "string" &&
            result.length > 0 &&
            result.every(({ metric }) => labels.every((label) => metric[label] !== undefined)) &&
            result.some(({ value }) => Number.isFinite(Number(value[1])));
          return isDrawn ? [] : [{ title, expr, result }];
        }),
      );
      return drawn.flat();
    };
    await expect.poll(undrawn, { timeout: 40_000, interval: 1_000 }).toEqual([]);
  },
);

test("its panels do not overlap", () => {
  for (const [at, { gridPos: a }] of panels.entries()) {
    for (const { gridPos: b } of panels.slice(at + 1)) {
      expect(a.x + a.w <= b.x || b.x + b.w <= a.x || a.y + a.h <= b.y || b.y + b.h <= a.y).toBe(true);
    }
  }
});

test("the names in a query are found, whatever functions surround them", () => {
  expect(namesIn('histogram_quantile(0.9, sum by (le, kind) (rate(a_b{x="y(", z!~"w"}[5m]))) / c')).toEqual({
    metrics: ["a_b", "c"],
    labels: ["x", "z", "le", "kind"],
  });
});
