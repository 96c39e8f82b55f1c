import cors from "@fastify/cors";
import Fastify, { type FastifyError, type FastifyInstance, type FastifyReply, LogController } from "fastify";
import { isLoopbackHost } from "../loopback.ts";
import { describeForLog } from "./log.ts";
import { STUDIO } from "./origins.ts";

export interface HttpOptions {
  readonly isProduction: boolean;
  readonly logLevel: string;
  /** The SDL that clients download; null where the schema is not shown. */
  readonly sdl: string | null;
}

const BODY_LIMIT_BYTES = 1_000_000;
const WEBHOOKS = "/webhooks/";

/** The HTTP server without its GraphQL routes, which need it to exist: see graphql-route.ts. */
export function createHttp({ isProduction, logLevel, sdl }: HttpOptions): FastifyInstance {
  const http = Fastify({
    bodyLimit: BODY_LIMIT_BYTES,
    // stdout is for the one line that says where we are.
    logger: { level: logLevel, stream: process.stderr, serializers: { err: describeForLog } },
    logController: new LogController({ disableRequestLogging: true }),
    requestTimeout: 30_000,
    // A URL that cannot be decoded reaches no route, and must not be said back: it may hold a secret.
    frameworkErrors: (_error, _request, reply) => sendError(reply, 400, "BAD_USER_INPUT", "The URL is malformed."),
    // fastify leaves stalled bodies open past requestTimeout without these two.
    http: {
      headersTimeout: 15_000,
      connectionsCheckingInterval: 5_000,
      // Some clients offer HTTP/2 with every first request; who is not taken up on it is answered as ever (RFC 9110 §7.8).
      shouldUpgradeCallback: ({ headers }) => headers.upgrade?.toLowerCase() === "websocket",
    },
  });
  let isClosing = false;
  http.addHook("preClose", async () => {
    isClosing = true;
  });
  http.addHook("onSend", (_request, reply, _payload, done) => {
    if (isClosing) {
      // RFC 9112 §9.6: or the server would wait for a connection that its client keeps for a next request.
      reply.header("connection", "close");
    }
    done();
  });
  http.addHook("onRequest", (request, reply, done) => {
    // Platforms push by a public name: their doors have a secret instead, and a wrong one is not found.
    if (isLoopbackHost(request.hostname) || request.url.startsWith(WEBHOOKS)) {
      done();
      return;
    }
    // DNS rebinding: a page of another name that resolves to this address is not one of ours.
    sendError(reply, 403, "FORBIDDEN", "The Host header must name this machine: localhost or a loopback address.");
  });
  if (!isProduction) {
    http.register(cors, { origin: [STUDIO], methods: ["GET", "POST"] });
  }
  http.get("/health", async () => ({ status: "ok" }));
  http.get("/schema.graphql", async (_request, reply) =>
    sdl === null ? reply.callNotFound() : reply.type("application/graphql; charset=utf-8").send(sdl),
  );
  http.setNotFoundHandler((_request, reply) =>
    sendError(reply, 404, "NOT_FOUND", "There is nothing here. The graph is at /graphql."),
  );
  http.setErrorHandler((error: FastifyError, _request, reply) => {
    const status = error.statusCode ?? 500;
    if (status < 500) {
      return sendError(reply, status, "BAD_USER_INPUT", error.message);
    }
    http.log.error({ err: error }, "request failed");
    return sendError(reply, 500, "INTERNAL_SERVER_ERROR", "Something went wrong in this server.");
  });
  return http;
}

/** An error in the shape of GraphQL's. */
export function sendError(reply: FastifyReply, status: number, code: string, message: string): FastifyReply {
  return reply.code(status).send({ errors: [{ message, extensions: { code, retryable: false } }] });
}
