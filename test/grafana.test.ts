import { readFileSync } from "node:fs";
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
