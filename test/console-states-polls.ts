import type { Page } from "playwright-core";
import { choose, press } from "./console-page.ts";
import { alert, type ConsoleState, offline, skeleton, text } from "./console-state.ts";
import type { ConsoleWorld } from "./console-world.ts";

const poll = async (page: Page) => {
  await page.locator(".panel").first().waitFor();
  await page.locator(".recharts-bar").first().waitFor();
};
const ofPoll = ({ graphs }: ConsoleWorld) => {
  const polls = [...graphs.full.simulator.world.polls.values()];
  return `/polls/poll:${polls.find(({ title }) => title === "Library hours")?.id}`;
};

/** The form for a mailing to a group. */
const compose = async (page: Page, dateTime: string) => {
  await poll(page);
  await choose(page, "Add a group", "libr", "Library Friends");
  await choose(page, "Time zone", "denver", "America/Denver");
  await page.getByLabel("Day and time").fill(dateTime);
};
const mailings = (page: Page) => page.getByRole("region", { name: "Mailings" });
const newMailing = (page: Page) => page.getByRole("heading", { name: "New mailing" });
const silent = (page: Page) => page.getByRole("region", { name: "Who has not answered" });
const openQuestion = (page: Page) => page.locator("section.panel", { has: page.locator(".texts") }).first();

export const POLLS: readonly ConsoleState[] = [
  { name: "polls", path: "/polls", reach: (page) => page.getByRole("option").first().waitFor() },
  { name: "polls-empty", path: "/polls", graph: "empty", reach: (page) => text(page, "No polls") },
  {
    name: "polls-none",
    path: "/polls",
    reach: async (page) => {
      await page.getByLabel("Title").fill("zzzz");
      await text(page, "No poll has this title");
    },
  },
  { name: "polls-loading", path: "/polls", network: "held", reach: skeleton },
  { name: "polls-textizen-down", path: "/polls", graph: "textizenDown", reach: alert },
  { name: "polls-forbidden", path: "/polls", key: "people", reach: (page) => text(page, "does not open") },
  { name: "poll", path: ofPoll, reach: poll },
  { name: "poll-loading", path: ofPoll, network: "held", operations: ["PollResults"], reach: skeleton },
  { name: "poll-failed", path: ofPoll, network: "broken", operations: ["PollResults"], reach: alert },
  { name: "poll-missing", path: "/polls/poll:999", reach: (page) => text(page, "There is no such poll") },
  {
    name: "poll-offline",
    path: ofPoll,
    reach: async (page) => {
      await poll(page);
      await offline(page);
    },
  },
  {
    name: "poll-searched",
    path: ofPoll,
    reach: async (page) => {
      await poll(page);
      await openQuestion(page).getByLabel("Filter the texts").fill("the");
      await openQuestion(page)
        .getByText(/^\d+ of \d+ texts$/)
        .waitFor();
    },
    shows: openQuestion,
  },
  {
    name: "silent",
    path: ofPoll,
    reach: async (page) => {
      await poll(page);
      await choose(page, "Group", "stew", "Park Stewards");
      await silent(page).getByRole("option").first().waitFor();
    },
    shows: silent,
  },
  {
    name: "silent-nobody",
    path: ofPoll,
    reach: async (page) => {
      await poll(page);
      await choose(page, "Group", "new", "New Neighbors");
      await text(page, "Every member has answered");
    },
    shows: silent,
  },
  {
    name: "silent-failed",
    path: ofPoll,
    network: "broken",
    operations: ["NonRespondents"],
    reach: async (page) => {
      await poll(page);
      await choose(page, "Group", "stew", "Park Stewards");
      await silent(page).getByRole("alert").waitFor();
    },
    shows: silent,
  },
  {
    name: "mailing",
    path: ofPoll,
    reach: async (page) => {
      await poll(page);
      await mailings(page).getByRole("listitem").first().waitFor();
    },
    shows: mailings,
  },
  {
    name: "mailing-filled",
    path: ofPoll,
    reach: async (page) => {
      await compose(page, "2099-03-09T09:00");
      await text(page, "Goes out on");
    },
    shows: newMailing,
  },
  {
    name: "mailing-clocks-changed",
    path: ofPoll,
    reach: async (page) => {
      await compose(page, "2099-11-01T01:30");
      await text(page, "Clocks are put back");
    },
    shows: newMailing,
  },
  {
    name: "mailing-passed",
    path: ofPoll,
    reach: async (page) => {
      await compose(page, "2020-03-09T09:00");
      await text(page, "has passed");
    },
    shows: newMailing,
  },
  {
    name: "mailing-refused",
    path: ofPoll,
    reach: async (page, { graphs }) => {
      await compose(page, "2099-03-09T09:00");
      graphs.full.fault({
        platform: "TEXTIZEN",
        route: "POST /api/polls/{id}/mailings",
        kind: "failure-in-200",
        message: "This poll is closed.",
        times: 1,
      });
      await press(page, "Schedule");
      await page.getByRole("alertdialog").getByRole("button", { name: "Schedule" }).click();
      await mailings(page).getByRole("alert").waitFor();
    },
    shows: newMailing,
  },
  {
    name: "mailings-failed",
    path: ofPoll,
    network: "broken",
    operations: ["PollMailings"],
    reach: async (page) => {
      await poll(page);
      await mailings(page).getByRole("alert").waitFor();
    },
    shows: mailings,
  },
];
