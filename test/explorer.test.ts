import type { Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { HAS_BROWSER, launchBrowser, openPage } from "./browser.ts";
import { SECRET } from "./events.ts";
import { forward } from "./subscribers.ts";
import { type Stage, startStage } from "./support.ts";

let stage: Stage;
beforeAll(async () => {
  stage = await startStage({
    simulator: { people: 12, polls: 1 },
    env: { WEBHOOK_SECRET: SECRET },
    app: { exampleNumber: "+12025550143" },
  });
});
afterAll(() => stage[Symbol.asyncDispose]());

test("it is served with its own files under a strict policy, and not in production", async () => {
  const page = await fetch(new URL("/explorer", stage.app.url));
  const policy = page.headers.get("content-security-policy") ?? "";
  expect(policy).toMatch(/default-src 'none'; script-src 'self' 'nonce-[0-9a-f]{32}'; worker-src 'self';/);
  expect(policy).not.toMatch(/https?:|unsafe-eval|script-src[^;]*unsafe-inline/);
  const html = await page.text();
  expect(html).not.toMatch(/<(script|link)[^>]+(src|href)="https?:/);

  const script = await fetch(new URL("/explorer/assets/ruru.js", stage.app.url), {
    headers: { "accept-encoding": "br" },
  });
  expect(script.headers.get("content-type")).toContain("text/javascript");
  const etag = script.headers.get("etag") ?? "";
  const again = await fetch(new URL("/explorer/assets/ruru.js", stage.app.url), { headers: { "if-none-match": etag } });
  expect(again.status).toBe(304);
  for (const path of ["/explorer/assets/none.js", "/explorer/assets/../../package.json", "/explorer/assets/%2e%2e/x"]) {
    expect((await fetch(new URL(path, stage.app.url))).status).toBe(404);
  }

  await using production = await startStage({ simulator: { people: 0, polls: 0 }, env: { NODE_ENV: "production" } });
  for (const path of ["/explorer", "/explorer/assets/ruru.js", "/explorer/explain.js", "/explorer/graph"]) {
    expect((await fetch(new URL(path, production.app.url))).status).toBe(404);
  }
});

describe.runIf(HAS_BROWSER)("in a browser without internet", () => {
  let browser: Awaited<ReturnType<typeof launchBrowser>>;
  beforeAll(async () => {
    browser = await launchBrowser();
  }, 60_000);
  afterAll(() => browser.close());

  const open = (path: string, screen?: Parameters<typeof openPage>[2]) =>
    openPage(browser, new URL(path, stage.app.url), screen);
  // The editor writes blanks as no-break spaces.
  const answer = async (page: Page) => (await page.locator(".result-window").innerText()).replaceAll("\u00a0", " ");

  test("the first story runs as it stands, the others are tabs, and fields complete themselves", {
    timeout: 60_000,
  }, async () => {
    const { page, complaints } = await open("/explorer");
    // Before the editor has read the story, there is nothing to execute, and a click does nothing.
    await page.getByRole("tab", { name: "PersonPage" }).waitFor({ timeout: 20_000 });
    await page.locator(".graphiql-query-editor .view-line", { hasText: "PersonPage" }).waitFor({ timeout: 20_000 });
    await expect
      .poll(
        async () => {
          const text = await answer(page);
          if (text === "") {
            await page.getByRole("button", { name: /execute/i }).click();
          }
          return text;
        },
        { timeout: 20_000, interval: 1000 },
      )
      .toContain('"contactLink"');
    expect(await page.getByRole("tab").allInnerTexts()).toEqual(
      expect.arrayContaining(["PersonPage", "Lines", "ParticipantsTable", "PollDashboard", "Anything"]),
    );

    await page.locator(".graphiql-query-editor .view-lines").click();
    await page.keyboard.press("Control+A");
    await page.keyboard.type("{ platf", { delay: 20 });
    await page.keyboard.press("Control+Space");
    await expect
      .poll(() => page.locator(".suggest-widget").innerText(), { timeout: 20_000 })
      .toContain("platformStatus");
    expect(complaints).toEqual([]);
    await page.close();
  });

  test("a subscription hears a text", { timeout: 60_000 }, async () => {
    const { page, complaints } = await open("/explorer");
    await page.getByRole("button", { name: /execute/i }).waitFor({ timeout: 20_000 });
    await page.locator(".graphiql-query-editor .view-lines").click();
    await page.keyboard.press("Control+A");
    await page.keyboard.insertText("subscription { messageReceived { message { text } } }");
    // As soon as the editor has read it, it no longer means the story.
    await page.getByRole("tab", { name: "<untitled>" }).waitFor();
    await page.getByRole("button", { name: /execute/i }).click();
    await expect
      .poll(
        async () => {
          await forward(stage.app.url, "Hello explorer");
          return answer(page);
        },
        { timeout: 20_000, interval: 500 },
      )
      .toContain("Hello explorer");
    expect(complaints).toEqual([]);
    await page.close();
  });

  test("the landing page goes on to it where Sandbox cannot be loaded", { timeout: 60_000 }, async () => {
    const { page } = await open("/");
    await page.waitForURL("**/explorer", { timeout: 20_000 });
    await page.getByRole("button", { name: /execute/i }).waitFor({ timeout: 20_000 });
    await page.close();
  });

  test("on a narrow screen the answer is below the query", { timeout: 60_000 }, async () => {
    const { page } = await open("/explorer", { width: 360, colorScheme: "dark" });
    await page.getByRole("button", { name: /execute/i }).waitFor({ timeout: 20_000 });
    const [query, result] = await Promise.all(
      [".graphiql-query-editor", ".graphiql-response"].map((part) => page.locator(part).boundingBox()),
    );
    expect(result?.y).toBeGreaterThanOrEqual((query?.y ?? 0) + (query?.height ?? 0) - 1);
    expect(result?.width).toBeGreaterThan(250);
    await page.close();
  });
});
