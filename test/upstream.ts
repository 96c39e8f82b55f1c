import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { type AddressInfo, createServer as createNetServer, type Server, type Socket } from "node:net";
import { PlatformError } from "../src/errors.ts";
import type { CallRecord, CallScope } from "../src/rest/calls.ts";

/** A request as an upstream received it. */
export interface Received {
  readonly method: string;
  /** Path and query. */
  readonly path: string;
  readonly headers: IncomingMessage["headers"];
  readonly body: string;
}

export interface Upstream extends AsyncDisposable {
  readonly url: string;
  readonly requests: readonly Received[];
  /** Connections accepted so far. */
  readonly connections: number;
}

/** An HTTP server on a port of its own that answers each request, once it is whole, as the test says. */
export async function startUpstream(
  answer: (request: Received, response: ServerResponse) => void | Promise<void>,
): Promise<Upstream> {
  const requests: Received[] = [];
  let connections = 0;
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) {
      chunks.push(chunk as Buffer);
    }
    const received: Received = {
      method: request.method ?? "",
      path: request.url ?? "",
      headers: request.headers,
      body: Buffer.concat(chunks).toString(),
    };
    requests.push(received);
    await answer(received, response);
  });
  server.on("connection", () => {
    connections += 1;
  });
  const url = await listen(server);
  return {
    url,
    requests,
    get connections() {
      return connections;
    },
    async [Symbol.asyncDispose]() {
      const closed = once(server, "close");
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}

export interface RawUpstream extends AsyncDisposable {
  readonly url: string;
  /** The bytes of each connection, in the order in which they were accepted. */
  readonly received: readonly string[];
}

/** A TCP server that hands the test each piece of bytes as it arrives. */
export async function startRawUpstream(onData: (socket: Socket, soFar: string) => void): Promise<RawUpstream> {
  const received: string[] = [];
  const sockets = new Set<Socket>();
  const server = createNetServer((socket) => {
    const index = received.push("") - 1;
    sockets.add(socket);
    socket.on("error", () => undefined);
    socket.on("data", (data) => {
      received[index] += data.toString();
      onData(socket, received[index] ?? "");
    });
  });
  const url = await listen(server);
  return {
    url,
    received,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) {
        socket.destroy();
      }
      const closed = once(server, "close");
      server.close();
      await closed;
    },
  };
}

async function listen(server: Server): Promise<string> {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** A URL where nobody listens. */
export async function closedUrl(): Promise<string> {
  const upstream = await startRawUpstream(() => undefined);
  await upstream[Symbol.asyncDispose]();
  return upstream.url;
}

export function sendJson(
  response: ServerResponse,
  value: unknown,
  status = 200,
  headers: Record<string, string> = {},
): void {
  response.writeHead(status, { "content-type": "application/json; charset=utf-8", ...headers });
  response.end(JSON.stringify(value));
}

export interface TestScope extends CallScope {
  readonly calls: readonly CallRecord[];
}

/** A scope that keeps what it is told. */
export function createScope(signal: AbortSignal = new AbortController().signal, deadline?: number): TestScope {
  const calls: CallRecord[] = [];
  return { signal, deadline, calls, record: (call) => calls.push(call) };
}

/** The PlatformError that a call fails with; anything else fails the test. */
export async function failureOf(call: Promise<unknown>): Promise<PlatformError> {
  const outcome = await call.then(
    (value) => ({ value }),
    (error: unknown) => error,
  );
  if (!(outcome instanceof PlatformError)) {
    throw new Error(`expected a PlatformError, got ${JSON.stringify(outcome)}`, { cause: outcome });
  }
  return outcome;
}
