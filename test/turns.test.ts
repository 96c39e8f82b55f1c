import { expect, test } from "vitest";
import { openStore } from "../src/store/open.ts";
import { createTurns } from "../src/store/turns.ts";
import { onEachStore } from "./stores.ts";

onEachStore((make) => {
  test("one of several has the turn, and another one when it is over, or when clocks were put back", async () => {
    await using place = await make();
    const stores = await Promise.all([1, 2, 3].map(() => openStore(place.url, "default")));
    const clock = { time: 1_000_000 };
    const turns = stores.map((store) => createTurns(store, () => new Date(clock.time)));
    const taken = async (work: string) =>
      (await Promise.all(turns.map((takeTurn) => takeTurn(work, 60_000)))).filter(Boolean).length;
    expect([await taken("sweep"), await taken("sweep"), await taken("other")]).toEqual([1, 0, 1]);
    clock.time += 59_999;
    expect(await taken("sweep")).toBe(0);
    clock.time += 1;
    expect(await taken("sweep")).toBe(1);
    clock.time -= 200_000;
    expect(await taken("sweep")).toBe(1);
    await Promise.all(stores.map((store) => store.close()));
  });
});
