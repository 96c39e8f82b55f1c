import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { addApiKey } from "../src/access/api-keys.ts";
import { axeFindings, HAS_BROWSER, launchBrowser, openPage, SCREENS } from "./browser.ts";
import { type Stage, startStage } from "./support.ts";

/** GraphiQL's tabs have buttons inside of what it calls a tab. */
const NOT_OURS = [".graphiql-tabs"];
const PATIENT = { timeout: 20_000, interval: 300 };
const VARIABLES = ".graphiql-editor-tool .graphiql-editor >> nth=0";
const HEADERS = ".graphiql-editor-tool .graphiql-editor >> nth=1";

describe.runIf(HAS_BROWSER)("the explorer's Explain", () => {
  let browser: Awaited<ReturnType<typeof launchBrowser>>;
  let stage: Stage;
  beforeAll(async () => {
    [browser, stage] = await Promise.all([
      launchBrowser(),
      startStage({ simulator: { people: 12, polls: 1 }, app: { exampleNumber: "+12025550143" } }),
    ]);
  }, 60_000);
  afterAll(() => Promise.all([browser.close(), stage[Symbol.asyncDispose]()]));

  async function open(url: string, screen?: Parameters<typeof openPage>[2]) {
    const opened = await openPage(browser, new URL("/explorer", url), screen);
    await opened.page.locator(".graphiql-query-editor .view-line").first().waitFor({ timeout: 20_000 });
    return opened;
  }

  async function write(page: Page, editor: string, text: string): Promise<void> {
    await page.locator(editor).locator(".view-lines").click();
    await page.keyboard.press("Control+A");
    await page.keyboard.insertText(text);
  }

  const plan = (page: Page) => page.getByRole("region", { name: "What it may cost" });

  /** What it says at last of what the tab has by then: the explorer learns of a change a moment after it. */
  function explained(page: Page) {
    return expect.poll(async () => {
      await page.getByRole("button", { name: "Explain", exact: true }).click();
      await plan(page).getByText("Asking").waitFor({ state: "detached" });
      return plan(page).innerText();
    }, PATIENT);
  }

  test("tells what the open tab may cost, as a tree, without running it", { timeout: 60_000 }, async () => {
    stage.calls();
    const { page, complaints } = await open(stage.app.url);
    await explained(page).toContain("At most 10 calls and 24 objects; 5 calls while lists are kept.");
    expect(await plan(page).innerText()).toContain(
      "Leave out, or ask for less of, person.participant.groups first: 2 calls and 10 objects.",
    );
    const groups = await plan(page).locator("li.dearest").innerText();
    expect(groups).toContain("Participant.groups");
    expect(groups).toContain("TEXTIZEN GET /api/participants/{id}");
    const backgrounds = await plan(page)
      .locator(".field")
      .evaluateAll((fields) =>
        fields.map((field) => String(Reflect.get(globalThis, "getComputedStyle")(field).backgroundColor)),
      );
    expect(backgrounds.filter((color) => color !== "rgba(0, 0, 0, 0)")).toHaveLength(1);

    // Of another tab, and of what is written since.
    await page.getByRole("tab", { name: "ParticipantsTable" }).click();
    await explained(page).toContain("query ParticipantsTable");
    await write(
      page,
      ".graphiql-query-editor",
      "query Mine($first: Int) { participants(first: $first) { nodes { groups { name } } } }",
    );
    await write(page, VARIABLES, '{ "first": 5 }');
    await explained(page).toContain("At most 11 calls");
    expect(await plan(page).innerText()).toContain("asked for 5 times");
    expect(stage.calls()).toEqual([]);
    expect(complaints).toEqual([]);
    await page.close();
  });

  test("says what is wrong, and what would be refused", { timeout: 60_000 }, async () => {
    const { page } = await open(stage.app.url);
    const many = Array.from(
      { length: 12 },
      (_, at) => `a${at}: participants(first: 100) { nodes { groups { name } } }`,
    );
    for (const [text, expected] of [
      ["query { participant }", 'Field "participant"'],
      [`query { ${many.join(" ")} }`, "2,401 platform calls"],
      ["query { __typename }", "None of its fields costs anything."],
      [" ", "This tab has no operation."],
    ] as const) {
      await write(page, ".graphiql-query-editor", text);
      await explained(page).toContain(expected);
    }
    await write(page, ".graphiql-query-editor", "query { __typename }");
    await write(page, VARIABLES, "{ first }");
    await explained(page).toContain("variables are no JSON");
    await page.close();
  });

  test("sends the tab's headers, as a run would", { timeout: 60_000 }, async () => {
    const folder = mkdtempSync(join(tmpdir(), "explain-"));
    const path = join(folder, "keys.json");
    const limits = { expires: null, callsPerMinute: null, recipientsPerMinute: null };
    const key = addApiKey(path, { name: "reader", scopes: ["contacts:read"], ...limits });
    try {
      await using guarded = await startStage({ simulator: { people: 1, polls: 0 }, env: { API_KEYS_FILE: path } });
      const { page } = await open(guarded.app.url);
      await explained(page).toMatch(/API key|token/i);
      await page.getByRole("button", { name: "Headers" }).click();
      await write(page, HEADERS, `{ "x-api-key": "${key}" }`);
      await explained(page).toContain("At most");
      await page.close();
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  test("works with the keyboard alone", { timeout: 60_000 }, async () => {
    const { page } = await open(stage.app.url);
    await page.keyboard.press("Tab");
    expect(await page.locator(":focus").innerText()).toBe("Explain");
    await page.keyboard.press("Enter");
    const heading = page.getByRole("heading", { name: "What it may cost" });
    await expect.poll(() => heading.evaluate((element) => element.matches(":focus")), PATIENT).toBe(true);
    await page.keyboard.press("Escape");
    expect(await page.locator(":focus").innerText()).toBe("Explain");
    expect(await plan(page).count()).toBe(0);
    // From within the editor too.
    await page.locator(".graphiql-query-editor .view-lines").click();
    await page.keyboard.press("Alt+E");
    await expect.poll(() => plan(page).innerText(), PATIENT).toContain("At most");
    await page.keyboard.press("Tab");
    expect(await page.locator(":focus").innerText()).toBe("Close");
    await page.close();
  });

  test.each(SCREENS)("axe finds nothing at $colorScheme, $width px", { timeout: 60_000 }, async (screen) => {
    const { page } = await open(stage.app.url, screen);
    await page.getByRole("button", { name: "Explain", exact: true }).click();
    await plan(page).getByText("At most").waitFor();
    expect(await axeFindings(page, NOT_OURS)).toEqual([]);
    expect(await page.evaluate("document.documentElement.scrollWidth")).toBeLessThanOrEqual(screen.width);
    await page.close();
  });
});
