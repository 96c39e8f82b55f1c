import { execFileSync, spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Writable } from "node:stream";
import { fileURLToPath } from "node:url";
import { parseEnv } from "node:util";
import fetch from "node-fetch";
import { expect, test } from "vitest";
import { isScope } from "../src/access/scopes.ts";
import { readConfig } from "../src/config.ts";
import { startStage } from "./support.ts";

const ROOT = fileURLToPath(new URL("..", import.meta.url));
const read = (name: string) => readFileSync(ROOT + name, "utf8");
const PAGE = read("docs/operate.md");
const THREATS = read("docs/threats.md");

/** The examples in a language, in the page's order. */
function examples(language: string): string[] {
  return Array.from(PAGE.matchAll(new RegExp(`^\`\`\`${language}\\n(.*?)^\`\`\``, "gms")), ([, text = ""]) => text);
}

/** What stands in backticks in a table's first column, under a heading. */
function firstColumn(heading: string): string[] {
  const section = PAGE.split(/^## /m).find((text) => text.startsWith(heading)) ?? "";
  const cells = Array.from(section.matchAll(/^\| (`[^|]+) \|/gm), ([, cell = ""]) => cell);
  return cells.flatMap((cell) => Array.from(cell.matchAll(/`([^`]+)`/g), ([, text = ""]) => text));
}

const [settings = "", unit = "", tokens = ""] = examples("ini");

test("the settings are accepted, and let nobody in without a credential", () => {
  const config = readConfig(parseEnv(settings));

  expect(config).toMatchObject({
    isProduction: true,
    host: "127.0.0.1",
    access: { keysFile: "/var/lib/textgraph/api-keys.json", tokens: null },
    trustedProxies: ["127.0.0.1"],
  });
  expect(config.pidj).not.toBeNull();
  expect(config.textizen).not.toBeNull();
  expect(() => readConfig({ ...parseEnv(settings), API_KEYS_FILE: "" })).toThrow("AUTH is on");
  expect(readConfig({ ...parseEnv(settings), ...parseEnv(tokens) }).access?.tokens?.issuer).toBe(
    "https://id.example.org/",
  );
});

test("every command, variable and scope that is named exists", () => {
  const { scripts } = JSON.parse(read("package.json")) as { scripts: Record<string, string> };
  const text = PAGE.replace(unit, "") + THREATS;
  const commands = Array.from(text.matchAll(/npm run ([a-z:]+)/g), ([, name = ""]) => name);
  const variables = Array.from(text.matchAll(/\b[A-Z]+(?:_[A-Z]+)+\b/g), ([name]) => name);
  const scopes = Array.from(text.matchAll(/\b[a-z-]+:(?:read|write|send|admin)\b/g), ([scope]) => scope);

  expect(commands.length).toBeGreaterThan(10);
  expect(commands.filter((name) => !(name in scripts))).toEqual([]);
  expect(variables.length).toBeGreaterThan(30);
  const explained = ["configuration", "errors", "user-errors"].map((page) => read(`docs/${page}.md`)).join("");
  expect(variables.filter((name) => !explained.includes(`\`${name}\``))).toEqual([]);
  expect(scopes.filter((scope) => !isScope(scope))).toEqual([]);
});

test("every line that the server may log is explained, and no other", () => {
  const files = readdirSync(`${ROOT}src`, { recursive: true, encoding: "utf8" }).filter(
    (name) => name.endsWith(".ts") && !/^(?:simulator|commands|generated)\b/.test(name),
  );
  const logged = files.flatMap((name) =>
    Array.from(
      read(`src/${name}`).matchAll(
        /\b(?:(?:warn|error|fatal)\(\s*(?:\{[^{}]*\},\s*)?|inTurn\([^"]*"\w+",[^"]*)["`]([^"`$]* [^"`$]*?)(?:: \$\{|["`])/g,
      ),
      ([, message = ""]) => message,
    ),
  );
  const explained = firstColumn("Logs").filter((text) => text.includes(" "));

  expect(logged.length).toBeGreaterThan(15);
  expect(explained.sort()).toEqual([...new Set(logged)].sort());
});

test("every member of an operation's line is explained", async () => {
  const lines: string[] = [];
  const logTo = new Writable({
    write: (chunk, _encoding, done) => {
      lines.push(...String(chunk).trim().split("\n"));
      done();
    },
  });
  await using stage = await startStage({ env: { LOG_LEVEL: "info" }, app: { logTo } });
  const headers = { traceparent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01" };
  await stage.query("query Names { pidjGroups { totalCount } person(phoneNumber: 1) { id } }", {}, headers);
  await stage.query("query Names { pidjGroups { totalCount } }", {}, headers);

  const members = lines.map((line) => JSON.parse(line)).filter(({ msg }) => msg === "operation");
  expect(members).toHaveLength(2);
  const known = [...firstColumn("Logs"), "level", "time", "pid", "msg"];
  expect(members.flatMap((line) => Object.keys(line)).filter((member) => !known.includes(member))).toEqual([]);
});

test("every metric of this server is explained, and those that alarms read exist", async () => {
  await using stage = await startStage();
  const metrics = await (await fetch(new URL("/metrics", stage.app.url))).text();
  const served = Array.from(metrics.matchAll(/^# TYPE (\S+) /gm), ([, name = ""]) => name);
  const read = Array.from(PAGE.matchAll(/\b(?:textgraph|nodejs|process)_[a-z0-9_]+/g), ([name]) => name)
    .filter((name) => !/^textgraph_(?:connections|requests)$/.test(name) || served.includes(name))
    .map((name) => name.replace(/_bucket$/, ""));

  expect(served.filter((name) => name.startsWith("textgraph_") && !read.includes(name))).toEqual([]);
  expect(read.filter((name) => !served.includes(name) && name !== "textgraph_requests")).toEqual([]);
});

test("every proof of an answer to a threat is a file, and each of the ten has some", () => {
  const rows = THREATS.split("\n").filter((line) => /^\| \*\*API\d+ /.test(line));
  const proofs = rows.map((row) => Array.from(row.matchAll(/`((?:test|bench)\/[^`]+)`/g), ([, name = ""]) => name));

  expect(rows.map((row) => Number(/API(\d+)/.exec(row)?.[1]))).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
  expect(proofs.filter((names) => names.length === 0)).toEqual([]);
  expect(() => proofs.flat().map(read)).not.toThrow();
});

const has = (program: string) => spawnSync("sh", ["-c", `command -v ${program}`]).status === 0;

/** A copy of this folder's paths that exist here, in place of those of a server. */
function localize(text: string, folder: string): string {
  return text
    .replaceAll("/opt/textgraph/node_modules/.bin/node", process.execPath)
    .replaceAll("/opt/textgraph", folder);
}

test.skipIf(!has("systemd-analyze"))("systemd accepts the unit", () => {
  const folder = mkdtempSync(join(tmpdir(), "unit-"));
  const file = join(folder, "textgraph.service");
  writeFileSync(file, localize(unit, folder).replace("User=textgraph\n", ""));

  expect(spawnSync("systemd-analyze", ["verify", file], { encoding: "utf8" })).toMatchObject({ status: 0, stderr: "" });
  rmSync(folder, { recursive: true });
});

const NGINX = process.env["NGINX"] ?? "nginx";

test.skipIf(!has(NGINX))("nginx accepts the configuration", () => {
  const folder = mkdtempSync(join(tmpdir(), "nginx-"));
  mkdirSync(join(folder, "tmp"));
  const subject = [
    "-subj",
    "/CN=graph.example.org",
    "-keyout",
    join(folder, "key.pem"),
    "-out",
    join(folder, "cert.pem"),
  ];
  execFileSync("openssl", ["req", "-x509", "-newkey", "rsa:2048", "-nodes", ...subject], { stdio: "ignore" });
  const [site = ""] = examples("nginx");
  const paths = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map(
    (name) => `${name}_temp_path ${folder}/tmp/${name};`,
  );
  writeFileSync(
    join(folder, "nginx.conf"),
    `pid ${folder}/pid; error_log ${folder}/log; events {} http { access_log off; ${paths.join(" ")}\n${site.replaceAll("/etc/ssl/textgraph", folder)}}`,
  );

  const { status, stderr } = spawnSync(NGINX, ["-t", "-p", folder, "-c", join(folder, "nginx.conf")], {
    encoding: "utf8",
  });
  expect([status, stderr]).toEqual([0, expect.stringContaining("test is successful")]);
  rmSync(folder, { recursive: true });
});
