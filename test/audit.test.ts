import { afterEach, beforeEach, expect, test } from "vitest";
import { createAttempts } from "../src/store/attempts.ts";
import { type AuditEntry, type AuditLog, createAuditLog } from "../src/store/audit.ts";
import { openStore } from "../src/store/open.ts";
import type { Store } from "../src/store/store.ts";
import { targetsIn } from "../src/writes/targets.ts";
import { FROM, send, TO } from "./sends.ts";
import { onEachStore, type StorePlace } from "./stores.ts";
import { type Stage, type StageOptions, startStage } from "./support.ts";

const DAY_MS = 86_400_000;
async function entriesOf(log: Pick<AuditLog, "entries">, since?: Date): Promise<AuditEntry[]> {
  const entries: AuditEntry[] = [];
  for await (const entry of log.entries(since)) {
    entries.push(entry);
  }
  return entries;
}

onEachStore((make) => {
  let place: StorePlace;
  let url: string;

  beforeEach(async () => {
    place = await make();
    url = place.url;
  });
  afterEach(() => place[Symbol.asyncDispose]());

  const start = ({ env, ...options }: StageOptions = {}): Promise<Stage> =>
    startStage({ simulator: { people: 4, polls: 1 }, ...options, env: { STORE_URL: url, ...env } });

  test("each write is an entry: when, who, which mutation, the key and the targets as hashes, and the outcome", async () => {
    const at = new Date("2026-03-01T12:00:00Z");
    await using stage = await start({ app: { now: () => at } });
    const { audit } = stage.app.services;

    await send(stage.app.url, "key-1");
    await send(stage.app.url, "key-1");

    const entries = await entriesOf(audit);
    expect(entries).toEqual([
      {
        at,
        caller: "anonymous",
        mutation: "sendMessage",
        outcome: "ACCEPTED",
        keyHash: await audit.hashOf("key-1"),
        targetHashes: [await audit.hashOf(TO), await audit.hashOf(FROM)],
      },
    ]);
    expect(await audit.hashOf(TO)).toMatch(/^[0-9a-f]{32}$/);
  });

  test("the outcome is what the platform said, or that nobody knows", async () => {
    await using stage = await start({ env: { SEND_TIMEOUT_MS: "300" } });
    const spoil = (fault: object) =>
      stage.simulator.fault({ platform: "PIDJ", route: "POST /send", times: 1, ...fault } as never);
    spoil({ kind: "failure-in-200", code: 400, status: "failure" });
    await send(stage.app.url, "refused");
    spoil({ kind: "hang" });
    await send(stage.app.url, "lost");
    await send(stage.app.url, "lost");

    expect((await entriesOf(stage.app.services.audit)).map(({ outcome }) => outcome)).toEqual(["REFUSED", "UNKNOWN"]);
  });

  test("writes without a key are entries too, those that call no platform included", async () => {
    await using stage = await start();
    const { audit } = stage.app.services;
    const groupId = [...stage.simulator.world.textizenGroups.keys()][0];
    await stage.query(
      `mutation { updateTextizenGroup(input: { id: "group:${groupId}", name: "Renamed" }) { userErrors { code } } }`,
    );
    await stage.query(
      `mutation { setOptOut(input: { phoneNumber: "${TO}", isOptedOut: true, reason: "asked" }) { userErrors { code } } }`,
    );
    await audit.idle();

    const entries = await entriesOf(audit);
    expect(entries.map(({ mutation, keyHash }) => ({ mutation, keyHash }))).toEqual([
      { mutation: "updateTextizenGroup", keyHash: null },
      { mutation: "setOptOut", keyHash: null },
    ]);
    expect(entries[0]?.targetHashes).toEqual([await audit.hashOf(`group:${groupId}`)]);
    expect(entries.at(-1)?.targetHashes).toEqual([await audit.hashOf(TO)]);
  });

  test("neither number nor key nor text is in the store, and another store has other hashes", async () => {
    {
      await using stage = await start();
      await send(stage.app.url, "secret-key-7");
    }
    const one = await openStore(url, "default");
    const rows = await one.range("audit", { limit: 10 });
    expect(rows).toHaveLength(1);
    expect(JSON.stringify(rows)).not.toMatch(/secret-key-7|4155550100|Text of/);

    const other = await openStore("sqlite::memory:", "default");
    const options = { now: () => new Date(), keptMilliseconds: DAY_MS, warn: () => undefined };
    const hashes = await Promise.all([one, one, other].map((store) => createAuditLog(store, options).hashOf(TO)));
    expect(hashes[0]).toBe(hashes[1]);
    expect(hashes[0]).not.toBe(hashes[2]);
    await Promise.all([one.close(), other.close()]);
  });

  test("a process that died and an operator who settles leave an entry each, found by the key", async () => {
    const store = await openStore(url, "default");
    let clock = Date.UTC(2026, 0, 1);
    const now = () => new Date(clock);
    const audit = createAuditLog(store, { now, keptMilliseconds: DAY_MS, warn: () => undefined });
    const attempts = createAttempts(store, { now, audit });
    for (const key of ["read", "swept"]) {
      await attempts.begin({
        key,
        mutation: "sendMessage",
        fingerprint: "f",
        caller: "key:console",
        leaseMilliseconds: 1_000,
        outcomeIfConfirmed: "null",
      });
    }
    clock += 1_000;
    await Promise.all([attempts.find("read"), attempts.find("read")]);
    clock += 1;
    await attempts.sweep();
    await attempts.sweep();
    clock += 1_000;
    expect(await attempts.resolve("read", { state: "REFUSED", by: "operator" })).toMatchObject({ kind: "settled" });

    const entries = await entriesOf(audit);
    const [read, swept] = [await audit.hashOf("read"), await audit.hashOf("swept")];
    expect(entries.map(({ caller, outcome, keyHash }) => ({ caller, outcome, keyHash }))).toEqual([
      { caller: "key:console", outcome: "UNKNOWN", keyHash: read },
      { caller: "key:console", outcome: "UNKNOWN", keyHash: swept },
      { caller: "operator", outcome: "REFUSED", keyHash: read },
    ]);
    await store.close();
  });

  test("an entry is committed with the outcome of its attempt, or neither is", async () => {
    await using stage = await start();
    const { attempts, audit } = stage.app.services;
    const begun = await attempts.begin({
      key: "k",
      mutation: "sendMessage",
      fingerprint: "f",
      caller: "anonymous",
      leaseMilliseconds: 1_000,
      outcomeIfConfirmed: "null",
    });
    if (begun.kind !== "started") {
      throw new Error("the key is in use");
    }
    const entry = {
      caller: "a",
      mutation: "sendMessage",
      outcome: "REFUSED",
      idempotencyKey: "k",
      targets: [],
    } as const;
    const cut = async (draft: Parameters<AuditLog["draft"]>[0]) => {
      await audit.draft(draft, entry);
      throw new Error("cut");
    };
    await expect(attempts.settle(begun.handle, { state: "REFUSED", message: null }, cut)).rejects.toThrow("cut");
    expect(await entriesOf(audit)).toEqual([]);
    expect((await attempts.find("k"))?.state).toBe("IN_PROGRESS");
  });

  test("a store that fails leaves the write as accepted as it was, and says so in the log alone", async () => {
    const warnings: string[] = [];
    const failing = { get: () => Promise.reject(new Error("down")) } as unknown as Store;
    const log = createAuditLog(failing, {
      now: () => new Date(),
      keptMilliseconds: DAY_MS,
      warn: (message) => warnings.push(message),
    });
    expect(
      log.append({ caller: "a", mutation: "deleteContact", outcome: "ACCEPTED", idempotencyKey: null, targets: [] }),
    ).toBeUndefined();
    await log.idle();
    expect(warnings).toEqual(["a write could not be put into the audit log"]);
  });

  test("entries are deleted after AUDIT_KEPT_DAYS, and no earlier", async () => {
    let now = new Date("2026-01-01T00:00:00Z");
    const store = await openStore(url, "default");
    const log = createAuditLog(store, { now: () => now, keptMilliseconds: 10 * DAY_MS, warn: () => undefined });
    for (let day = 0; day < 300; day += 1) {
      now = new Date(Date.UTC(2026, 0, 1) + day * DAY_MS);
      log.append({ caller: "a", mutation: "m", outcome: "ACCEPTED", idempotencyKey: null, targets: [] });
      await log.idle();
    }
    await log.sweep();
    const left = await entriesOf(log);
    expect(left).toHaveLength(11);
    expect(left[0]?.at).toEqual(new Date(now.getTime() - 10 * DAY_MS));
    await store.close();
  });

  test("targets are the ids and numbers in an input, and nothing else", () => {
    expect(
      targetsIn({
        id: 58,
        groupIds: ["71", "72"],
        recipient: { contactId: "co:1" },
        from: { phoneNumber: "+1" },
        externalId: "x",
        text: "Hi",
        firstName: "Jane",
        emailAddress: "jane@example.org",
        password: "p",
        sendAt: null,
      }),
    ).toEqual(["58", "71", "72", "co:1", "+1", "x"]);
  });

  test("an entry has the time of its write, also where others kept it from the first try", async () => {
    const store = await openStore(url, "default");
    let clock = Date.UTC(2026, 0, 1);
    let tries = 0;
    const commit: Store["commit"] = (...args) => {
      tries += 1;
      clock += 1_000;
      return tries === 1 ? Promise.resolve(false) : store.commit(...args);
    };
    const now = () => new Date(clock);
    const log = createAuditLog({ ...store, commit }, { now, keptMilliseconds: DAY_MS, warn: () => undefined });
    log.append({ caller: "a", mutation: "m", outcome: "ACCEPTED", idempotencyKey: null, targets: [] });
    await log.idle();
    expect((await entriesOf(log)).map(({ at }) => at)).toEqual([new Date(Date.UTC(2026, 0, 1))]);
    expect(tries).toBe(2);
    await store.close();
  });
});
