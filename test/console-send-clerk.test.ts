import { readFileSync } from "node:fs";
import type { Page } from "playwright-core";
import { describe, expect, test } from "vitest";
import { startTextgraph } from "../kit/testing/start.ts";
import type { Textgraph } from "../kit/testing/textgraph.ts";
import { CONSOLE_TIMEOUT_MS, canRunConsole, openConsole, press } from "./console-stage.ts";
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
  const site = openConsole();

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

  test("a sheet without country codes is texted; lines, names and the report are those of the sheet", async () => {
    await using graph = await start();
    const page = await site.open(graph.url, "/send/new", { timezoneId: "America/Denver" });
    await page.getByRole("tab", { name: "A list" }).click();
    const sheet = ["Phone,First name,Last name", "(415) 555-0100,Ada,Lovelace", "", "415 555,Grace,Hopper"];
    const buffer = Buffer.from([...sheet, "+1 415-555-0100,=Twice,Ada"].join("\n"));
    await page.locator("input[type=file]").setInputFiles({ name: "elm.csv", mimeType: "text/csv", buffer });
    await page.getByText("3 rows").waitFor();
    await page.getByLabel("Your text").fill("Hello {firstname}");
    await press(page, "Check");
    const refused = page.getByRole("list", { name: "Left out (2)" });
    expect((await refused.innerText()).split("\n").slice(0, 3)).toEqual(["Grace Hopper", "Line 4", "415 555"]);
    await refused.getByText("Line 2 has the same number.").waitFor();
    await press(page, "Send to 1 person");
    await page.getByRole("alertdialog").getByRole("button", { name: "Send to 1 person" }).click();
    await page.getByRole("region", { name: "Progress" }).getByText("Done").waitFor();
    expect(graph.sent()).toMatchObject([{ input: { to_number: numberAt(0), text_body: "Hello Ada" } }]);

    const [download] = await Promise.all([page.waitForEvent("download"), press(page, "Download the report")]);
    const [header, first, , twice] = readFileSync(await download.path(), "utf8").split("\r\n");
    expect(header).toBe('\uFEFF"Line","Phone","firstname","lastname","What became of it","Why","When","The text"');
    expect(first).toMatch(
      /^"2","\+1 415 555 0100","Ada","Lovelace","Sent","","\d{4}-\d\d-\d\d \d\d:\d\d","Hello Ada"$/,
    );
    const when = Date.parse(`${/\d{4}[-\d: ]+/.exec(first ?? "")?.[0]} GMT-0700`);
    expect(Math.abs(when - Date.now()) % 3_600_000).toBeLessThan(300_000);
    expect(Math.abs(when - Date.now())).toBeLessThan(2 * 3_600_000);
    // What a spreadsheet would take for a formula stays marked.
    expect(twice).toMatch(/^"5","\+1 415 555 0100","'=Twice","Ada","Not sent","Line 2 has the same number."/);

    await page.getByRole("row", { name: "Ada Lovelace" }).click();
    await page.waitForURL(`**/inbox/${numberAt(0)}`);
  });
});
