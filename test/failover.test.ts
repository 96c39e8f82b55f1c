import { expect, test } from "vitest";
import { SECRET } from "./events.ts";
import { freePort, HAS_POSTGRES, startPostgres, startProxy } from "./own-postgres.ts";
import { expectRule11, load, startWatched } from "./rule-eleven.ts";
import { send, stateOf, timesTaken, wordOf } from "./sends.ts";
import { runSql } from "./stores.ts";
import { forward, newestCursor, ON_TEXT, openSubscriber, textOf } from "./subscribers.ts";

const KEYS = Array.from({ length: 60 }, (_, at) => `key ${at}`);

test.skipIf(!HAS_POSTGRES)(
  "a database that fails over under load to its synchronous standby (PostgreSQL, Debian's): nothing is sent twice or forgotten, and subscribers miss nothing",
  async () => {
    using first = await startPostgres({ synchronous_standby_names: "''" });
    using second = first.copy(await freePort());
    await configure(first.url, "*");
    using proxy = await startProxy(first.port);
    const env = { STORE_URL: `postgres://postgres@127.0.0.1:${proxy.port}/postgres`, WEBHOOK_SECRET: SECRET };
    await using stage = await startWatched({ env });
    await using client = openSubscriber(stage.app.url, "WebSocket");
    await using texts = client.subscribe(ON_TEXT, { since: await newestCursor(stage) });

    // Claimed on the first, and settled on the second.
    stage.simulator.fault({ platform: "PIDJ", route: "POST /send", kind: "delay", milliseconds: 500, times: 40 });
    const sending = Promise.all(KEYS.map((key) => send(stage.app.url, key)));
    const sent = () => stage.simulator.journal.filter(({ route }) => route === "POST /send").length;
    await expect.poll(sent, { timeout: 10_000 }).toBeGreaterThan(10);
    const loading = load(stage);
    const forwarding = forwardAll(stage.app.url);
    const before = sent();
    await expect.poll(sent, { timeout: 10_000 }).toBeGreaterThan(before + 10);
    first.stop();
    second.promote();
    await configure(second.url, "");
    proxy.lead(second.port);

    const heard = await loading;
    expect([heard("reads", "PIDJ"), heard("reads", "TEXTIZEN")]).toEqual([new Set(["data"]), new Set(["data"])]);
    await sending;
    const known = KEYS.filter((key) => timesTaken(stage.simulator.ledger, key) === 1);
    expect(known.length).toBeGreaterThan(5);
    await expect.poll(() => send(stage.app.url, "after").then(wordOf), { timeout: 20_000 }).toMatch(/sent|replayed/);
    for (const key of known) {
      expect(["ACCEPTED", "UNKNOWN", "IN_PROGRESS"], key).toContain(await stateOf(stage.app.url, key));
    }
    await Promise.all(KEYS.map((key) => send(stage.app.url, key)));
    expect(KEYS.filter((key) => timesTaken(stage.simulator.ledger, key) > 1)).toEqual([]);

    const forwarded = await forwarding;
    const received: string[] = [];
    while (received.length < forwarded.length) {
      received.push(textOf(await texts.next()).text);
    }
    expect(received).toEqual(forwarded);
    await texts[Symbol.asyncDispose]();
    await client[Symbol.asyncDispose]();
    await expectRule11(stage);
  },
  120_000,
);

/** Forwards texts as Pidj does: one after the other, each until it is taken. */
async function forwardAll(url: string): Promise<string[]> {
  const all = Array.from({ length: 50 }, (_, at) => `text ${at}`);
  for (const text of all) {
    await expect.poll(() => forward(url, text).then(() => "taken", String), { timeout: 30_000 }).toBe("taken");
  }
  return all;
}

async function configure(url: string, standbys: string): Promise<void> {
  await runSql(url, `ALTER SYSTEM SET synchronous_standby_names = '${standbys}'`);
  await runSql(url, "SELECT pg_reload_conf()");
}
