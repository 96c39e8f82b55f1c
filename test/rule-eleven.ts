import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, vi } from "vitest";
import type { JournalEntry } from "../src/simulator/journal.ts";
import type { Simulator } from "../src/simulator/simulator.ts";
import { FROM, input, send, stateOf, wordOf } from "./sends.ts";
import { type Answer, type Stage, type StageOptions, startStage } from "./support.ts";
import { grownSince, type Vitals, vitals } from "./vitals.ts";

/** What a client heard: `data`, the error codes, or `closed`. */
export type Heard = string;

/** A stage that remembers what was asked of it and what it wrote down, for `expectRule11`. */
export interface WatchedStage extends Stage {
  /** Reads one contact, or one participant. */
  read(platform: Platform): Promise<Heard>;
  /** Sends a text, or a mailing to one number, under a key of its own. */
  send(platform: Platform): Promise<Heard>;
}

export type Platform = "PIDJ" | "TEXTIZEN";

interface Watch {
  readonly keys: Map<string, Platform>;
  readonly lines: string[];
  readonly before: Vitals;
  asked: number;
  answered: number;
  end(): Promise<void>;
}

/** Requests of `load`, half of them sends. */
export const LOAD = 150;
const EVERY_MS = 10;
const watches = new WeakMap<Stage, Watch>();
const MAIL = `mutation ($input: CreateMailingInput!) {
  createMailing(input: $input) { mailing { id } isReplay userErrors { code field message } }
}`;
const POLL = "poll:301";
const MAILED = "+1415556";

export async function startWatched(options: StageOptions = {}): Promise<WatchedStage> {
  // Both ends of every connection are in it, because the simulator and the clients are.
  const before = vitals();
  const folder = mkdtempSync(join(tmpdir(), "textgraph-rule-"));
  const lines: string[] = [];
  const stderr = vi.spyOn(process.stderr, "write").mockImplementation((chunk) => lines.push(String(chunk)) > 0);
  const env = {
    STORE_URL: `sqlite:${join(folder, "graph.db")}`,
    LOG_LEVEL: "trace",
    SNAPSHOT_SECONDS: "0",
    OVERLOAD_LAG_MS: "60000",
  };
  const stage = await startStage({
    simulator: { people: 30, polls: 1, responsesPerPoll: 2 },
    ...options,
    env: { ...env, ...options.env },
  });
  const watch: Watch = {
    keys: new Map(),
    lines,
    before,
    asked: 0,
    answered: 0,
    end: async () => {
      await stage[Symbol.asyncDispose]();
      stderr.mockRestore();
      rmSync(folder, { recursive: true });
    },
  };
  const contacts = [...stage.simulator.world.contacts.keys()];
  const participants = [...stage.simulator.world.participants.keys()];

  async function hear(answer: Promise<Answer>, wordOfData: (answer: Answer) => string): Promise<Heard> {
    watch.asked += 1;
    const heard = await answer.then(wordOfData, () => "closed");
    watch.answered += 1;
    return heard;
  }

  const watched: WatchedStage = {
    ...stage,
    read: (platform) => {
      const ids = platform === "PIDJ" ? contacts : participants.map((id) => `participant:${id}`);
      const field = `${platform === "PIDJ" ? "contact" : "participant"}(id: "${ids[watch.asked % ids.length]}")`;
      return hear(stage.query(`{ ${field} { id } }`), ({ data, errors = [] }) =>
        errors.length === 0 && data ? "data" : String(errors[0]?.extensions["code"]),
      );
    },
    send: (platform) => {
      const key = `key ${watch.keys.size}.`;
      watch.keys.set(key, platform);
      return hear(
        platform === "PIDJ" ? send(stage.app.url, key) : stage.query(MAIL, { input: mailing(key) }),
        platform === "PIDJ" ? wordOf : wordOfMailing,
      );
    },
    [Symbol.asyncDispose]: async () => {
      if (watches.delete(watched)) {
        await watch.end();
      }
    },
  };
  watches.set(watched, watch);
  return watched;
}

function mailing(idempotencyKey: string) {
  return { pollId: POLL, sendAt: "2099-03-14T19:00:00Z", phoneNumbers: [mailedTo(idempotencyKey)], idempotencyKey };
}

function mailedTo(key: string): string {
  return MAILED + /\d+/.exec(key)?.[0].padStart(4, "0");
}

function wordOfMailing({ data, errors = [] }: Answer): string {
  const payload = data?.createMailing;
  return payload == null ? String(errors[0]?.extensions["code"]) : (payload.userErrors[0]?.code ?? "sent");
}

/** How often a text or a mailing of this key is among the requests that a platform got, or among those it accepted. */
export function countOf(entries: readonly object[], key: string, platform: Platform): number {
  const sign = platform === "PIDJ" ? input(key).text : mailedTo(key).slice(1);
  return entries.filter((entry) => JSON.stringify(entry).includes(sign)).length;
}

/**
 * What every fault ends with. At most one accepted send for each key, and each is known here as ACCEPTED or UNKNOWN. Every
 * request got one answer. No log line contains a credential, token, number or text. The process has let go of what it
 * took: the stage is closed by this.
 */
export async function expectRule11(stage: WatchedStage): Promise<void> {
  const watch = watches.get(stage);
  if (watch === undefined) {
    throw new Error("this stage is not watched");
  }
  const { simulator, app } = stage;
  expect(watch.answered).toBe(watch.asked);
  for (const [key, platform] of watch.keys) {
    const accepted = countOf(simulator.ledger, key, platform);
    expect([0, 1], key).toContain(accepted);
    if (accepted === 1) {
      expect(["ACCEPTED", "UNKNOWN"], key).toContain(await stateOf(app.url, key));
    }
  }
  expect((await fetch(new URL("/health", app.url))).status).toBe(200);
  expect(leakedIn(watch.lines.join(""), simulator)).toEqual([]);
  await stage[Symbol.asyncDispose]();
  await expect.poll(() => grownSince(watch.before, vitals()), { timeout: 5_000, interval: 100 }).toEqual([]);
}

/** The credentials, tokens, numbers and texts of sends that are in a log. */
export function leakedIn(log: string, { pidj, textizen }: Simulator): string[] {
  const secrets = [pidj.token, pidj.accountKey, textizen.password, textizen.email, "simulated-session", "asic "];
  const personal = ["Text of", MAILED.slice(1), input("").recipient.phoneNumber.slice(1), FROM.slice(1)];
  return [...secrets, ...personal].filter((each) => log.includes(each));
}

/** The requests that carry a send. */
export function isSend({ route }: JournalEntry): boolean {
  return route === "POST /send" || route === "POST /api/polls/{id}/mailings";
}

/** 100 requests a second, whatever became of the earlier ones; what the reads and the sends heard. */
export async function load(stage: WatchedStage) {
  const heard: { readonly kind: "reads" | "sends"; readonly platform: Platform; readonly answer: Promise<Heard> }[] =
    [];
  const began = performance.now();
  for (let count = 0; count < LOAD; count += 1) {
    const platform: Platform = count % 2 === 0 ? "PIDJ" : "TEXTIZEN";
    const kind = count % 4 < 2 ? "reads" : "sends";
    heard.push({ kind, platform, answer: kind === "reads" ? stage.read(platform) : stage.send(platform) });
    await sleep(Math.max(0, began + count * EVERY_MS - performance.now()));
  }
  const answers = await Promise.all(heard.map(async ({ answer, ...each }) => ({ ...each, answer: await answer })));
  return (kind: "reads" | "sends", platform: Platform) =>
    new Set(answers.filter((each) => each.kind === kind && each.platform === platform).map(({ answer }) => answer));
}
