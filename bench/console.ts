import { mkdtempSync, rmSync } from "node:fs";
import { type AddressInfo, connect, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Page } from "playwright-core";
import { startTextgraph } from "../kit/testing/start.ts";
import { addApiKey } from "../src/access/api-keys.ts";
import { SCOPES } from "../src/access/scopes.ts";
import { launchBrowser } from "../test/browser.ts";
import { buildConsole } from "../test/console-build.ts";

// How long the console's first screens take on a slow connection and a slow machine. Nothing is in the browser's cache, the
// graph is of another origin than the page, runs only the console's own documents, and has more than a page of
// conversations.
//
//   npm run bench:console [-- RUNS]

const RUNS = Number(process.argv[2] ?? 7);
const MEGABIT = 1_000_000 / 8;
const CONVERSATIONS = 60;
/** Between the form and the press of its button: somebody finds their key and pastes it. */
const TYPING_MS = 2_000;
const LATENCIES = [60, 170];
const SLOWDOWNS = [4, 1];

const FORM = "form input";
const ROW = "[role=option]";

/** By the page's own clock: when something matches and is painted. */
const WATCH = `
  globalThis.shownAt = (selector) => new Promise((done) => {
    const look = () => document.querySelector(selector)
      ? requestAnimationFrame(() => setTimeout(() => done(performance.now())))
      : requestAnimationFrame(look);
    look();
  });
`;

interface Target {
  readonly page: Page;
  readonly home: string;
  readonly graph: string;
  readonly key: string;
}

/** For whoever has no key: from the address to the form. */
async function formShown({ page, home }: Target): Promise<number> {
  await page.goto(home, { waitUntil: "commit" });
  return page.evaluate(`shownAt("${FORM}")`);
}

/** For whoever has a key in this tab: from the address to the frame with the first conversations. */
async function inboxShown({ page, home, graph, key }: Target): Promise<number> {
  await page.addInitScript(`sessionStorage.setItem("console.key", ${JSON.stringify(`${graph}\n${key}`)})`);
  await page.goto(home, { waitUntil: "commit" });
  return page.evaluate(`shownAt("${ROW}")`);
}

/** From the press of the button to the frame with the first conversations. */
async function signedIn({ page, home, key }: Target): Promise<number> {
  await page.goto(home);
  await page.getByLabel("API key").fill(key);
  await page.waitForTimeout(TYPING_MS);
  return page.evaluate(`
    (async () => {
      const begun = performance.now();
      document.querySelector("button[type=submit]").click();
      return (await shownAt("${ROW}")) - begun;
    })()
  `);
}

const SCREENS = { "sign-in form, cold": formShown, "inbox, cold": inboxShown, "inbox after signing in": signedIn };

/** The graph, with people who have texted, behind a relay that also delays what the browser's own throttle does not. */
async function startGraph(documents: string) {
  const folder = mkdtempSync(join(tmpdir(), "console-"));
  const keys = join(folder, "keys.json");
  const limits = { expires: null, callsPerMinute: null, recipientsPerMinute: null };
  const key = addApiKey(keys, { name: "front-desk", scopes: SCOPES, ...limits });
  const graph = await startTextgraph({
    env: { API_KEYS_FILE: keys, TRUSTED_DOCUMENTS: documents },
    people: CONVERSATIONS,
  });
  for (const { phone_number: from } of graph.simulator.world.contacts.values()) {
    await graph.receiveText({ from, message: "Hi! Can I return books when the library is closed?" });
  }
  const relay = await startRelay(Number(new URL(graph.url).port));
  return {
    key,
    url: (latency: number) => relay.at(graph.url, latency),
    [Symbol.asyncDispose]: async () => {
      relay.close();
      await graph.close();
      rmSync(folder, { recursive: true });
    },
  };
}

/** Chromium throttles what a page asks, but not the preflights for it: they are held here for as long. */
async function startRelay(port: number) {
  let latency = 0;
  const relay = createServer((browser) => {
    const graph = connect(port, "127.0.0.1");
    graph.pipe(browser);
    browser.on("data", (data) => {
      setTimeout(() => graph.write(data), data.slice(0, 7).toString() === "OPTIONS" ? latency : 0);
    });
    browser.on("close", () => graph.destroy());
    for (const socket of [browser, graph]) {
      socket.on("error", () => socket.destroy());
    }
  });
  await new Promise<void>((resolve) => {
    relay.listen(0, "127.0.0.1", resolve);
  });
  return {
    at: (url: string, milliseconds: number) => {
      latency = milliseconds;
      return Object.assign(new URL(url), { port: String((relay.address() as AddressInfo).port) }).href;
    },
    close: () => relay.close(),
  };
}

const site = await buildConsole();
await using graph = await startGraph(site.documents);
await using browser = await launchBrowser();

async function measure(show: (target: Target) => Promise<number>, latency: number, slowdown: number): Promise<number> {
  const context = await browser.newContext();
  const page = await context.newPage();
  await page.addInitScript(WATCH);
  const session = await context.newCDPSession(page);
  const throughput = 9 * MEGABIT;
  await session.send("Network.enable");
  await session.send("Network.emulateNetworkConditions", {
    offline: false,
    latency,
    downloadThroughput: throughput,
    uploadThroughput: throughput,
  });
  await session.send("Emulation.setCPUThrottlingRate", { rate: slowdown });
  const url = graph.url(latency);
  const home = `${site.address}?graph=${encodeURIComponent(url)}`;
  const milliseconds = await show({ page, home, graph: url, key: graph.key });
  await context.close();
  return milliseconds;
}

function median(times: readonly number[]): number {
  return times.toSorted((one, other) => one - other)[Math.floor(times.length / 2)] ?? Number.NaN;
}

const columns = SLOWDOWNS.flatMap((slowdown) => LATENCIES.map((latency) => ({ latency, slowdown })));
const heads = columns.map(
  ({ latency, slowdown }) => `${latency} ms${slowdown === 1 ? "" : `, CPU slowed ${slowdown} times`}`,
);
const print = (cells: readonly string[]) => process.stdout.write(`| ${cells.join(" | ")} |\n`);
print([`median of ${RUNS}, 9 Mbit/s`, ...heads]);
print(["---", ...heads.map(() => "---:")]);
for (const [name, show] of Object.entries(SCREENS)) {
  const times = columns.map((): number[] => []);
  for (let run = 0; run < RUNS; run += 1) {
    for (const [index, { latency, slowdown }] of columns.entries()) {
      times[index]?.push(await measure(show, latency, slowdown));
    }
  }
  print([name, ...times.map((each) => `${Math.round(median(each))} ms`)]);
}
site.close();
