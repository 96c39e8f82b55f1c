import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { chromium, type Page } from "playwright-core";
import { startTextgraph } from "../kit/testing/start.ts";

// `npm run screenshots`: what docs/exploring.md shows, from a graph over simulated platforms, in a browser that reaches
// nothing else. Look at each picture before it is committed.

const OUT = join(import.meta.dirname, "screenshots");
const CHROMIUM = process.env["CHROMIUM_PATH"] ?? "/usr/bin/chromium";
const ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"];
const SIZES = [
  { width: 1440, height: 640 },
  { width: 360, height: 740 },
];
/** The bad query of prices.md. */
const BAD = `query Bad {
  participants(first: 50) {
    nodes {
      name
      groups {
        name
      }
    }
  }
}
`;

const SHOTS: Readonly<Record<string, (page: Page, url: URL) => Promise<void>>> = {
  explorer: async (page, url) => {
    await openExplorer(page, url);
    await page.getByRole("button", { name: /execute/i }).click();
    await page.locator(".result-window").getByText("contactLink").waitFor();
  },
  explain: async (page, url) => {
    // As if the explorer had been left with this tab.
    const tab = { id: "bad", hash: "bad", title: "Bad", operationName: "Bad", query: BAD, variables: "" };
    const kept = { "graphiql:tabState": JSON.stringify({ tabs: [tab], activeTabIndex: 0 }), "graphiql:query": BAD };
    await page.addInitScript(`Object.assign(localStorage, ${JSON.stringify(kept)})`);
    await openExplorer(page, url);
    await page.getByRole("button", { name: "Explain", exact: true }).click();
    await page.getByText("At most 101 calls").waitFor();
  },
  graph: async (page, url) => {
    await page.goto(new URL("/explorer/graph", url).href);
  },
};

async function openExplorer(page: Page, url: URL): Promise<void> {
  await page.goto(new URL("/explorer", url).href);
  await page.locator(".graphiql-query-editor .view-line").first().waitFor();
}

mkdirSync(OUT, { recursive: true });
await using graph = await startTextgraph({ people: 50 });
const url = new URL(graph.url);
const browser = await chromium.launch({ executablePath: CHROMIUM, args: ARGUMENTS });
for (const [name, show] of Object.entries(SHOTS)) {
  for (const colorScheme of ["light", "dark"] as const) {
    for (const viewport of SIZES) {
      const page = await browser.newPage({ viewport, colorScheme, reducedMotion: "reduce" });
      await page.route("**", (route) =>
        new URL(route.request().url()).host === url.host ? route.continue() : route.abort(),
      );
      await show(page, url);
      // The editor colors its text, and the cursor blinks.
      await page.waitForTimeout(1_000);
      const path = join(OUT, `${name}-${colorScheme}-${viewport.width}.png`);
      await page.screenshot({ path, caret: "hide", animations: "disabled" });
      process.stdout.write(`${path} written\n`);
      await page.close();
    }
  }
}
await browser.close();
