import { copyFileSync, mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { launchBrowser } from "../test/browser.ts";
import { buildConsole } from "../test/console-build.ts";
import { reachState, STATES } from "../test/console-states.ts";
import { startWorld } from "../test/console-world.ts";

// `npm run screenshots:console [-- WORD …]`: every state of every page of the console, light and dark, at three widths, in
// `examples/console/screenshots`; with words, those whose names contain one of them. The platforms are simulated. With `docs`
// as the only word: the states that docs/console.md shows, whose pictures are copied to where it finds them.

const OUT = join(import.meta.dirname, "../examples/console/screenshots");
const SIZES = [
  { width: 1920, height: 1080 },
  { width: 1024, height: 768 },
  { width: 360, height: 740 },
];

/** What docs/console.md shows, as one light, one dark and so on. */
const SHOWN = [
  "thread-light-1024",
  "thread-uncertain-dark-1024",
  "person-light-1024",
  "poll-dark-1024",
  "inbox-light-360",
  "thread-opted-out-dark-360",
];

const words = process.argv.slice(2);
const isForDocs = words.join() === "docs";
const chosen = STATES.filter(({ name }) =>
  isForDocs
    ? SHOWN.some((shown) => shown.replace(/-(?:light|dark)-\d+$/, "") === name)
    : words.length === 0 || words.some((word) => name.includes(word)),
);
if (words.length === 0) {
  rmSync(OUT, { recursive: true, force: true });
}
mkdirSync(OUT, { recursive: true });
const site = await buildConsole();
await using world = await startWorld();
await using browser = await launchBrowser();
const missed: string[] = [];
for (const state of chosen) {
  const context = await browser.newContext({ viewport: SIZES[0] ?? null, reducedMotion: "reduce" });
  const page = await context.newPage();
  page.setDefaultTimeout(10_000);
  await reachState(page, site.address, world, state).catch((error: Error) =>
    missed.push(`${state.name}: ${error.message}`),
  );
  for (const viewport of SIZES) {
    await page.setViewportSize(viewport);
    for (const colorScheme of ["light", "dark"] as const) {
      await page.emulateMedia({ colorScheme });
      // The page lays itself out anew: lists that are virtual measure themselves.
      await page.evaluate("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))");
      const path = join(OUT, `${state.name}-${colorScheme}-${viewport.width}.png`);
      await page.screenshot({ path, caret: "hide", animations: "disabled" });
    }
  }
  await context.close();
}
site.close();
if (isForDocs) {
  for (const shown of SHOWN) {
    copyFileSync(join(OUT, `${shown}.png`), join(import.meta.dirname, "screenshots", `console-${shown}.png`));
  }
}
process.stdout.write(`${chosen.length * SIZES.length * 2} pictures are in ${OUT}\n`);
for (const each of missed) {
  process.stdout.write(`Not reached: ${each}\n`);
}
process.exitCode = missed.length > 0 ? 1 : 0;
