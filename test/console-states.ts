import type { Page } from "playwright-core";
import { alert, type ConsoleState, offline, skeleton, text } from "./console-state.ts";
import { POLLS } from "./console-states-polls.ts";
import { SEND } from "./console-states-send.ts";
import type { ConsoleWorld } from "./console-world.ts";

// Every state that a page of the console can be in, for the pictures (`npm run screenshots:console`) and for the test that
// looks at each of them with axe. States come about by the platforms' faults and the browser's network, never by code
// of the console that exists for them.

const conversation = (who: keyof ConsoleWorld["people"]) => (world: ConsoleWorld) => `/inbox/${world.people[who]}`;
const person = (who: keyof ConsoleWorld["people"]) => (world: ConsoleWorld) => `/people/${world.people[who]}`;
const search = async (page: Page, words: string) => page.getByLabel("Name or number").fill(words);
const bubbles = (page: Page) => page.locator(".bubble").first().waitFor();

const SIGN_IN: readonly ConsoleState[] = [
  { name: "sign-in", path: "/", key: null, reach: (page) => text(page, "Enter the key") },
  {
    name: "sign-in-refused",
    path: "/",
    key: null,
    reach: async (page) => {
      await page.getByLabel("API key").fill("tg_mistyped");
      await page.getByRole("button", { name: "Sign in" }).click();
      await text(page, "This key is not valid");
    },
  },
  { name: "sign-in-unreachable", path: "/", key: null, network: "broken", reach: (page) => text(page, "no answer") },
  {
    name: "account",
    path: "/inbox",
    reach: async (page) => {
      await page.getByRole("button", { name: "front-desk" }).click();
      await page.getByRole("button", { name: "Sign out" }).waitFor();
    },
  },
  { name: "forbidden-all", path: "/", key: "nobody", reach: (page) => text(page, "does not open") },
  { name: "forbidden-inbox", path: "/inbox", key: "people", reach: (page) => text(page, "does not open") },
  { name: "missing", path: "/nowhere", reach: (page) => text(page, "no such page") },
];

const INBOX: readonly ConsoleState[] = [
  { name: "inbox", path: "/inbox", reach: (page, world) => text(page, nameOf(world)) },
  { name: "inbox-empty", path: "/inbox", graph: "empty", reach: (page) => text(page, "No texts yet") },
  { name: "inbox-loading", path: "/inbox", network: "held", reach: skeleton },
  {
    name: "inbox-failed",
    path: "/inbox",
    network: "broken",
    reach: alert,
  },
  {
    name: "inbox-nobody",
    path: "/inbox",
    reach: async (page, world) => {
      await text(page, nameOf(world));
      await search(page, "zzzz");
      await text(page, "Nobody among these");
    },
  },
  {
    name: "inbox-offline",
    path: "/inbox",
    reach: async (page, world) => {
      await text(page, nameOf(world));
      await offline(page);
    },
  },
  {
    name: "inbox-pidj-down",
    path: "/inbox",
    graph: "pidjDown",
    reach: (page) => page.getByRole("option").first().waitFor(),
  },
  { name: "thread", path: conversation("usual"), reach: bubbles },
  {
    name: "thread-costly",
    path: conversation("usual"),
    reach: async (page) => {
      await page.getByLabel("Your text").fill("Yes – “e-readers” are lent for 2 weeks 📖");
      await text(page, "make this text longer");
    },
  },
  { name: "thread-loading", path: conversation("usual"), network: "held", operations: ["Thread"], reach: skeleton },
  { name: "thread-failed", path: conversation("usual"), network: "broken", operations: ["Thread"], reach: alert },
  {
    name: "thread-unsent",
    path: conversation("usual"),
    network: "broken",
    operations: ["Send"],
    reach: async (page) => {
      await page.getByLabel("Your text").fill("Yes, for two weeks");
      await page.getByRole("button", { name: "Send", exact: true }).click();
      await alert(page);
    },
  },
  { name: "thread-reader", path: conversation("usual"), key: "texts", reach: bubbles },
  {
    name: "thread-offline",
    path: conversation("usual"),
    reach: async (page) => {
      await bubbles(page);
      await page.getByText("Volunteers").first().waitFor();
      await offline(page);
    },
  },
  {
    name: "thread-pidj-down",
    path: conversation("usual"),
    graph: "pidjDown",
    reach: (page) => text(page, "The lines to send from cannot be read"),
  },
  { name: "thread-opted-out", path: conversation("optedOut"), reach: (page) => text(page, "asked not to be texted") },
  { name: "thread-uncertain", path: conversation("uncertain"), reach: (page) => text(page, "It is not certain") },
  { name: "thread-refused", path: conversation("refused"), reach: (page) => page.getByText("Not sent: ").waitFor() },
  { name: "thread-none", path: () => "/inbox/+12015550100", reach: (page) => text(page, "No texts with this number") },
];

const PEOPLE: readonly ConsoleState[] = [
  { name: "people", path: "/people", reach: (page) => page.getByLabel("Name or number").waitFor() },
  {
    name: "people-found",
    path: "/people",
    reach: async (page) => {
      await search(page, "jo");
      await page.getByRole("option").first().waitFor();
    },
  },
  {
    name: "people-nobody",
    path: "/people",
    reach: async (page) => {
      await search(page, "zzzz");
      await text(page, "Nobody found");
    },
  },
  {
    name: "people-loading",
    path: "/people",
    network: "held",
    reach: async (page) => {
      await search(page, "jo");
      await skeleton(page);
    },
  },
  {
    name: "people-failed",
    path: "/people",
    network: "broken",
    reach: async (page) => {
      await search(page, "jo");
      await alert(page);
    },
  },
  { name: "people-forbidden", path: "/people", key: "reader", reach: (page) => text(page, "does not open") },
  {
    name: "people-textizen-down",
    path: "/people",
    graph: "textizenDown",
    reach: async (page) => {
      await search(page, "jo");
      await page.locator(".banner").first().waitFor();
    },
  },
  {
    name: "people-offline",
    path: "/people",
    reach: async (page) => {
      await page.getByLabel("Name or number").waitFor();
      await offline(page);
    },
  },
  { name: "person", path: person("usual"), reach: (page) => page.getByLabel("First name").waitFor() },
  { name: "person-opted-out", path: person("optedOut"), reach: (page) => text(page, "must not be texted") },
  { name: "person-loading", path: person("usual"), network: "held", reach: skeleton },
  { name: "person-failed", path: person("usual"), network: "broken", reach: alert },
  { name: "person-reader", path: person("usual"), key: "people", reach: (page) => text(page, "First name") },
  {
    name: "person-offline",
    path: person("usual"),
    reach: async (page) => {
      await page.getByLabel("First name").waitFor();
      await offline(page);
    },
  },
  {
    name: "person-pidj-down",
    path: person("usual"),
    graph: "pidjDown",
    reach: (page) => page.locator(".panel").first().waitFor(),
  },
  {
    name: "person-textizen-down",
    path: person("usual"),
    graph: "textizenDown",
    reach: (page) => page.locator(".panel").first().waitFor(),
  },
  {
    name: "person-unknown",
    path: () => "/people/+12015550100",
    reach: (page) => page.locator(".panel").first().waitFor(),
  },
];

const checked = (page: Page) => text(page, "accepts this server's credentials");

const OPS: readonly ConsoleState[] = [
  { name: "ops", path: "/ops", reach: checked },
  { name: "ops-empty", path: "/ops", graph: "empty", reach: checked },
  { name: "ops-loading", path: "/ops", network: "held", reach: skeleton },
  { name: "ops-failed", path: "/ops", network: "broken", reach: alert },
  { name: "ops-pidj-down", path: "/ops", graph: "pidjDown", reach: (page) => text(page, "Pidj could not be reached") },
  {
    name: "ops-offline",
    path: "/ops",
    reach: async (page) => {
      await checked(page);
      await offline(page);
    },
  },
  {
    name: "ops-decision",
    path: "/ops",
    reach: async (page) => {
      await checked(page);
      await page.getByRole("button", { name: "It was not sent" }).click();
      await text(page, "the person gets it twice");
    },
  },
  { name: "ops-reader", path: "/ops", key: "reader", reach: (page) => text(page, "whose key may decide") },
  { name: "ops-forbidden", path: "/ops", key: "people", reach: (page) => text(page, "does not open") },
];

export const STATES: readonly ConsoleState[] = [...SIGN_IN, ...INBOX, ...PEOPLE, ...POLLS, ...SEND, ...OPS];

/** A name that is known only after the list: then the page is complete. */
function nameOf({ graphs, people }: ConsoleWorld): string {
  const all = [...graphs.full.simulator.world.contacts.values()];
  const { first_name, last_name } = all.find(({ phone_number }) => phone_number === people.usual) ?? {};
  return `${first_name} ${last_name}`;
}
