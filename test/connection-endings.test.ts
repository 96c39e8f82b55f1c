import { once } from "node:events";
import { type IncomingMessage, request } from "node:http";
import { queryObjects } from "node:v8";
import { describe, expect, test } from "vitest";
import { Context } from "../src/context.ts";
import { parseE164 } from "../src/phone.ts";
import { INIT, RawSocket, subscribe } from "./raw-socket.ts";
import { forward, newestCursor, ON_TEXT, openSubscriber, startListening } from "./subscribers.ts";
import type { Stage } from "./support.ts";

const STREAM_PATH = `/graphql?query=${encodeURIComponent(ON_TEXT)}`;
const MOST_UNREAD = 1_000;
// Of 20 kB each, far more than the network's own buffers hold.
const FLOOD = 3_000;

/** An event stream that is read when it is told to. */
async function openStream({ app }: Stage): Promise<IncomingMessage> {
  const asked = request(new URL(STREAM_PATH, app.url), {
    headers: { accept: "text/event-stream" },
    agent: false,
  }).end();
  const [response] = (await once(asked, "response")) as [IncomingMessage];
  return response.pause();
}

/** The data of a stream's events to its end, and the name of the last. */
async function readStream(response: IncomingMessage) {
  let text = "";
  for await (const chunk of response) {
    text += chunk;
  }
  const events = text.split("\n\n").flatMap((block) => {
    const [, name, data] = /^event: (\w+)\ndata:(.*)$/s.exec(block) ?? [];
    return name === undefined ? [] : [{ name, data: data ? JSON.parse(data) : null }];
  });
  return { events, last: events.at(-1)?.name };
}

/** A socket whose subscription hears what comes in from now on. */
async function openSocket(stage: Stage): Promise<RawSocket> {
  const raw = new RawSocket(stage);
  await raw.send(INIT);
  await raw.seen("connection_ack");
  await raw.send(subscribe("1"));
  // A query behind it on the same connection; it takes as many steps at least.
  await raw.send(subscribe("2", "{ eventCursor }"));
  await raw.seen("complete");
  raw.messages.length = 0;
  return raw;
}

/** Long texts, past the door. Whoever listens has been handed all of them when this resolves. */
async function pour({ app }: Stage, count: number, length = 20_000): Promise<void> {
  const { inbox, feed } = app.services;
  const all = new AbortController();
  const handed = await feed.subscribe({ kind: "ReceivedMessage", signal: all.signal });
  for (let at = 0; at < count; at += 1) {
    const arrival = {
      kind: "ReceivedMessage",
      text: `${at} `.padEnd(length, "x"),
      from: parseE164("+12025550101"),
      displayFrom: "+12025550101",
      toPhoneNumber: null,
      groupId: null,
      contactId: null,
      contactExternalId: null,
    } as const;
    await inbox.append({ arrival, fingerprint: `poured ${at}` });
    feed.wake();
    await handed.next();
  }
  all.abort();
}

/** Whether texts came as they were poured, from the first on. */
function isInOrder(results: readonly { data?: { messageReceived: { message: { text: string } } } }[]): boolean {
  return results.every(({ data }, at) => data?.messageReceived.message.text.startsWith(`${at} `));
}

describe("a client that does not read", () => {
  test("over WebSocket, holds up nobody, and is told that it was too slow when it reads again", async () => {
    await using stage = await startListening();
    const raw = await openSocket(stage);
    raw.socket.pause();
    await pour(stage, FLOOD);
    raw.socket.resume();
    await raw.seen("complete");
    const results = raw.messages.filter(({ type }) => type === "next").map(({ payload }) => payload as never);
    expect(results.at(-1)).toMatchObject({
      errors: [{ extensions: { code: "SUBSCRIBER_TOO_SLOW", retryable: true } }],
    });
    expect(isInOrder(results.slice(0, -1))).toBe(true);
    expect(results.length).toBeLessThan(FLOOD - MOST_UNREAD);
    raw.socket.terminate();
  });

  test("over server-sent events, likewise, and its stream is over", async () => {
    await using stage = await startListening();
    const response = await openStream(stage);
    await pour(stage, FLOOD);
    const { events, last } = await readStream(response);
    expect(last).toBe("complete");
    expect(events.at(-2)?.data).toMatchObject({ errors: [{ extensions: { code: "SUBSCRIBER_TOO_SLOW" } }] });
    const results = events.slice(0, -2).map(({ data }) => data);
    expect(isInOrder(results)).toBe(true);
    expect(results.length).toBeLessThan(FLOOD - MOST_UNREAD);
  });

  test("and shows no sign of life either, is told so when it reads again, or given up", async () => {
    await using stage = await startListening({ app: { connectionLimits: { pingMilliseconds: 500 } } });
    const [slow, other] = await Promise.all([openSocket(stage), openSocket(stage)]);
    const stream = await openStream(stage);
    slow.socket.pause();
    // More than the system keeps for a socket, before the first ping is seen to be unanswered.
    await pour(stage, 90, 200_000);
    // The other one is asked at the same times.
    for (let pings = 0; pings < 5; pings += 1) {
      await once(other.socket, "ping");
    }
    slow.socket.resume();
    const [code, reason] = await slow.closed;
    expect({ code, reason }).toEqual({ code: 1013, reason: expect.stringMatching(/^Too slow/) });
    await expect(readStream(stream)).rejects.toThrow("aborted");
    expect(await other.seen("next", 90)).toHaveLength(90);
    other.socket.terminate();
  });
});

test("a query is given up when the socket that asked is gone", async () => {
  const stage = await startListening();
  await using _platforms = stage.simulator;
  const hold = stage.simulator.fault({ platform: "PIDJ", route: "GET /contact/{id}", kind: "hold" });
  const raw = await openSocket(stage);
  await raw.send(subscribe("3", '{ contact(id: "co:x") { id } }'));
  await hold.arrived;
  raw.socket.terminate();
  const begun = performance.now();
  // Which waits for what is under way.
  await stage.app.close();
  expect(performance.now() - begun).toBeLessThan(1_500);
});

describe("a server that is told to stop", () => {
  test("answers what is under way, begins nothing more, and sends every subscriber away to come again", async () => {
    const stage = await startListening();
    await using _platforms = stage.simulator;
    const hold = stage.simulator.fault({ platform: "PIDJ", route: "GET /contact/{id}", kind: "hold" });
    const raw = await openSocket(stage);
    const stream = await openStream(stage);
    await raw.send(subscribe("3", '{ contact(id: "co:x") { id } }'));
    await hold.arrived;
    const closed = stage.app.close();
    await expect.poll(async () => (await new RawSocket(stage).closed)[0], { timeout: 5_000 }).toBe(503);
    await raw.send(subscribe("4", "{ __typename }"));
    expect(await raw.seen("error")).toMatchObject([
      { id: "4", payload: [{ extensions: { code: "SHUTTING_DOWN", retryable: true } }] },
    ]);
    hold.release();
    expect(await raw.closed).toEqual([1001, "Going away"]);
    expect(await raw.seen("next")).toMatchObject([{ id: "3", payload: { data: { contact: null } } }]);
    // A `complete` for its subscription would tell the client not to come again.
    expect(await raw.seen("complete")).toEqual([{ type: "complete", id: "3" }]);
    const { events } = await readStream(stream);
    expect(events).toEqual([
      {
        name: "next",
        data: { errors: [expect.objectContaining({ extensions: { code: "SHUTTING_DOWN", retryable: true } })] },
      },
    ]);
    await closed;
  });

  test("does not wait for a client that does not read", async () => {
    const stage = await startListening();
    await using _platforms = stage.simulator;
    const raw = await openSocket(stage);
    const stream = await openStream(stage);
    raw.socket.pause();
    await pour(stage, 900);
    const begun = performance.now();
    await stage.app.close();
    expect(performance.now() - begun).toBeLessThan(5_000);
    raw.socket.terminate();
    stream.destroy();
  });
});

test("1,000 clients that come and go, in whatever way, leave nothing behind", { timeout: 60_000 }, async () => {
  await using stage = await startListening();
  const since = await newestCursor(stage);
  await forward(stage.app.url, "somebody is there");
  const leave = [
    async () => {
      const raw = await openSocket(stage);
      raw.socket.terminate();
      await raw.closed;
    },
    async () => {
      const raw = await openSocket(stage);
      await raw.send({ type: "complete", id: "1" });
      raw.socket.close();
      await raw.closed;
    },
    async () => {
      await using client = openSubscriber(stage.app.url, "server-sent events");
      await client.subscribe(ON_TEXT, { since }).next();
    },
    async () => {
      const raw = new RawSocket(stage);
      await raw.send(INIT, subscribe("1", "subscription { nothing }"));
      raw.socket.terminate();
      await raw.closed;
    },
  ];
  const kept = () => Number(queryObjects(Context)) + Number(queryObjects(AbortController));
  const round = (clients: number) =>
    Promise.all(Array.from({ length: clients }, (_, at) => leave[at % leave.length]?.()));
  await round(40);
  const before = kept();
  for (let rounds = 0; rounds < 25; rounds += 1) {
    await round(40);
  }
  await expect.poll(kept, { timeout: 20_000, interval: 200 }).toBeLessThanOrEqual(before + 10);
});
