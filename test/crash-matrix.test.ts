import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import { startApp } from "../src/app.ts";
import { readConfig } from "../src/config.ts";
import { type Simulator, startSimulator } from "../src/simulator/simulator.ts";
import { environmentFor, startChild } from "./child-server.ts";
import { send, stateOf, timesTaken, wordOf } from "./sends.ts";

/** `npm run stress` asks for a thousand. */
const SEEDS = Number(process.env["STRESS_SEEDS"] ?? 20);
const KEY = "k";
// A short lease for who dies, so that nobody waits long for its death to be noticed.
const SHORT_LIVED = { CONNECT_TIMEOUT_MS: "200", SEND_TIMEOUT_MS: "1500" };

/** Where the first process dies; what the same key gives in the next one; what is on record then; texts taken by Pidj. */
const matrix = [
  { point: "before-record", word: "sent", state: "ACCEPTED", taken: 1 },
  { point: "recorded", word: "OUTCOME_UNKNOWN", state: "UNKNOWN", taken: 0 },
  { point: "during the call", word: "OUTCOME_UNKNOWN", state: "UNKNOWN", taken: 1 },
  { point: "answered", word: "OUTCOME_UNKNOWN", state: "UNKNOWN", taken: 1 },
  { point: "settled", word: "replayed", state: "ACCEPTED", taken: 1 },
] as const;

const seeds = Array.from({ length: SEEDS }, (_, index) => {
  const random = createRandom(index + 1);
  const row = matrix[index % matrix.length] ?? matrix[0];
  return { seed: index + 1, ...row, isRival: random() < 0.4, delay: Math.floor(random() * 40) };
});

describe("a process that is killed", () => {
  test.concurrent.each(seeds.filter(({ isRival }) => !isRival))(
    "$point: the same key gives $word after a restart (seed $seed)",
    async ({ point, word, state, taken, delay }) => {
      await onStage(async (simulator, environment) => {
        await sendAndDie(simulator, environment, point, () => undefined);
        await sleep(delay);
        const url = await environment.restart();
        expect(wordOf(await send(url, KEY))).toBe(word);
        expect(await stateOf(url, KEY)).toBe(state);
        const again = word === "sent" ? "replayed" : word;
        expect(wordOf(await send(url, KEY))).toBe(again);
        expect(timesTaken(simulator.ledger, KEY)).toBe(taken);
      });
    },
    60_000,
  );

  test.concurrent.each(seeds.filter(({ isRival }) => isRival))(
    "$point, while another process is at the same key: sent once at most, and the record is true (seed $seed)",
    async ({ point, delay }) => {
      await onStage(async (simulator, environment) => {
        const url = await environment.restart();
        const rival = () => sleep(delay).then(() => send(url, KEY));
        const word = wordOf(await sendAndDie(simulator, environment, point, rival));
        const taken = timesTaken(simulator.ledger, KEY);
        const isUnknown = word === "OUTCOME_UNKNOWN";
        expect(["sent", "replayed", "OUTCOME_UNKNOWN"]).toContain(word);
        expect(isUnknown ? [0, 1] : [1]).toContain(taken);
        expect(await stateOf(url, KEY)).toBe(isUnknown ? "UNKNOWN" : "ACCEPTED");
        expect(wordOf(await send(url, KEY))).toBe(isUnknown ? "OUTCOME_UNKNOWN" : "replayed");
        expect(timesTaken(simulator.ledger, KEY)).toBe(taken);
      });
    },
    60_000,
  );
});

interface Environment {
  readonly variables: Record<string, string>;
  /** Starts the next process on the same file: what it knows, it knows from there. Gives its URL. */
  restart(): Promise<string>;
}

async function onStage(run: (simulator: Simulator, environment: Environment) => Promise<void>): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "textgraph-crash-"));
  await using simulator = await startSimulator({ people: 3, polls: 0, responsesPerPoll: 0 });
  const variables = environmentFor(simulator, join(folder, "graph.db"));
  const closing: (() => Promise<void>)[] = [];
  const restart = async () => {
    const { url, close } = await startApp(readConfig(variables));
    closing.push(close);
    return url;
  };
  try {
    await run(simulator, { variables, restart });
  } finally {
    await Promise.all(closing.map((close) => close()));
    rmSync(folder, { recursive: true });
  }
}

/**
 * Sends the key in a process of its own, which dies at the point unless somebody else was at the key before. `rival`
 * starts at the same time; its outcome is given.
 */
async function sendAndDie<Outcome>(
  simulator: Simulator,
  { variables }: Environment,
  point: string,
  rival: () => Outcome,
): Promise<Awaited<Outcome>> {
  const hold =
    point === "during the call" ? simulator.fault({ platform: "PIDJ", route: "POST /send", kind: "hold" }) : null;
  await using child = await startChild({ ...variables, ...SHORT_LIVED, CRASH_AT: point });
  const others = rival();
  const answered = send(child.url, KEY).catch(() => null);
  if (hold === null) {
    await answered;
  } else {
    await hold.arrived;
    await child.kill();
    hold.release();
  }
  return await others;
}

/** mulberry32: the same seed gives the same numbers. */
function createRandom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
