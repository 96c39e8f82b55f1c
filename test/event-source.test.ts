import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import fetch from "node-fetch";
import { EventSource, type MessageEvent } from "undici";
import { afterAll, beforeAll, expect, test } from "vitest";
import { forward, newestCursor, ON_TEXT, openSubscriber, startListening, textOf } from "./subscribers.ts";
import type { Stage } from "./support.ts";

let stage: Stage;
beforeAll(async () => {
  stage = await startListening();
});
afterAll(() => stage[Symbol.asyncDispose]());

interface StreamEvent {
  readonly id: string | null;
  readonly name: string;
  readonly data: string;
}

/** Reads a stream as a browser's EventSource does, up to so many events, and leaves. */
async function listen(variables: object, count: number, lastEventId?: string): Promise<StreamEvent[]> {
  const url = `${stage.app.url}?query=${encodeURIComponent(ON_TEXT)}&variables=${encodeURIComponent(JSON.stringify(variables))}`;
  const response = await fetch(url, {
    headers: {
      accept: "text/event-stream",
      "cache-control": "no-cache",
      ...(lastEventId !== undefined && { "last-event-id": lastEventId }),
    },
  });
  const events: StreamEvent[] = [];
  let text = "";
  for await (const chunk of response.body ?? []) {
    text += chunk;
    const blocks = text.split("\n\n");
    text = blocks.pop() ?? "";
    for (const block of blocks) {
      const fields = Object.fromEntries(block.split("\n").map((line) => line.split(/: ?(.*)/s).slice(0, 2)));
      if (fields.event !== undefined) {
        events.push({ id: fields.id ?? null, name: fields.event, data: fields.data ?? "" });
      }
    }
    if (events.length >= count || events.at(-1)?.name === "complete") {
      break;
    }
  }
  return events;
}

const textsIn = (events: readonly StreamEvent[]) =>
  events.map(({ data }) => JSON.parse(data).data.messageReceived.message.text);

test("each event of a stream has its cursor as id, and Last-Event-ID goes on behind it, over the argument since", async () => {
  const since = await newestCursor(stage);
  for (const text of ["one", "two", "three"]) {
    await forward(stage.app.url, text);
  }
  const first = await listen({ since }, 3);
  expect(textsIn(first)).toEqual(["one", "two", "three"]);
  expect(first.map(({ id }) => id)).toEqual(first.map(({ data }) => JSON.parse(data).data.messageReceived.cursor));
  // The page is the same: its URL still says where it began.
  const resumed = await listen({ since }, 2, first[0]?.id ?? "");
  expect(textsIn(resumed)).toEqual(["two", "three"]);
});

test("an id that is no cursor is refused as since is, and an empty one says nothing", async () => {
  const since = await newestCursor(stage);
  await forward(stage.app.url, "four");
  const [refused, end] = await listen({ since }, 2, "junk");
  expect(JSON.parse(refused?.data ?? "").errors).toMatchObject([
    { extensions: { code: "BAD_USER_INPUT", argument: ["since"] } },
  ]);
  expect({ id: refused?.id, last: end?.name }).toEqual({ id: null, last: "complete" });
  expect(textsIn(await listen({ since }, 1, ""))).toEqual(["four"]);
});

test("page and subscription together deliver each event once, whatever came while the page was read", async () => {
  const { inbox } = stage.app.services;
  const { newest } = inbox;
  // A text that comes after the cursor was read, and before the list.
  Object.assign(inbox, {
    newest: async () => {
      const position = await newest();
      await forward(stage.app.url, "in between");
      return position;
    },
  });
  const { data } = await stage.query(
    "{ eventCursor receivedMessages(first: 5) { nodes { text } } newest: receivedMessages(last: 2) { nodes { text } } }",
  );
  Object.assign(inbox, { newest });
  expect(data.receivedMessages.nodes.map(({ text }: { text: string }) => text)).not.toContain("in between");
  await using client = openSubscriber(stage.app.url, "WebSocket");
  const subscription = client.subscribe(ON_TEXT, { since: data.eventCursor });
  expect(textOf(await subscription.next()).text).toBe("in between");
});

/** Passes connections on to the server until they are cut. */
async function openProxy() {
  const { port } = new URL(stage.app.url);
  const sockets = new Set<Socket>();
  const proxy = createServer((client) => {
    const server = connect(Number(port), "127.0.0.1");
    for (const [from, to] of [
      [client, server],
      [server, client],
    ] as const) {
      sockets.add(from);
      from.pipe(to).on("error", () => undefined);
      from.on("close", () => to.destroy());
    }
  }).listen(0, "127.0.0.1");
  await once(proxy, "listening");
  const cut = () => {
    for (const socket of sockets) {
      socket.destroy();
    }
    sockets.clear();
  };
  return {
    url: `http://127.0.0.1:${(proxy.address() as AddressInfo).port}/graphql`,
    cut,
    [Symbol.dispose]: () => {
      cut();
      proxy.close();
    },
  };
}

test("an EventSource whose connection is cut goes on by itself, and gets each event once", {
  timeout: 20_000,
}, async () => {
  using proxy = await openProxy();
  const since = await newestCursor(stage);
  const parameters = new URLSearchParams({ query: ON_TEXT, variables: JSON.stringify({ since }) });
  const source = new EventSource(`${proxy.url}?${parameters}`);
  const texts: string[] = [];
  source.addEventListener("next", (event) => {
    texts.push(JSON.parse((event as MessageEvent).data).data.messageReceived.message.text);
  });
  await forward(stage.app.url, "before the cut");
  await expect.poll(() => texts, { timeout: 5_000 }).toEqual(["before the cut"]);
  proxy.cut();
  await forward(stage.app.url, "while it was cut");
  await expect.poll(() => texts, { timeout: 10_000 }).toEqual(["before the cut", "while it was cut"]);
  source.close();
});
