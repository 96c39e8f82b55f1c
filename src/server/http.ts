import type { ApolloServer } from "@apollo/server";
import { fastifyApolloHandler } from "@as-integrations/fastify";
import cors from "@fastify/cors";
import Fastify, { type FastifyError, type FastifyInstance, type FastifyReply, LogController } from "fastify";
import type { Context, OperationOptions } from "../context.ts";

export interface HttpOptions {
  readonly isProduction: boolean;
  readonly logLevel: string;
  /** The SDL that clients download; null where the schema is not shown. */
  readonly sdl: string | null;
  /** The time that one operation has, in milliseconds; one that sends has more. */
  readonly deadlines: { readonly query: number; readonly send: number };
  readonly createContext: (options: OperationOptions) => Context;
}

/** Where Apollo's explorer lives when it is not embedded. */
const STUDIO = "https://studio.apollographql.com";
const BODY_LIMIT_BYTES = 1_000_000;

/** The HTTP server without its GraphQL routes, which need it to exist: see `addGraphql`. */
export function createHttp({ isProduction, logLevel, sdl }: HttpOptions): FastifyInstance {
  const http = Fastify({
    bodyLimit: BODY_LIMIT_BYTES,
    // stdout is for the one line that says where we are.
    logger: { level: logLevel, stream: process.stderr },
    logController: new LogController({ disableRequestLogging: true }),
    requestTimeout: 30_000,
    // fastify leaves stalled bodies open past requestTimeout without these two.
    http: { headersTimeout: 15_000, connectionsCheckingInterval: 5_000 },
  });
  http.addHook("onRequest", async (request, reply) => {
    // DNS rebinding: a page of another name that resolves to this address is not one of ours.
    if (!isLoopbackName(request.hostname)) {
      await sendError(
        reply,
        403,
        "FORBIDDEN",
        "The Host header must name this machine: localhost or a loopback address.",
      );
    }
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

/** Serves the graph at /graphql, and at / for whoever opens the server in a browser. */
export function addGraphql(http: FastifyInstance, apollo: ApolloServer<Context>, options: HttpOptions): void {
  const handler = fastifyApolloHandler(apollo, {
    context: async (request, reply) =>
      options.createContext({
        ...startDeadline(reply, options.deadlines),
        fresh: /\bno-cache\b/.test(request.headers["cache-control"] ?? ""),
      }),
  });
  for (const url of ["/graphql", "/"]) {
    http.route({ url, method: ["GET", "POST"], handler });
  }
  http.get("/ready", async () => ({ status: "ready" }));
}

/** A signal that aborts when the client has gone before its answer, or when the operation's time is over. */
function startDeadline(
  reply: FastifyReply,
  deadlines: HttpOptions["deadlines"],
): Pick<OperationOptions, "signal" | "deadline" | "allowSendTime"> {
  const controller = new AbortController();
  const end = () => controller.abort(new DOMException("The operation's time is over.", "TimeoutError"));
  let timer = setTimeout(end, deadlines.query);
  reply.raw.once("close", () => {
    clearTimeout(timer);
    if (!reply.raw.writableFinished) {
      controller.abort(new DOMException("The client has gone.", "AbortError"));
    }
  });
  return {
    signal: controller.signal,
    deadline: performance.now() + deadlines.query,
    allowSendTime: () => {
      clearTimeout(timer);
      timer = setTimeout(end, deadlines.send);
    },
  };
}

function isLoopbackName(hostname: string): boolean {
  return hostname === "localhost" || hostname === "[::1]" || hostname === "::1" || /^127(\.\d{1,3}){3}$/.test(hostname);
}

function sendError(reply: FastifyReply, status: number, code: string, message: string): FastifyReply {
  return reply.code(status).send({ errors: [{ message, extensions: { code, retryable: false } }] });
}
