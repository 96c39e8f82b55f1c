import type { Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startTextgraph } from "../kit/testing/start.ts";
import type { Textgraph } from "../kit/testing/textgraph.ts";
import { CONSOLE_TIMEOUT_MS, type ConsoleSite, canRunConsole, press, startConsole } from "./console-stage.ts";
import { numberAt } from "./jobs.ts";

// What people do with their hands who have not read how it is meant: click twice, leave the mouse alone, change their mind.

const start = (env: Record<string, string> = {}): Promise<Textgraph> =>
  startTextgraph({ people: 20, env: { JOB_QUIET_HOURS: "00:00-00:00", ...env } });

const focused = (page: Page) => page.evaluate("document.activeElement.innerText");
const heights = (page: Page) => page.evaluate("[document.documentElement.scrollHeight, innerHeight]");

/** Two clicks as people make them who are used to double clicks: the second comes when the first has had its answer. */
async function clickTwice(page: Page, name: string): Promise<void> {
  const button = page.getByRole("button", { name, exact: true });
  await button.scrollIntoViewIfNeeded();
  const { x, y } = (await button.boundingBox()) ?? { x: 0, y: 0 };
  await page.mouse.click(x + 20, y + 20);
  await page.waitForTimeout(250);
  await page.mouse.click(x + 20, y + 20);
}

describe.skipIf(!canRunConsole)("a clerk's hands at sends to many", { timeout: CONSOLE_TIMEOUT_MS }, () => {
  let site: ConsoleSite;

  beforeAll(async () => {
    site = await startConsole();
  }, CONSOLE_TIMEOUT_MS);

  afterAll(() => site[Symbol.asyncDispose]());

  test("double clicks text nobody twice and take no question away, and the focus is never lost", async () => {
    await using graph = await start({ JOB_ROWS_AT_ONCE: "1" });
    const page = await site.open(graph.url, "/send/new", { viewport: { width: 360, height: 740 } });
    await page.getByLabel("Your text").fill("Never mind");
    await press(page, "Start over");
    await page.getByRole("alertdialog").getByRole("button", { name: "Start over" }).click();
    await expect.poll(() => page.getByLabel("Your text").inputValue()).toBe("");
    await page.getByRole("tab", { name: "A list" }).click();
    await page.getByLabel("Your text").fill("Hello {firstname}");
    await page.getByText("{firstname} cannot be filled in for these people.").waitFor();
    await page.getByLabel("Or paste numbers").fill(`phone,First name\n${numberAt(0)},Ada\n${numberAt(1)},Grace`);
    await page.getByText("Press “Use these” under the list first.").waitFor();
    await press(page, "Use these");
    await page.getByText("2 rows").waitFor();
    expect(await focused(page)).toContain("2 rows");
    // Nothing but the page's own parts scrolls.
    expect(new Set((await heights(page)) as number[]).size).toBe(1);

    await press(page, "Start over");
    await press(page, "Keep it");
    await press(page, "Check");
    await page.getByText("Hello Ada").waitFor();
    expect(await focused(page)).toBe("Check before it is sent");

    await page.getByLabel("Your own number").fill("+1 415 555 0199");
    await clickTwice(page, "Send to me");
    await page.getByText("Sent to +1 415 555 0199.").waitFor();
    expect(graph.sent()).toHaveLength(1);
    expect(await focused(page)).toBe("Send to me");

    const hold = graph.fault({ platform: "PIDJ", route: "POST /send", kind: "hold" });
    await clickTwice(page, "Send to 2 people");
    await page.getByRole("heading", { name: "Text 2 people?" }).waitFor();
    await page.getByRole("alertdialog").getByRole("button", { name: "Send to 2 people" }).click();
    await page.waitForURL(/\/send\/job:/);
    await expect.poll(() => focused(page)).toBe("Hello {firstname}");
    await press(page, "Pause");
    await page.getByText("Paused: nobody is texted").waitFor();
    expect(await focused(page)).toBe("Go on");

    hold.release();

    // One was under way, and one is left undone: no full bar.
    await page.getByText("1 of 2", { exact: true }).waitFor();
    await press(page, "Stop for good");
    await page.getByRole("alertdialog").getByRole("button", { name: "Stop for good" }).click();
    await page.getByText("Stopped for good: 1 person was not texted.").waitFor();
    expect(await page.getByRole("progressbar", { name: "Progress" }).last().getAttribute("aria-valuetext")).toBe(
      "1 of 2",
    );
  });

  test("a list in which nothing is found has no bar to scroll it sideways", async () => {
    await using graph = await start();
    const page = await site.open(graph.url, `/people/${graph.phoneNumber}`);
    const box = page.getByRole("combobox", { name: "Time zone" });
    await box.click();
    await box.fill("zzzz");
    await page.getByText("Nothing of this name").waitFor();
    const style = "getComputedStyle(document.querySelector('.choice-options')).overflowX";
    expect(await page.evaluate(style)).toBe("hidden");
  });
});
