import type { IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { GraphQLError } from "graphql";
import { isLoopbackHost } from "../loopback.ts";
import { Documents } from "../operations/documents.ts";
import { createErrorFormatter } from "../operations/errors.ts";
import { hostnameOf, mayConnect } from "../server/origins.ts";
import { CONNECTION_LIMITS, type ConnectionLimits, Connections } from "./connections.ts";
import { createEventStreams } from "./event-streams.ts";
import { createLiveOperations, type LiveOperationsOptions } from "./live-operations.ts";
import { createSockets } from "./sockets.ts";

export interface SubscriptionsOptions extends Omit<LiveOperationsOptions, "format"> {
  /** Those of `CONNECTION_LIMITS` may be left out. */
  readonly limits: Pick<ConnectionLimits, "connections"> & Partial<ConnectionLimits>;
  /** Told of every error that is a bug of ours. */
  readonly report: (error: unknown) => void;
}

/**
 * Serves subscriptions where the graph is served, over WebSocket; and gives what serves them as event streams, for the
 * route. Both answer queries and mutations too. When the server closes, what is under way is answered, and then every
 * connection is told to come again.
 */
export function addSubscriptions(
  http: FastifyInstance,
  options: SubscriptionsOptions,
): (request: FastifyRequest, reply: FastifyReply) => Promise<FastifyReply> {
  const { schema, isProduction, report } = options;
  const format = createErrorFormatter(options);
  const documents = new Documents({ schema, format });
  const operations = createLiveOperations({ ...options, format });
  const connections = new Connections({ ...CONNECTION_LIMITS, ...options.limits });
  const takeOver = createSockets({ schema, documents, operations, connections, report });

  http.server.on("upgrade", (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    const refusal = refusalOf(request);
    if (refusal === null) {
      takeOver(request, socket, head);
    } else {
      refuse(socket, refusal);
    }
  });
  http.addHook("preClose", () => connections.close(options.deadlines.send));

  function refusalOf({ url = "", headers }: IncomingMessage): Refusal | null {
    if (!/^\/(graphql)?(\?|$)/.test(url)) {
      return NOT_FOUND;
    }
    // As for every request: see http.ts.
    if (!isLoopbackHost(hostnameOf(headers.host)) || !mayConnect(headers, isProduction)) {
      return FORBIDDEN;
    }
    const error = connections.refusal();
    return error && { status: "503 Service Unavailable", error };
  }

  return createEventStreams({ isProduction, documents, operations, connections });
}

interface Refusal {
  readonly status: string;
  readonly error: GraphQLError;
}

const NOT_FOUND: Refusal = {
  status: "404 Not Found",
  error: new GraphQLError("There is nothing here. The graph is at /graphql.", {
    extensions: { code: "NOT_FOUND", retryable: false },
  }),
};
const FORBIDDEN: Refusal = {
  status: "403 Forbidden",
  error: new GraphQLError("The Host and Origin headers must name this machine.", {
    extensions: { code: "FORBIDDEN", retryable: false },
  }),
};

function refuse(socket: Duplex, { status, error }: Refusal): void {
  const body = JSON.stringify({ errors: [error.toJSON()] });
  socket.on("error", () => undefined);
  socket.end(
    `HTTP/1.1 ${status}\r\nconnection: close\r\ncontent-type: application/json; charset=utf-8\r\n` +
      `content-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
    () => socket.destroy(),
  );
}
