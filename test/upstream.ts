import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { type AddressInfo, createServer as createNetServer, type Server, type Socket } from "node:net";
import { PlatformError } from "../src/errors.ts";
import { type CallRecord, ReadScope, type WriteKind, WriteScope } from "../src/rest/calls.ts";

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

interface TestScopeOptions {
  readonly signal?: AbortSignal;
  /** On `performance.now()`'s clock. */
  readonly deadline?: number;
}

interface TestWriteOptions extends TestScopeOptions {
  readonly kind?: WriteKind;
  readonly leaseLeft?: () => number;
  readonly checkBeforeAttempt?: () => Promise<void>;
}

interface Recorded {
  readonly calls: readonly CallRecord[];
}

export type TestScope = ReadScope & Recorded;

/** A scope for reads that keeps what it is told. */
export function createScope(options: TestScopeOptions = {}): TestScope {
  const { signal = new AbortController().signal, deadline = Number.POSITIVE_INFINITY } = options;
  const calls: CallRecord[] = [];
  const record = (call: CallRecord) => calls.push(call);
  return Object.assign(new ReadScope({ signal, deadline: () => deadline, isFresh: false, record }), { calls });
}

/** A scope for a write, a send if nothing else is said, that keeps what it is told. */
export function createWriteScope(options: TestWriteOptions = {}): WriteScope & Recorded {
  const { signal = new AbortController().signal, deadline = Number.POSITIVE_INFINITY } = options;
  const calls: CallRecord[] = [];
  const scope = new WriteScope({
    kind: options.kind ?? "send",
    signal,
    deadline: () => deadline,
    leaseLeft: options.leaseLeft ?? (() => Number.POSITIVE_INFINITY),
    checkBeforeAttempt: options.checkBeforeAttempt ?? (async () => undefined),
    record: (call) => calls.push(call),
  });
  return Object.assign(scope, { calls });
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
