import { expect, test } from "vitest";
import { type App, startApp } from "../src/app.ts";
import { startSimulator } from "../src/simulator/simulator.ts";
import { send, stateOf, timesTaken, wordOf } from "./sends.ts";
import { onEachStore } from "./stores.ts";
import { configFor } from "./support.ts";

const HOUR = 3_600_000;

onEachStore((make) => {
  test.each([HOUR, -HOUR])("a replica whose clock differs by %i ms sends nothing again", async (skew) => {
    await using place = await make();
    await using simulator = await startWorld();
    const start = (milliseconds: number) =>
      startApp(configFor(simulator, { STORE_URL: place.url }), {
        now: () => new Date(Date.now() + milliseconds),
      });
    await using servers = await both(start(0), start(skew));
    const [right, wrong] = servers.apps;
    const hold = simulator.fault({ platform: "PIDJ", route: "POST /send", kind: "hold", times: 1 });

    const underWay = send(right.url, "one");
    await hold.arrived;
    // A clock that is ahead takes the other's attempt for one whose server died; one that is behind waits for it.
    const again = send(wrong.url, "one").then(wordOf);
    if (skew > 0) {
      expect(await again).toBe("OUTCOME_UNKNOWN");
      expect(await stateOf(wrong.url, "one")).toBe("UNKNOWN");
    }
    hold.release();
    expect(wordOf(await underWay)).toBe("sent");
    if (skew < 0) {
      expect(await again).toBe("replayed");
    }
    // What really became of it replaces what was presumed.
    expect(await stateOf(wrong.url, "one")).toBe("ACCEPTED");
    expect(wordOf(await send(wrong.url, "one"))).toBe("replayed");
    expect(timesTaken(simulator.ledger, "one")).toBe(1);
  });
});

async function startWorld() {
  const simulator = await startSimulator({ people: 3, polls: 1, responsesPerPoll: 1 });
  return Object.assign(simulator, { [Symbol.asyncDispose]: () => simulator.close() });
}

async function both(...starting: [Promise<App>, Promise<App>]) {
  const apps = await Promise.all(starting);
  return { apps, [Symbol.asyncDispose]: async () => void (await Promise.all(apps.map((app) => app.close()))) };
}
