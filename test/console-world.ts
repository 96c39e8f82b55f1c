import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { mock } from "node:test";
import { startTextgraph } from "../kit/testing/start.ts";
import type { Textgraph, TextgraphOptions } from "../kit/testing/textgraph.ts";
import { addApiKey } from "../src/access/api-keys.ts";
import { SCOPES, type Scope } from "../src/access/scopes.ts";
import { type ConsoleJobs, JOBS_ENV, makeJobs, type Run } from "./console-jobs.ts";

// The graphs behind the states of `console-states.ts`: a full one, one with sends to many, an empty one, and one for each
// platform that is down.

export type GraphName = "full" | "jobs" | "empty" | "pidjDown" | "textizenDown";
export type KeyName = "clerk" | "people" | "texts" | "reader" | "nobody";

export interface ConsoleWorld extends AsyncDisposable {
  readonly graphs: Readonly<Record<GraphName, Textgraph>>;
  readonly keys: Readonly<Record<KeyName, string>>;
  /** Numbers of people in the full graph, by what is special about them. */
  readonly people: Readonly<Record<"usual" | "optedOut" | "uncertain" | "refused", string>>;
  /** Ids of the sends to many. */
  readonly jobs: ConsoleJobs["ids"];
}

const SEND = "mutation Send($input: SendMessageInput!) { sendMessage(input: $input) { isReplay } }";
const MINUTE_MS = 60_000;
const DAY_MS = 24 * 60 * MINUTE_MS;

/** What came in or went out, in order; `ago`: minutes before the pictures are taken. `who`: the place in the list of people. */
interface Text {
  readonly who: number;
  readonly ago: number;
  readonly text: string;
  readonly outcome?: "sent" | "unknown" | "refused";
}

const TEXTS: readonly Text[] = [
  { who: 9, ago: 4320, text: "Who do I call about a broken street light?" },
  {
    who: 9,
    ago: 4301,
    text: "Public Works, 555-0142. Or tell us the street here, and we pass it on.",
    outcome: "sent",
  },
  { who: 8, ago: 3010, text: "STOP" },
  { who: 7, ago: 2880, text: "¿Tienen formularios en español?" },
  { who: 7, ago: 2871, text: "Sí. Están en la ventanilla 3, y en nuestra página.", outcome: "sent" },
  { who: 6, ago: 1583, text: "My permit says Friday but the sign on the door says Thursday. Which one is it??" },
  { who: 5, ago: 1490, text: "Your parking permit is ready at the front desk.", outcome: "refused" },
  { who: 4, ago: 1450, text: "Is there a fee for the recycling bin?" },
  { who: 4, ago: 1442, text: "No, the first one is free.", outcome: "unknown" },
  { who: 3, ago: 212, text: "👍" },
  { who: 0, ago: 1500, text: "Hi! Is the library open on Saturday?" },
  { who: 0, ago: 1494, text: "Hello. Yes, from 10 to 5. The children’s room closes at 4.", outcome: "sent" },
  { who: 0, ago: 1489, text: "Great. Can I return books when it is closed?" },
  {
    who: 0,
    ago: 1475,
    text: "Yes: there is a box beside the entrance on Main Street. It is emptied every morning at 8, and what is in it then counts as returned the day before.",
    outcome: "sent",
  },
  { who: 2, ago: 58, text: "Running late, be there at 5 🚌" },
  { who: 1, ago: 31, text: "Thank you!" },
  { who: 0, ago: 12, text: "Perfect, thanks so much" },
  { who: 0, ago: 11, text: "One more: do you lend e-readers?" },
];

/** Starts the graphs. Everything listens in this process; the texts are as old as they say. */
export async function startWorld(): Promise<ConsoleWorld> {
  const folder = mkdtempSync(join(tmpdir(), "console-"));
  const path = join(folder, "keys.json");
  const add = (name: string, scopes: readonly Scope[]) =>
    addApiKey(path, { name, scopes, expires: null, callsPerMinute: null, recipientsPerMinute: null });
  const keys = {
    clerk: add("front-desk", SCOPES),
    people: add("people-only", ["contacts:read"]),
    texts: add("reads-texts", ["messages:read", "participants:read"]),
    reader: add("reads-attempts", ["attempts:read"]),
    nobody: add("opens-nothing", ["metrics:read"]),
  };
  const env = { API_KEYS_FILE: path };
  const start = (options: TextgraphOptions = {}) => startTextgraph({ env, people: 60, polls: 6, ...options });
  const now = Date.now();
  // The graphs have been listening for some days. Date alone is turned back, and only while they are filled.
  mock.timers.enable({ apis: ["Date"], now: now - 4 * DAY_MS });
  const [full, jobs, empty, pidjDown, textizenDown] = await Promise.all([
    start(),
    start({ env: { ...env, ...JOBS_ENV } }),
    start({ people: 1, polls: 0 }),
    start(),
    start(),
  ]);
  const people = [...full.simulator.world.contacts.values()].map((contact) => contact.phone_number);
  for (const { ago, who, text, outcome } of TEXTS.toSorted((one, other) => other.ago - one.ago)) {
    const phoneNumber = people[who] ?? "";
    mock.timers.setTime(now - ago * MINUTE_MS);
    for (const graph of [full, pidjDown, textizenDown]) {
      await (outcome === undefined
        ? graph.receiveText({ from: phoneNumber, message: text })
        : send(graph, keys.clerk, phoneNumber, text, outcome));
    }
  }
  // Somebody made it yesterday and put nobody into it yet.
  full.simulator.world.textizenGroups.set(99, { id: 99, name: "New Neighbors", created_at: new Date().toISOString() });
  const made = await makeJobs(
    jobs,
    (query, variables) => run(jobs, keys.clerk, query, variables),
    now,
    (at) => mock.timers.setTime(at),
  );
  mock.timers.reset();
  pidjDown.fault({ platform: "PIDJ", kind: "refuse" });
  textizenDown.fault({ platform: "TEXTIZEN", kind: "refuse" });
  const graphs = { full, jobs, empty, pidjDown, textizenDown };
  const numberOf = (place: number) => people[place] ?? "";
  return {
    graphs,
    keys,
    jobs: made.ids,
    people: { usual: numberOf(0), optedOut: numberOf(8), uncertain: numberOf(4), refused: numberOf(5) },
    [Symbol.asyncDispose]: async () => {
      made.release();
      await Promise.all(Object.values(graphs).map((graph) => graph.close()));
      rmSync(folder, { recursive: true });
    },
  };
}

async function send(
  graph: Textgraph,
  key: string,
  phoneNumber: string,
  text: string,
  outcome: NonNullable<Text["outcome"]>,
): Promise<void> {
  const route = { platform: "PIDJ", route: "POST /send", times: 1 } as const;
  if (outcome === "unknown") {
    graph.fault({ ...route, kind: "reset-after-request" });
  } else if (outcome === "refused") {
    graph.fault({ ...route, kind: "failure-in-200", message: "The carrier does not take texts for this number." });
  }
  const groupId = [...graph.simulator.world.pidjGroups.values()][0]?.id;
  const input = { from: { groupId }, recipient: { phoneNumber }, text, idempotencyKey: crypto.randomUUID() };
  await run(graph, key, SEND, { input });
}

async function run(graph: Textgraph, key: string, query: string, variables: object): ReturnType<Run> {
  const response = await fetch(graph.url, {
    method: "POST",
    headers: { "content-type": "application/json", authorization: `Bearer ${key}` },
    body: JSON.stringify({ query, variables }),
  });
  return (await response.json()) as Awaited<ReturnType<Run>>;
}
