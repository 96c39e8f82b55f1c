import { describe, expect, test } from "vitest";
import { openStore } from "../src/store/open.ts";
import type { Change } from "../src/store/store.ts";
import { makePostgres, POSTGRES, runSql, TEST_POSTGRES_URL } from "./stores.ts";

const ROWS = 20_000;
const BATCH = 200;

const keyAt = (number: number) => `set ${String(number).padStart(6, "0")}`;
const batchAt = (start: number) =>
  Array.from({ length: BATCH }, (_, at): Change => ({ table: "job-row", key: keyAt(start + at), becomes: "{}" }));

describe.skipIf(!POSTGRES.isHere)("PostgreSQL (TEST_POSTGRES_URL) that analyzes no table by itself", () => {
  test("reads no large table as a whole, though its plans were made when the table was empty", async () => {
    await using place = await makePostgres(TEST_POSTGRES_URL);
    const store = await openStore(place.url, "account", { connections: 2 });
    await runSql(TEST_POSTGRES_URL, `ALTER TABLE ${place.schema}.entry SET (autovacuum_enabled = false)`);
    for (let start = 1; start <= ROWS; start += BATCH) {
      await store.commit(batchAt(start));
      await store.get("job-row", [keyAt(start), keyAt(start + 1)]);
      await store.range("job-row", { prefix: "set ", after: keyAt(start), limit: 10 });
    }
    expect(await store.count("job-row")).toBe(ROWS);
    // The database counts what a connection did when it ends.
    await store.close();
    const rowsRead = async () => {
      const counted = "sum(seq_tup_read + idx_tup_fetch)";
      const [found] = await runSql(
        TEST_POSTGRES_URL,
        `SELECT ${counted} AS rows FROM pg_stat_user_tables WHERE schemaname = '${place.schema}'`,
      );
      return Number(found?.["rows"]);
    };
    await expect.poll(rowsRead).toBeGreaterThan(0);
    // While the table is small, nothing is quicker than to read all of it. Later it would be read for each call.
    expect(await rowsRead()).toBeLessThan(20 * ROWS);
  });
});
