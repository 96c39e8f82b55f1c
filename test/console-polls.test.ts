import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startTextgraph } from "../kit/testing/start.ts";
import { axeFindings } from "./browser.ts";
import { CONSOLE_TIMEOUT_MS, type ConsoleSite, canRunConsole, startConsole } from "./console-stage.ts";

describe.skipIf(!canRunConsole)("polls in the console", { timeout: CONSOLE_TIMEOUT_MS }, () => {
  let site: ConsoleSite;

  beforeAll(async () => {
    site = await startConsole();
  }, CONSOLE_TIMEOUT_MS);

  afterAll(() => site[Symbol.asyncDispose]());

  test("shows what people answered to a poll, and counts an answer that comes in meanwhile", async () => {
    await using graph = await startTextgraph({ people: 20, polls: 2, responsesPerPoll: 12 });
    const { world } = graph.simulator;
    const poll = [...world.polls.values()][0];
    const page = await site.open(graph.url, "/polls");
    await page.getByRole("option").first().waitFor();
    await page.getByLabel("Title").fill(poll?.title ?? "");
    await page.getByRole("option", { name: poll?.title ?? "" }).click();
    const summary = page.getByText(/answered, with \d+ texts/);
    await summary.waitFor();
    const before = await summary.textContent();

    const participant = [...world.participants.values()].at(-1);
    await graph.simulator.completePoll({ pollId: poll?.id ?? 0, participantId: participant?.id ?? 0 });

    await expect.poll(() => summary.textContent()).not.toBe(before);
    expect(await axeFindings(page)).toEqual([]);
  });
});
