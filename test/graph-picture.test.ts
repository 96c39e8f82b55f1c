import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { findOldPictures } from "../src/commands/draw-graph.ts";
import { readPicture } from "../src/commands/graph-picture.ts";
import { axeFindings, HAS_BROWSER, launchBrowser, openPage, SCREENS } from "./browser.ts";
import { startStage } from "./support.ts";

test("the picture and its pages are those of the schema as it is: `npm run picture` writes them", async () => {
  expect(await findOldPictures()).toEqual([]);
});

test("it has each type with an id, each link between them, and the price of each", () => {
  const { types, links } = readPicture();
  expect(types).toContainEqual({ name: "Contact", home: "pidj" });
  expect(types).toContainEqual({ name: "Participant", home: "textizen" });
  expect(types).toContainEqual({ name: "Person", home: "both" });
  expect(types).toContainEqual({ name: "ReceivedMessage", home: "own" });
  const priceOf = Object.fromEntries(links.map(({ from, field, to, price }) => [`${from}.${field} ${to}`, price]));
  expect(priceOf).toMatchObject({
    "Query.participants Participant": "1 once",
    "Query.contacts Contact": "1 once + 1 each",
    "Participant.groups TextizenGroup": "2 each",
    "Participant.person Person": "free",
    "Person.contact Contact": "1 each",
    // Within what has no id, by an interface, by a union.
    "Query.searchPeople Person": "2 once",
    "Query.group PidjGroup": "2 each",
    "Conversation.messages ReceivedMessage": "free",
  });
  const drawn = readFileSync(new URL("../docs/graph-prices.svg", import.meta.url), "utf8");
  for (const { from, field, price } of links.filter((link) => link.from !== "Query")) {
    expect(drawn).toContain(`>${` ${from}.${field}: ${price}`}</text>`);
  }
});

test.runIf(HAS_BROWSER)(
  "it is served beside the explorer, for every screen, and says the same in words",
  {
    timeout: 60_000,
  },
  async () => {
    await using stage = await startStage({ simulator: { people: 0, polls: 0 } });
    await using browser = await launchBrowser();
    for (const screen of SCREENS) {
      const { page, complaints } = await openPage(browser, new URL("/explorer/graph", stage.app.url), screen);
      expect(await axeFindings(page)).toEqual([]);
      expect(await page.evaluate("document.documentElement.scrollWidth")).toBeLessThanOrEqual(screen.width);
      const picture = page.getByRole("img", { name: "The types of the graph" });
      expect((await picture.locator("text").first().boundingBox())?.height).toBeGreaterThan(9);
      expect(await picture.locator("desc").textContent()).toContain(
        "Participant.groups leads to TextizenGroup: 2 each.",
      );
      // With the keyboard alone: to the explorer's link, then into the picture, which can be scrolled.
      await page.keyboard.press("Tab");
      await page.keyboard.press("Tab");
      expect(await page.locator(":focus").getAttribute("aria-label")).toBe("Picture of the graph");
      expect(await page.getByRole("row", { name: "Participant.groups" }).innerText()).toContain("2 each");
      expect(complaints).toEqual([]);
      await page.close();
    }
  },
);
