import { Client } from "pg";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { HAS_POSTGRES, type OwnPostgres, startPostgres } from "./own-postgres.ts";
import { expectRule11, load, startWatched, type WatchedStage } from "./rule-eleven.ts";
import { send, stateOf, timesTaken, wordOf } from "./sends.ts";
import { runSql } from "./stores.ts";
import { errorsAt, type Stage } from "./support.ts";

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
  async function start(): Promise<WatchedStage> {
    schemas += 1;
    const stage = await startWatched({
      simulator: { people: 6, polls: 1, responsesPerPoll: 1 },
      // With kept lists, as usual.
      env: { STORE_URL: `${database.url}?schema=s${schemas}`, SNAPSHOT_SECONDS: "" },
    });
    expect(wordOf(await send(stage.app.url, "before"))).toBe("sent");
    return stage;
  }

  /** What holds while no send may be recorded: reads go on, at their time, and nothing goes out. */
  async function expectReadsOnly(stage: WatchedStage): Promise<void> {
    const taken = stage.simulator.ledger.length;
    const loading = load(stage);
    const words = await Promise.all(["a", "b", "c"].map((key) => send(stage.app.url, `lost ${key}`).then(wordOf)));
    expect(words).toEqual(["STORE_UNAVAILABLE", "STORE_UNAVAILABLE", "STORE_UNAVAILABLE"]);
    const heard = await loading;
    for (const platform of ["PIDJ", "TEXTIZEN"] as const) {
      expect(heard("reads", platform)).toEqual(new Set(["data"]));
      expect(heard("sends", platform)).toEqual(new Set(["STORE_UNAVAILABLE"]));
    }
    expect(stage.simulator.ledger).toHaveLength(taken);
    for (let turn = 0; turn < 5; turn += 1) {
      const began = performance.now();
      const { data, errors } = await stage.query(LISTS);
      expect([errors, data.textizenGroups.totalCount > 0]).toEqual([undefined, true]);
      expect(performance.now() - began).toBeLessThan(3_000);
    }
  }

  async function expectRecovery(stage: WatchedStage): Promise<void> {
    await expect.poll(() => send(stage.app.url, "after").then(wordOf), { timeout: 15_000 }).toMatch(/sent|replayed/);
    expect(timesTaken(stage.simulator.ledger, "after")).toBe(1);
    expect([await stage.send("TEXTIZEN"), wordOf(await send(stage.app.url, "before"))]).toEqual(["sent", "replayed"]);
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
    await expectRule11(stage);
  }

  async function askPerson(stage: Stage) {
    const [participant] = stage.simulator.world.participants.values();
    return stage.query(PERSON, { number: `+${participant?.phone_number}` });
  }

  test("stopped: reads go on, the directory's fields fail at their path, and it comes back without a restart", async () => {
    await using stage = await start();
    database.stop();
    try {
      await expectReadsOnly(stage);
      const answer = await askPerson(stage);
      expect(errorsAt(answer)["person.contactLink"]).toBe("STORE_UNAVAILABLE");
      expect(answer.data.person.participant.id).toMatch(/^participant:/);
    } finally {
      database.start();
    }
    await expectRecovery(stage);
  }, 90_000);

  test("hung: the same, and what was claimed meanwhile is not claimed later", async () => {
    await using stage = await start();
    database.freeze("SIGSTOP");
    try {
      await expectReadsOnly(stage);
    } finally {
      database.freeze("SIGCONT");
    }
    await expectRecovery(stage);
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
    await expectRule11(stage);
  }, 90_000);

  test("emptied: nothing is sent, because what was sent before is not known; reads go on", async () => {
    await using stage = await start();
    await runSql(database.url, `ALTER SCHEMA s${schemas} RENAME TO gone`);
    await expectReadsOnly(stage);
    await runSql(database.url, `ALTER SCHEMA gone RENAME TO s${schemas}`);
    await expectRecovery(stage);
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
    await expectRecovery(stage);
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
    await expectRecovery(stage);
  }, 60_000);

  test("full: nothing is sent, and what is kept is read", async () => {
    await using stage = await start();
    const table = `s${schemas}.entry`;
    // As a disk without room does: https://www.postgresql.org/docs/current/errcodes-appendix.html, disk_full.
    await runSql(
      database.url,
      `CREATE FUNCTION s${schemas}.fail() RETURNS trigger LANGUAGE plpgsql AS
        $$ BEGIN RAISE 'no space left on device' USING ERRCODE = '53100'; END $$;
      CREATE TRIGGER fail BEFORE INSERT ON ${table} FOR EACH STATEMENT EXECUTE FUNCTION s${schemas}.fail()`,
    );
    await expectReadsOnly(stage);
    expect(errorsAt(await askPerson(stage))).toEqual({});
    await runSql(database.url, `DROP TRIGGER fail ON ${table}`);
    await expectRecovery(stage);
  }, 60_000);

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
