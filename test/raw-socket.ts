import { once } from "node:events";
import { expect } from "vitest";
import { type ClientOptions, WebSocket } from "ws";
import { ON_TEXT } from "./subscribers.ts";
import type { Stage } from "./support.ts";

const PROTOCOL = "graphql-transport-ws";

interface Options extends ClientOptions {
  readonly path?: string;
  readonly protocol?: string;
}

/** A socket that speaks by itself, and what became of it. */
export class RawSocket {
  readonly socket: WebSocket;
  readonly messages: Record<string, unknown>[] = [];
  /** Close code and reason; the HTTP status where it was not let in. */
  readonly closed: Promise<[code: number, reason: string]>;

  constructor({ app }: Pick<Stage, "app">, { path = "/graphql", protocol = PROTOCOL, ...options }: Options = {}) {
    this.socket = new WebSocket(new URL(path, app.url).href.replace("http", "ws"), protocol, options);
    this.socket.on("error", () => undefined);
    this.socket.on("message", (data) => this.messages.push(JSON.parse(String(data))));
    this.closed = new Promise((resolve) => {
      this.socket.on("close", (code, reason) => resolve([code, String(reason)]));
      this.socket.on("unexpected-response", (_request, { statusCode = 0 }) => resolve([statusCode, ""]));
    });
  }

  async send(...messages: (object | string)[]): Promise<void> {
    if (this.socket.readyState === WebSocket.CONNECTING) {
      await once(this.socket, "open");
    }
    for (const message of messages) {
      this.socket.send(typeof message === "string" ? message : JSON.stringify(message));
    }
  }

  async seen(type: string, count = 1): Promise<Record<string, unknown>[]> {
    const those = () => this.messages.filter((message) => message["type"] === type);
    await expect.poll(() => those().length, { timeout: 5_000, interval: 5 }).toBe(count);
    return those();
  }
}

export const INIT = { type: "connection_init" };

/** The message that begins an operation. */
export function subscribe(id: string, query = ON_TEXT, variables = {}) {
  return { type: "subscribe", id, payload: { query, variables } };
}
