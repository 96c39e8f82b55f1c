import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { chmodSync, existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { startApp } from "../src/app.ts";
import { StoreError } from "../src/errors.ts";
import { openStore } from "../src/store/open.ts";
import { listenForEvents } from "../src/store/postgres-listener.ts";
import { SECRET } from "./events.ts";
import { asPostgres, freePort, HAS_POSTGRES, makeFolder, type OwnPostgres, startPostgres } from "./own-postgres.ts";
import { send, TO, timesTaken, wordOf } from "./sends.ts";
import { forward } from "./subscribers.ts";
import { configFor, startStage } from "./support.ts";

const PGBOUNCER = "/usr/sbin/pgbouncer";
/** Of the database: so few that every statement may run in another process of it. */
const POOL_SIZE = 3;

describe.skipIf(!HAS_POSTGRES || !existsSync(PGBOUNCER))(
  "behind PgBouncer in transaction mode (Debian's PostgreSQL and pgbouncer)",
  () => {
    let database: OwnPostgres;
    let pooler: Pooler;

    beforeAll(async () => {
      database = await startPostgres();
      pooler = await startPooler(database.port, "statement_timeout");
    }, 60_000);
    afterAll(async () => {
      await pooler?.[Symbol.asyncDispose]();
      database?.[Symbol.dispose]();
    });

    test("two servers send each key once, and what one has heard holds for the other", async () => {
      const env = {
        STORE_URL: `${pooler.url}?schema=pooled`,
        STORE_LISTEN_URL: database.url,
        WEBHOOK_SECRET: SECRET,
      };
      await using one = await startStage({ simulator: { people: 6, polls: 1, responsesPerPoll: 1 }, env });
      const other = await startApp(configFor(one.simulator, env));
      onTestFinished(() => other.close());
      const urls = [one.app.url, other.url];
      const keys = Array.from({ length: 20 }, (_, at) => `key ${at}`);
      const sent = await Promise.all(keys.flatMap((key) => urls.map((url) => send(url, key).then(wordOf))));

      expect(sent.filter((word) => word === "sent")).toHaveLength(keys.length);
      expect(keys.map((key) => timesTaken(one.simulator.ledger, key))).toEqual(keys.map(() => 1));
      await forward(one.app.url, "STOP", { from: TO });
      expect(await send(other.url, "after STOP").then(wordOf)).toBe("RECIPIENT_OPTED_OUT");
    });

    test("stores of several schemas never run each other's statements", async () => {
      const stores = await Promise.all(["one", "two", "three"].map((schema) => openPooled(schema)));
      const rows = Array.from({ length: 30 }, (_, at) => `row ${at}`);
      await Promise.all(
        stores.flatMap((store, at) =>
          rows.map((key) => store.commit([{ table: "event-state", key, was: null, becomes: `of ${at}` }])),
        ),
      );
      const read = await Promise.all(stores.map((store) => store.range("event-state", { limit: 100 })));
      expect(read.map((entries) => new Set(entries.map(({ value }) => value)))).toEqual(
        stores.map((_, at) => new Set([`of ${at}`])),
      );
      expect(read.map(({ length }) => length)).toEqual([30, 30, 30]);
      await Promise.all(stores.map((store) => store.close()));
    });

    test("whoever waits for news at the pooler is told that none will come", async () => {
      const warnings: string[] = [];
      const listener = listenForEvents({
        url: `${pooler.url}?schema=pooled`,
        storeUrl: `${pooler.url}?schema=pooled`,
        account: "default",
        onEvents: () => undefined,
        onNews: () => undefined,
        warn: (message) => warnings.push(message),
      });
      await expect.poll(() => warnings, { timeout: 10_000 }).toHaveLength(1);
      expect(warnings[0]).toMatch(/^no news come from the database: STORE_URL .*Set STORE_LISTEN_URL/);
      await listener.stop();
    });

    test("one that refuses the connection's settings is said to, with what to set", async () => {
      await using strict = await startPooler(database.port, "extra_float_digits");
      const opening = openStore(`${strict.url}?schema=strict`, "default");
      await expect(opening).rejects.toThrow(StoreError);
      await expect(opening).rejects.toThrow(/ignore_startup_parameters = statement_timeout/);
    });

    function openPooled(schema: string) {
      return openStore(`${pooler.url}?schema=${schema}`, "default");
    }
  },
);

interface Pooler extends AsyncDisposable {
  readonly url: string;
}

/** A PgBouncer of a test's own in front of a database. */
async function startPooler(databasePort: number, ignored: string): Promise<Pooler> {
  const folder = makeFolder();
  const port = await freePort();
  writeFileSync(join(folder, "users.txt"), '"postgres" ""\n');
  writeFileSync(
    join(folder, "pooler.ini"),
    `[databases]
* = host=127.0.0.1 port=${databasePort}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = ${port}
unix_socket_dir =
auth_type = trust
auth_file = ${join(folder, "users.txt")}
pool_mode = transaction
default_pool_size = ${POOL_SIZE}
ignore_startup_parameters = ${ignored}
`,
  );
  for (const file of ["users.txt", "pooler.ini"]) {
    chmodSync(join(folder, file), 0o644);
  }
  const [file, ...args] = asPostgres(PGBOUNCER, join(folder, "pooler.ini"));
  const child: ChildProcess = spawn(file, args, { stdio: ["ignore", "ignore", "pipe"], cwd: "/" });
  for await (const piece of child.stderr ?? []) {
    if (String(piece).includes("process up")) {
      break;
    }
  }
  child.stderr?.resume();
  return {
    url: `postgres://postgres@127.0.0.1:${port}/postgres`,
    [Symbol.asyncDispose]: async () => {
      const ended = once(child, "exit");
      child.kill("SIGTERM");
      await ended;
    },
  };
}
