import { type ChildProcess, execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import type { TestProject } from "vitest/node";
import { HAS_BROWSER } from "./browser.ts";

const ROOT = fileURLToPath(new URL("..", import.meta.url));
const CONSOLE = join(ROOT, "examples/console");
const BUILD_TIMEOUT_MS = 120_000;

declare module "vitest" {
  interface ProvidedContext {
    /** Where the console is served, and the manifest of its operations for `TRUSTED_DOCUMENTS`; null if it cannot run. */
    readonly console: { readonly address: string; readonly documents: string } | null;
  }
}

/**
 * Serves the console to all test files. It is installed by itself (`npm --prefix examples/console ci`), as `.ci/run`
 * does, and needs a browser.
 */
export default async function setup(project: TestProject): Promise<() => void> {
  if (!HAS_BROWSER || !existsSync(join(CONSOLE, "node_modules/vite"))) {
    project.provide("console", null);
    return () => undefined;
  }
  const { close, ...site } = await buildConsole();
  project.provide("console", site);
  return close;
}

interface BuiltConsole {
  readonly address: string;
  readonly documents: string;
  close(): void;
}

/** Builds the console as `npm run console` does, checks its types, and serves it. */
export async function buildConsole(): Promise<BuiltConsole> {
  await run(ROOT, "kit/build/build.ts", join(CONSOLE, "node_modules/@textgraph/client"));
  await run(CONSOLE, "node_modules/@graphql-codegen/cli/esm/bin.js", "--config", "codegen.yml", "--errors-only");
  const documents = join(CONSOLE, "src/generated/trusted-documents.json");
  await run(
    ROOT,
    "src/commands/extract-documents.ts",
    join(CONSOLE, "operations"),
    "--out",
    documents,
    "--ids",
    join(CONSOLE, "src/generated/document-ids.json"),
  );
  await run(CONSOLE, "node_modules/typescript/bin/tsc");
  await run(CONSOLE, "node_modules/vite/bin/vite.js", "build", "--logLevel", "error");
  const [server, address] = await serve();
  return { address, documents, close: () => void server.kill() };
}

async function run(cwd: string, ...program: readonly string[]): Promise<void> {
  try {
    // Vitest says `test`, in which React Aria's virtual lists render every row, without a width: not what people get.
    const env = { ...process.env, NODE_ENV: "production" };
    await promisify(execFile)(process.execPath, program, { cwd, env, timeout: BUILD_TIMEOUT_MS });
  } catch (error) {
    const { stdout, stderr } = error as { stdout: string; stderr: string };
    throw new Error(`${stdout}${stderr}`);
  }
}

/** The console's own server, over a graph that each page names for itself. */
async function serve(): Promise<readonly [ChildProcess, string]> {
  const env = { ...process.env, TEXTGRAPH_URL: "http://127.0.0.1:9/graphql", CONSOLE_PORT: "0" };
  const server = spawn(process.execPath, ["main.ts"], { cwd: CONSOLE, env, stdio: ["ignore", "pipe", "inherit"] });
  for await (const line of createInterface({ input: server.stdout })) {
    const address = /^The console is at (http\S+)\?/.exec(line)?.[1];
    if (address !== undefined) {
      server.stdout.resume();
      return [server, address];
    }
  }
  await once(server, "exit");
  throw new Error("The console's server ended before it was ready.");
}
