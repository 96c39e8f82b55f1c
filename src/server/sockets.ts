import type { IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import { GraphQLError, type GraphQLSchema, getOperationAST } from "graphql";
import { CloseCode, handleProtocols, makeServer, type SubscribePayload } from "graphql-ws";
import { type WebSocket, WebSocketServer } from "ws";
import { type Connection, type Connections, SHUTTING_DOWN } from "./connections.ts";
import type { Documents } from "./documents.ts";
import type { LiveOperations, Operation, Result } from "./live-operations.ts";

export interface SocketsOptions {
  readonly schema: GraphQLSchema;
  readonly documents: Documents;
  readonly operations: LiveOperations;
  readonly connections: Connections;
  /** Told of every error that is a bug of ours. */
  readonly report: (error: unknown) => void;
}

/** What belongs to one socket. */
interface Extra {
  /** Aborts when the socket is closed. */
  readonly signal: AbortSignal;
  readonly close: (code: number, reason: string) => void;
}

// A document with its variables; fragments of a message are for streams, which nobody sends here.
const MOST_BYTES = 65_536;
const MOST_FRAGMENTS = 64;
/** RFC 6455 §7.4.1, and 1013 of IANA's registry: a client that is told it may come again. */
const GOING_AWAY = 1001;
const POLICY_VIOLATION = 1008;
const INTERNAL_ERROR = 1011;
const TRY_AGAIN_LATER = 1013;
// For the other end to agree to being closed.
const CLOSE_TIMEOUT_MS = 5_000;

/**
 * GraphQL over WebSocket (graphql-transport-ws, https://github.com/enisdenjo/graphql-ws/blob/master/PROTOCOL.md). A
 * result is sent when the one before it has left this process, so that a client that does not read costs one result for
 * each of its operations. Gives the function that takes over a connection.
 */
export function createSockets(
  options: SocketsOptions,
): (request: IncomingMessage, socket: Duplex, head: Buffer) => void {
  const { connections, report } = options;
  // Its types do not know `closeTimeout`, so that it must not be a literal.
  const settings = {
    noServer: true,
    clientTracking: false,
    maxPayload: MOST_BYTES,
    maxFragments: MOST_FRAGMENTS,
    perMessageDeflate: false,
    // Answered below, unless what was answered before has not been read.
    autoPong: false,
    closeTimeout: CLOSE_TIMEOUT_MS,
    handleProtocols,
  };
  const server = new WebSocketServer(settings);
  const protocol = createProtocol(options);

  function serve(socket: WebSocket): void {
    const gone = new AbortController();
    const close = (code: number, reason: string) => {
      socket.close(code, reason);
      // Nothing more is made for it, whenever the other end agrees.
      gone.abort();
    };
    const connection = createConnection(socket, close);
    const closed = protocol.opened(
      {
        protocol: socket.protocol,
        send: (message) => send(socket, message),
        close: (code = INTERNAL_ERROR, reason = "") => close(code, reason),
        onPing: (payload) => (isReading(socket) ? send(socket, JSON.stringify({ type: "pong", payload })) : undefined),
        onMessage: (hear) => {
          socket.on("message", (data) => {
            if (socket.readyState === socket.OPEN) {
              hear(String(data)).catch((error: unknown) => {
                // graphql-ws throws where a client sends what only servers may.
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
      { signal: gone.signal, close },
    );
    connections.add(connection);
    // What is wrong with a frame closes the socket with the code that says so.
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

  return (request, socket, head) => server.handleUpgrade(request, socket, head, serve);
}

function createProtocol({ schema, documents, operations, connections }: SocketsOptions) {
  const most = connections.limits.operations;

  function prepare({ signal }: Extra, payload: SubscribePayload) {
    const { query, operationName = null, variables } = payload;
    const document = documents.prepare(query);
    if (!("kind" in document)) {
      return document;
    }
    const kind = getOperationAST(document, operationName)?.operation;
    if (kind === "query" || kind === "mutation") {
      connections.begin(payload);
    }
    const contextValue: Operation = { text: query, document, name: operationName, variables: variables ?? {}, signal };
    return { schema, document, operationName, contextValue };
  }

  return makeServer<Record<string, unknown>, Extra>({
    connectionInitWaitTimeout: connections.limits.initMilliseconds,
    onSubscribe: ({ extra, subscriptions }, _id, payload) => {
      if (connections.isClosing) {
        return [SHUTTING_DOWN];
      }
      const underWay = Object.keys(subscriptions).length;
      if (underWay > 2 * most) {
        // It is told, and does not listen.
        extra.close(POLICY_VIOLATION, "Too many operations");
      }
      return underWay > most ? [tooMany(most)] : prepare(extra, payload);
    },
    execute: ({ contextValue }) => operations.execute(contextValue as Operation) as Promise<object>,
    subscribe: ({ contextValue }) => operations.subscribe(contextValue as Operation) as Promise<object>,
    // Its errors are what clients see already.
    onNext: (_context, _id, _payload, _args, result) => result as Result,
    // Called before it is said to the client.
    onComplete: (_context, _id, payload) => void setImmediate(() => connections.end(payload)),
  });
}

function createConnection(socket: WebSocket, close: Extra["close"]): Connection {
  let isAnswered = true;
  socket.on("pong", () => {
    isAnswered = true;
  });
  return {
    ping: () => {
      if (isAnswered) {
        isAnswered = false;
        socket.ping();
      } else if (isReading(socket)) {
        socket.terminate();
      } else {
        // It may be there all the same, and learn why when it reads again.
        close(TRY_AGAIN_LATER, "Too slow: connect again, and subscribe from the last cursor seen");
      }
    },
    close: () => close(GOING_AWAY, "Going away"),
    destroy: () => socket.terminate(),
  };
}

/** Resolves when the message has left this process, or never will. */
function send(socket: WebSocket, message: string): Promise<void> {
  return new Promise((resolve) => {
    if (socket.readyState === socket.OPEN) {
      socket.send(message, () => resolve());
    } else {
      resolve();
    }
  });
}

/** Whether everything sent so far has left this process. */
function isReading(socket: WebSocket): boolean {
  return socket.bufferedAmount === 0;
}

function tooMany(most: number): GraphQLError {
  return new GraphQLError(`A connection carries at most ${most} operations at a time.`, {
    extensions: { code: "RATE_LIMITED", retryable: true },
  });
}
