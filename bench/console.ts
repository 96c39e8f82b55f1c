import type { Browser, CDPSession, Page } from "playwright-core";
import { launchBrowser } from "../test/browser.ts";
import { buildConsole } from "../test/console-build.ts";
import { startWorld } from "../test/console-world.ts";

// How long the console's first screens take on a slow connection and a slow machine: nothing is in the browser's cache.
//
//   npm run bench:console

const RUNS = 7;
const MEGABIT = 1_000_000 / 8;
const CPU_SLOWDOWN = 4;
const PROFILES = [
  { name: "60 ms", latency: 60 },
  { name: "170 ms", latency: 170 },
];

const FORM = "form input";
const ROW = "[role=option]";

/** Notes when the page first shows something, by the page's own clock. */
const WATCH = `
  globalThis.shownAt = (selector) => new Promise((done) => {
    const look = () => document.querySelector(selector)
      ? requestAnimationFrame(() => setTimeout(() => done(performance.now())))
      : requestAnimationFrame(look);
    look();
  });
`;

const site = await buildConsole();
await using world = await startWorld();
await using browser = await launchBrowser();
const { url } = world.graphs.full;
const home = `${site.address}?graph=${encodeURIComponent(url)}`;
const key = world.keys.clerk;

/** The sign-in form, cold. */
async function formShown(page: Page): Promise<number> {
  await page.goto(home, { waitUntil: "commit" });
  return page.evaluate(`shownAt("${FORM}")`);
}

/** From the press of the button to the first conversation. */
async function signedIn(page: Page): Promise<number> {
  await page.goto(home);
  await page.getByLabel("API key").fill(key);
  return page.evaluate(`
    (async () => {
      const begun = performance.now();
      document.querySelector("button[type=submit]").click();
      return (await shownAt("${ROW}")) - begun;
    })()
  `);
}

/** The inbox, cold, in a tab that has its key: the first thing in the morning. */
async function inboxShown(page: Page): Promise<number> {
  await page.addInitScript(`sessionStorage.setItem("console.key", ${JSON.stringify(`${url}\n${key}`)})`);
  await page.goto(home, { waitUntil: "commit" });
  return page.evaluate(`shownAt("${ROW}")`);
}

const SCREENS = { "sign-in form, cold": formShown, "inbox, cold": inboxShown, "inbox after signing in": signedIn };

async function throttle(page: Page, latency: number): Promise<CDPSession> {
  const session = await page.context().newCDPSession(page);
  const throughput = 9 * MEGABIT;
  await session.send("Network.enable");
  await session.send("Network.emulateNetworkConditions", {
    offline: false,
    latency,
    downloadThroughput: throughput,
    uploadThroughput: throughput,
  });
  await session.send("Emulation.setCPUThrottlingRate", { rate: CPU_SLOWDOWN });
  return session;
}

async function measure(from: Browser, latency: number, show: (page: Page) => Promise<number>): Promise<number> {
  const times: number[] = [];
  for (let run = 0; run < RUNS; run += 1) {
    const context = await from.newContext();
    const page = await context.newPage();
    await page.addInitScript(WATCH);
    await throttle(page, latency);
    times.push(await show(page));
    await context.close();
  }
  return times.sort((one, other) => one - other)[Math.floor(RUNS / 2)] ?? Number.NaN;
}

process.stdout.write(
  `| median of ${RUNS}, 9 Mbit/s, CPU slowed ${CPU_SLOWDOWN} times | ${PROFILES.map(({ name }) => name).join(" | ")} |\n| --- | ${PROFILES.map(() => "--- |").join(" ")}\n`,
);
for (const [name, show] of Object.entries(SCREENS)) {
  const cells: string[] = [];
  for (const { latency } of PROFILES) {
    cells.push(`${Math.round(await measure(browser, latency, show))} ms`);
  }
  process.stdout.write(`| ${name} | ${cells.join(" | ")} |\n`);
}
site.close();
