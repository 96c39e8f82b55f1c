import { describe, expect, test } from "vitest";
import { axeFindings } from "./browser.ts";
import { CONSOLE_TIMEOUT_MS, canRunConsole, createKeys, openConsole, startChat } from "./console-stage.ts";
import { send } from "./sends.ts";
import { ask } from "./support.ts";

const UNKNOWN = "{ unknownAttempts { totalCount } }";

describe.skipIf(!canRunConsole)("operations in the console", { timeout: CONSOLE_TIMEOUT_MS }, () => {
  const site = openConsole();

  test("attempts of unknown outcome are settled by click and by keyboard, and the rest of the page says what it read", async () => {
    await using graph = await startChat();
    graph.fault({ platform: "PIDJ", route: "POST /send", kind: "cut-body", times: 2 });
    await send(graph.url, "first");
    await send(graph.url, "second");
    const page = await site.open(graph.url, "/ops", { viewport: { width: 360, height: 800 } });

    await page.getByText("2 attempts").waitFor();
    const attempts = page.getByRole("list", { name: "Needs a decision" }).getByRole("listitem");
    expect(await attempts.allTextContents()).toEqual([
      expect.stringContaining("Text of second"),
      expect.stringContaining("Text of first"),
    ]);
    await page
      .getByText(/accepts this server's credentials/)
      .nth(1)
      .waitFor();
    expect(await page.getByText("Works: nothing is held back").count()).toBe(4);
    await page.getByText("Could not be reached, or failed").waitFor();
    await page.getByText("POST /send").waitFor();
    await page.getByRole("row", { name: /PlatformCheck 2 \d/ }).waitFor();
    expect(await axeFindings(page)).toEqual([]);
    expect(await page.evaluate("document.documentElement.scrollWidth > innerWidth")).toBe(false);

    await attempts.last().getByRole("button", { name: "It was sent" }).click();
    const dialog = page.getByRole("alertdialog", { name: "It was sent: never send it again?" });
    await dialog.getByText("Text of first").waitFor();
    expect(await axeFindings(page)).toEqual([]);
    await dialog.getByRole("button", { name: "Not yet" }).click();
    expect((await ask(graph.url, UNKNOWN)).data.unknownAttempts.totalCount).toBe(2);
    await attempts.last().getByRole("button", { name: "It was sent" }).click();
    await dialog.getByRole("button", { name: "Yes, it was sent" }).click();
    await page.getByText("Settled: it was sent.").waitFor();
    await page.getByText("1 attempt", { exact: true }).waitFor();

    await attempts.getByRole("button", { name: "It was not sent" }).focus();
    await page.keyboard.press("Enter");
    await page.getByText("the person gets it twice").waitFor();
    await page.keyboard.press("Tab");
    await page.keyboard.press("Enter");
    await page.getByText("Nothing is uncertain").waitFor();
    // Nothing is left of the button that was pressed.
    expect(await axeFindings(page)).toEqual([]);

    const STATES =
      '{ first: attempt(idempotencyKey: "first") { state } second: attempt(idempotencyKey: "second") { state } }';
    expect((await ask(graph.url, STATES)).data).toEqual({ first: { state: "ACCEPTED" }, second: { state: "REFUSED" } });
    await page.goto(`${new URL("/inbox/+14155550100", page.url())}`);
    await page.getByRole("article").getByText("Not sent").waitFor();
    expect(await page.getByText("It is not certain").count()).toBe(0);
  });

  test("a key that may not decide sees no buttons, and one for texts alone no page", async () => {
    const keys = createKeys();
    const key = keys.add("reader", ["attempts:read", "messages:send"]);
    const clerk = keys.add("clerk", ["messages:read"]);
    await using graph = await startChat({ env: { API_KEYS_FILE: keys.path } });
    graph.fault({ platform: "PIDJ", route: "POST /send", kind: "cut-body", times: 1 });
    await send(graph.url, "only", {}, { "x-api-key": key });
    const page = await site.open(graph.url, "/ops", { key, colorScheme: "dark" });
    await page.getByText("whose key may decide").waitFor();
    await page.getByText("key only").waitFor();
    expect(await page.getByRole("button", { name: /It was/ }).count()).toBe(0);
    expect(await page.getByRole("heading", { name: "Pidj" }).count()).toBe(0);
    expect(await axeFindings(page)).toEqual([]);

    const other = await site.open(graph.url, "/ops", { key: clerk });
    await other.getByText("Your key does not open this").waitFor();
    expect(await other.getByRole("link", { name: "Ops" }).count()).toBe(0);
  });
});
