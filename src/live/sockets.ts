import type { IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import { setImmediate as nextTurn } from "node:timers/promises";
import { GraphQLError, type GraphQLFormattedError, type GraphQLSchema } from "graphql";
import { CloseCode, type Context, handleProtocols, makeServer, type SubscribePayload } from "graphql-ws";
import { type WebSocket, WebSocketServer } from "ws";
import type { Access, Credential } from "../access/access.ts";
import type { Caller } from "../access/caller.ts";
import { withoutStatus } from "../operations/errors.ts";
import { FAILURES } from "../operations/failures.ts";
import { Answer, type EventAnswers, type Operation, type Result } from "../operations/operation.ts";
import type { Operations } from "../operations/operations.ts";
import { credentialOf } from "../server/callers.ts";
import { type Connection, type Connections, clientOf } from "./connections.ts";

export interface SocketsOptions {
  readonly access: Access;
  readonly schema: GraphQLSchema;
  readonly operations: Operations;
  readonly connections: Connections;
  /** Called with every error that is a bug of this server. */
  readonly report: (error: unknown) => void;
}

/** The state of one socket. */
interface Extra {
  /** Who the upgrade request, or else `connection_init`, said that it is from; null before either did. */
  caller: Caller | null;
  /** What the upgrade request said. */
  readonly credential: Credential;
  /** Aborts when the socket is closed. */
  readonly signal: AbortSignal;
  readonly close: (code: number, reason: string) => void;
  /** Resolves when another message may be sent. */
  readonly send: (message: string) => Promise<void>;
  /** One entry for each running operation, whether or not the client still wants its result. */
  readonly running: Set<object>;
}

/** An operation on a socket, its end, and the id of its results. */
interface SocketOperation {
  readonly operation: Operation;
  readonly signal: AbortSignal;
  readonly id: string;
  readonly send: Extra["send"];
}

type SocketContext = Context<Record<string, unknown>, Extra>;

// Enough for a document with its variables. Fragmented messages are for streaming, which no client needs here.
const MOST_BYTES = 65_536;
const MOST_FRAGMENTS = 64;
// A few hundred events of a usual selection, so that many are joined into one write.
const MOST_BUFFERED_BYTES = 65_536;
/** Close codes: RFC 6455 §7.4.1, and 1013 of IANA's registry, which tells a client to come again. */
const GOING_AWAY = 1001;
const POLICY_VIOLATION = 1008;
const INTERNAL_ERROR = 1011;
const TRY_AGAIN_LATER = 1013;
// Time for the other end to answer the close.
const CLOSE_TIMEOUT_MS = 5_000;

/**
 * GraphQL over WebSocket (graphql-transport-ws, https://github.com/enisdenjo/graphql-ws/blob/master/PROTOCOL.md). If 64
 * kB wait to be sent to a client, each of its operations makes its next result only after its last one was sent. So a
 * client that does not read costs those 64 kB and one result for each operation. Returns the function that takes over a
 * connection.
 *
 * The protocol is graphql-ws's (`makeServer`), its adapter for ws (`useServer`) is not used: that one answers pings of a
 * client that does not read without bound, and ends a slow client without telling it to come again.
 */
export function createSockets(
  options: SocketsOptions,
): (request: IncomingMessage, socket: Duplex, head: Buffer) => void {
  const { connections, report } = options;
  // Not a literal, because the package's types lack `closeTimeout`.
  const settings = {
    noServer: true,
    clientTracking: false,
    maxPayload: MOST_BYTES,
    maxFragments: MOST_FRAGMENTS,
    perMessageDeflate: false,
    // Answered below, unless earlier answers have not been read.
    autoPong: false,
    closeTimeout: CLOSE_TIMEOUT_MS,
    handleProtocols,
  };
  const server = new WebSocketServer(settings);
  const protocol = createProtocol(options);

  function serve(socket: WebSocket, raw: Duplex, credential: Credential): void {
    const send = createSender(socket, raw);
    const gone = new AbortController();
    const close = (code: number, reason: string) => {
      socket.close(code, reason);
      // Stops its operations at once, without waiting for the other end.
      gone.abort();
    };
    const extra: Extra = { caller: null, credential, signal: gone.signal, close, send, running: new Set() };
    const connection = createConnection(socket, extra);
    const closed = protocol.opened(
      {
        protocol: socket.protocol,
        send,
        close: (code = INTERNAL_ERROR, reason = "") => close(code, reason),
        onPing: (payload) => (isReading(socket) ? send(JSON.stringify({ type: "pong", payload })) : undefined),
        onMessage: (hear) => {
          socket.on("message", (data) => {
            if (socket.readyState === socket.OPEN) {
              hear(String(data)).catch((error: unknown) => {
                // graphql-ws throws if a client sends a message that only servers may send.
                if (error instanceof Error && error.message.startsWith("Unexpected message of type")) {
                  close(CloseCode.BadRequest, "Unexpected message");
                } else {
                  report(error);
                  close(INTERNAL_ERROR, "Internal error");
                }
              });
            }
          });
        },
      },
      extra,
    );
    connections.add(connection);
    // A malformed frame closes the socket with the code for it.
    socket.on("error", () => undefined);
    socket.on("ping", (data) => {
      if (isReading(socket)) {
        socket.pong(data);
      }
    });
    socket.once("close", (code, reason) => {
      connections.remove(connection);
      gone.abort();
      closed(code, String(reason)).catch(report);
    });
  }

  return (request, raw, head) =>
    server.handleUpgrade(request, raw, head, (socket) => serve(socket, raw, credentialOf(request.headers)));
}

function createProtocol({ access, schema, operations, connections }: SocketsOptions) {
  const most = connections.limits.operations;

  function prepare({ extra, subscriptions }: SocketContext, id: string, payload: SubscribePayload) {
    const { caller } = extra;
    if (caller === null) {
      return [new Shown(withoutStatus(FAILURES.unauthenticated))];
    }
    const { query: text, operationName, variables } = payload;
    const operation = operations.prepare({
      text,
      name: operationName || null,
      variables: variables ?? {},
      caller,
      isFresh: false,
      refuses: {},
    });
    if (operation instanceof Answer) {
      return (operation.result.errors ?? []).map((error) => new Shown(error));
    }
    const { document, name, definition } = operation;
    const kind = definition.operation;
    const { send, running } = extra;
    let { signal } = extra;
    if (kind === "query") {
      const completed = new AbortController();
      signal = AbortSignal.any([signal, completed.signal]);
      subscriptions[id] = endingWith(() => completed.abort());
    }
    if (kind !== "subscription") {
      connections.begin(payload);
    }
    running.add(payload);
    const contextValue: SocketOperation = { operation, signal, id, send };
    return { schema, document, operationName: name, contextValue };
  }

  return makeServer<Record<string, unknown>, Extra>({
    connectionInitWaitTimeout: connections.limits.initMilliseconds,
    // A refusal closes the socket with 4403, which tells clients not to come again by themselves.
    onConnect: async ({ extra, connectionParams }) => {
      extra.caller = await access.identify(credentialIn(connectionParams) ?? extra.credential);
      return extra.caller !== null;
    },
    onSubscribe: async (context, id, payload) => {
      const { extra, subscriptions } = context;
      if (connections.isClosing) {
        return [new Shown(withoutStatus(FAILURES.shuttingDown))];
      }
      if (Object.keys(subscriptions).length > 2 * most) {
        // The client was asked to close and does not.
        extra.close(POLICY_VIOLATION, "Too many operations");
      }
      if (extra.running.size >= most) {
        // Lets operations that were just completed end first.
        await nextTurn();
      }
      return extra.running.size >= most || !(id in subscriptions)
        ? [new Shown(withoutStatus(FAILURES.tooManyOperations))]
        : prepare(context, id, payload);
    },
    execute: async ({ contextValue }) => {
      const { operation, signal } = contextValue as SocketOperation;
      return (await operations.execute(operation, clientOf(signal))).result as object;
    },
    subscribe: async ({ contextValue }) => {
      const { operation, signal, id, send } = contextValue as SocketOperation;
      const answers = await operations.subscribe(operation, signal);
      return (answers instanceof Answer ? answers.result : sendAll(answers, id, send)) as object;
    },
    // Its errors are already in the form that clients see.
    onNext: (_context, _id, _payload, _args, result) => result as Result,
    // Called before the client is told.
    onComplete: ({ extra }, _id, payload) => {
      extra.running.delete(payload);
      setImmediate(() => connections.end(payload));
    },
  });
}

/** An error that is sent to clients unchanged. */
class Shown extends GraphQLError {
  readonly #formatted: GraphQLFormattedError;

  constructor(formatted: GraphQLFormattedError) {
    super(formatted.message);
    this.#formatted = formatted;
  }

  override toJSON(): GraphQLFormattedError {
    return this.#formatted;
  }
}

/** Called by graphql-ws when the client completes a query. */
function endingWith(end: () => void): AsyncGenerator<never, void, undefined> {
  const ending: AsyncGenerator<never, void, undefined> = {
    next: async () => ({ done: true, value: undefined }),
    return: async () => {
      end();
      return { done: true, value: undefined };
    },
    throw: async (error: unknown) => {
      throw error;
    },
    [Symbol.asyncIterator]: () => ending,
    [Symbol.asyncDispose]: async () => end(),
  };
  return ending;
}

/** Sends the results itself and yields none: graphql-ws would serialize each result again for every subscriber. */
function sendAll(answers: EventAnswers, id: string, send: Extra["send"]): AsyncGenerator<never, void, undefined> {
  const head = `{"id":${JSON.stringify(id)},"type":"next","payload":`;
  const sending: AsyncGenerator<never, void, undefined> = {
    next: async () => {
      for (;;) {
        const { done, value } = await answers.next();
        if (done || value === undefined) {
          return { done: true, value: undefined };
        }
        await send(`${head}${value.answer.line}}`);
      }
    },
    return: async () => {
      await answers.return();
      return { done: true, value: undefined };
    },
    throw: async (error) => {
      await answers.throw(error);
      throw error;
    },
    [Symbol.asyncIterator]: () => sending,
    [Symbol.asyncDispose]: () => answers[Symbol.asyncDispose](),
  };
  return sending;
}

/** The credential in `connection_init`, which browsers have to use: they cannot set headers; null if there is none. */
function credentialIn({ authorization, apiKey }: Readonly<Record<string, unknown>> = {}): Credential | null {
  const textOf = (value: unknown) => (typeof value === "string" ? value : undefined);
  return authorization === undefined && apiKey === undefined
    ? null
    : { authorization: textOf(authorization), apiKey: textOf(apiKey) };
}

function createConnection(socket: WebSocket, extra: Extra): Connection {
  const { close } = extra;
  let isAnswered = true;
  socket.on("pong", () => {
    isAnswered = true;
  });
  return {
    get caller() {
      return extra.caller;
    },
    ping: () => {
      if (isAnswered) {
        isAnswered = false;
        socket.ping();
      } else if (socket.bufferedAmount === 0) {
        socket.terminate();
      } else {
        // The client may still be there, and read the reason later.
        close(TRY_AGAIN_LATER, "Too slow: connect again, and subscribe from the last cursor seen");
      }
    },
    close: () => close(GOING_AWAY, "Going away"),
    revoke: () => close(CloseCode.Forbidden, "Forbidden"),
    destroy: () => socket.terminate(),
  };
}

/**
 * Returns a function that sends a message. Its promise resolves when another message may be sent: at once, or, if much
 * is waiting, when the message was sent. Messages of one turn of the event loop are sent in one write, because writing
 * is most of the cost of many events for many clients.
 */
function createSender(socket: WebSocket, raw: Duplex): (message: string) => Promise<void> {
  let isCorked = false;
  const cork = () => {
    isCorked = true;
    raw.cork();
    setImmediate(() => {
      isCorked = false;
      raw.uncork();
    });
  };
  return async (message) => {
    if (socket.readyState !== socket.OPEN) {
      return;
    }
    if (!isCorked) {
      cork();
    }
    if (isReading(socket)) {
      socket.send(message);
    } else {
      await new Promise<void>((resolve) => socket.send(message, () => resolve()));
    }
  };
}

/** Whether little is still waiting to be sent. */
function isReading(socket: WebSocket): boolean {
  return socket.bufferedAmount < MOST_BUFFERED_BYTES;
}
