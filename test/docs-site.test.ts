import { existsSync, readdirSync, readFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { extname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { axeFindings, HAS_BROWSER, launchBrowser, openPage, SCREENS } from "./browser.ts";

const SITE = fileURLToPath(new URL("../docs/.vitepress/dist/", import.meta.url));
const TYPES: Readonly<Record<string, string>> = {
  ".html": "text/html",
  ".js": "text/javascript",
  ".css": "text/css",
  ".svg": "image/svg+xml",
};
/** Pages of each kind: prose with code, wide tables, the longest one, the picture, and the schema's reference. */
const KINDS = ["", "send", "errors", "configuration", "platforms", "graph", "schema/person"];
/** Every page that people write. */
const WRITTEN = readdirSync(new URL("../docs/", import.meta.url))
  .filter((name) => name.endsWith(".md"))
  .map((name) => name.replace(/(?:index)?\.md$/, ""));

// `npm run docs:build` makes the site, and `.ci/run` has a browser.
const siteTest = test.skipIf(!existsSync(SITE) || !HAS_BROWSER);

/** The site as any web server serves it: `/send` is send.html. */
async function serveSite(): Promise<{ readonly url: string } & AsyncDisposable> {
  const server = createServer((request, response) => {
    const path = new URL(request.url ?? "/", "http://site").pathname;
    const file = [path, `${path}.html`, join(path, "index.html")]
      .map((name) => join(SITE, name))
      .find((name) => extname(name) !== "" && existsSync(name));
    const type = TYPES[extname(file ?? "")] ?? "application/octet-stream";
    response.writeHead(file === undefined ? 404 : 200, { "content-type": type });
    response.end(file === undefined ? "" : readFileSync(file));
  }).listen(0, "127.0.0.1");
  await new Promise((resolve) => server.once("listening", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      server.close();
    },
  };
}

siteTest("the search of the site finds an error code, with no server but the site's", { timeout: 60_000 }, async () => {
  await using site = await serveSite();
  await using browser = await launchBrowser();
  const { page, complaints } = await openPage(browser, site.url);
  // With the keyboard alone, once the page's script runs.
  await page.waitForFunction("document.querySelector('#app')?.__vue_app__ !== undefined");
  await page.getByRole("button", { name: "Search" }).first().press("Enter");
  const search = page.locator("input[type=search]");
  await search.fill("OUTCOME_UNKNOWN");
  await page.getByRole("option").first().waitFor();
  const found = await page.getByRole("option").allInnerTexts();
  expect(found.join("\n")).toMatch(/user errors/i);
  await page.keyboard.press("Enter");
  await page.getByText("OUTCOME_UNKNOWN").first().waitFor();
  expect(complaints).toEqual([]);
});

siteTest("every link inside the site leads to a page, and every anchor to a heading", () => {
  const pages = readdirSync(SITE, { recursive: true, encoding: "utf8" }).filter((name) => name.endsWith(".html"));
  const texts = new Map(
    pages.map((name) => [
      `/${name.replace(/(?:(?:^|(?<=\/))index)?\.html$/, "")}`,
      readFileSync(join(SITE, name), "utf8"),
    ]),
  );
  expect(pages.length).toBeGreaterThan(50);
  const dead = [...texts].flatMap(([from, text]) =>
    Array.from(text.matchAll(/<a [^>]*?href="([^"]*)"/g), ([, href = ""]) => new URL(href, `http://site${from}`))
      .filter(({ host, pathname, hash }) => {
        const target = texts.get(pathname);
        const id = decodeURIComponent(hash.slice(1));
        return host === "site" && (target === undefined || (id !== "" && !target.includes(`id="${id}"`)));
      })
      .map(({ pathname, hash }) => `${from}: ${pathname}${hash}`),
  );
  expect(dead).toEqual([]);
});

siteTest.each(SCREENS)(
  "axe finds nothing on pages that are $colorScheme and $width px wide",
  { timeout: 180_000 },
  async (screen) => {
    await using site = await serveSite();
    await using browser = await launchBrowser();
    const { page } = await openPage(browser, site.url, screen);
    // Each page has words and tables of its own, and a width; its colors are those of its kind.
    for (const name of screen.colorScheme === "light" ? new Set([...KINDS, ...WRITTEN]) : KINDS) {
      await page.goto(`${site.url}/${name}`);
      await page.locator("main h1").waitFor();
      if (screen.width === 1440 || KINDS.includes(name)) {
        expect({ name, found: await axeFindings(page) }).toEqual({ name, found: [] });
      }
      const isTooWide = await page.evaluate("document.documentElement.scrollWidth > innerWidth");
      expect({ name, isTooWide }).toEqual({ name, isTooWide: false });
    }
  },
);
