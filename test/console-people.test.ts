import type { Page } from "playwright-core";
import { describe, expect, test } from "vitest";
import { startTextgraph } from "../kit/testing/start.ts";
import type { Textgraph } from "../kit/testing/textgraph.ts";
import { axeFindings } from "./browser.ts";
import {
  CONSOLE_TIMEOUT_MS,
  canRunConsole,
  choose,
  createKeys,
  openConsole,
  press,
  row,
  startChat,
  watchPrices,
} from "./console-stage.ts";

/** What is written at a field because it was refused. */
const refusal = (page: Page, label: string) =>
  page.locator(".field", { has: page.getByText(label, { exact: true }) }).locator(".field-error");

const contactOf = ({ simulator, phoneNumber }: Textgraph) =>
  [...simulator.world.contacts.values()].find((contact) => contact.phone_number === phoneNumber);
const participantOf = ({ simulator, phoneNumber }: Textgraph) =>
  [...simulator.world.participants.values()].find((each) => `+${each.phone_number}` === phoneNumber);

describe.skipIf(!canRunConsole)("people in the console", { timeout: CONSOLE_TIMEOUT_MS }, () => {
  const site = openConsole();

  test("are found by name; a contact is changed in place, and what the platform refuses is said at its field", async () => {
    await using graph = await startChat();
    const page = await site.open(graph.url, "/people");
    const prices = watchPrices(page, graph);
    await page.getByLabel("Name or number").fill("jet kuh");
    await row(page).click();
    await page.getByLabel("First name").waitFor();
    await page.getByText("Pidj gave this number when the contact was imported here.").waitFor();

    const message = "email_address is not valid";
    graph.fault({ platform: "PIDJ", route: "PUT /contact/{id}", kind: "failure-in-200", message, times: 1 });
    await page.getByLabel("E-mail").fill("jettie@example");
    await press(page, "Save");
    await expect.poll(() => refusal(page, "E-mail").textContent()).toBe(message);
    expect(await page.getByLabel("E-mail").evaluate("document.activeElement.name")).toBe("emailAddress");
    expect(contactOf(graph)?.email_address).not.toBe("jettie@example");

    await page.getByLabel("E-mail").fill("jettie@example.org");
    await choose(page, "Group", "help", "Help Desk");
    await press(page, "Save");
    await page.getByText("Saved.").waitFor();
    const helpDesk = [...graph.simulator.world.pidjGroups.values()].find(({ name }) => name === "Help Desk");
    expect(contactOf(graph)).toMatchObject({ email_address: "jettie@example.org", group_id: helpDesk?.id });

    await page.getByLabel("Reason, for the record").fill("Called the desk today");
    await press(page, "Do not text them any more");
    await page.getByText("This person must not be texted since").waitFor();
    // Nobody is subscribed who must not be texted.
    await page.getByText("so there is nothing to subscribe to").waitFor();
    // Why, and who: on every part of the page the same answer.
    const decision = page.getByRole("region", { name: "Texting" });
    await decision.getByText("Called the desk today").waitFor();
    await decision.getByText("Somebody while sign-in was off").waitFor();
    await page.getByText("No: must not be texted").waitFor();
    await page.setViewportSize({ width: 360, height: 800 });
    await page.locator(".person .pane-head").getByText("Opted out").waitFor();
    await page.setViewportSize({ width: 1280, height: 800 });
    expect(await page.getByRole("button", { name: "Write to them" }).isDisabled()).toBe(true);
    expect(await axeFindings(page)).toEqual([]);
    await page.getByRole("link", { name: "Read what was texted" }).click();
    await page.getByText("This person asked not to be texted").waitFor();
    expect(await page.getByRole("button", { name: "Send", exact: true }).count()).toBe(0);
    expect(graph.sent()).toEqual([]);
    await prices.check();
  });

  test("are found by a letter, further ones by a button that says so; the search stays", async () => {
    await using graph = await startTextgraph({ people: 600 });
    const page = await site.open(graph.url, "/people");
    await page.getByLabel("Name or number").fill("a");
    await press(page, "More people");
    await page.getByRole("button", { name: "More people" }).waitFor({ state: "detached" });
    await page.getByText("73 people").waitFor();

    // Two digits are too few: what was found before is no answer to them. Of a number, the beginning counts.
    await page.getByLabel("Name or number").fill("12");
    await page.getByText("73 people").waitFor({ state: "detached" });
    expect(await row(page, /./).count()).toBe(0);
    await page.getByLabel("Name or number").fill("4821");
    await page.getByText("Only the beginning of a number counts").waitFor();

    // The search outlives that somebody is opened, and is there again when the browser goes back.
    const box = page.getByLabel("Name or number");
    await box.fill("jet kuh");
    await row(page).click();
    await page.getByRole("heading", { name: "Jettie Kuhic" }).waitFor();
    expect(await box.inputValue()).toBe("jet kuh");
    await row(page).waitFor();
    await page.getByRole("link", { name: "Write to them" }).click();
    await page.getByRole("heading", { name: "Inbox" }).waitFor();
    await page.goBack();
    await row(page).waitFor();
    await page.goBack();
    await page.getByText("Their details from both platforms appear here.").waitFor();
    await row(page).waitFor();
    expect(await box.inputValue()).toBe("jet kuh");
  });

  test("have their name, groups and tokens in Textizen changed, each read back", async () => {
    await using graph = await startChat();
    const page = await site.open(graph.url, `/people/${graph.phoneNumber}`, {
      viewport: { width: 1920, height: 1000 },
    });
    const prices = watchPrices(page, graph);
    const name = page.getByLabel("Name", { exact: true });
    await name.fill("   ");
    await press(page, "Save name");
    await expect.poll(() => refusal(page, "Name").textContent()).toBe("This is only spaces.");
    await name.fill("");
    await press(page, "Save name");
    await expect.poll(() => refusal(page, "Name").textContent()).toContain("A name is needed");
    await name.fill("x".repeat(101));
    await press(page, "Save name");
    await expect.poll(() => refusal(page, "Name").textContent()).toBe("A name has at most 100 characters.");
    expect(graph.calls().filter((call) => call.startsWith("TEXTIZEN PUT"))).toEqual([]);
    await name.fill("Jettie K.");
    await press(page, "Save name");
    await page.getByText("Saved.").waitFor();
    expect(participantOf(graph)?.name).toBe("Jettie K.");

    // Now there are two names. Either goes into both, and the heading has it at once.
    await page.getByText("Two names: Jettie Kuhic in Pidj, and Jettie K. in Textizen.").waitFor();
    expect(await axeFindings(page)).toEqual([]);
    await press(page, "Use Jettie K. in both");
    await page.getByRole("heading", { name: "Jettie K.", exact: true }).waitFor();
    expect(contactOf(graph)).toMatchObject({ first_name: "Jettie", last_name: "K." });
    await page.getByText("Two names").waitFor({ state: "detached" });
    await page.getByLabel("Last name").fill("Kuhich");
    // What is not saved is not lost without a question.
    await page.getByRole("link", { name: "Inbox" }).click();
    await press(page, "Stay here");
    expect(await page.getByLabel("Last name").inputValue()).toBe("Kuhich");
    await press(page, "Save");
    await page.getByRole("heading", { name: "Jettie Kuhich", exact: true }).waitFor();
    await press(page, "Use Jettie Kuhich in both");
    await page.getByText("Two names").waitFor({ state: "detached" });
    expect(participantOf(graph)?.name).toBe("Jettie Kuhich");

    await press(page, "Take out of PARENTS");
    await page.getByRole("button", { name: "Take out of PARENTS" }).waitFor({ state: "detached" });
    await choose(page, "Put into a group", "stew", "Park Stewards");
    await press(page, "Add");
    await page.getByRole("button", { name: "Take out of Park Stewards" }).waitFor();
    const names = [...graph.simulator.world.textizenGroups.values()]
      .filter(({ id }) => participantOf(graph)?.group_ids.includes(id))
      .map(({ name }) => name.trim());
    expect(names).toContain("Park Stewards");
    expect(names).not.toContain("PARENTS");

    const [campaign] = graph.simulator.world.campaigns.values();
    await choose(page, "Campaign", "parks", campaign?.title ?? "");
    const [key, value] = [page.getByLabel("Token", { exact: true }), page.getByLabel("Filled in as")];
    await key.fill("DAY,HOUR");
    await value.fill("Monday");
    await press(page, "Set token");
    await expect.poll(() => refusal(page, "Token").textContent()).toContain("must not be empty, contain a comma");
    expect(await axeFindings(page)).toEqual([]);
    await key.fill("DAY");
    await press(page, "Set token");
    await page.getByRole("button", { name: "Remove DAY" }).waitFor();
    expect(participantOf(graph)?.tokens[campaign?.id ?? 0]).toMatchObject({ DAY: "Monday" });
    await press(page, "Remove DAY");
    await page.getByRole("button", { name: "Remove DAY" }).waitFor({ state: "detached" });
    expect(participantOf(graph)?.tokens[campaign?.id ?? 0]).not.toHaveProperty("DAY");
    await prices.check();
  });

  test("are not said to be in no platform that cannot be read, also when the other one is written to", async () => {
    await using graph = await startChat();
    graph.fault({ platform: "PIDJ", route: /GET/, kind: "refuse" });
    const page = await site.open(graph.url, `/people/${graph.phoneNumber}`);
    await page.getByText("Pidj cannot be read at the moment.").waitFor();
    await page.getByLabel("Name", { exact: true }).fill("Jettie K.");
    await press(page, "Save name");
    await page.getByText("Saved.").waitFor();

    expect(await page.getByText("Pidj cannot be read at the moment.").count()).toBe(1);
    // Nor when the page is opened again.
    await page.getByRole("link", { name: "Ops" }).click();
    await page.getByRole("heading", { name: "Operations" }).waitFor();
    await page.goBack();
    await page.getByText("Pidj cannot be read at the moment.").waitFor();
    expect(await page.getByText("No contact is known").count()).toBe(0);
  });

  test("are subscribed to a series once though it is clicked twice, by keyboard too", async () => {
    await using graph = await startChat();
    const page = await site.open(graph.url, `/people/${graph.phoneNumber}`, { viewport: { width: 360, height: 800 } });
    await page.getByRole("combobox", { name: "Subscribe to" }).focus();
    await page.keyboard.type("winter");
    await page.keyboard.press("ArrowDown");
    await page.keyboard.press("Enter");
    await page.getByRole("button", { name: "Subscribe", exact: true }).dblclick();
    await page.getByText("Subscribed to Winter Readiness.").waitFor();

    expect(graph.sent().map(({ call }) => call)).toEqual(["POST /series/subscribe"]);
    expect(await axeFindings(page)).toEqual([]);
    expect(await page.evaluate("document.documentElement.scrollWidth > innerWidth")).toBe(false);
  });

  test("whom nobody knows are added to both platforms under a name, and put into a group", async () => {
    await using graph = await startChat();
    const phoneNumber = "+13125550199";
    const page = await site.open(graph.url, `/people/${phoneNumber}`, { viewport: { width: 360, height: 800 } });
    await press(page, "Add to Pidj");
    await expect.poll(() => refusal(page, "First name").textContent()).toContain("A name is needed");
    await page.getByLabel("First name").fill("Ada");
    await page.getByLabel("Last name").fill("Lovelace");
    await page.getByRole("button", { name: "Add to Pidj" }).dblclick();
    await page.getByRole("heading", { name: "Ada Lovelace" }).waitFor();
    await expect
      .poll(() => page.getByRole("heading", { name: "Contact in Pidj" }).evaluate("document.activeElement.id"))
      .toBe("contact-title");
    expect(await page.getByLabel("Name", { exact: true }).inputValue()).toBe("Ada Lovelace");
    expect(await axeFindings(page)).toEqual([]);
    await press(page, "Add to Textizen");
    await choose(page, "Put into a group", "stew", "Park Stewards");
    await press(page, "Add");
    await page.getByRole("button", { name: "Take out of Park Stewards" }).waitFor();
    const { contacts, participants } = graph.simulator.world;
    expect([...contacts.values()].filter((each) => each.phone_number === phoneNumber)).toMatchObject([
      { first_name: "Ada", last_name: "Lovelace" },
    ]);
    expect([...participants.values()].filter((each) => `+${each.phone_number}` === phoneNumber)).toMatchObject([
      { name: "Ada Lovelace" },
    ]);
    expect(await page.evaluate("document.documentElement.scrollWidth > innerWidth")).toBe(false);
  });

  test("show one half while the other platform is down, and nothing that a key does not open", async () => {
    const keys = createKeys();
    const scopes = ["contacts:read", "participants:read", "groups:read", "campaigns:read"] as const;
    const key = keys.add("reader", scopes);
    await using graph = await startChat({ env: { API_KEYS_FILE: keys.path } });
    const options = { key, colorScheme: "dark" } as const;
    const isUp = graph.fault({ platform: "TEXTIZEN", route: /GET/, kind: "refuse" });
    const page = await site.open(graph.url, `/people/${graph.phoneNumber}`, options);
    await page.getByText("Textizen cannot be read at the moment. What Pidj knows is shown.").waitFor();
    expect(await page.getByLabel("First name").inputValue()).toBe("Jettie");
    expect(await axeFindings(page)).toEqual([]);
    expect(await page.getByText("No participant has this number.").count()).toBe(0);
    isUp();
    await press(page, "Try again");
    await page.getByRole("list", { name: "Groups" }).getByText("PARENTS").waitFor();

    // This key reads: it is offered no change, no series, no opt-out.
    const buttons = await page.locator("section.person").getByRole("button").allTextContents();
    expect(buttons.filter((text) => text !== "")).toEqual([]);
    expect(await page.getByRole("heading", { name: "Series in Pidj" }).count()).toBe(0);
    expect(await page.getByRole("link", { name: "Write to them" }).count()).toBe(0);
    await page.goto(page.url().replace(graph.phoneNumber, "+13125550199"));
    await page.getByText("No participant has this number.").waitFor();
    expect(await page.getByRole("button", { name: /^Add to/ }).count()).toBe(0);
  });
});
