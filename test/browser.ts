import { existsSync } from "node:fs";
import axe from "axe-core";
import { type Browser, chromium, type Page } from "playwright-core";

const CHROMIUM = process.env["CHROMIUM_PATH"] ?? "/usr/bin/chromium";
const ARGUMENTS = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

/** `.ci/run` has a browser; elsewhere there may be none. */
export const HAS_BROWSER = existsSync(CHROMIUM);

export async function launchBrowser(): Promise<Browser & AsyncDisposable> {
  const browser = await chromium.launch({ executablePath: CHROMIUM, args: ARGUMENTS });
  return Object.assign(browser, { [Symbol.asyncDispose]: () => browser.close() });
}

/** What readers of our pages have: light and dark, a telephone and a desk. */
export const SCREENS = (["light", "dark"] as const).flatMap((colorScheme) =>
  [360, 1440].map((width) => ({ colorScheme, width })),
);

/** A page that reaches one server alone; what it complains of and where else it wanted to are in `complaints`. */
export async function openPage(
  browser: Browser,
  url: string | URL,
  { colorScheme, width }: { readonly colorScheme: "light" | "dark"; readonly width: number } = {
    colorScheme: "light",
    width: 1440,
  },
): Promise<{ readonly page: Page; readonly complaints: string[] }> {
  const page = await browser.newPage({ viewport: { width, height: 900 }, colorScheme, reducedMotion: "reduce" });
  const complaints: string[] = [];
  const { host } = new URL(url);
  page.on("pageerror", (error) => complaints.push(String(error)));
  page.on("console", (message) => message.type() === "error" && complaints.push(message.text()));
  await page.route("**", (route) => {
    const asked = new URL(route.request().url());
    if (asked.host === host) {
      return route.continue();
    }
    complaints.push(asked.href);
    return route.abort();
  });
  await page.goto(String(url));
  return { page, complaints };
}

/** What axe finds on a page, without the parts at the selectors: the rule, and the first element that breaks it. */
export async function axeFindings(page: Page, without: readonly string[] = []): Promise<unknown> {
  await page.evaluate(axe.source);
  return page.evaluate(
    ([exclude]) => {
      const run = Reflect.get(globalThis, "axe").run as (
        context: object,
      ) => Promise<{ violations: { id: string; nodes: { html: string }[] }[] }>;
      return run({ exclude }).then(({ violations }) => violations.map(({ id, nodes }) => [id, nodes[0]?.html]));
    },
    [without],
  );
}
