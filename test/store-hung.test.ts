import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import { expect, test } from "vitest";
import { expectRule11, type Platform, startWatched } from "./rule-eleven.ts";
import { stateOf } from "./sends.ts";
import { POSTGRES, TEST_POSTGRES_URL } from "./stores.ts";

const PLATFORMS: readonly Platform[] = ["PIDJ", "TEXTIZEN"];

/** The way to a database. While it is frozen, bytes of both directions wait, and nobody is told. */
async function startPassage(database: string) {
  const { hostname, port } = new URL(database);
  const sockets = new Set<Socket>();
  let isFrozen = false;
  const server = createServer((near) => {
    const far = connect(Number(port || 5432), hostname);
    for (const [from, to] of [
      [near, far],
      [far, near],
    ] as const) {
      sockets.add(from);
      from.pipe(to);
      from.on("error", () => to.destroy());
      from.on("close", () => sockets.delete(from));
      if (isFrozen) {
        from.unpipe();
      }
    }
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const url = new URL(database);
  url.hostname = "127.0.0.1";
  url.port = String((server.address() as AddressInfo).port);
  return {
    url: url.href,
    freeze: () => {
      isFrozen = true;
      for (const socket of sockets) {
        socket.pause();
      }
    },
    /** What waited arrives nowhere: its connections are cut, as those of a server that was restarted. */
    thaw: () => {
      isFrozen = false;
      for (const socket of sockets) {
        socket.destroy();
      }
    },
    [Symbol.asyncDispose]: async () => {
      for (const socket of sockets) {
        socket.destroy();
      }
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

test.skipIf(!POSTGRES.isHere)(
  "a database that hangs holds up no read and stops each send, and needs no restart when it is back (TEST_POSTGRES_URL)",
  { timeout: 60_000 },
  async () => {
    await using place = await POSTGRES.make();
    await using passage = await startPassage(TEST_POSTGRES_URL);
    const url = new URL(passage.url);
    url.search = new URL(place.url).search;
    const env = { STORE_URL: url.href, STORE_SECRET_KEY: Buffer.alloc(32, 7).toString("base64") };
    await using stage = await startWatched({ env });
    for (const platform of PLATFORMS) {
      expect([await stage.read(platform), await stage.send(platform)]).toEqual(["data", "sent"]);
    }
    const taken = stage.simulator.ledger.length;
    passage.freeze();
    const sends = PLATFORMS.map((platform) => stage.send(platform));
    let areSettled = false;
    const outcomes = Promise.all(sends).finally(() => {
      areSettled = true;
    });
    expect(await Promise.all(PLATFORMS.map((platform) => stage.read(platform)))).toEqual(["data", "data"]);
    expect(areSettled).toBe(false);
    expect(await outcomes).toEqual(["STORE_UNAVAILABLE", "STORE_UNAVAILABLE"]);
    expect(stage.simulator.ledger).toHaveLength(taken);

    passage.thaw();
    await expect.poll(() => stage.send("PIDJ"), { timeout: 20_000 }).toBe("sent");
    expect(await stage.send("TEXTIZEN")).toBe("sent");
    // Reads that are in a hurry spare a store that was hung for a while longer.
    await expect.poll(() => stateOf(stage.app.url, "key 0."), { timeout: 20_000 }).toBe("ACCEPTED");
    await expectRule11(stage);
  },
);
