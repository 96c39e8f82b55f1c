import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { StoreError } from "../src/errors.ts";
import { openStore } from "../src/store/open.ts";
import type { Store } from "../src/store/store.ts";
import { createUpdate, type Draft, decodeRow } from "../src/store/update.ts";
import { onEachStore, type StorePlace } from "./stores.ts";

const table = "event-state";

/** One more than the row held. */
async function increase(draft: Draft, key = "sum"): Promise<number> {
  const [sum = null] = await draft.read<number>(table, [key]);
  draft.write(table, key, (sum ?? 0) + 1);
  return (sum ?? 0) + 1;
}

async function rowsOf(store: Store, ...keys: string[]) {
  return (await store.get(table, keys)).map((text) => decodeRow(text));
}

onEachStore((make) => {
  let place: StorePlace;

  beforeEach(async () => {
    place = await make();
  });
  afterEach(() => place[Symbol.asyncDispose]());

  describe("an update", () => {
    test("changes all its rows in one commit and gives what it was to give; what it wrote it reads", async () => {
      const store = await openStore(place.url, "default");
      const result = await createUpdate(
        store,
        "The sum",
      )(async (draft) => {
        await increase(draft);
        draft.write(table, "name", "Ann");
        return [await increase(draft), ...(await draft.read(table, ["name", "none"]))];
      });
      expect(result).toEqual([2, "Ann", null]);
      expect(await rowsOf(store, "sum", "name", "none")).toEqual([2, "Ann", null]);
      await store.close();
    });

    test.each([true, false])(
      "of two processes on one store loses none of 200 increments (in turn: %s)",
      async (inTurn) => {
        const stores = await Promise.all([openStore(place.url, "default"), openStore(place.url, "default")]);
        const updates = stores.map((store) => createUpdate(store, "The sum", { inTurn }));
        const results = await Promise.all(
          Array.from({ length: 200 }, (_, at) => updates[at % 2]?.((draft) => increase(draft))),
        );
        expect(results.sort((a, b) => Number(a) - Number(b))).toEqual(Array.from({ length: 200 }, (_, at) => at + 1));
        expect(await rowsOf(stores[0] as Store, "sum")).toEqual([200]);
        await Promise.all(stores.map((store) => store.close()));
      },
    );

    test("begins again on the rows as they are when another writer was first", async () => {
      const store = await openStore(place.url, "default");
      const seen: unknown[] = [];
      await createUpdate(
        store,
        "The sum",
      )(async (draft) => {
        const [sum] = await draft.read(table, ["sum"]);
        seen.push(sum);
        if (seen.length === 1) {
          await store.commit([{ table, key: "sum", becomes: "5" }]);
        }
        draft.write(table, "sum", 6);
      });
      expect(seen).toEqual([null, 5]);
      await store.close();
    });

    test("that changes nothing commits nothing", async () => {
      const store = await openStore(place.url, "default");
      await store.commit([{ table, key: "sum", becomes: "1" }]);
      const silent: Store = { ...store, commit: () => Promise.reject(new Error("a commit")) };
      await createUpdate(
        silent,
        "The sum",
      )(async (draft) => {
        await draft.read(table, ["sum"]);
        draft.write(table, "sum", 1);
      });
      await store.close();
    });

    test("that loses every race ends with a StoreError, and the next one is not held up", async () => {
      const store = await openStore(place.url, "default");
      let isHopeless = true;
      let tries = 0;
      const contended: Store = {
        ...store,
        commit: async (...args) => {
          tries += 1;
          return !isHopeless && store.commit(...args);
        },
      };
      const update = createUpdate(contended, "The sum");
      const error = await update((draft) => increase(draft)).catch((caught: unknown) => caught);
      expect(error).toBeInstanceOf(StoreError);
      expect(error).toMatchObject({ message: "The sum could not be written: others kept changing it" });
      expect(tries).toBeLessThanOrEqual(101);
      isHopeless = false;
      expect(await update((draft) => increase(draft))).toBe(1);
      await store.close();
    });

    test("of a row that is no JSON is a StoreError", async () => {
      const store = await openStore(place.url, "default");
      await store.commit([{ table, key: "sum", becomes: "{" }]);
      await expect(createUpdate(store, "The sum")((draft) => increase(draft))).rejects.toThrow(StoreError);
      await store.close();
    });
  });
});
