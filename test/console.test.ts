import type { Page } from "playwright-core";
import { describe, expect, test } from "vitest";
import { axeFindings, SCREENS } from "./browser.ts";
import {
  CONSOLE_TIMEOUT_MS,
  canRunConsole,
  createKeys,
  openConsole,
  row,
  signIn,
  startChat,
  watchPrices,
} from "./console-stage.ts";

const textBox = (page: Page) => page.getByLabel("Your text");
const sendButton = (page: Page) => page.getByRole("button", { name: "Send", exact: true });
const messages = (page: Page) => page.getByRole("log");

describe.skipIf(!canRunConsole)("the console", { timeout: CONSOLE_TIMEOUT_MS }, () => {
  const site = openConsole();

  test("shows who has texted, and sends an answer once though it is clicked twice", async () => {
    await using graph = await startChat();
    const page = await site.open(graph.url);

    await row(page).getByText("1 unread text").waitFor();
    await row(page).click();
    await messages(page).getByText("Is the library open?").waitFor();
    // Seen, so read: for everybody.
    await row(page).getByText("1 unread text").waitFor({ state: "detached" });
    await textBox(page).fill("Until nine – come in!");
    await page.getByText("– makes this text longer").waitFor();
    await page.locator("mark", { hasText: "–" }).waitFor({ state: "attached" });
    await sendButton(page).dblclick();
    await messages(page).getByText("Sent", { exact: true }).waitFor();

    expect(await textBox(page).inputValue()).toBe("");
    expect(graph.sent().map(({ call }) => call)).toEqual(["POST /send"]);
    // A part of the name, or digits of the number, narrow the list.
    const box = page.getByLabel("Name or number");
    await box.fill("nobody of this name");
    await page.getByText("Nobody among these").waitFor();
    await box.fill("kuhi");
    await row(page).waitFor();
    await box.fill("201 555");
    await row(page).waitFor();
    // Another one, after the first, has another key.
    await textBox(page).fill("See you");
    await sendButton(page).click();
    await messages(page).getByText("See you").waitFor();
    await expect.poll(() => graph.sent().length).toBe(2);
  });

  test("shows a text that comes in, and says in plain words when an outcome is not certain", async () => {
    await using graph = await startChat();
    const page = await site.open(graph.url, `/inbox/${graph.phoneNumber}`);
    await messages(page).getByText("Is the library open?").waitFor();
    await graph.receiveText({ from: graph.phoneNumber, message: "Hello?" });
    await messages(page).getByText("Hello?").waitFor();

    graph.fault({ platform: "PIDJ", route: "POST /send", kind: "reset-after-request", times: 1 });
    await textBox(page).fill("Yes, it is");
    await sendButton(page).click();
    await messages(page).getByText("It is not certain whether this text was sent. Do not send it again").waitFor();

    expect(graph.calls().filter((call) => call === "PIDJ POST /send")).toHaveLength(1);
    await row(page).getByText("Uncertain").waitFor();
  });

  test("a STOP that comes while somebody types blocks the send; a reload loses no draft", async () => {
    await using graph = await startChat();
    const page = await site.open(graph.url, `/inbox/${graph.phoneNumber}`);
    await textBox(page).fill("We would like to");
    await page.reload();
    await expect.poll(() => textBox(page).inputValue()).toBe("We would like to");

    await graph.receiveText({ from: graph.phoneNumber, message: "STOP" });

    await page.getByText("This person asked not to be texted").waitFor();
    expect(await sendButton(page).count()).toBe(0);
    await row(page).getByText("Opted out").waitFor();
    expect(graph.sent()).toEqual([]);
  });

  test("arrow keys move in a list and Enter opens a row; the focus stays, or goes to what takes the list's place", async () => {
    await using graph = await startChat();
    await graph.receiveText({ from: "+12025550101", message: "And on Sunday?" });
    const page = await site.open(graph.url);
    const focused = page.locator(":focus");
    await row(page, /Sunday/).waitFor();
    await page.getByLabel("Name or number").focus();
    await page.keyboard.press("Tab");
    await expect.poll(() => focused.textContent()).toContain("Sunday");
    await page.keyboard.press("ArrowDown");
    await expect.poll(() => focused.textContent()).toContain("Is the library open?");
    // Long enough for whatever would be opened, and read by that.
    await page.waitForTimeout(300);
    expect(new URL(page.url()).pathname).toBe("/inbox");
    expect(await page.getByRole("option").getByText("1 unread text").count()).toBe(2);

    await page.keyboard.press("Enter");
    await messages(page).getByText("Is the library open?").waitFor();
    await row(page).getByText("1 unread text").waitFor({ state: "detached" });
    expect(await focused.textContent()).toContain("Is the library open?");
    expect(await focused.getAttribute("role")).toBe("option");
    await page.keyboard.press("ArrowUp");
    await page.keyboard.press("Space");
    await messages(page).getByText("And on Sunday?").waitFor();
    expect(await focused.textContent()).toContain("Sunday");

    await page.setViewportSize({ width: 360, height: 800 });
    await page.getByRole("link", { name: "All conversations" }).click();
    await page.getByLabel("Name or number").focus();
    await page.keyboard.press("Tab");
    await page.keyboard.press("ArrowDown");
    await page.keyboard.press("Enter");
    await messages(page).getByText("Is the library open?").waitFor();
    await expect.poll(() => focused.textContent()).toBe("Jettie Kuhic");
    expect(await focused.evaluate((element) => element.tagName)).toBe("H1");
  });

  test("says that the lines cannot be read, and sends what was written meanwhile once they are", async () => {
    await using graph = await startChat();
    const mend = graph.fault({ platform: "PIDJ", route: "GET /groups", kind: "refuse" });
    const page = await site.open(graph.url, `/inbox/${graph.phoneNumber}`);
    await textBox(page).fill("Until nine");
    const problem = page.getByRole("alert").filter({ hasText: "The lines to send from cannot be read" });
    await problem.waitFor();
    expect(await page.getByText("Reading the lines").count()).toBe(0);
    // The texts and who exchanged them are known without the platform.
    expect(await page.getByText("Some of this cannot be shown").count()).toBe(0);
    expect(await sendButton(page).isDisabled()).toBe(true);

    mend();
    await problem.getByRole("button", { name: "Try again" }).click();
    await sendButton(page).click();

    await messages(page).getByText("Until nine").waitFor();
    expect(await problem.count()).toBe(0);
  });

  test("asks for a key, shows what it opens, and nothing else", async () => {
    const keys = createKeys();
    const reader = keys.add("reader", ["messages:read", "participants:read"]);
    const nobody = keys.add("nobody", ["metrics:read"]);
    await using graph = await startChat({ env: { API_KEYS_FILE: keys.path } });
    const page = await site.open(graph.url, "/", { key: "" });
    await page.getByText("This server asks for a key.").waitFor();
    await signIn(page, "tg_wrong");
    await page.getByText("This key is not valid").waitFor();
    await signIn(page, nobody);
    await page.getByText("Your key does not open this").waitFor();
    expect(await page.getByRole("link", { name: "Inbox" }).count()).toBe(0);
    await page.getByRole("button", { name: "nobody" }).click();
    await page.getByRole("button", { name: "Sign out" }).click();
    await signIn(page, reader);
    await row(page).click();
    await messages(page).getByText("Is the library open?").waitFor();
    expect(await textBox(page).count()).toBe(0);
    await page.getByText("Your key shows texts, and cannot send any.").waitFor();
    // The tab keeps the key.
    await page.reload();
    await messages(page).getByText("Is the library open?").waitFor();
  });

  test("asks by the ids of trusted documents alone; a screen calls no more than its price says", async () => {
    await using graph = await startChat({ env: { TRUSTED_DOCUMENTS: site.documents } });
    const bodies: string[] = [];
    const page = await site.open("http://127.0.0.1:9/graphql");
    page.on("request", (request) => request.url() === graph.url && bodies.push(request.postData() ?? ""));
    const prices = watchPrices(page, graph);
    // No graph there: said, with the form to correct the address.
    await page.getByText("There is no answer from this address").waitFor();
    await page.getByLabel("Address of the graph").fill(graph.url);
    await page.getByRole("button", { name: "Sign in" }).click();
    await row(page).click();
    await textBox(page).waitFor();
    await page.getByText("Send from").waitFor();

    // This server asks for no key, so there is nothing to sign out of.
    await page.getByRole("button", { name: "Sign-in is off" }).click();
    await page.getByText("Appearance").waitFor();
    expect(await page.getByRole("button", { name: "Sign out" }).count()).toBe(0);

    await expect.poll(() => bodies.length).toBeGreaterThanOrEqual(4);
    await prices.check();
    expect(bodies.filter((body) => body.includes('"query"'))).toEqual([]);
  });

  // console-states.test.ts looks at the others.
  const looks = SCREENS.filter((_, at) => at % 3 === 0);

  test.for(looks)("axe finds nothing at $width px, $colorScheme", async ({ width, colorScheme }) => {
    const keys = createKeys();
    const key = keys.add("desk", ["messages:read", "messages:send", "groups:read", "contacts:read"]);
    await using graph = await startChat({ env: { API_KEYS_FILE: keys.path } });
    const options = { viewport: { width, height: 800 }, colorScheme, reducedMotion: "reduce", key } as const;
    const page = await site.open(graph.url, "/", options);
    const states: unknown[] = [];
    await row(page).waitFor();
    states.push(await axeFindings(page));
    await row(page).click();
    await textBox(page).fill("Ünïcode “quotes” 🎉");
    await page.getByText("make this text longer").waitFor();
    states.push(await axeFindings(page));
    await page.getByRole("button", { name: "desk" }).click();
    await page.getByRole("button", { name: "Sign out" }).waitFor();
    states.push(await axeFindings(page));
    await page.getByRole("button", { name: "Sign out" }).click();
    await page.getByRole("heading", { name: "Sign in" }).waitFor();
    states.push(await axeFindings(page));

    expect(states).toEqual([[], [], [], []]);
    expect(await page.evaluate("document.documentElement.scrollWidth > innerWidth")).toBe(false);
  });
});
