import type { Page } from "playwright-core";
import type { JobName } from "./console-jobs.ts";
import { alert, type ConsoleState, offline, skeleton, text } from "./console-state.ts";
import type { ConsoleWorld } from "./console-world.ts";

/** A spreadsheet whose second row has no whole number, and a text that fills in its names. */
const writeToList = async (page: Page, words: string) => {
  await page.getByRole("tab", { name: "A list" }).click();
  const buffer = Buffer.from("phone,name\n+14155550100,Ada\n415 555,Nobody\n+14155550102,Grace\n");
  await page.locator("input[type=file]").setInputFiles({ name: "elm-street.csv", mimeType: "text/csv", buffer });
  await text(page, "3 rows");
  await page.getByLabel("Your text").fill(words);
};

const job = (name: JobName) => (world: ConsoleWorld) => `/send/${world.jobs[name]}`;
const graph = "jobs";
const rows = (page: Page) => page.getByRole("grid", { name: "Who" }).getByRole("row").first().waitFor();

export const SEND: readonly ConsoleState[] = [
  { name: "send", path: "/send", graph, reach: (page) => text(page, "Elm Street closed") },
  { name: "send-empty", path: "/send", graph: "empty", reach: (page) => text(page, "Nothing sent to many yet") },
  { name: "send-loading", path: "/send", network: "held", reach: skeleton },
  { name: "send-failed", path: "/send", network: "broken", reach: alert },
  { name: "send-new", path: "/send/new", graph, reach: (page) => page.getByLabel("Name or number").waitFor() },
  {
    name: "send-no-column",
    path: "/send/new",
    graph,
    reach: async (page) => {
      await writeToList(page, "Hello {fristname}");
      await text(page, "{fristname} is no column");
    },
  },
  {
    name: "send-checked",
    path: "/send/new",
    graph,
    reach: async (page) => {
      await writeToList(page, "Hello {name}, Elm Street is closed on Monday.");
      await page.getByRole("button", { name: "Check" }).click();
      await text(page, "Hello Grace");
    },
  },
  {
    name: "send-offline",
    path: "/send/new",
    graph,
    reach: async (page) => {
      await page.getByLabel("Name or number").waitFor();
      await offline(page);
    },
  },
  {
    name: "send-confirm",
    path: "/send/new",
    graph,
    reach: async (page) => {
      await writeToList(page, "Hello {name}, Elm Street is closed on Monday.");
      await page.getByRole("button", { name: "Check" }).click();
      await page.getByRole("button", { name: "Send to 2 people" }).click();
      await page.getByRole("alertdialog").waitFor();
    },
  },
  { name: "job-running", path: job("running"), graph, reach: rows },
  { name: "job-waiting", path: job("waiting"), graph, reach: (page) => text(page, "Everybody who is left is asleep") },
  { name: "job-paused", path: job("paused"), graph, reach: (page) => text(page, "Paused: nobody is texted") },
  { name: "job-stopped", path: job("stopped"), graph, reach: (page) => text(page, "Stopped for good") },
  { name: "job-done", path: job("done"), graph, reach: (page) => text(page, "The texting service refused") },
  {
    name: "job-unknown",
    path: job("done"),
    graph,
    reach: async (page) => {
      await page.getByRole("radio", { name: /Not certain/ }).click();
      await text(page, "Not certain: do not send it again");
    },
  },
  {
    name: "job-stop",
    path: job("waiting"),
    graph,
    reach: async (page) => {
      await page.getByRole("button", { name: "Stop for good" }).click();
      await page.getByRole("alertdialog").waitFor();
    },
  },
  { name: "job-loading", path: job("done"), graph, network: "held", operations: ["Job", "JobRows"], reach: skeleton },
  { name: "job-failed", path: job("done"), graph, network: "broken", operations: ["Job"], reach: alert },
  {
    name: "job-rows-failed",
    path: job("done"),
    graph,
    network: "broken",
    operations: ["JobRows"],
    reach: alert,
  },
  {
    name: "job-missing",
    path: "/send/job:AAAAAAAAAAAAAAAAAAAAAA",
    graph,
    reach: (page) => text(page, "This is no longer known"),
  },
  {
    name: "job-offline",
    path: job("waiting"),
    graph,
    reach: async (page) => {
      await rows(page);
      await offline(page);
    },
  },
  { name: "job-reader", path: job("waiting"), graph, key: "texts", reach: rows },
  { name: "send-new-forbidden", path: "/send/new", graph, key: "texts", reach: (page) => text(page, "does not open") },
  { name: "send-forbidden", path: "/send", key: "people", reach: (page) => text(page, "does not open") },
];
