import { expect, test } from "vitest";
import { startApp } from "../src/app.ts";
import { runSettle } from "../src/commands/settle-attempts.ts";
import { readConfig } from "../src/config.ts";
import { startSimulator } from "../src/simulator/simulator.ts";
import { createAttempts } from "../src/store/attempts.ts";
import { createAuditLog } from "../src/store/audit.ts";
import { openStore } from "../src/store/open.ts";
import { environmentFor, startChild } from "./child-server.ts";
import { send, stateOf, TO, timesTaken } from "./sends.ts";
import { onEachStore } from "./stores.ts";
import { openSubscriber } from "./subscribers.ts";
import { ask } from "./support.ts";

const KEY = "k";
const SHORT_LIVED = { CONNECT_TIMEOUT_MS: "200", SEND_TIMEOUT_MS: "1500" };
const TALK = `{ person(phoneNumber: "${TO}") { conversation {
  messages { nodes { ... on OutgoingMessage { text state idempotencyKey message } } }
} } }`;

/** Where the process dies that sends, what its attempt says once its time is over, and how often Pidj took the text. */
const POINTS = [
  { point: "before-record", states: [], taken: 0 },
  { point: "recorded", states: ["UNKNOWN"], taken: 0 },
  { point: "during the call", states: ["UNKNOWN"], taken: 1 },
  { point: "answered", states: ["UNKNOWN"], taken: 1 },
  { point: "settled", states: ["ACCEPTED"], taken: 1 },
] as const;

interface Row {
  readonly text: string;
  readonly state: string;
  readonly message: string | null;
}

async function rowsOf(url: string): Promise<Row[]> {
  const { data, errors } = await ask(url, TALK);
  expect(errors).toBeUndefined();
  return data.person.conversation?.messages.nodes ?? [];
}

/** Settles the key in a program of its own, as an operator does. */
async function settle(url: string, word: "sent" | "not-sent"): Promise<void> {
  const store = await openStore(url, "default");
  const now = () => new Date();
  const audit = createAuditLog(store, { now, keptMilliseconds: 1e12, warn: () => undefined });
  const silent = { write: () => true };
  const surroundings = { attempts: createAttempts(store, { now, audit }), stdout: silent, stderr: silent };
  expect(await runSettle(["settle", KEY, word], surroundings)).toBe(0);
  await store.close();
}

onEachStore((make) => {
  test.each(POINTS)(
    "after a death $point, the conversation says of the text what its attempt says: $states",
    async ({ point, states, taken }) => {
      await using place = await make();
      await using simulator = await startSimulator({ people: 3, polls: 0, responsesPerPoll: 0 });
      const environment = { ...environmentFor(simulator, ""), STORE_URL: place.url };
      const hold =
        point === "during the call" ? simulator.fault({ platform: "PIDJ", route: "POST /send", kind: "hold" }) : null;
      {
        await using child = await startChild({ ...environment, ...SHORT_LIVED, CRASH_AT: point });
        const answered = send(child.url, KEY).catch(() => null);
        await (hold === null ? answered : hold.arrived.then(() => child.kill()));
        hold?.release();
        await answered;
      }
      const { url, close } = await startApp(readConfig(environment));
      try {
        // The dead process's lease runs out meanwhile.
        await expect
          .poll(async () => (await rowsOf(url)).map(({ state }) => state), { timeout: 15_000 })
          .toEqual(states);
        expect(await stateOf(url, KEY)).toBe(states[0] ?? null);
        expect(timesTaken(simulator.ledger, KEY)).toBe(taken);
        if (states[0] === "UNKNOWN") {
          const before = await rowsOf(url);
          expect(before[0]?.message).toMatch(/stopped/);
          await settle(place.url, taken === 0 ? "not-sent" : "sent");
          expect(await rowsOf(url)).toEqual([
            { ...before[0], state: taken === 0 ? "REFUSED" : "ACCEPTED", message: expect.stringMatching(/operator/) },
          ]);
        }
      } finally {
        await close();
      }
    },
    60_000,
  );

  test("a subscriber hears that a text's outcome is unknown once its sender is dead, though nobody asks", async () => {
    await using place = await make();
    await using simulator = await startSimulator({ people: 3, polls: 0, responsesPerPoll: 0 });
    const environment = { ...environmentFor(simulator, ""), STORE_URL: place.url };
    const { url, close } = await startApp(readConfig(environment));
    try {
      const since = (await ask(url, "{ eventCursor }")).data.eventCursor;
      await using child = await startChild({ ...environment, ...SHORT_LIVED, CRASH_AT: "recorded" });
      await send(child.url, KEY).catch(() => null);
      await using client = openSubscriber(url, "WebSocket");
      await using heard = client.subscribe(
        "subscription ($since: String) { messageSent(since: $since) { message { id state } } }",
        { since },
      );
      const [begun, ended] = [await heard.next(), await heard.next()];
      expect(begun.data.messageSent.message.state).toBe("IN_PROGRESS");
      expect(ended.data.messageSent.message).toEqual({ ...begun.data.messageSent.message, state: "UNKNOWN" });
    } finally {
      await close();
    }
  }, 60_000);
});
