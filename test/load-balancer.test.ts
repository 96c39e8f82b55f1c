import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type IncomingHttpHeaders } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { type App, startApp } from "../src/app.ts";
import { type Simulator, startSimulator } from "../src/simulator/simulator.ts";
import { makeFile, SECRET } from "./events.ts";
import { freePort } from "./own-postgres.ts";
import { send, timesTaken, wordOf } from "./sends.ts";
import { forward, ON_TEXT, openSubscriber, type Transport, textOf } from "./subscribers.ts";
import { ask, configFor } from "./support.ts";

const CONFIGURATION = fileURLToPath(new URL("../deploy/nginx.conf", import.meta.url));
const NGINX = process.env["NGINX"] ?? "nginx";

describe.skipIf(spawnSync(NGINX, ["-v"]).status !== 0)("deploy/nginx.conf, by an nginx without a container", () => {
  const file = makeFile();
  const asked: IncomingHttpHeaders[] = [];
  const operations = [0, 0, 0];
  let simulator: Simulator;
  let apps: App[];
  let nginx: ChildProcess;
  let folder: string;
  /** Of clients and webhooks, and of the router. */
  let [door, inner]: [string, string] = ["", ""];
  const router = createServer(({ headers }, response) => {
    asked.push(headers);
    response.end("{}");
  });

  beforeAll(async () => {
    simulator = await startSimulator({ people: 2 });
    apps = await Promise.all(
      operations.map((_, at) =>
        startApp(configFor(simulator, { STORE_URL: file.url, WEBHOOK_SECRET: SECRET, LOG_LEVEL: "info" }), {
          logTo: {
            write: (line: string) => {
              operations[at] = (operations[at] ?? 0) + (line.includes('"msg":"operation"') ? 1 : 0);
            },
          },
        }),
      ),
    );
    await once(router.listen(0, "127.0.0.1"), "listening");
    const ports = [await freePort(), await freePort()];
    [door, inner] = ports.map((port) => `http://127.0.0.1:${port}/graphql`) as [string, string];
    folder = mkdtempSync(join(tmpdir(), "textgraph-nginx-"));
    nginx = spawn(NGINX, ["-p", folder, "-c", writeConfiguration(ports), "-e", join(folder, "log")], {
      stdio: "inherit",
      // It takes a variable of its own name for sockets that it inherits.
      env: { PATH: process.env["PATH"] },
    });
    // Until it listens.
    await vi.waitFor(() => ask(inner, "{ __typename }"), 10_000);
  }, 60_000);
  afterAll(async () => {
    nginx?.kill("SIGTERM");
    router.close();
    await Promise.all(apps.map((app) => app.close()));
    await simulator.close();
    file[Symbol.dispose]();
    rmSync(folder, { recursive: true });
  });

  /** The file with addresses of here, and without what needs a name server. */
  function writeConfiguration(ports: readonly number[]): string {
    const servers = apps.map(({ url }) => `server ${new URL(url).host};`).join(" ");
    const site = readFileSync(CONFIGURATION, "utf8")
      .replace("server textgraph:4000 resolve;", servers)
      .replace("server gateway:4000 resolve;", `server 127.0.0.1:${(router.address() as AddressInfo).port};`)
      .replace("listen 8080;", `listen 127.0.0.1:${ports[0]};`)
      .replace("listen 8081;", `listen 127.0.0.1:${ports[1]};`);
    const temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map(
      (name) => `${name}_temp_path ${folder}/tmp/${name};`,
    );
    mkdirSync(join(folder, "tmp"));
    const path = join(folder, "nginx.conf");
    writeFileSync(
      path,
      `daemon off; master_process off; pid ${folder}/pid; error_log ${folder}/log; events {}
      http { access_log off; ${temporary.join(" ")}\n${site} }`,
    );
    return path;
  }

  test("spreads requests over the servers, and 100 equal sends are one", async () => {
    const words = await Promise.all(Array.from({ length: 100 }, () => send(inner, "equal").then(wordOf)));
    expect(new Set(words)).toEqual(new Set(["sent", "replayed"]));
    expect(timesTaken(simulator.ledger, "equal")).toBe(1);
    await expect.poll(() => Math.min(...operations)).toBeGreaterThan(10);
  });

  test("asks the router for clients, and lets nobody but the router say who it is", async () => {
    const secret = { "x-api-key": "a stolen one", authorization: "Bearer mine" };
    await ask(door, "{ __typename }", {}, secret);
    expect(asked.at(-1)).toMatchObject({ authorization: "Bearer mine", "x-forwarded-for": "127.0.0.1" });
    expect(asked.at(-1)).not.toHaveProperty("x-api-key");
    for (const path of ["/metrics", "/explorer", "/ready"]) {
      expect((await fetch(new URL(path, door))).status).toBe(404);
      expect((await fetch(new URL(path, inner))).status).toBe(404);
    }
  });

  test.each<Transport>(["WebSocket", "server-sent events"])(
    "passes events on as they come over %s",
    async (transport) => {
      const since = (await ask(inner, "{ eventCursor }")).data.eventCursor;
      await using client = openSubscriber(inner, transport);
      await using texts = client.subscribe(ON_TEXT, { since });
      await forward(door, `over ${transport}`);
      expect(textOf(await texts.next()).text).toBe(`over ${transport}`);
    },
  );

  test("asks no other server again when one is gone, and then leaves it alone", async () => {
    await apps.pop()?.close();
    const keys = Array.from({ length: 30 }, (_, at) => `gone ${at}`);
    const words = await Promise.all(keys.map((key) => send(inner, key).then(wordOf, () => "failed")));
    expect(new Set(words)).toEqual(new Set(["sent", "failed"]));
    const sent = keys.map((key) => timesTaken(simulator.ledger, key));
    expect(sent).toEqual(words.map((word) => (word === "sent" ? 1 : 0)));
    expect(await Promise.all(["a", "b", "c", "d"].map((key) => send(inner, key).then(wordOf)))).toEqual(
      Array.from({ length: 4 }, () => "sent"),
    );
  });
});
