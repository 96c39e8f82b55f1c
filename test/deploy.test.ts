import { spawnSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { Deployment } from "kubernetes-models/apps/v1";
import { HorizontalPodAutoscaler } from "kubernetes-models/autoscaling/v2";
import { PodDisruptionBudget } from "kubernetes-models/policy/v1";
import { ConfigMap, Service, ServiceAccount } from "kubernetes-models/v1";
import { describe, expect, test } from "vitest";
import { parse, parseAllDocuments } from "yaml";

const ROOT = fileURLToPath(new URL("..", import.meta.url));
const read = (path: string) => readFileSync(join(ROOT, path), "utf8");

describe("deploy/compose.yaml", () => {
  const compose = parse(read("deploy/compose.yaml"), { merge: true });
  const services: Record<string, Record<string, never>> = compose.services;

  test("has three servers, a database, a router, one door, and the dashboard", () => {
    expect(Object.keys(services)).toEqual(["textgraph", "postgres", "gateway", "door", "prometheus", "grafana"]);
    expect(services["textgraph"]).toMatchObject({ deploy: { replicas: 3 }, read_only: true, cap_drop: ["ALL"] });
    // One door: nothing else is published to other machines.
    const published = Object.values(services).flatMap(({ ports = [] }) => ports as string[]);
    expect(published.filter((port) => !port.startsWith("127.0.0.1:"))).toEqual([`\${DOOR_PORT:-8080}:8080`]);
  });

  test("names images by version, and files and volumes that exist", () => {
    for (const [name, { image, volumes = [] }] of Object.entries(services)) {
      expect({ name, image }).toEqual({ name, image: expect.stringMatching(/:(local|v?\d+[\w.-]*)$/) });
      const sources = (volumes as string[]).map((volume) => volume.split(":")[0] ?? "");
      // Made by hand: see docs/deploy.md.
      const made = ["./keys", "./supergraph.graphql"];
      const missing = sources.filter((source) =>
        source.startsWith("./")
          ? !made.includes(source) && !existsSync(join(ROOT, "deploy", source))
          : !Object.keys(compose.volumes).includes(source),
      );
      expect(missing).toEqual([]);
    }
  });

  test("sets variables that the server reads", () => {
    expect(unknownVariables(Object.keys(services["textgraph"]?.["environment"] ?? {}))).toEqual([]);
  });
});

const PROMTOOL = process.env["PROMTOOL"] ?? "promtool";

test.skipIf(spawnSync(PROMTOOL, ["--version"]).status !== 0)(
  "Prometheus accepts deploy/prometheus.yaml (promtool)",
  () => {
    const check = spawnSync(PROMTOOL, ["check", "config", join(ROOT, "deploy/prometheus.yaml")], { encoding: "utf8" });
    expect(check).toMatchObject({ status: 0, stderr: "" });
  },
);

describe("deploy/kubernetes", () => {
  const manifests = parseAllDocuments(read("deploy/kubernetes/textgraph.yaml")).map((each) => each.toJS());
  const of = (kind: string) => manifests.find((each) => each.kind === kind);
  const models = { ServiceAccount, ConfigMap, Deployment, Service, PodDisruptionBudget, HorizontalPodAutoscaler };

  test("the manifests are what the API's schemas say", () => {
    expect(manifests.map(({ kind }) => kind).sort()).toEqual(Object.keys(models).sort());
    for (const [kind, Model] of Object.entries(models)) {
      expect(() => new Model(of(kind)).validate()).not.toThrow();
    }
    expect(() => new Deployment({ ...of("Deployment"), spec: {} }).validate()).toThrow();
  });

  test("the probes are routes of the server, and its end has time", () => {
    const { spec } = of("Deployment").spec.template;
    const [container] = spec.containers;

    expect(
      [container.startupProbe, container.livenessProbe, container.readinessProbe].map((each) => each.httpGet.path),
    ).toEqual(["/health", "/health", "/ready"]);
    // The server stops within 15 seconds.
    expect(spec.terminationGracePeriodSeconds).toBeGreaterThanOrEqual(container.lifecycle.preStop.sleep.seconds + 15);
    expect(container.securityContext).toMatchObject({ readOnlyRootFilesystem: true, allowPrivilegeEscalation: false });
    expect(spec.securityContext.runAsNonRoot).toBe(true);
    expect(container.resources).toMatchObject({ requests: { cpu: "1" }, limits: { memory: "1Gi" } });
  });

  test("all select the same pods, and a disruption leaves some of the least number", () => {
    const { matchLabels } = of("Deployment").spec.selector;

    expect(of("Deployment").spec.template.metadata.labels).toEqual(matchLabels);
    expect(of("Service").spec.selector).toEqual(matchLabels);
    expect(of("PodDisruptionBudget").spec.selector.matchLabels).toEqual(matchLabels);
    expect(of("PodDisruptionBudget").spec.minAvailable).toBeLessThan(of("HorizontalPodAutoscaler").spec.minReplicas);
  });

  test("variables are those that the server reads", () => {
    expect(unknownVariables(Object.keys(of("ConfigMap").data))).toEqual([]);
  });
});

/** Variables that the server's documentation does not have. */
function unknownVariables(names: readonly string[]): string[] {
  const pages = ["README.md", ...readdirSync(join(ROOT, "docs")).map((name) => `docs/${name}`)];
  const known = new Set(
    pages.flatMap((page) => (page.endsWith(".md") ? (read(page).match(/`[A-Z][A-Z_]+`/g) ?? []) : [])),
  );
  return names.filter((name) => !known.has(`\`${name}\``));
}
