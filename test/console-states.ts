import type { Page } from "playwright-core";
import type { ConsoleWorld, GraphName, KeyName } from "./console-world.ts";

// Every state that a page of the console can be in, for the pictures (`npm run screenshots:console`) and for the test that
// looks at each of them with axe. States come about by the platforms' faults and the browser's network, never by code
// of the console that exists for them.

type Network =
  /** Every operation but the sign-in is held: the page waits. */
  | "held"
  /** Every operation but the sign-in fails. */
  | "broken";

export interface ConsoleState {
  /** The page, a dash, and the state. */
  readonly name: string;
  /** `/inbox`; may depend on who is in the graph. */
  readonly path: string | ((world: ConsoleWorld) => string);
  readonly graph?: GraphName;
  /** Null: nobody signs in. */
  readonly key?: KeyName | null;
  readonly network?: Network;
  /** What a person does to get there, and waits for. */
  readonly reach: (page: Page, world: ConsoleWorld) => Promise<unknown>;
}

const text = (page: Page, words: string | RegExp) => page.getByText(words).first().waitFor();
const conversation = (who: keyof ConsoleWorld["people"]) => (world: ConsoleWorld) => `/inbox/${world.people[who]}`;
const person = (who: keyof ConsoleWorld["people"]) => (world: ConsoleWorld) => `/people/${world.people[who]}`;
const skeleton = (page: Page) => page.locator(".skeleton").first().waitFor();
const search = async (page: Page, words: string) => page.getByLabel("Name or number").fill(words);
const offline = async (page: Page) => {
  await page.context().setOffline(true);
  await text(page, "You are offline");
};
const alert = (page: Page) => page.getByRole("alert").first().waitFor();
const bubbles = (page: Page) => page.locator(".bubble").first().waitFor();
const firstPoll = async (page: Page) => {
  await page.getByRole("option").first().click();
  await page.locator(".panel").first().waitFor();
};

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
  { name: "thread-loading", path: conversation("usual"), network: "held", reach: skeleton },
  {
    name: "thread-offline",
    path: conversation("usual"),
    reach: async (page) => {
      await bubbles(page);
      await page.getByText("Volunteers").first().waitFor();
      await offline(page);
    },
  },
  { name: "thread-pidj-down", path: conversation("usual"), graph: "pidjDown", reach: alert },
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

const POLLS: readonly ConsoleState[] = [
  { name: "polls", path: "/polls", reach: (page) => page.getByRole("option").first().waitFor() },
  { name: "polls-empty", path: "/polls", graph: "empty", reach: (page) => text(page, "No polls") },
  { name: "polls-loading", path: "/polls", network: "held", reach: skeleton },
  {
    name: "polls-textizen-down",
    path: "/polls",
    graph: "textizenDown",
    reach: alert,
  },
  { name: "poll", path: "/polls", reach: firstPoll },
  {
    name: "poll-offline",
    path: "/polls",
    reach: async (page) => {
      await firstPoll(page);
      await offline(page);
    },
  },
];

/** A spreadsheet whose second row has no whole number, and a text that fills in its names. */
const writeToList = async (page: Page, words: string) => {
  await page.getByRole("tab", { name: "A list" }).click();
  const buffer = Buffer.from("phone,name\n+14155550100,Ada\n415 555,Nobody\n+14155550102,Grace\n");
  await page.locator("input[type=file]").setInputFiles({ name: "elm-street.csv", mimeType: "text/csv", buffer });
  await text(page, "3 rows");
  await page.getByLabel("Your text").fill(words);
};

const SEND: readonly ConsoleState[] = [
  { name: "send-empty", path: "/send", graph: "empty", reach: (page) => text(page, "Nothing sent to many yet") },
  { name: "send-loading", path: "/send", network: "held", reach: skeleton },
  { name: "send-failed", path: "/send", network: "broken", reach: alert },
  { name: "send-new", path: "/send/new", reach: (page) => page.getByLabel("Name or number").waitFor() },
  {
    name: "send-no-column",
    path: "/send/new",
    reach: async (page) => {
      await writeToList(page, "Hello {fristname}");
      await text(page, "{fristname} is no column");
    },
  },
  {
    name: "send-checked",
    path: "/send/new",
    reach: async (page) => {
      await writeToList(page, "Hello {name}, Elm Street is closed on Monday.");
      await page.getByRole("button", { name: "Check" }).click();
      await text(page, "Hello Grace");
    },
  },
  {
    name: "send-offline",
    path: "/send/new",
    reach: async (page) => {
      await page.getByLabel("Name or number").waitFor();
      await offline(page);
    },
  },
  { name: "send-forbidden", path: "/send", key: "people", reach: (page) => text(page, "does not open") },
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

/** Brings a page that nothing was opened in yet to a state. */
export async function reachState(page: Page, address: string, world: ConsoleWorld, state: ConsoleState): Promise<void> {
  const { path, graph = "full", key = "clerk", network, reach } = state;
  const { url } = world.graphs[graph];
  if (key !== null) {
    const kept = { "console.key": `${url}\n${world.keys[key]}` };
    await page.addInitScript(`Object.assign(sessionStorage, ${JSON.stringify(kept)})`);
  }
  if (network === "held" || network === "broken") {
    await page.route(url, (route) => {
      const isSignIn = key !== null && route.request().postData()?.includes("Viewer");
      return isSignIn ? route.continue() : network === "broken" ? route.abort() : undefined;
    });
  }
  const target = typeof path === "string" ? path : path(world);
  await page.goto(`${address}${target.slice(1)}?graph=${encodeURIComponent(url)}`);
  await reach(page, world);
}
