import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Page } from "playwright-core";
import { expect, onTestFinished, test } from "vitest";
import { addApiKey } from "../src/access/api-keys.ts";
import type { Scope } from "../src/access/scopes.ts";
import { axeFindings, HAS_BROWSER, launchBrowser, SCREENS } from "./browser.ts";
import { forward, startListening } from "./subscribers.ts";

const PROGRAM = fileURLToPath(new URL("../examples/live-inbox/main.mjs", import.meta.url));

/** The way to a server, which can be cut. */
async function openLine(url: string): Promise<Line> {
  const sockets = new Set<Socket>();
  let isCut = false;
  const line = createServer((near) => {
    const far = connect(Number(new URL(url).port), "127.0.0.1");
    for (const [socket, other] of [
      [near, far],
      [far, near],
    ] as const) {
      sockets.add(socket);
      socket.on("error", () => undefined).on("close", () => other.destroy());
      socket.pipe(other);
    }
    if (isCut) {
      near.destroy();
    }
  });
  const end = () => {
    for (const socket of sockets) {
      socket.destroy();
    }
  };
  line.listen(0, "127.0.0.1");
  await once(line, "listening");
  const { port } = line.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/graphql`,
    cut: () => {
      isCut = true;
      end();
    },
    mend: () => {
      isCut = false;
    },
    [Symbol.asyncDispose]: async () => {
      end();
      line.close();
    },
  };
}

interface Line extends AsyncDisposable {
  readonly url: string;
  cut(): void;
  mend(): void;
}

/** The page as its README says to serve it, in a browser. */
async function openPage(graph: string, key = ""): Promise<Page & AsyncDisposable> {
  const server = spawn(process.execPath, [PROGRAM, "0"], { stdio: ["ignore", "pipe", "inherit"] });
  const [line] = (await once(server.stdout, "data")) as [Buffer];
  const browser = await launchBrowser();
  const page = await browser.newPage({ viewport: { width: 640, height: 480 } });
  await page.goto(`${String(line).trim()}/?graph=${encodeURIComponent(graph)}#key=${key}`);
  return Object.assign(page, {
    [Symbol.asyncDispose]: async () => {
      await browser.close();
      server.kill();
    },
  });
}

// Without a browser there is nothing to see; `.ci/run` installs one.
test.skipIf(!HAS_BROWSER)(
  "the example page shows texts as they come in, and those that it missed once it is connected again",
  { timeout: 60_000 },
  async () => {
    await using stage = await startListening();
    await using line = await openLine(stage.app.url);
    await forward(stage.app.url, "before");
    await using page = await openPage(line.url);
    const texts = async () => (await page.locator("li").allInnerTexts()).map((text) => text.split("\n")[0]);
    const status = (text: string) => page.getByRole("status").getByText(text, { exact: true }).waitFor();
    await status("live");
    await page.getByText("before").waitFor();
    await forward(stage.app.url, "<b>Grüße</b> 👋", { from: "+12025550199" });
    await page.getByText("Grüße").waitFor();
    expect(await texts()).toEqual(["<b>Grüße</b> 👋", "before"]);

    line.cut();
    await status("reconnecting");
    await forward(stage.app.url, "missed");
    line.mend();
    await page.getByText("missed").waitFor();
    await status("live");
    await forward(stage.app.url, "after that");
    await page.getByText("after that").waitFor();
    expect(await texts()).toEqual(["after that", "missed", "<b>Grüße</b> 👋", "before"]);
    for (const { colorScheme, width } of SCREENS) {
      await page.emulateMedia({ colorScheme });
      await page.setViewportSize({ width, height: 900 });
      expect(await axeFindings(page)).toEqual([]);
      expect(await page.evaluate("document.documentElement.scrollWidth")).toBeLessThanOrEqual(width);
    }
  },
);

test.skipIf(!HAS_BROWSER)(
  "the example page sends an API key, and says why it is refused",
  { timeout: 60_000 },
  async () => {
    const folder = mkdtempSync(join(tmpdir(), "live-page-"));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    const path = join(folder, "keys.json");
    const scopes: Scope[] = ["messages:read", "groups:read", "contacts:read"];
    const key = addApiKey(path, {
      name: "page",
      scopes,
      expires: null,
      callsPerMinute: null,
      recipientsPerMinute: null,
    });
    await using stage = await startListening({ env: { API_KEYS_FILE: path } });
    await forward(stage.app.url, "hello");

    await using page = await openPage(stage.app.url, key);
    await page.getByText("hello").waitFor();

    await using stranger = await openPage(stage.app.url, "tg_wrong");
    await stranger.getByRole("status").getByText("This server wants a valid API key").waitFor();
  },
);
