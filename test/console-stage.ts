import { type ChildProcess, execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { promisify, stripVTControlCharacters } from "node:util";
import type { BrowserContextOptions, Page } from "playwright-core";
import { HAS_BROWSER, launchBrowser } from "./browser.ts";

const ROOT = fileURLToPath(new URL("..", import.meta.url));
const CONSOLE = join(ROOT, "examples/console");
/** The kit's build, the console's, and a browser, each a process of its own. */
export const CONSOLE_TIMEOUT_MS = 120_000;

/** The console is installed by itself (`npm --prefix examples/console ci`), as `.ci/run` does, and needs a browser. */
export const canRunConsole = HAS_BROWSER && existsSync(join(CONSOLE, "node_modules/vite"));

export interface ConsoleSite extends AsyncDisposable {
  /** The manifest of its operations, for `TRUSTED_DOCUMENTS`. */
  readonly documents: string;
  /** A page of the console over a graph, at a path such as `/inbox`. */
  open(graph: string, path?: string, options?: BrowserContextOptions): Promise<Page>;
}

/** Builds the console as `npm run console` does, checks its types, and serves it; one browser for all pages. */
export async function startConsole(): Promise<ConsoleSite> {
  const run = (cwd: string, ...program: readonly string[]) =>
    promisify(execFile)(process.execPath, program, { cwd, timeout: CONSOLE_TIMEOUT_MS }).catch((error: unknown) => {
      const { stdout, stderr } = error as { stdout: string; stderr: string };
      throw new Error(`${stdout}${stderr}`);
    });
  await run(ROOT, "kit/build/build.ts", join(CONSOLE, "node_modules/@textgraph/client"));
  await run(CONSOLE, "node_modules/@graphql-codegen/cli/esm/bin.js", "--config", "codegen.yml", "--errors-only");
  const documents = join(CONSOLE, "src/generated/trusted-documents.json");
  await run(ROOT, "src/commands/extract-documents.ts", join(CONSOLE, "operations"), "--out", documents);
  await run(CONSOLE, "node_modules/typescript/bin/tsc");
  await run(CONSOLE, "node_modules/vite/bin/vite.js", "build", "--logLevel", "error");
  const [server, address] = await serve();
  const browser = await launchBrowser();
  return {
    documents,
    open: async (graph, path = "/", options = {}) => {
      const context = await browser.newContext(options);
      const page = await context.newPage();
      page.setDefaultTimeout(15_000);
      await page.goto(`${address}${path.slice(1)}?graph=${encodeURIComponent(graph)}`);
      return page;
    },
    [Symbol.asyncDispose]: async () => {
      await browser.close();
      server.kill();
    },
  };
}

async function serve(): Promise<readonly [ChildProcess, string]> {
  const vite = ["node_modules/vite/bin/vite.js", "preview", "--host", "127.0.0.1"];
  const server = spawn(process.execPath, vite, { cwd: CONSOLE, stdio: ["ignore", "pipe", "inherit"] });
  for await (const line of createInterface({ input: server.stdout })) {
    const address = /Local:\s+(http\S+)/.exec(stripVTControlCharacters(line))?.[1];
    if (address !== undefined) {
      server.stdout.resume();
      return [server, address];
    }
  }
  await once(server, "exit");
  throw new Error("Vite ended before it was ready.");
}
