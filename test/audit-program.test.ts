import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, onTestFinished, test } from "vitest";
import { runAudit } from "../src/commands/audit.ts";
import { type AuditLog, createAuditLog } from "../src/store/audit.ts";
import { openStore } from "../src/store/open.ts";
import type { Store } from "../src/store/store.ts";
import { Program } from "./program.ts";
import { TO } from "./sends.ts";
import { onEachStore, type StorePlace } from "./stores.ts";

const DAY_MS = 86_400_000;
const NOW = new Date("2026-02-10T00:00:00Z");

onEachStore((make) => {
  let place: StorePlace;

  beforeEach(async () => {
    place = await make();
  });
  afterEach(() => place[Symbol.asyncDispose]());

  async function run(log: AuditLog, ...argv: string[]): Promise<{ code: number; lines: string[]; err: string }> {
    const [out, err]: [string[], string[]] = [[], []];
    const code = await runAudit(argv, {
      audit: log,
      now: () => NOW,
      stdout: { write: (text: string) => out.push(text) },
      stderr: { write: (text: string) => err.push(text) },
    });
    return { code, lines: out.join("").trimEnd().split("\n").filter(Boolean), err: err.join("") };
  }

  async function filled(): Promise<{ log: AuditLog; store: Store }> {
    let now = new Date("2026-02-01T00:00:00Z");
    const store = await openStore(place.url, "default");
    const log = createAuditLog(store, { now: () => now, keptMilliseconds: 900 * DAY_MS, warn: () => undefined });
    const add = async (
      at: string,
      caller: string,
      mutation: string,
      idempotencyKey: string | null,
      targets: string[],
    ) => {
      now = new Date(at);
      log.append({ caller, mutation, outcome: "ACCEPTED", idempotencyKey, targets });
      await log.idle();
    };
    await add("2026-02-01T00:00:00Z", "key:console", "sendMessage", "k1", [TO]);
    await add("2026-02-08T00:00:00Z", "key:console", "updateParticipant", null, ["participant:58"]);
    await add("2026-02-09T12:00:00Z", "token:a\u001b[2J", "sendMessage", "k2", ["co:1"]);
    return { log, store };
  }

  test("lists entries, the oldest first, and finds by time, caller, mutation, key and target", async () => {
    const { log, store } = await filled();
    const mutations = async (...argv: string[]) =>
      (await run(log, "--json", ...argv)).lines.map(
        (line) => `${JSON.parse(line).mutation} ${JSON.parse(line).at.slice(8, 10)}`,
      );
    expect(await mutations()).toEqual(["sendMessage 01", "updateParticipant 08", "sendMessage 09"]);
    expect(await mutations("--since", "2026-02-08")).toEqual(["updateParticipant 08", "sendMessage 09"]);
    expect(await mutations("--since", "2026-02-09T00:00:00+01:00")).toEqual(["sendMessage 09"]);
    expect(await mutations("--since", "24h")).toEqual(["sendMessage 09"]);
    expect(await mutations("--since", "3d")).toEqual(["updateParticipant 08", "sendMessage 09"]);
    expect(await mutations("--caller", "key:console")).toEqual(["sendMessage 01", "updateParticipant 08"]);
    expect(await mutations("--caller", "key:console", "--mutation", "sendMessage")).toEqual(["sendMessage 01"]);
    expect(await mutations("--key", "k2")).toEqual(["sendMessage 09"]);
    expect(await mutations("--target", TO)).toEqual(["sendMessage 01"]);
    expect(await mutations("--target", "participant:58")).toEqual(["updateParticipant 08"]);
    expect(await mutations("--target", "co:1")).toEqual(["sendMessage 09"]);
    const { lines } = await run(log);
    expect(lines[0]).toMatch(
      /^2026-02-01T00:00:00\.000Z {2}ACCEPTED {2}sendMessage {2}key:console {2}[0-9a-f]{12} {2}[0-9a-f]{12}$/,
    );
    expect(lines[2]).toContain('"token:a\\u001b[2J"');
    await store.close();
  });

  test.each([["--since", "yesterday"], ["--since", "2026-02-31x"], ["--until", "2026"], ["word"]])(
    "a wrong call is told how it is called (%s %s)",
    async (...argv) => {
      const { log, store } = await filled();
      expect(await run(log, ...argv.filter(Boolean))).toMatchObject({
        code: 2,
        lines: [],
        err: expect.stringMatching(/^Usage: npm run audit/),
      });
      await store.close();
    },
  );

  test("as a program it reads the server's store, beside it", async () => {
    const { store } = await filled();
    const folder = mkdtempSync(join(tmpdir(), "textgraph-audit-"));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    await using program = new Program(folder, { STORE_URL: place.url, SIMULATE: "on" }, [
      "commands/audit.ts",
      "--mutation",
      "updateParticipant",
    ]);
    expect(await program.exited).toBe(0);
    expect(program.stdout).toMatch(
      /^2026-02-08T00:00:00\.000Z {2}ACCEPTED {2}updateParticipant {2}key:console {2}- {2}[0-9a-f]{12}\n$/,
    );
    await store.close();
  });
});
