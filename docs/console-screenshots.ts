import { mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { launchBrowser } from "../test/browser.ts";
import { buildConsole } from "../test/console-build.ts";
import { reachState, STATES } from "../test/console-states.ts";
import { startWorld } from "../test/console-world.ts";

// `npm run screenshots:console [-- WORD …]`: every state of every page of the console, light and dark, at three widths, in
// `examples/console/screenshots`; with words, those whose names contain one of them. The platforms are simulated.

const OUT = join(import.meta.dirname, "../examples/console/screenshots");
const SIZES = [
  { width: 1920, height: 1080 },
  { width: 1024, height: 768 },
  { width: 360, height: 740 },
];

const words = process.argv.slice(2);
const chosen = STATES.filter(({ name }) => words.length === 0 || words.some((word) => name.includes(word)));
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
process.stdout.write(`${chosen.length * SIZES.length * 2} pictures are in ${OUT}\n`);
for (const each of missed) {
  process.stdout.write(`Not reached: ${each}\n`);
}
process.exitCode = missed.length > 0 ? 1 : 0;
