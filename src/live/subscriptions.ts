import type { IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import type { GraphQLSchema } from "graphql";
import type { Access } from "../access/access.ts";
import { FAILURES, type Failure } from "../operations/failures.ts";
import type { Operations } from "../operations/operations.ts";
import { type Hosts, hostnameOf, type Origins } from "../server/origins.ts";
import { refuseConnection } from "../server/raw-failure.ts";
import { CONNECTION_LIMITS, type ConnectionLimits, Connections } from "./connections.ts";
import { createEventStreams } from "./event-streams.ts";
import { createSockets } from "./sockets.ts";

export interface SubscriptionsOptions {
  readonly access: Access;
  readonly schema: GraphQLSchema;
  readonly operations: Operations;
  readonly origins: Origins;
  readonly hosts: Hosts;
  /** Milliseconds to wait for running operations when the server stops. */
  readonly answerMilliseconds: number;
  /** Default: those of `CONNECTION_LIMITS`. */
  readonly limits: Pick<ConnectionLimits, "connections"> & Partial<ConnectionLimits>;
  /** Called with every error that is a bug of this server. */
  readonly report: (error: unknown) => void;
  /** Called with the connections, to count them. */
  readonly onStart: (connections: Connections) => void;
}

/**
 * Serves GraphQL over WebSocket at the graph's URL, and returns the function that serves event streams for the route.
 * Both answer queries and mutations too. When the server stops, running operations are answered, and then every client
 * is told to connect again.
 */
export function addSubscriptions(
  http: FastifyInstance,
  { access, schema, operations, origins, hosts, report, ...options }: SubscriptionsOptions,
): (request: FastifyRequest, reply: FastifyReply) => Promise<FastifyReply> {
  const connections = new Connections({ ...CONNECTION_LIMITS, ...options.limits }, access.isCurrent);
  options.onStart(connections);
  const takeOver = createSockets({ access, schema, operations, connections, report });

  http.server.on("upgrade", (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    const refusal = refusalOf(request);
    if (refusal === null) {
      takeOver(request, socket, head);
    } else {
      refuseConnection(socket, refusal);
    }
  });
  http.addHook("preClose", () => connections.close(options.answerMilliseconds));

  function refusalOf({ url = "", headers }: IncomingMessage): Failure | null {
    if (!/^\/(graphql)?(\?|$)/.test(url)) {
      return FAILURES.notFound;
    }
    // The same check as for every request: see http.ts.
    const refusal = hosts.refusalOf(hostnameOf(headers.host), headers);
    if (refusal !== null) {
      return refusal;
    }
    return origins.mayConnect(headers) ? connections.refusal() : FAILURES.foreignOrigin;
  }

  return createEventStreams({ origins, operations, connections });
}
