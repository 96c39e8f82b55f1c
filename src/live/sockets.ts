import type { IncomingHttpHeaders, IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import { CloseCode, handleProtocols } from "graphql-ws";
import { type WebSocket, WebSocketServer } from "ws";
import { FAILURES } from "../operations/failures.ts";
import { showsCost } from "../server/asked.ts";
import { credentialOf } from "../server/callers.ts";
import { refuseConnection } from "../server/raw-failure.ts";
import { parentOf, requestIdOf } from "../server/request-trace.ts";
import type { Connection } from "./connections.ts";
import { createProtocol, type SocketProtocolOptions, type SocketState } from "./socket-protocol.ts";

export interface SocketsOptions extends SocketProtocolOptions {
  /** Called with every error that is a bug of this server. */
  readonly report: (error: unknown) => void;
}

// Enough for a document with its variables. Fragmented messages are for streaming, which no client needs here.
const MOST_BYTES = 65_536;
const MOST_FRAGMENTS = 64;
// A few hundred events of a usual selection, so that many are joined into one write.
const MOST_BUFFERED_BYTES = 65_536;
/** Close codes: RFC 6455 §7.4.1, and 1013 of IANA's registry, which tells a client to come again. */
const GOING_AWAY = 1001;
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
  server.on("wsClientError", (_error, socket) => refuseConnection(socket, FAILURES.malformedHandshake));
  const protocol = createProtocol(options);

  function serve(socket: WebSocket, raw: Duplex, headers: IncomingHttpHeaders): void {
    const send = createSender(socket, raw);
    const gone = new AbortController();
    const close = (code: number, reason: string) => {
      socket.close(code, reason);
      // Stops its operations at once, without waiting for the other end.
      gone.abort();
    };
    const extra: SocketState = {
      caller: null,
      credential: credentialOf(headers),
      showsCost: showsCost(headers),
      trace: { requestId: requestIdOf(headers), parent: parentOf(headers) },
      operationsBegun: 0,
      signal: gone.signal,
      close,
      send,
      running: new Set(),
    };
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

  return (request, raw, head) => {
    server.handleUpgrade(request, raw, head, (socket) => serve(socket, raw, request.headers));
  };
}

function createConnection(socket: WebSocket, extra: SocketState): Connection {
  const { close } = extra;
  let isAnswered = true;
  socket.on("pong", () => {
    isAnswered = true;
  });
  return {
    transport: "websocket",
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
