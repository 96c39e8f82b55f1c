import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { BrowserContextOptions, Page } from "playwright-core";
import { afterAll, beforeAll, expect, inject, onTestFinished } from "vitest";
import { startTextgraph } from "../kit/testing/start.ts";
import type { Textgraph, TextgraphOptions } from "../kit/testing/textgraph.ts";
import { addApiKey } from "../src/access/api-keys.ts";
import type { Scope } from "../src/access/scopes.ts";
import { launchBrowser } from "./browser.ts";
import { signIn } from "./console-page.ts";

export { choose, press, row, signIn } from "./console-page.ts";

// What the tests of the console share. It is built by `console-build.ts`.

/** A browser starts, and a page of it is closed, more slowly on a busy machine than other tests are run. */
export const CONSOLE_TIMEOUT_MS = 60_000;

/** Whether the console is installed and there is a browser. */
export const canRunConsole = inject("console") !== null;

export interface ConsoleSite extends AsyncDisposable {
  /** The manifest of its operations, for `TRUSTED_DOCUMENTS`. */
  readonly documents: string;
  readonly address: string;
  /** A page in which nothing is open yet. */
  newPage(options?: BrowserContextOptions): Promise<Page>;
  /** A page of the console over a graph, at a path such as `/inbox`; with a key, it is signed in. */
  open(graph: string, path?: string, options?: BrowserContextOptions & { readonly key?: string }): Promise<Page>;
}

/** The console for the tests of a file, open while they run. */
export function openConsole(): Omit<ConsoleSite, keyof AsyncDisposable> {
  let site: ConsoleSite;

  beforeAll(async () => {
    site = await startConsole();
  }, CONSOLE_TIMEOUT_MS);

  afterAll(() => site[Symbol.asyncDispose]());

  return {
    get documents() {
      return site.documents;
    },
    get address() {
      return site.address;
    },
    newPage: (...options) => site.newPage(...options),
    open: (...options) => site.open(...options),
  };
}

/** The console, with one browser for all pages. */
async function startConsole(): Promise<ConsoleSite> {
  const site = inject("console");
  if (site === null) {
    throw new Error("The console is not installed, or there is no browser.");
  }
  const browser = await launchBrowser();
  const newPage = async (options: BrowserContextOptions = {}) => {
    const page = await (await browser.newContext(options)).newPage();
    page.setDefaultTimeout(15_000);
    return page;
  };
  return {
    ...site,
    newPage,
    open: async (graph, path = "/", { key, ...options } = {}) => {
      const page = await newPage(options);
      await page.goto(`${site.address}${path.slice(1)}?graph=${encodeURIComponent(graph)}`);
      if (key !== undefined) {
        await signIn(page, key);
      }
      return page;
    },
    [Symbol.asyncDispose]: () => browser.close(),
  };
}

/** A graph in which somebody has texted. */
export async function startChat(options: TextgraphOptions = {}): Promise<Textgraph> {
  const graph = await startTextgraph({ people: 20, ...options });
  await graph.receiveText({ from: graph.phoneNumber, message: "Is the library open?" });
  graph.forgetCalls();
  return graph;
}

/** A file of API keys, gone when the test ends, and the function that adds a key with these scopes to it. */
export function createKeys(): { readonly path: string; add(name: string, scopes: readonly Scope[]): string } {
  const folder = mkdtempSync(join(tmpdir(), "console-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const path = join(folder, "keys.json");
  const limits = { expires: null, callsPerMinute: null, recipientsPerMinute: null };
  return { path, add: (name, scopes) => addApiKey(path, { name, scopes, ...limits }) };
}

/** Watches what the page pays; `check` holds the platform calls of the graph to what their prices say. */
export function watchPrices(page: Page, graph: Textgraph): { check(): Promise<void> } {
  const answers: Promise<number>[] = [];
  page.on("response", (response) => {
    if (response.url() === graph.url && response.request().method() === "POST") {
      // What is refused before it is carried out has no price.
      answers.push(response.json().then(({ extensions }) => extensions?.cost.asked.calls ?? 0));
    }
  });
  return {
    check: async () => {
      const prices = await Promise.all(answers);
      expect(prices.length).toBeGreaterThan(0);
      expect(graph.calls().length).toBeLessThanOrEqual(prices.reduce((sum, price) => sum + price, 0));
    },
  };
}
