import { readFileSync } from "node:fs";
import type { Page } from "playwright-core";
import { describe, expect, test } from "vitest";
import { startTextgraph } from "../kit/testing/start.ts";
import type { Textgraph, TextgraphOptions } from "../kit/testing/textgraph.ts";
import { axeFindings } from "./browser.ts";
import {
  CONSOLE_TIMEOUT_MS,
  canRunConsole,
  createKeys,
  openConsole,
  press,
  row,
  watchPrices,
} from "./console-stage.ts";
import { numberAt } from "./jobs.ts";

const AWAKE = { JOB_QUIET_HOURS: "00:00-00:00" };

function start({ env, ...options }: TextgraphOptions = {}): Promise<Textgraph> {
  return startTextgraph({ people: 20, ...options, env: { ...AWAKE, ...env } });
}

/** Rows of a spreadsheet: three to text, one whose number is not whole, one that repeats the first, one without a name. */
const FILE = [
  "Phone,First name",
  `${numberAt(0)},Ada`,
  `${numberAt(1)},Grace`,
  "415 555,Nobody",
  `${numberAt(0)},Twice`,
  `${numberAt(2)},Zoë`,
  `${numberAt(3)},`,
].join("\r\n");

async function writeToList(page: Page): Promise<void> {
  await page.getByRole("tab", { name: "A list" }).click();
  // As spreadsheet programs save it.
  const buffer = Buffer.from(FILE, "latin1");
  await page.locator("input[type=file]").setInputFiles({ name: "elm.csv", mimeType: "text/csv", buffer });
  await page.getByText("6 rows").waitFor();
  await page.getByLabel("Your text").fill("Hello ");
  await press(page, "firstname");
  await expect.poll(() => page.getByLabel("Your text").inputValue()).toBe("Hello {firstname}");
}

/** Chooses the hours after the answer to the file, and before the page is rendered with it: no person is so exact. */
const CHOOSE_WHEN_READ = `
  const ask = fetch;
  window.fetch = async (url, options) => {
    const answer = await ask(url, options);
    const body = String(url).endsWith("/jobs") && (await answer.json());
    if (body) {
      answer.json = async () => body;
      (async () => {
        for (let turn = 0; turn < 100; turn += 1) await null;
        document.querySelector("input[value=any]").click();
      })();
    }
    return answer;
  };`;

async function sendToThree(page: Page, clicks = 1): Promise<void> {
  await press(page, "Send to 3 people");
  const sure = page.getByRole("alertdialog").getByRole("button", { name: "Send to 3 people" });
  await sure.click({ clickCount: clicks });
}

const sent = (graph: Textgraph) => graph.sent().map(({ input }) => `${input["to_number"]} ${input["text_body"]}`);
const progress = (page: Page) => page.getByRole("region", { name: "Progress" });
const IN_JOB = /\/send\/job:/;

describe.skipIf(!canRunConsole)("the console's sends to many", { timeout: CONSOLE_TIMEOUT_MS }, () => {
  const site = openConsole();

  test("a list is checked by row, and a double click texts each person once, for what was said", async () => {
    await using graph = await start({ env: { TRUSTED_DOCUMENTS: site.documents } });
    const page = await site.open(graph.url, "/send");
    const prices = watchPrices(page, graph);
    await page.getByText("Nothing sent to many yet").waitFor();
    await page.getByRole("link", { name: "New text" }).click();
    await writeToList(page);
    // The draft outlives a reload, with its list.
    await page.reload();
    await page.getByText("elm.csv").waitFor();
    await page.getByLabel("Your text").fill("Hello {fristname}");
    await page.getByText("{fristname} is no column. There is: firstname.").waitFor();
    expect(await page.getByRole("button", { name: "Check" }).isDisabled()).toBe(true);
    await page.getByLabel("Your text").fill("Hello {firstname}");
    await press(page, "Check");

    await page.getByText("Hello Zoë").waitFor();
    const refused = page.getByRole("list", { name: "Left out (3)" });
    await refused.getByText("The phone number is not whole").waitFor();
    await refused.getByText("Line 2 has the same number.").waitFor();
    await refused.getByText("The row has no value for {firstname}.").waitFor();
    await page.getByText("3 calls to the platforms").waitFor();
    await page.getByText("It is nobody’s quiet hours now").waitFor();
    expect(await axeFindings(page)).toEqual([]);
    expect(graph.sent()).toEqual([]);
    await page.getByLabel("Your own number").fill("+1 415 555 0199");
    await press(page, "Send to me");
    await expect.poll(() => sent(graph)).toEqual(["+14155550199 Hello Ada"]);
    await prices.check();

    graph.forgetCalls();
    graph.simulator.ledger.length = 0;
    await sendToThree(page, 2);
    await page.waitForURL(IN_JOB);
    await progress(page).getByText("Done").waitFor();
    expect(sent(graph).toSorted()).toEqual([
      `${numberAt(0)} Hello Ada`,
      `${numberAt(1)} Hello Grace`,
      `${numberAt(2)} Hello Zoë`,
    ]);
    // What the check said the rows cost, and nothing of the screen's own.
    expect(graph.calls()).toHaveLength(3);
    expect(await page.getByRole("option").count()).toBe(1);
    expect(await axeFindings(page)).toEqual([]);

    const [download] = await Promise.all([page.waitForEvent("download"), press(page, "Download the report")]);
    const report = readFileSync(await download.path(), "utf8");
    expect(report).toContain('"Sent"');
    expect(report).toContain("The phone number is not whole");
  });

  test("a choice at the very moment in which a list has been read loses neither of them", async () => {
    await using graph = await start();
    const page = await site.newPage();
    await page.addInitScript(CHOOSE_WHEN_READ);
    await page.goto(`${site.address}send/new?graph=${encodeURIComponent(graph.url)}`);
    await writeToList(page);
    expect(await page.getByRole("radio", { name: "At any hour" }).isChecked()).toBe(true);
  });

  test("a reload loses no job: it goes on, is paused and stopped at once, and says what is not certain", async () => {
    await using graph = await start({ env: { JOB_ROWS_AT_ONCE: "1" } });
    const page = await site.open(graph.url, "/send/new");
    await writeToList(page);
    await press(page, "Check");
    await page.getByText("Hello Zoë").waitFor();
    graph.fault({ platform: "PIDJ", route: "POST /send", kind: "reset-after-request", times: 1 });
    const hold = graph.fault({ platform: "PIDJ", route: "POST /send", kind: "hold" });
    await sendToThree(page);
    await page.waitForURL(IN_JOB);
    await press(page, "Pause");
    await progress(page).getByText("Paused: nobody is texted").waitFor();
    await page.reload();
    await progress(page).getByText("Paused: nobody is texted").waitFor();
    hold.release();
    await press(page, "Stop for good");
    await page.getByRole("alertdialog").getByRole("button", { name: "Stop for good" }).click();

    await progress(page).getByText("Stopped for good: 2 people were not texted.").waitFor();
    await page.getByText("For 1 person, it is not certain").waitFor();
    await page.getByRole("radio", { name: /Not certain/ }).click();
    await page.getByRole("row", { name: /Not certain: do not send it again/ }).waitFor();
    expect(graph.calls().filter((call) => call === "PIDJ POST /send")).toHaveLength(1);
  });

  test("a lost answer and a reload make no second job", async () => {
    await using graph = await start();
    const page = await site.open(graph.url, "/send/new");
    await writeToList(page);
    await press(page, "Check");
    await page.getByText("Hello Zoë").waitFor();
    // The request arrives, its answer does not.
    let isLost = false;
    await page.route(graph.url, async (route) => {
      const isSend = /"CreateSendJob"/.test(route.request().postData() ?? "");
      if (isSend) {
        await route.fetch();
        isLost = true;
      }
      await (isSend ? route.abort() : route.continue());
    });
    await sendToThree(page);
    await expect.poll(() => isLost).toBe(true);
    await page.unroute(graph.url);
    await page.reload();
    await page.waitForURL(IN_JOB);
    await progress(page).getByText("Done").waitFor();
    expect(graph.sent()).toHaveLength(3);
    expect(await row(page, "Hello {firstname}").count()).toBe(1);
  });

  test("by keyboard alone, one person is found and texted; who is asleep is told with the hour", async () => {
    await using graph = await start({ env: { JOB_QUIET_HOURS: "00:00-23:59" } });
    const options = { viewport: { width: 360, height: 740 }, colorScheme: "dark" } as const;
    const page = await site.open(graph.url, "/send/new", options);
    await page.getByLabel("Name or number").focus();
    await page.keyboard.type("jettie");
    await row(page).waitFor();
    await page.keyboard.press("ArrowDown");
    expect(await axeFindings(page)).toEqual([]);
    await page.keyboard.press("Enter");
    await page.getByRole("row", { name: "Jettie Kuhic" }).waitFor();
    await page.getByLabel("Your text").focus();
    await page.keyboard.type("Hello {name}");
    await page.getByRole("button", { name: "Check" }).focus();
    await page.keyboard.press("Enter");
    await page.getByText("Hello Jettie Kuhic").waitFor();
    await page.getByText("1 person is asleep now").waitFor();
    await page.getByRole("button", { name: "Send to 1 person" }).focus();
    await page.keyboard.press("Enter");
    await page.getByRole("heading", { name: "Text 1 person?" }).waitFor();
    // The careful choice has the focus.
    await page.keyboard.press("Tab");
    await page.keyboard.press("Enter");

    await progress(page).getByText("Everybody who is left is asleep now").waitFor();
    await page.getByText("Asleep: waits until").waitFor();
    expect(await page.evaluate("document.documentElement.scrollWidth > innerWidth")).toBe(false);
    expect(await axeFindings(page)).toEqual([]);
    expect(graph.sent()).toEqual([]);
  });

  test("the check says how many are asleep, and when the last of them gets it, by the account's clocks and one's own", async () => {
    // The clocks of Thailand and Peru are twelve hours apart: in one of them, it is always night.
    await using graph = await start({ env: { JOB_QUIET_HOURS: "00:00-12:00", JOB_TIME_ZONE: "America/Lima" } });
    const page = await site.open(graph.url, "/send/new", { timezoneId: "Asia/Bangkok" });
    await page.getByRole("tab", { name: "A list" }).click();
    const buffer = Buffer.from(["phone", "+66212345678", "+66212345679", "+5112345678", "+5112345679"].join("\n"));
    await page.locator("input[type=file]").setInputFiles({ name: "two.csv", mimeType: "text/csv", buffer });
    await page.getByText("4 rows").waitFor();
    await page.getByLabel("Your text").fill("Hello");
    await press(page, "Check");
    const asleep = page.getByText("2 people are asleep now, by their area codes.");
    const sentence = (await asleep.innerText()).replaceAll(/\s/g, " ");
    // It is noon for those who sleep, and midnight for the others.
    const noon = "today at 12:00 PM GMT[+-]\\d";
    const midnight = "on \\w+day at 12:00 AM GMT[+-]\\d";
    const ends = [`the last ${noon}. For you: ${midnight}`, `the last ${midnight}. For you: ${noon}`].join("|");
    expect(sentence).toMatch(new RegExp(`They get it when their quiet hours end, (${ends})$`));

    await press(page, "Change it");
    await page.getByText("At any hour: for emergencies").click();
    await press(page, "Check");
    await page.getByRole("button", { name: "Send to 4 people" }).waitFor();
    await page.getByText("At any hour: for emergencies").waitFor();
    expect(await asleep.count()).toBe(0);
  });

  test("a group and a poll's answers are recipients; a key that may not send sees the jobs alone", async () => {
    const keys = createKeys();
    const sender = keys.add("sender", [
      "messages:read",
      "messages:send",
      "groups:read",
      "participants:read",
      "polls:read",
    ]);
    const reader = keys.add("reader", ["messages:read"]);
    await using graph = await start({ polls: 2, responsesPerPoll: 12, env: { API_KEYS_FILE: keys.path } });
    const page = await site.open(graph.url, "/send/new", { key: sender });
    await page.getByRole("tab", { name: "A poll" }).click();
    await page.getByRole("option").first().click();
    await page.getByRole("tab", { name: "A group" }).click();
    await page.getByRole("option").first().click();
    await page.getByLabel("Your text").fill("Hello {name}");
    await press(page, "Check");
    await page.getByRole("button", { name: /^Send to \d+ (person|people)$/ }).waitFor();
    await press(page, "Change it");
    await page.getByRole("tab", { name: "A poll" }).click();
    await page.getByLabel("Your text").fill("You said {answer}");
    await press(page, "Check");
    await page
      .getByText(/You said \w+/)
      .first()
      .waitFor();

    const other = await site.open(graph.url, "/send", { key: reader });
    await other.getByText("Nothing sent to many yet").waitFor();
    expect(await other.getByRole("link", { name: "New text" }).count()).toBe(0);

    // It appears there while it is looked at.
    const send = { name: /^Send to \d+ (person|people)$/ };
    await page.getByRole("button", send).click();
    await page.getByRole("alertdialog").getByRole("button", send).click();
    await row(other, "You said {answer}").waitFor({ timeout: 12_000 });
  });
});
