import type { Page } from "playwright-core";
import { describe, expect, test } from "vitest";
import { CONSOLE_TIMEOUT_MS, canRunConsole, openConsole, press, row, startChat } from "./console-stage.ts";

const SEND = { platform: "PIDJ", route: "POST /send" } as const;
const TEXT = "We are open until 8";

const textBox = (page: Page) => page.getByLabel("Your text");
const bubble = (page: Page) => page.getByRole("article").filter({ hasText: TEXT });
const isTyping = (page: Page) => textBox(page).evaluate((box) => box.matches(":focus"));

describe.skipIf(!canRunConsole)("the inbox of the console", { timeout: CONSOLE_TIMEOUT_MS }, () => {
  const site = openConsole();

  test("a text that was not sent is one bubble that says why, and is sent once by Try again though it is clicked twice", async () => {
    await using graph = await startChat({ env: { SNAPSHOT_SECONDS: "0" } });
    const line = [...graph.simulator.world.pidjGroups.values()].findLast(
      (group) => group.is_active && group.phone_number,
    );
    const wrote = { from: graph.phoneNumber, groupId: line?.id ?? "" };
    await graph.receiveText({ ...wrote, message: "Are you open?" });
    const mend = graph.fault({ ...SEND, kind: "status", status: 429, headers: { "retry-after": "1" } });
    const page = await site.open(graph.url, `/inbox/${graph.phoneNumber}`);
    // The line that they wrote to.
    await page
      .getByRole("button", { name: /Send from/ })
      .getByText(line?.name ?? "?")
      .waitFor();
    // It stays the same while groups cannot be read.
    const mendGroups = graph.fault({ platform: "PIDJ", route: "GET /groups", kind: "refuse" });
    await graph.receiveText({ ...wrote, message: "Hello?" });
    await page.getByRole("article").getByText("Hello?").waitFor();
    expect(await page.getByRole("button", { name: /Send from/ }).textContent()).toContain(line?.name);
    expect(await page.getByText("Some of this cannot be shown").count()).toBe(0);
    mendGroups();
    await textBox(page).fill(`${TEXT}\n\n`);
    await textBox(page).press("Control+Enter");

    await bubble(page).getByText("Not sent: Pidj asks to wait before the next request.").waitFor();
    await row(page).getByText("Not sent").waitFor();
    await expect.poll(() => textBox(page).inputValue()).toBe("");
    // The program has tried it several times by itself.
    await expect.poll(() => graph.calls().filter((call) => call === "PIDJ POST /send").length).toBeGreaterThan(2);
    const again = bubble(page).getByRole("button", { name: "Try again" });
    await expect.poll(() => again.getAttribute("aria-disabled")).toBeNull();
    expect(await bubble(page).count()).toBe(1);
    expect(await isTyping(page)).toBe(true);

    await bubble(page).getByRole("button", { name: "Change it" }).click();
    expect(await textBox(page).inputValue()).toBe(TEXT);
    await textBox(page).fill("");
    mend();
    await again.dblclick();
    await bubble(page).getByText("Sent", { exact: true }).waitFor();
    expect(await bubble(page).count()).toBe(1);
    expect(await isTyping(page)).toBe(true);
    expect(graph.sent().map(({ input }) => input["text_body"])).toEqual([TEXT]);
  });

  test("an uncertain text leads to Ops, and is sent again only after somebody found that it was not sent", async () => {
    await using graph = await startChat();
    graph.fault({ ...SEND, kind: "reset-after-request", times: 1 });
    const page = await site.open(graph.url, `/inbox/${graph.phoneNumber}`);
    await textBox(page).fill(TEXT);
    await press(page, "Send");
    await bubble(page).getByText("It is not certain").waitFor();
    expect(await bubble(page).getByRole("button").count()).toBe(0);
    await page.reload();
    await page.getByRole("link", { name: "Ops 1 needs a decision" }).waitFor();

    await bubble(page).getByRole("link", { name: "See it in Ops" }).click();
    await press(page, "It was not sent");
    await press(page, "Yes, it was not sent");
    await page.getByText("Nothing is uncertain").waitFor();
    await page.getByText("1 needs a decision").waitFor({ state: "detached" });
    await page.goBack();
    await bubble(page).getByText("Not sent").waitFor();
    await bubble(page).getByRole("button", { name: "Try again" }).click();
    await bubble(page).getByText("Sent", { exact: true }).waitFor();
    expect(await bubble(page).count()).toBe(1);
  });

  test("a search among the unread offers all conversations; an address without a number says so", async () => {
    await using graph = await startChat();
    await graph.receiveText({ from: "+12025550101", message: "And on Sunday?" });
    const page = await site.open(graph.url, `/inbox/${graph.phoneNumber}`);
    await row(page).getByText("1 unread text").waitFor({ state: "detached" });
    await page.getByRole("button", { name: "Unread" }).click();
    await row(page).waitFor({ state: "detached" });
    await page.getByLabel("Name or number").fill(graph.phoneNumber.slice(-7));
    await page.getByText("Nobody with unread texts").waitFor();
    await press(page, "Search all");
    await row(page).waitFor();
    expect(await row(page, /Sunday/).count()).toBe(0);

    await page.goto(`${site.address}inbox/hello`);
    await page.getByRole("heading", { name: "This is no phone number" }).waitFor();
    expect(await page.getByText("Write the first one").count()).toBe(0);
    expect(await page.getByRole("alert").count()).toBe(0);
    await page.getByRole("main").getByRole("link", { name: "All conversations" }).click();
    await page.getByText("Choose a conversation").waitFor();
  });
});
