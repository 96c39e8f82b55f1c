import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { type Simulator, startSimulator } from "../src/simulator/simulator.ts";
import { type ChildServer, environmentFor, startChild } from "./child-server.ts";
import { send, stateOf, timesTaken, wordOf } from "./sends.ts";

let folder: string;
let simulator: Simulator;
/** Two processes on one file. */
let servers: readonly ChildServer[];

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "textgraph-sends-"));
  simulator = await startSimulator({ people: 3, polls: 0, responsesPerPoll: 0 });
  const environment = environmentFor(simulator, join(folder, "graph.db"));
  servers = await Promise.all([startChild(environment), startChild(environment)]);
});

beforeEach(() => simulator.clearJournal());

afterAll(async () => {
  await Promise.all(servers.map((server) => server.kill()));
  await simulator.close();
  rmSync(folder, { recursive: true });
});

/** The URL of the one or the other, in turn. */
const urlFor = (index: number): string => servers[index % 2]?.url ?? "";

test("fifty equal sends at once to two processes are one platform call and fifty equal answers", async () => {
  simulator.fault({ platform: "PIDJ", route: "POST /send", kind: "delay", milliseconds: 300, times: 1 });
  const answers = await Promise.all(Array.from({ length: 50 }, (_, index) => send(urlFor(index), "k")));
  const words = answers.map(wordOf);
  expect(words.filter((word) => word === "sent")).toHaveLength(1);
  expect(words.filter((word) => word === "replayed")).toHaveLength(49);
  expect(new Set(answers.map(({ data }) => JSON.stringify(data.sendMessage.message))).size).toBe(1);
  expect(simulator.journal.filter(({ route }) => route === "POST /send")).toHaveLength(1);
  expect(timesTaken(simulator.ledger, "k")).toBe(1);
  expect([await stateOf(urlFor(0), "k"), await stateOf(urlFor(1), "k")]).toEqual(["ACCEPTED", "ACCEPTED"]);
});

test("fifty sends at once with keys of their own are fifty platform calls", async () => {
  const keys = Array.from({ length: 50 }, (_, index) => `key ${index}.`);
  const answers = await Promise.all(keys.map((key, index) => send(urlFor(index), key)));
  expect(new Set(answers.map(wordOf))).toEqual(new Set(["sent"]));
  expect(keys.map((key) => timesTaken(simulator.ledger, key))).toEqual(keys.map(() => 1));
});
