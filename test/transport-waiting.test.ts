import { setImmediate as nextTurn, setTimeout as wait } from "node:timers/promises";
import { expect, test } from "vitest";
import { connect, READ, SEND } from "./calls.ts";
import { createScope, createWriteScope, failureOf, sendJson, startUpstream } from "./upstream.ts";

/** Lets calls wait for a connection that would otherwise wait for their turn before that. */
const WIDE = { bulkhead: { inFlight: 1_000 }, connections: 64 };

test("does not begin a send whose lease ended while it waited for a connection", async () => {
  const [allBusy, mayAnswer] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  await using upstream = await startUpstream(async (_request, response) => {
    if (upstream.requests.length === 64) {
      allBusy.resolve();
    }
    await mayAnswer.promise;
    sendJson(response, {});
  });
  await using transport = connect(upstream.url, WIDE);
  const busy = Array.from({ length: 64 }, () => transport.write(SEND, createWriteScope()));
  await allBusy.promise;
  let leaseLeft = 5_000;
  const late = failureOf(transport.write(SEND, createWriteScope({ leaseLeft: () => leaseLeft })));
  await nextTurn();
  leaseLeft = 999;
  mayAnswer.resolve();
  expect(await late).toMatchObject({ reason: "not-asked", mayHaveTaken: false });
  await Promise.all(busy);
  expect(upstream.requests).toHaveLength(64);
});

test("counts a send's time from its first byte, not from when it began to wait for a connection", async () => {
  const [allBusy, mayAnswer] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  await using upstream = await startUpstream(async (request, response) => {
    if (request.method === "GET") {
      if (upstream.requests.length === 64) {
        allBusy.resolve();
      }
      await mayAnswer.promise;
    } else {
      await wait(100);
    }
    sendJson(response, {});
  });
  await using transport = connect(upstream.url, { ...WIDE, timeouts: { sendMilliseconds: 300 } });
  const busy = Array.from({ length: 64 }, (_, id) => transport.read({ ...READ, id: String(id) }, createScope()));
  await allBusy.promise;
  const queued = transport.write(SEND, createWriteScope());
  await wait(350);
  mayAnswer.resolve();
  expect(await queued).toEqual({});
  await Promise.all(busy);
});

test("a read that finds no free connection was not asked, and says so", async () => {
  const [allBusy, mayAnswer] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  await using upstream = await startUpstream(async (_request, response) => {
    if (upstream.requests.length === 64) {
      allBusy.resolve();
    }
    await mayAnswer.promise;
    sendJson(response, {});
  });
  await using transport = connect(upstream.url, { ...WIDE, timeouts: { readMilliseconds: 50 } });
  const busy = Array.from({ length: 64 }, () => transport.write(SEND, createWriteScope()));
  await allBusy.promise;
  expect(await failureOf(transport.read(READ, createScope()))).toMatchObject({ reason: "not-asked" });
  mayAnswer.resolve();
  await Promise.all(busy);
});
