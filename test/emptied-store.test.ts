import { afterEach, beforeEach, expect, test } from "vitest";
import { startApp } from "../src/app.ts";
import type { Simulator } from "../src/simulator/simulator.ts";
import { openStore } from "../src/store/open.ts";
import type { Change } from "../src/store/store.ts";
import { SECRET } from "./events.ts";
import { send, TO, timesTaken, wordOf } from "./sends.ts";
import { emptyStore, onEachStore, type StorePlace } from "./stores.ts";
import { forward } from "./subscribers.ts";
import { ask, configFor, errorsAt, type Stage, startStage } from "./support.ts";

const ATTEMPT = "query ($key: String!) { attempt(idempotencyKey: $key) { state } }";
const OPT_OUT = `query ($number: PhoneNumber!) { person(phoneNumber: $number) { optedOutAt } }`;

onEachStore((make) => {
  let place: StorePlace;
  let stage: Stage;
  const lines: string[] = [];

  beforeEach(async () => {
    place = await make();
    lines.length = 0;
    const env = { STORE_URL: place.url, WEBHOOK_SECRET: SECRET, LOG_LEVEL: "info" };
    stage = await startStage({ env, app: { logTo: { write: (line: string) => lines.push(line) > 0 } } });
  });
  afterEach(async () => {
    await stage[Symbol.asyncDispose]();
    await place[Symbol.asyncDispose]();
  });

  test("emptied under load: no key is sent twice, nothing is sent until its rows are back, and the log says what to do", async () => {
    const heard = new Map<string, string[]>();
    let isOver = false;
    const sendOn = async () => {
      while (!isOver) {
        const key = `key ${heard.size}`;
        const words: string[] = [];
        heard.set(key, words);
        words.push(wordOf(await send(stage.app.url, key)));
        words.push(wordOf(await send(stage.app.url, key)));
      }
    };
    let rows: Change[] = [];
    const sending = [sendOn(), sendOn(), sendOn(), sendOn()];
    try {
      await expect.poll(() => stage.simulator.ledger.length, { timeout: 10_000 }).toBeGreaterThan(10);
      rows = await readRows();
      await emptyStore(place.url);
      const last = () => [...heard.values()].flat().at(-1);
      await expect.poll(last, { timeout: 10_000 }).toBe("STORE_UNAVAILABLE");
    } finally {
      isOver = true;
      await Promise.all(sending);
    }

    expect([...heard.keys()].filter((key) => timesTaken(stage.simulator.ledger, key) > 1)).toEqual([]);
    expect(heard.get("key 0")).toEqual(["sent", "replayed"]);
    expect(wordOf(await send(stage.app.url, "key 0"))).toBe("STORE_UNAVAILABLE");
    // "Never used" would be a lie, and a reason to send again.
    expect(errorsAt(await ask(stage.app.url, ATTEMPT, { key: "key 0" }))).toEqual({ attempt: "STORE_UNAVAILABLE" });
    expect(lines.join("")).toContain("start every server anew");

    await writeRows(rows);
    expect(wordOf(await send(stage.app.url, "key 0"))).toBe("replayed");
    expect(wordOf(await send(stage.app.url, "after"))).toBe("sent");
  });

  test("what was on its way is recorded again, reads and STOP go on, and a new start sends", async () => {
    const held = stage.simulator.fault({ platform: "PIDJ", route: "POST /send", kind: "hold" });
    const sending = send(stage.app.url, "on its way");
    await held.arrived;
    await emptyStore(place.url);
    expect(wordOf(await send(stage.app.url, "on its way"))).toBe("STORE_UNAVAILABLE");
    held.release();
    expect(wordOf(await sending)).toBe("sent");
    expect(errorsAt(await stage.query("{ pidjGroups { totalCount } textizenGroups { totalCount } }"))).toEqual({});
    await forward(stage.app.webhooks?.pidj ?? "", "STOP", { from: TO });
    expect((await stage.query(OPT_OUT, { number: TO })).data.person.optedOutAt).not.toBeNull();

    await using again = await restart(stage.simulator);
    expect(wordOf(await send(again.url, "on its way"))).toBe("replayed");
    expect(wordOf(await send(again.url, "after"))).toBe("RECIPIENT_OPTED_OUT");
    expect(timesTaken(stage.simulator.ledger, "on its way")).toBe(1);
    // The old one still knows that it does not know.
    expect(wordOf(await send(stage.app.url, "on its way"))).toBe("STORE_UNAVAILABLE");
  });

  async function readRows(): Promise<Change[]> {
    await using store = await openHere();
    const tables = ["store-mark", "attempt"] as const;
    const all = tables.map(async (table) =>
      (await store.range(table, { limit: 1_000 })).map(({ key, value }) => ({ table, key, becomes: value })),
    );
    return (await Promise.all(all)).flat();
  }

  async function writeRows(rows: readonly Change[]): Promise<void> {
    await using store = await openHere();
    await store.commit(rows);
  }

  async function openHere() {
    const store = await openStore(place.url, "default");
    return { ...store, [Symbol.asyncDispose]: store.close };
  }

  async function restart(simulator: Simulator) {
    const { url, close } = await startApp(configFor(simulator, { STORE_URL: place.url }));
    return { url, [Symbol.asyncDispose]: close };
  }
});
