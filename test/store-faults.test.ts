import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { DatabaseSync } from "node:sqlite";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { credentialsOf } from "../src/simulator/credentials.ts";
import { startSimulator } from "../src/simulator/simulator.ts";
import { makeFile } from "./events.ts";
import { expectRule11, load, startWatched } from "./rule-eleven.ts";
import { send, stateOf, timesTaken, wordOf } from "./sends.ts";
import { ask, errorsAt } from "./support.ts";

const READ = "{ surveys { totalCount } }";

test("a store that is locked holds up no read and stops each send, at 100 requests a second", async () => {
  using file = makeFile();
  await using stage = await startWatched({ env: { STORE_URL: file.url } });
  for (const platform of ["PIDJ", "TEXTIZEN"] as const) {
    expect([await stage.read(platform), await stage.send(platform)]).toEqual(["data", "sent"]);
  }
  const other = new DatabaseSync(file.path);
  other.exec("BEGIN IMMEDIATE");
  const taken = stage.simulator.ledger.length;
  const heard = await load(stage);
  for (const platform of ["PIDJ", "TEXTIZEN"] as const) {
    expect(heard("reads", platform)).toEqual(new Set(["data"]));
    expect(heard("sends", platform)).toEqual(new Set(["STORE_UNAVAILABLE"]));
  }
  expect(stage.simulator.ledger).toHaveLength(taken);
  const began = performance.now();
  expect(await stage.read("PIDJ")).toBe("data");
  expect(performance.now() - began).toBeLessThan(1_000);

  other.exec("COMMIT");
  other.close();
  expect(await stage.send("PIDJ")).toBe("sent");
  await expectRule11(stage);
});

const HOLDER = `const { DatabaseSync } = require("node:sqlite");
new DatabaseSync(process.argv[1]).exec("BEGIN IMMEDIATE");
process.stdout.write("held");
process.kill(process.pid, "SIGSTOP");`;

test.runIf(process.platform !== "win32")(
  "a process that was stopped with the store locked holds up no read and stops each send, until it is gone",
  async () => {
    using file = makeFile();
    await using stage = await startWatched({ env: { STORE_URL: file.url } });
    for (const platform of ["PIDJ", "TEXTIZEN"] as const) {
      expect([await stage.read(platform), await stage.send(platform)]).toEqual(["data", "sent"]);
    }
    const taken = stage.simulator.ledger.length;
    {
      const holder = spawn(process.execPath, ["-e", HOLDER, file.path], { stdio: ["ignore", "pipe", "inherit"] });
      await using _ended = { [Symbol.asyncDispose]: () => endOf(holder) };
      await once(holder.stdout, "data");
      const sends = [stage.send("PIDJ"), stage.send("TEXTIZEN")];
      // Answered while the sends still wait for the store.
      expect([await stage.read("PIDJ"), await stage.read("TEXTIZEN")]).toEqual(["data", "data"]);
      expect(await Promise.all(sends)).toEqual(["STORE_UNAVAILABLE", "STORE_UNAVAILABLE"]);
      expect(stage.simulator.ledger).toHaveLength(taken);
    }
    expect([await stage.send("PIDJ"), await stage.send("TEXTIZEN")]).toEqual(["sent", "sent"]);
    await expectRule11(stage);
  },
);

test("a store that loses its tables holds up no read and stops each send", async () => {
  using file = makeFile();
  await using stage = await startWatched({ env: { STORE_URL: file.url } });
  const other = new DatabaseSync(file.path);
  other.exec("ALTER TABLE entry RENAME TO gone");
  expect([await stage.read("PIDJ"), await stage.read("TEXTIZEN")]).toEqual(["data", "data"]);
  expect([await stage.send("PIDJ"), await stage.send("TEXTIZEN")]).toEqual(["STORE_UNAVAILABLE", "STORE_UNAVAILABLE"]);
  expect(stage.simulator.ledger).toEqual([]);
  other.exec("ALTER TABLE gone RENAME TO entry");
  other.close();
  expect(await stage.send("PIDJ")).toBe("sent");
  await expectRule11(stage);
});

test("a store that turns read-only holds up no read and stops each send, and needs no restart when it is mended", async () => {
  using file = makeFile();
  await using stage = await startWatched({ env: { STORE_URL: file.url } });
  for (const platform of ["PIDJ", "TEXTIZEN"] as const) {
    expect([await stage.read(platform), await stage.send(platform)]).toEqual(["data", "sent"]);
  }
  const taken = stage.simulator.ledger.length;
  // Every write fails, as on a file system that was mounted anew, read-only; reads go on.
  const other = new DatabaseSync(file.path);
  for (const [name, event] of Object.entries({ a: "INSERT", b: "UPDATE", c: "DELETE" })) {
    other.exec(`CREATE TRIGGER ${name} BEFORE ${event} ON entry BEGIN SELECT RAISE(ABORT, 'read-only'); END`);
  }
  const heard = await load(stage);
  for (const platform of ["PIDJ", "TEXTIZEN"] as const) {
    expect(heard("reads", platform)).toEqual(new Set(["data"]));
    expect(heard("sends", platform)).toEqual(new Set(["STORE_UNAVAILABLE"]));
  }
  expect(stage.simulator.ledger).toHaveLength(taken);

  for (const name of ["a", "b", "c"]) {
    other.exec(`DROP TRIGGER ${name}`);
  }
  other.close();
  expect(await stage.send("PIDJ")).toBe("sent");
  await expectRule11(stage);
});

// The shell's limit of a file's size is what a full disk is: the write fails.
test.runIf(process.platform !== "win32")(
  "a disk that is full holds up no read and stops each send, and every text that went out is on record",
  async () => {
    using file = makeFile();
    await using simulator = await startSimulator({ people: 3, polls: 0 });
    const program = fileURLToPath(new URL("stopping-child.ts", import.meta.url));
    const child = spawn("bash", ["-c", `trap '' XFSZ; ulimit -f 300; exec "$0" "$1"`, process.execPath, program], {
      env: {
        ...credentialsOf(simulator),
        PORT: "0",
        STORE_URL: file.url,
        LOG_LEVEL: "silent",
        OVERLOAD_LAG_MS: "60000",
      },
      stdio: ["ignore", "pipe", "inherit"],
    });
    await using _ended = { [Symbol.asyncDispose]: () => endOf(child) };
    const [line] = await once(child.stdout, "data");
    const url = String(line).trim().split(" ").at(-1) ?? "";
    const words = new Map<string, string>();
    for (let count = 0; ![...words.values()].includes("STORE_UNAVAILABLE") && count < 500; count += 1) {
      words.set(`k${count}.`, wordOf(await send(url, `k${count}.`)));
    }

    expect(new Set(words.values())).toEqual(new Set(["sent", "STORE_UNAVAILABLE"]));
    for (const [key, word] of words) {
      expect({ key, taken: timesTaken(simulator.ledger, key) }).toEqual({ key, taken: word === "sent" ? 1 : 0 });
    }
    const read = await ask(url, READ);
    expect([errorsAt(read), read.data.surveys.totalCount]).toEqual([{}, 4]);
    expect(["ACCEPTED", "UNKNOWN"]).toContain(await stateOf(url, "k0."));
  },
);

async function endOf(child: ChildProcess): Promise<void> {
  const ended = once(child, "exit");
  child.kill("SIGKILL");
  await ended;
}
