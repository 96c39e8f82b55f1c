import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { runSettle } from "../src/commands/settle-attempts.ts";
import { type Attempts, createAttempts } from "../src/store/attempts.ts";
import { createAuditLog } from "../src/store/audit.ts";
import { openSqliteStore } from "../src/store/sqlite.ts";
import type { Store } from "../src/store/store.ts";
import { Program } from "./program.ts";

const send = {
  key: "k1",
  mutation: "sendMessage",
  fingerprint: "f1",
  caller: "anonymous",
  leaseMilliseconds: 10_000,
  outcomeIfConfirmed: '"confirmed"',
};

let folder: string;
let store: Store;
let attempts: Attempts;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "textgraph-attempts-"));
  store = openSqliteStore(`sqlite:${join(folder, "graph.db")}`, "default");
  const now = () => new Date(Date.UTC(2026, 0, 1));
  const audit = createAuditLog(store, { now, keptMilliseconds: 86_400_000, warn: () => undefined });
  attempts = createAttempts(store, { now, audit });
});

afterEach(async () => {
  await store.close();
  rmSync(folder, { recursive: true });
});

async function leave(state: "ACCEPTED" | "UNKNOWN", attempt = send): Promise<void> {
  const begun = await attempts.begin(attempt);
  if (begun.kind !== "started") {
    throw new Error(`the attempt is ${begun.kind}`);
  }
  await attempts.settle(begun.handle, { state, message: null, outcome: '"said"' });
}

describe("npm run attempts", () => {
  async function run(...argv: string[]): Promise<{ code: number; out: string; err: string }> {
    const [out, err]: [string[], string[]] = [[], []];
    const stdout = { write: (text: string) => out.push(text) };
    const code = await runSettle(argv, { attempts, stdout, stderr: { write: (text: string) => err.push(text) } });
    return { code, out: out.join(""), err: err.join("") };
  }

  test("lists what is unknown as a table, whatever the keys are made of", async () => {
    expect(await run()).toEqual({ code: 0, out: "No attempt is of unknown outcome.\n", err: "" });
    await leave("UNKNOWN", { ...send, key: "order 7" });
    await leave("UNKNOWN", { ...send, mutation: "createMailing", key: "\u001B[2J" });
    const { code, out } = await run();
    expect(code).toBe(0);
    expect(out).toContain(
      [
        "started                   mutation       caller     key",
        '2026-01-01T00:00:00.000Z  createMailing  anonymous  "\\u001b[2J"',
        "2026-01-01T00:00:00.000Z  sendMessage    anonymous  order 7",
      ].join("\n"),
    );
    expect(out).toContain("2 of unknown outcome.");
  });

  test("settles one as sent or as not sent", async () => {
    await leave("UNKNOWN");
    await leave("UNKNOWN", { ...send, key: "k2" });
    expect(await run("settle", "k1", "sent")).toEqual({ code: 0, out: "Settled as sent.\n", err: "" });
    expect(await run("settle", "k2", "not-sent")).toMatchObject({ code: 0 });
    expect(await attempts.find("k1")).toMatchObject({ state: "ACCEPTED" });
    expect(await attempts.find("k2")).toMatchObject({ state: "REFUSED" });
  });

  test("says why it cannot, and by its exit code", async () => {
    await leave("ACCEPTED");
    expect(await run("settle", "k1", "sent")).toMatchObject({
      code: 1,
      err: expect.stringContaining("This attempt is ACCEPTED"),
    });
    expect(await run("settle", "none", "sent")).toMatchObject({
      code: 1,
      err: expect.stringContaining("No attempt has this key"),
    });
    for (const wrong of [
      ["settle"],
      ["settle", "k1"],
      ["settle", "k1", "maybe"],
      ["list"],
      ["settle", "k1", "sent", "x"],
    ]) {
      expect(await run(...wrong)).toMatchObject({ code: 2, err: expect.stringMatching(/^Usage: npm run attempts/) });
    }
  });

  test("without the server's STORE_URL makes no file, and names the one that it looked for", async () => {
    await using program = new Program(folder, {}, ["commands/settle-attempts.ts"]);
    expect(await program.exited).toBe(1);
    expect(program.stderr).toBe(
      `There is no store at ${join(folder, "data/textgraph.db")}: set STORE_URL to what the server has, and run this in the same folder.\n`,
    );
    expect(existsSync(join(folder, "data"))).toBe(false);
  });

  test("of a store in memory says that nobody else can see it", async () => {
    await using program = new Program(folder, { STORE_URL: "sqlite::memory:" }, ["commands/settle-attempts.ts"]);
    expect(await program.exited).toBe(1);
    expect(program.stderr).toMatch(/^A store in memory is the server's alone: set STORE_URL/);
  });

  test("names the store that it reads", async () => {
    await leave("UNKNOWN");
    await using program = new Program(folder, { STORE_URL: "sqlite:graph.db" }, ["commands/settle-attempts.ts"]);
    expect(await program.exited).toBe(0);
    expect(program.stdout).toContain(`Attempts in ${join(folder, "graph.db")} (STORE_URL):\n`);
    expect(program.stdout).toContain("1 of unknown outcome.");
  });
});
