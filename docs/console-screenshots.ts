import { copyFileSync, mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { isDeepStrictEqual } from "node:util";
import { axeFindings, launchBrowser } from "../test/browser.ts";
import { buildConsole } from "../test/console-build.ts";
import { type ConsoleState, LOOKS_OF_STATE, reachState, takePictures } from "../test/console-state.ts";
import { STATES } from "../test/console-states.ts";
import { startWorld } from "../test/console-world.ts";

// `npm run screenshots:console [-- WORD …]`: every state of every page of the console, light and dark, at three widths, in
// `examples/console/screenshots`; with words, those whose names contain one of them. The platforms are simulated. With `docs`
// as the only word: the states that docs/console.md shows, whose pictures are copied to where it finds them. It fails if a state is
// not reached, or if axe finds something in one.

const OUT = join(import.meta.dirname, "../examples/console/screenshots");
/** What docs/console.md shows, as one light, one dark and so on. */
const SHOWN = [
  "thread-light-1024",
  "thread-uncertain-dark-1024",
  "person-light-1024",
  "poll-dark-1024",
  "inbox-light-360",
  "thread-opted-out-dark-360",
];

/** A busy machine may be late for a state, as for a test. */
const TRIES = 3;

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
const faults: string[] = [];
const waiting = [...chosen];
// Two pages at once: while one waits for its state, the other is drawn.
await Promise.all([photograph(), photograph()]);
site.close();
if (isForDocs) {
  for (const shown of SHOWN) {
    copyFileSync(join(OUT, `${shown}.png`), join(import.meta.dirname, "screenshots", `console-${shown}.png`));
  }
}
process.stdout.write(`${chosen.length * LOOKS_OF_STATE} pictures are in ${OUT}\n`);
for (const each of faults) {
  process.stdout.write(`${each}\n`);
}
process.exitCode = faults.length > 0 ? 1 : 0;

async function photograph(): Promise<void> {
  for (let state = waiting.shift(); state !== undefined; state = waiting.shift()) {
    let fault = await look(state);
    for (let tries = 1; fault !== null && tries < TRIES; tries += 1) {
      fault = await look(state);
    }
    if (fault !== null) {
      faults.push(`${state.name}: ${fault}`);
    }
  }
}

/** Goes to a state and takes its pictures. Returns what is wrong with it, or null. */
async function look(state: ConsoleState): Promise<string | null> {
  const context = await browser.newContext({ viewport: { width: 1440, height: 900 }, reducedMotion: "reduce" });
  try {
    const page = await context.newPage();
    page.setDefaultTimeout(15_000);
    await reachState(page, site.address, world, state);
    const findings = await axeFindings(page);
    await takePictures(page, state, OUT);
    return isDeepStrictEqual(findings, []) ? null : `axe finds ${JSON.stringify(findings)}`;
  } catch (error) {
    return (error as Error).message;
  } finally {
    await context.close();
  }
}
