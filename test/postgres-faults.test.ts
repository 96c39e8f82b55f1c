import { Client } from "pg";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { freePort, HAS_POSTGRES, type OwnPostgres, startPostgres, startProxy } from "./own-postgres.ts";
import { send, stateOf, timesTaken, wordOf } from "./sends.ts";
import { runSql } from "./stores.ts";
import { errorsAt, type Stage, type StageOptions, startStage } from "./support.ts";

const PERSON = `query ($number: PhoneNumber!) {
  person(phoneNumber: $number) { contactLink { state } optedOutAt contact { id } participant { id } }
}`;
const LISTS = "{ textizenGroups(first: 1) { totalCount } pidjGroups(first: 1) { totalCount } }";

describe.skipIf(!HAS_POSTGRES)("with a PostgreSQL of its own (Debian's, in /usr/lib/postgresql)", () => {
  let database: OwnPostgres;

  beforeAll(async () => {
    database = await startPostgres({ max_connections: "20", superuser_reserved_connections: "3" });
  }, 60_000);
  afterAll(() => database?.[Symbol.dispose]());

  let schemas = 0;
  const start = async (options: StageOptions = {}, url = database.url) => {
    schemas += 1;
    const simulator = { people: 6, polls: 1, responsesPerPoll: 1 };
    return startStage({ simulator, ...options, env: { STORE_URL: `${url}?schema=s${schemas}`, ...options.env } });
  };

  /** What holds while no send may be recorded: reads go on, at their time, and nothing goes out. */
  async function expectReadsOnly(stage: Stage): Promise<void> {
    const taken = stage.simulator.ledger.length;
    const words = await Promise.all(["a", "b", "c"].map((key) => send(stage.app.url, `lost ${key}`).then(wordOf)));
    expect(words).toEqual(["STORE_UNAVAILABLE", "STORE_UNAVAILABLE", "STORE_UNAVAILABLE"]);
    expect(stage.simulator.ledger).toHaveLength(taken);
    for (let turn = 0; turn < 5; turn += 1) {
      const began = performance.now();
      const { data, errors } = await stage.query(LISTS);
      expect([errors, data.textizenGroups.totalCount > 0]).toEqual([undefined, true]);
      expect(performance.now() - began).toBeLessThan(3_000);
    }
  }

  async function expectRecovery(stage: Stage, key: string): Promise<void> {
    await expect.poll(() => send(stage.app.url, key).then(wordOf), { timeout: 15_000 }).toMatch(/^(sent|replayed)$/);
    expect(timesTaken(stage.simulator.ledger, key)).toBe(1);
    // What was refused was not recorded either.
    expect(await stateOf(stage.app.url, "lost a")).toBe(null);
    await expect
      .poll(
        async () => {
          stage.simulator.clearJournal();
          await stage.query(LISTS);
          await stage.query(LISTS);
          return stage.simulator.journal.length;
        },
        { timeout: 10_000 },
      )
      .toBe(0);
  }

  async function askPerson(stage: Stage) {
    const [participant] = stage.simulator.world.participants.values();
    return stage.query(PERSON, { number: `+${participant?.phone_number}` });
  }

  test("stopped: reads go on, the directory's fields fail at their path, and it comes back without a restart", async () => {
    await using stage = await start();
    expect(wordOf(await send(stage.app.url, "before"))).toBe("sent");
    database.stop();
    try {
      await expectReadsOnly(stage);
      const answer = await askPerson(stage);
      expect(errorsAt(answer)["person.contactLink"]).toBe("STORE_UNAVAILABLE");
      expect(answer.data.person.participant.id).toMatch(/^participant:/);
    } finally {
      database.start();
    }
    await expectRecovery(stage, "after");
    expect(wordOf(await send(stage.app.url, "before"))).toBe("replayed");
  }, 90_000);

  test("hung: the same, and what was claimed meanwhile is not claimed later", async () => {
    await using stage = await start();
    expect(wordOf(await send(stage.app.url, "before"))).toBe("sent");
    database.freeze("SIGSTOP");
    try {
      await expectReadsOnly(stage);
    } finally {
      database.freeze("SIGCONT");
    }
    await expectRecovery(stage, "after");
  }, 90_000);

  test("restarted and cut off under load: every key is sent once at most, and each text that went out is known", async () => {
    await using stage = await start();
    const keys = Array.from({ length: 120 }, (_, at) => `key ${at}`);
    const sending = keys.map(async (key, at) => {
      await new Promise((resolve) => setTimeout(resolve, at * 20));
      await send(stage.app.url, key);
      return send(stage.app.url, key);
    });
    await new Promise((resolve) => setTimeout(resolve, 600));
    database.stop();
    database.start();
    await Promise.all(sending);
    await expect.poll(() => send(stage.app.url, "after").then(wordOf), { timeout: 15_000 }).toMatch(/sent|replayed/);
    for (const key of keys) {
      const taken = timesTaken(stage.simulator.ledger, key);
      expect([0, 1]).toContain(taken);
      if (taken === 1) {
        expect(["ACCEPTED", "UNKNOWN", "IN_PROGRESS"]).toContain(await stateOf(stage.app.url, key));
      }
    }
  }, 90_000);

  test("emptied: nothing is sent, because what was sent before is not known; reads go on", async () => {
    await using stage = await start();
    expect(wordOf(await send(stage.app.url, "before"))).toBe("sent");
    await runSql(database.url, `ALTER SCHEMA s${schemas} RENAME TO gone`);
    await expectReadsOnly(stage);
    await runSql(database.url, `ALTER SCHEMA gone RENAME TO s${schemas}`);
    await expectRecovery(stage, "after");
  }, 60_000);

  test("read-only: nothing is sent, and the directory is read", async () => {
    await using stage = await start();
    await runSql(database.url, "ALTER SYSTEM SET default_transaction_read_only = on");
    await runSql(database.url, "SELECT pg_reload_conf()");
    try {
      await expect.poll(() => send(stage.app.url, "lost z").then(wordOf)).toBe("STORE_UNAVAILABLE");
      await expectReadsOnly(stage);
      expect(errorsAt(await askPerson(stage))).toEqual({});
    } finally {
      await runSql(database.url, "BEGIN READ WRITE; COMMIT; SET default_transaction_read_only = off");
      await runSql(database.url, "ALTER SYSTEM RESET default_transaction_read_only");
      await runSql(database.url, "SELECT pg_reload_conf()");
    }
    await expectRecovery(stage, "after");
  }, 60_000);

  test("out of connections: nothing waits for one, and nothing is sent", async () => {
    await using stage = await start();
    const others = await Promise.all(
      Array.from({ length: 20 }, async () => {
        const client = new Client({ connectionString: database.url });
        client.on("error", () => undefined);
        await client.connect().catch(() => undefined);
        return client;
      }),
    );
    const last = others[0];
    await last?.query(
      "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name LIKE 'textgraph%'",
    );
    const more = await Promise.all(
      Array.from({ length: 12 }, async () => {
        const client = new Client({ connectionString: database.url });
        client.on("error", () => undefined);
        await client.connect().catch(() => undefined);
        return client;
      }),
    );
    try {
      await expectReadsOnly(stage);
    } finally {
      await Promise.all([...others, ...more].map((client) => client.end().catch(() => undefined)));
    }
    await expectRecovery(stage, "after");
  }, 60_000);

  test("failed over under load: what was claimed on the first is known on the second", async () => {
    using first = await startPostgres({ synchronous_standby_names: "''" });
    using second = first.copy(await freePort());
    await runSql(first.url, "ALTER SYSTEM SET synchronous_standby_names = '*'");
    await runSql(first.url, "SELECT pg_reload_conf()");
    using proxy = await startProxy(first.port);
    await using stage = await start({}, `postgres://postgres@127.0.0.1:${proxy.port}/postgres`);
    const keys = Array.from({ length: 60 }, (_, at) => `key ${at}`);
    const sendAll = () => Promise.all(keys.map((key) => send(stage.app.url, key).then(wordOf)));
    const sending = sendAll();
    await expect.poll(() => stage.simulator.ledger.length).toBeGreaterThan(5);
    first.stop();
    second.promote();
    await runSql(second.url, "ALTER SYSTEM SET synchronous_standby_names = ''");
    await runSql(second.url, "SELECT pg_reload_conf()");
    proxy.lead(second.port);
    await sending;
    await expect.poll(() => send(stage.app.url, "after").then(wordOf), { timeout: 20_000 }).toMatch(/sent|replayed/);
    await sendAll();
    expect(keys.filter((key) => timesTaken(stage.simulator.ledger, key) > 1)).toEqual([]);
  }, 120_000);

  test("a person costs at most two statements", async () => {
    await using stage = await start();
    await stage.learnContacts();
    const query = vi.spyOn(Client.prototype, "query");
    const counts: number[] = [];
    try {
      for (let turn = 0; turn < 10; turn += 1) {
        await stage.app.services.directory.idle();
        query.mockClear();
        expect(errorsAt(await askPerson(stage))).toEqual({});
        counts.push(query.mock.calls.length);
      }
    } finally {
      query.mockRestore();
    }
    // What is learned behind an answer comes on top now and then.
    expect(Math.min(...counts)).toBeLessThanOrEqual(2);
  });
});
