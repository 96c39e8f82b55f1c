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
  watchPrices,
} from "./console-stage.ts";

/** Answers the open question of the only poll so many times, the last nine times by the river; returns its words. */
function answerOpenQuestion({ simulator }: Textgraph, count: number): string {
  const { world } = simulator;
  const [poll] = world.polls.values();
  const [participant] = world.participants.values();
  const question = poll?.questions.find(({ question_type }) => question_type === "OPEN");
  for (let id = 1; id <= count; id++) {
    world.responses.set(id, {
      id,
      poll_id: poll?.id ?? 0,
      question_id: question?.id ?? 0,
      participant_id: participant?.id ?? 0,
      response: `Idea ${id}${id > count - 9 ? ", by the river" : ""}`,
      created_at: new Date().toISOString(),
      option_id: null,
    });
  }
  return question?.text ?? "";
}

/** Presses the button, and says yes to what it asks. */
async function scheduleIt(page: Page): Promise<void> {
  await press(page, "Schedule");
  await page.getByRole("alertdialog").getByRole("button", { name: "Schedule" }).click();
}

describe.skipIf(!canRunConsole)("polls in the console", { timeout: CONSOLE_TIMEOUT_MS }, () => {
  const site = openConsole();

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

  test.for([
    // All of it came with the poll.
    [60, 1],
    // The poll, the texts of its two open questions, which may share a read, two searches, and a second page.
    [250, 6],
  ] as const)(
    "finds a word in all %i texts that people wrote, and reads the poll no more often than it needs",
    async ([count, reads]) => {
      await using graph = await startTextgraph({ people: 20, polls: 1, responsesPerPoll: 0 });
      const question = answerOpenQuestion(graph, count);
      const page = await site.open(graph.url, "/polls");
      await page.getByRole("option").click();
      const panel = page.getByRole("region", { name: question, exact: true });
      await panel.getByText(`${count} texts`, { exact: true }).waitFor();

      const filter = panel.getByLabel("Filter the texts");
      await filter.fill("RIVER");
      await panel.getByText(`9 of ${count} texts`, { exact: true }).waitFor();
      await panel.getByText(`Idea ${count}, by the river`).waitFor();
      expect(await panel.getByRole("listitem").count()).toBe(9);
      await filter.fill("idea");
      await panel.getByText(`${count} of ${count} texts`, { exact: true }).waitFor();
      if (count > 100) {
        await panel.getByText("100 of 250 shown").waitFor();
        await panel.getByRole("button", { name: "More texts" }).click();
        await panel.getByText("200 of 250 shown").waitFor();
      }
      expect(await axeFindings(page)).toEqual([]);
      // Only those in sight are in the document.
      expect(await panel.getByRole("listitem").count()).toBeLessThan(40);
      const calls = graph.calls().filter((call) => call === "TEXTIZEN GET /api/polls/{id}");
      expect(calls.length).toBeLessThanOrEqual(reads);
    },
  );

  test("shows who has not answered, and schedules a reminder to them once, by the clocks of a place", async () => {
    await using graph = await startTextgraph({ people: 150, polls: 1, responsesPerPoll: 60 });
    const { world } = graph.simulator;
    const [poll] = world.polls.values();
    const page = await site.open(graph.url, `/polls/poll:${poll?.id}`, { timezoneId: "Europe/Berlin" });
    const prices = watchPrices(page, graph);
    const answered = new Set([...world.responses.values()].map(({ participant_id }) => participant_id));
    const stewards = [...world.textizenGroups.values()].find(({ name }) => name === "Park Stewards");
    const silent = [...world.participants.values()].filter(
      ({ id, group_ids }) => group_ids.includes(stewards?.id ?? 0) && !answered.has(id),
    );
    const [stopped, ...known] = silent.filter(({ is_masked }) => !is_masked).map(({ phone_number }) => phone_number);
    await graph.receiveText({ from: `+${stopped}`, message: "STOP" });
    const list = page.getByRole("list", { name: "Mailings" }).getByRole("listitem");
    await list.first().waitFor();
    const before = await list.count();

    await choose(page, "Group", "stew", "Park Stewards");
    await page.getByText(`${silent.length} members have not answered.`).waitFor();
    await page.getByRole("option", { name: silent[0]?.name ?? "" }).waitFor();
    await page.getByText("1 person is not among them").waitFor();
    await press(page, `Begin a mailing to these ${known.length}`);
    await choose(page, "Add a group", "libr", "Library Friends");
    await choose(page, "Time zone", "denver", "America/Denver");
    const when = page.getByLabel("Day and time");
    await when.fill("2020-03-09T09:00");
    await page.getByText("This time has passed.").waitFor();
    expect(await page.getByRole("button", { name: "Schedule" }).isDisabled()).toBe(true);
    // A clock of a screen may be wrong: what the graph refuses is said at the field, and nothing is scheduled.
    await page.clock.setFixedTime("2019-12-01");
    await when.fill("2020-03-10T09:00");
    await scheduleIt(page);
    await page.getByText("sendAtLocal must be a time in the future").waitFor();
    expect(graph.sent()).toEqual([]);
    expect(await axeFindings(page)).toEqual([]);
    await page.clock.setFixedTime(new Date());

    await when.fill("2099-03-09T09:00");
    await page.getByText("Goes out on Mon, Mar 9, 2099, 9:00 AM MDT.").waitFor();
    await page.getByText("By the account's clocks, that is Mon, Mar 9, 2099, 11:00 AM EDT.").waitFor();
    await page.getByText("For you, that is Mon, Mar 9, 2099, 4:00 PM GMT+1.").waitFor();
    // What is composed outlives a reload of the page, and its key with it.
    await page.reload();
    await page.getByText("Goes out on Mon, Mar 9, 2099").waitFor();
    await page.getByRole("list", { name: "Who gets it" }).getByText("Library Friends").waitFor();
    await press(page, "Schedule");
    const question = page.getByRole("alertdialog");
    await question.getByText(`Library Friends, ${known.length} single numbers`).waitFor();
    await question.getByText(/beginning with “.+”/).waitFor();
    expect(await axeFindings(page)).toEqual([]);
    await question.getByRole("button", { name: "Schedule" }).dblclick();
    await page.getByText("Scheduled for Mon, Mar 9, 2099, 9:00 AM MDT.").waitFor();
    await expect.poll(() => list.count()).toBe(before + 1);
    await list.first().getByText("Mon, Mar 9, 2099, 11:00 AM EDT").waitFor();

    expect(graph.sent().map(({ call }) => call)).toEqual(["POST /api/polls/{id}/mailings"]);
    expect([...world.mailings.values()].at(-1)).toMatchObject({
      send_at: "2099-03-09T15:00:00.000Z",
      phone_numbers_list: known.join(","),
    });
    expect(await page.getByRole("button", { name: "Schedule" }).isDisabled()).toBe(true);
    await prices.check();
  });

  test("offer both times that may be meant where clocks are changed, and schedule the one that was chosen", async () => {
    await using graph = await startTextgraph({ people: 20, polls: 1, responsesPerPoll: 12 });
    const [poll] = graph.simulator.world.polls.values();
    const page = await site.open(graph.url, `/polls/poll:${poll?.id}`);
    const schedule = page.getByRole("button", { name: "Schedule" });
    await choose(page, "Add a group", "libr", "Library Friends");
    await choose(page, "Time zone", "denver", "America/Denver");
    const when = page.getByLabel("Day and time");
    // Clocks are put forward in that night.
    await when.fill("2099-03-08T02:30");
    await page.getByText("Clocks are put forward in America/Denver then").waitFor();
    await page.getByRole("radio", { name: "Sun, Mar 8, 2099, 1:30 AM MST the earlier one" }).waitFor();
    expect(await schedule.isDisabled()).toBe(true);
    expect(await axeFindings(page)).toEqual([]);
    await page.getByRole("radio", { name: /Sun, Mar 8, 2099, 3:30 AM MDT/ }).click();
    expect(await when.inputValue()).toBe("2099-03-08T03:30");
    expect(await when.evaluate("document.activeElement.name")).toBe("sendAtLocal");
    await page.getByText("Goes out on Sun, Mar 8, 2099, 3:30 AM MDT.").waitFor();
    expect(await schedule.isDisabled()).toBe(false);

    // Clocks are put back in that one: the time comes twice.
    await when.fill("2099-11-01T01:30");
    const later = page.getByRole("radio", { name: /Sun, Nov 1, 2099, 1:30 AM MST/ });
    await later.waitFor();
    expect(await schedule.isDisabled()).toBe(true);
    await page.getByRole("radio", { name: /Sun, Nov 1, 2099, 1:30 AM MDT/ }).click();
    await later.click();
    await page.getByText("Goes out on Sun, Nov 1, 2099, 1:30 AM MST.").waitFor();
    expect(await axeFindings(page)).toEqual([]);
    await scheduleIt(page);

    await page.getByText("Scheduled for Sun, Nov 1, 2099, 1:30 AM MST.").waitFor();
    expect([...graph.simulator.world.mailings.values()].at(-1)?.send_at).toBe("2099-11-01T08:30:00.000Z");
  });

  test("say that an outcome is not known, and offer what was composed not again", async () => {
    await using graph = await startTextgraph({ people: 20, polls: 1, responsesPerPoll: 12 });
    const [poll] = graph.simulator.world.polls.values();
    const page = await site.open(graph.url, `/polls/poll:${poll?.id}`);
    graph.fault({
      platform: "TEXTIZEN",
      route: "POST /api/polls/{id}/mailings",
      kind: "reset-after-request",
      times: 1,
    });
    await choose(page, "Add a group", "libr", "Library Friends");
    const when = page.getByLabel("Day and time");
    await when.fill("2099-03-10T09:00");
    await scheduleIt(page);
    await page.getByText("It is not certain whether this was carried out.").waitFor();

    await expect.poll(() => when.inputValue()).toBe("");
    // It was carried out: the list says so.
    await page.getByRole("list", { name: "Mailings" }).getByText("Tue, Mar 10, 2099, 9:00 AM EDT").waitFor();
    expect(graph.sent()).toHaveLength(1);
  });

  test("show one part while another cannot be read, and nothing that a key does not open", async () => {
    const keys = createKeys();
    const key = keys.add("reader", ["polls:read", "mailings:read"]);
    const sizes = { people: 20, polls: 1, responsesPerPoll: 12 };
    await using graph = await startTextgraph({ ...sizes, env: { API_KEYS_FILE: keys.path } });
    const [poll] = graph.simulator.world.polls.values();
    graph.fault({ platform: "TEXTIZEN", route: "GET /api/polls/{id}/mailings", kind: "refuse" });
    const options = { key, viewport: { width: 360, height: 800 }, colorScheme: "dark" } as const;
    const page = await site.open(graph.url, `/polls/poll:${poll?.id}`, options);
    await page.getByText(/answered, with 12 texts/).waitFor();
    await page.getByRole("alert").getByText("Some of this cannot be shown").waitFor();

    expect(await page.getByText("This poll was not sent yet.").count()).toBe(0);
    expect(await page.getByRole("heading", { name: "Who has not answered" }).count()).toBe(0);
    expect(await page.getByRole("button", { name: "Schedule" }).count()).toBe(0);
    expect(await axeFindings(page)).toEqual([]);
    expect(await page.evaluate("document.documentElement.scrollWidth > innerWidth")).toBe(false);
  });
});
