import type { BrowserContextOptions, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, inject, test } from "vitest";
import { axeFindings } from "./browser.ts";
import {
  CONSOLE_TIMEOUT_MS,
  canRunConsole,
  openConsole,
  row,
  signIn,
  startChat,
  watchPrices,
} from "./console-stage.ts";
import { reachState } from "./console-state.ts";
import { STATES } from "./console-states.ts";
import { type ConsoleWorld, startWorld } from "./console-world.ts";

// Each state of the console in a browser: what a screen reader, a keyboard and a slow connection meet there.

/** Compressed, in bytes: the scripts that the sign-in needs, and all that the inbox needs until its list is shown. */
const FORM_BUDGET = 74_000;
const INBOX_BUDGET = 165_000;
/** With the styles, as many files as a browser fetches at a time. */
const MOST_SCRIPTS = 5;
/** One of each kind, of all sections; other tests look at the pages when all is well. */
const WATCHED = [
  "forbidden-inbox",
  "inbox-failed",
  "thread-offline",
  "people-textizen-down",
  "person-loading",
  "polls-textizen-down",
];
const LOOKS: readonly BrowserContextOptions[] = (["light", "dark"] as const).flatMap((colorScheme) =>
  [360, 1024].map((width) => ({ colorScheme, viewport: { width, height: 740 }, reducedMotion: "reduce" as const })),
);

/** Presses Tab until what has the focus matches. */
async function tabTo(page: Page, selector: string): Promise<void> {
  while (!(await page.evaluate(`document.activeElement.matches("${selector}")`))) {
    await page.keyboard.press("Tab");
  }
}

describe.skipIf(!canRunConsole)("each state of the console", { timeout: 2 * CONSOLE_TIMEOUT_MS }, () => {
  const site = openConsole();
  let world: ConsoleWorld;

  beforeAll(async () => {
    world = await startWorld();
  }, CONSOLE_TIMEOUT_MS);

  afterAll(() => world[Symbol.asyncDispose]());

  async function reach(name: string, options: BrowserContextOptions = {}): Promise<Page> {
    const state = STATES.find((each) => each.name === name) ?? expect.unreachable(`There is no state ${name}.`);
    const page = await site.newPage(options);
    await reachState(page, site.address, world, state);
    return page;
  }

  test.for(LOOKS)(
    "is one in which axe finds nothing, and as wide as the screen: $colorScheme, $viewport.width px",
    async (look) => {
      // Every state is seen in one of the looks.
      for (const name of WATCHED.filter((_, index) => index % LOOKS.length === LOOKS.indexOf(look))) {
        const page = await reach(name, look);
        expect(await axeFindings(page), name).toEqual([]);
        expect(await page.evaluate("document.documentElement.scrollWidth > innerWidth"), name).toBe(false);
        await page.context().close();
      }
    },
  );

  test("shows a poll for no more platform calls than the prices of its operations say", async () => {
    const graph = world.graphs.full;
    graph.forgetCalls();
    const page = await site.open(graph.url, "/polls");
    await page.getByLabel("API key").waitFor();
    const prices = watchPrices(page, graph);
    await signIn(page, world.keys.clerk);
    await row(page, "Bus routes").first().click();
    await page.locator(".panel").first().waitFor();

    await prices.check();
  });

  test("moves nothing for those who asked for less motion", async () => {
    const moving = async (reducedMotion: "reduce" | "no-preference") => {
      const page = await reach("inbox-loading", { reducedMotion });
      const count = await page.evaluate("document.getAnimations().length");
      await page.context().close();
      return count;
    };

    expect(await moving("reduce")).toBe(0);
    expect(await moving("no-preference")).toBeGreaterThan(0);
  });

  test("is used with a keyboard alone, from the key to the text that was sent", async () => {
    const graph = world.graphs.full;
    const page = await site.open(graph.url);
    const { keyboard } = page;
    const focused = () => page.evaluate("document.activeElement.textContent");
    await page.getByLabel("API key").waitFor();
    await keyboard.type(world.keys.clerk);
    await keyboard.press("Enter");
    await row(page).waitFor();

    await page.locator("body").focus();
    await keyboard.press("Tab");
    expect(await focused()).toBe("Skip to content");
    await keyboard.press("Enter");
    await keyboard.press("Tab");
    expect(await focused()).toBe("All");
    await tabTo(page, "[role=listbox], [role=option]");
    await keyboard.press("ArrowDown");
    await keyboard.press("Enter");
    await page.getByLabel("Your text").waitFor();
    await tabTo(page, "textarea");
    expect(await page.evaluate("document.activeElement.matches(':focus-visible')")).toBe(true);
    await keyboard.type("You are welcome");
    await page.getByText("1 text ·").waitFor();
    await keyboard.press("Control+Enter");

    await page.getByRole("log").getByText("You are welcome").waitFor();
    await expect.poll(() => graph.sent().at(-1)?.input).toMatchObject({ text_body: "You are welcome" });
  });

  test("shows its first screens with few scripts, which come compressed and are kept by a browser", async () => {
    const address = inject("console")?.address ?? "";
    const page = await (await fetch(address)).text();
    const scripts = Array.from(page.matchAll(/(?:src|href)="([^"]+\.js)"/g), ([, path = ""]) => path);
    const ofForm = scripts.filter((path) => !path.includes("signed-in"));
    const size = async (paths: readonly string[]) => {
      const answers = await Promise.all(
        paths.map((path) => fetch(new URL(path, address), { headers: { "accept-encoding": "br" } })),
      );
      for (const { headers } of answers) {
        expect(headers.get("content-encoding")).toBe("br");
        expect(headers.get("cache-control")).toBe("public, max-age=31536000, immutable");
      }
      return answers.reduce((sum, { headers }) => sum + Number(headers.get("content-length")), 0);
    };
    /** The console where no other script can be had. */
    const openWith = async (paths: readonly string[], graph: string) => {
      const opened = await site.newPage();
      await opened.route("**/*.js", (route) =>
        paths.includes(new URL(route.request().url()).pathname) ? route.continue() : route.abort(),
      );
      await opened.goto(`${address}?graph=${encodeURIComponent(graph)}`);
      return opened;
    };
    await using chat = await startChat({ env: { TRUSTED_DOCUMENTS: site.documents } });

    expect(await size(ofForm)).toBeLessThan(FORM_BUDGET);
    expect(await size(scripts)).toBeLessThan(INBOX_BUDGET);
    expect(scripts.length).toBeLessThanOrEqual(MOST_SCRIPTS);
    await (await openWith(ofForm, world.graphs.full.url)).getByLabel("API key").waitFor();
    await row(await openWith(scripts, chat.url)).waitFor();
  });
});
