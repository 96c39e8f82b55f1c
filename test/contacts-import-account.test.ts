import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { credentialsOf } from "../src/simulator/credentials.ts";
import { type Simulator, startSimulator } from "../src/simulator/simulator.ts";
import { openSqliteStore } from "../src/store/sqlite.ts";
import { Program } from "./program.ts";

/** A folder with a store that has learned all contacts of the simulated account, and the import of the same file again. */
async function open(simulator: Simulator) {
  const folder = mkdtempSync(join(tmpdir(), "textgraph-account-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const ids = [...simulator.world.contacts.keys()];
  writeFileSync(join(folder, "ids.csv"), ids.join("\n"));
  const run = async () => {
    const env = credentialsOf(simulator);
    await using program = new Program(folder, env, ["commands/import-contacts.ts", "ids.csv", "--per-second", "1000"]);
    const code = await program.exited;
    return { code, said: program.stdout + program.stderr };
  };
  const count = async () => {
    const store = openSqliteStore(`sqlite:${join(folder, "data/textgraph.db")}`, "default");
    const counts = [await store.count("number-by-contact"), await store.count("forgotten-contact")];
    await store.close();
    return counts;
  };
  expect(await run()).toMatchObject({ code: 0, said: expect.stringContaining(`${ids.length} learned`) });
  expect(await count()).toEqual([ids.length, 0]);
  return { folder, size: ids.length, run, count };
}

const ADVICE =
  "Nothing was learned, and nothing was unlearned: check that PIDJ_BASE_URL, PIDJ_ACCOUNT_KEY and PIDJ_TOKEN";

test("an import says which store it fills", async () => {
  await using simulator = await startSimulator({ people: 2, polls: 0 });
  const { folder, run } = await open(simulator);
  expect((await run()).said).toContain(`Contacts are learned into ${join(folder, "data/textgraph.db")} (STORE_URL).`);
});

test.each(["nginx-404", "aws-404", "apache-410", "spring-404"] as const)(
  "an import whose every contact is answered by somebody else (%s) unlearns nobody, and says what to check",
  async (answer) => {
    await using simulator = await startSimulator({ people: 30, polls: 0 });
    const { size, run, count } = await open(simulator);
    simulator.fault({ kind: "foreign", platform: "PIDJ", answer });
    const { code, said } = await run();
    expect(code).toBe(1);
    expect(said).toContain(ADVICE);
    expect(said).toContain("0 learned, 0 unknown to Pidj");
    expect(await count()).toEqual([size, 0]);
  },
);

test("an import of ids that Pidj does not know at all unlearns nobody, and starts from the beginning again", async () => {
  await using simulator = await startSimulator({ people: 30, polls: 0 });
  const { size, run, count } = await open(simulator);
  simulator.world.contacts.clear();
  for (let time = 0; time < 2; time += 1) {
    const { code, said } = await run();
    expect(code).toBe(1);
    expect(said).toContain(`0 learned, ${size} unknown to Pidj, 0 failed, 0 not read yet.`);
    expect(said).toContain(ADVICE);
  }
  expect(await count()).toEqual([size, 0]);
});

test("an import that finds somebody forgets those that Pidj does not know any more, first in the file or last", async () => {
  await using simulator = await startSimulator({ people: 60, polls: 0 });
  const { size, run, count } = await open(simulator);
  const ids = [...simulator.world.contacts.keys()];
  const gone = [...ids.slice(0, 30), ...ids.slice(-3)];
  for (const id of gone) {
    simulator.world.contacts.delete(id);
  }
  expect(await run()).toMatchObject({ code: 0 });
  expect(await count()).toEqual([size - gone.length, gone.length]);
});

test("a contact whose number cannot be read counts as failed, and its link stays", async () => {
  await using simulator = await startSimulator({ people: 3, polls: 0 });
  const { size, run, count } = await open(simulator);
  simulator.fault({
    kind: "rewrite",
    platform: "PIDJ",
    route: "GET /contact/{id}",
    times: 1,
    rewrite: (json) => ({ ...(json as object), contact: { phone_number: ["+14155550123"] } }),
  });
  const { code, said } = await run();
  expect(code).toBe(1);
  expect(said).toContain(`${size - 1} learned, 0 unknown to Pidj, 1 failed`);
  expect(await count()).toEqual([size, 0]);
});
