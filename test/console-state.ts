import { join } from "node:path";
import type { Locator, Page } from "playwright-core";
import type { ConsoleWorld, GraphName, KeyName } from "./console-world.ts";

// How a page of the console gets into a state, and its pictures there.

export interface ConsoleState {
  /** The page, a dash, and the state. */
  readonly name: string;
  /** `/inbox`; may depend on who is in the graph. */
  readonly path: string | ((world: ConsoleWorld) => string);
  readonly graph?: GraphName;
  /** Null: nobody signs in. */
  readonly key?: KeyName | null;
  /** Operations are held, so that the page waits, or they fail. */
  readonly network?: "held" | "broken";
  /** Names of these operations; left out: all but the sign-in. */
  readonly operations?: readonly string[];
  /** What a person does to get there, and waits for. */
  readonly reach: (page: Page, world: ConsoleWorld) => Promise<unknown>;
  /** What the picture is of, if it is not at the top of the page. */
  readonly shows?: (page: Page) => Locator;
}

export const text = (page: Page, words: string | RegExp) => page.getByText(words).first().waitFor();
export const skeleton = (page: Page) => page.locator(".skeleton").first().waitFor();
export const alert = (page: Page) => page.getByRole("alert").first().waitFor();
export const offline = async (page: Page) => {
  await page.context().setOffline(true);
  await text(page, "You are offline");
};

/** Brings a page that nothing was opened in yet to a state. */
export async function reachState(page: Page, address: string, world: ConsoleWorld, state: ConsoleState): Promise<void> {
  const { path, graph = "full", key = "clerk", network, operations, reach } = state;
  const { url } = world.graphs[graph];
  if (key !== null) {
    const kept = { "console.key": `${url}\n${world.keys[key]}` };
    await page.addInitScript(`Object.assign(sessionStorage, ${JSON.stringify(kept)})`);
  }
  if (network !== undefined) {
    await page.route(url, (route) => {
      const isOneOf = (names: readonly string[]) =>
        names.some((name) => route.request().postData()?.includes(`"${name}"`));
      const isMeant = operations ? isOneOf(operations) : key === null || !isOneOf(["Viewer"]);
      return !isMeant ? route.continue() : network === "broken" ? route.abort() : undefined;
    });
  }
  const target = typeof path === "string" ? path : path(world);
  await page.goto(`${address}${target.slice(1)}?graph=${encodeURIComponent(url)}`);
  await reach(page, world);
}

const SIZES = [
  { width: 1920, height: 1080 },
  { width: 1024, height: 768 },
  { width: 360, height: 740 },
];
/** How many pictures there are of each state. */
export const LOOKS_OF_STATE = 2 * SIZES.length;

/** Takes the pictures of a state that a page is in: light and dark, at three widths. */
export async function takePictures(page: Page, state: ConsoleState, folder: string): Promise<void> {
  for (const viewport of SIZES) {
    await page.setViewportSize(viewport);
    await isDrawn(page);
    await state.shows?.(page).evaluate((element) => element.scrollIntoView({ block: "start" }));
    for (const colorScheme of ["light", "dark"] as const) {
      await page.emulateMedia({ colorScheme });
      await isDrawn(page);
      const path = join(folder, `${state.name}-${colorScheme}-${viewport.width}.png`);
      await page.screenshot({ path, caret: "hide", animations: "disabled" });
    }
  }
}

/** A page of another size lays itself out anew: lists that are virtual and charts measure themselves. */
async function isDrawn(page: Page): Promise<void> {
  await page.evaluate("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))");
}
