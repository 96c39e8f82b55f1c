import cors from "@fastify/cors";
import Fastify, { type FastifyError, type FastifyInstance, type FastifyReply, LogController } from "fastify";
import { withoutStatus } from "../operations/errors.ts";
import { FAILURES, type Failure } from "../operations/failures.ts";
import { describeForLog } from "./log.ts";
import type { Hosts, Origins } from "./origins.ts";

export interface HttpOptions {
  readonly logLevel: string;
  /** Which pages of other origins may ask. */
  readonly origins: Origins;
  readonly hosts: Hosts;
  /** See `Config.trustedProxies`. */
  readonly trustedProxies: readonly string[];
}

const BODY_LIMIT_BYTES = 1_000_000;
// A forwarded text in a URL, each character in up to 12, beside what proxies add.
const HEADER_LIMIT_BYTES = 98_304;
// Platforms push by a public name: their doors have a secret instead. What checks this process asks by its address.
const ANY_HOST = /^\/(webhooks\/|(health|ready)(\?|$))/;
/** Parameters of a GET that say nothing: GraphQL over HTTP takes them as if they were absent. */
const EMPTY_PARAMETERS = /(?<=[?&])(?:operationName|variables|extensions)=(?:&|$)/g;

/** The HTTP server without its GraphQL routes, which need it to exist: see graphql-route.ts. */
export function createHttp({ logLevel, origins, hosts, trustedProxies }: HttpOptions): FastifyInstance {
  const http = Fastify({
    bodyLimit: BODY_LIMIT_BYTES,
    trustProxy: trustedProxies.length > 0 ? [...trustedProxies] : false,
    // stdout is for the one line that says where we are.
    logger: { level: logLevel, stream: process.stderr, serializers: { err: describeForLog } },
    logController: new LogController({ disableRequestLogging: true }),
    requestTimeout: 30_000,
    // A URL that cannot be decoded reaches no route, and must not be said back: it may hold a secret.
    frameworkErrors: (_error, _request, reply) => sendFailure(reply, FAILURES.malformedUrl),
    rewriteUrl: ({ url = "" }) => (/^\/(graphql)?\?/.test(url) ? url.replace(EMPTY_PARAMETERS, "") : url),
    // fastify leaves stalled bodies open past requestTimeout without these two.
    http: {
      headersTimeout: 15_000,
      maxHeaderSize: HEADER_LIMIT_BYTES,
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
    if (hosts.mayBeCalled(request.hostname) || ANY_HOST.test(request.url)) {
      done();
      return;
    }
    // DNS rebinding: a page of another name that resolves to this address is not one of ours.
    sendFailure(reply, FAILURES.foreignHost);
  });
  if (origins.areAny) {
    http.register(cors, {
      methods: ["GET", "POST"],
      origin: (origin, allow) => allow(null, origin !== undefined && origins.mayAsk(origin)),
    });
  }
  http.get("/health", async () => ({ status: "ok" }));
  http.setNotFoundHandler((_request, reply) => sendFailure(reply, FAILURES.notFound));
  http.setErrorHandler((error: FastifyError, _request, reply) => {
    const status = error.statusCode ?? 500;
    if (status < 500) {
      const extensions = { code: "BAD_USER_INPUT", retryable: false };
      return sendFailure(reply, { status, message: error.message, extensions });
    }
    http.log.error({ err: error }, "request failed");
    return sendFailure(reply, FAILURES.internal);
  });
  return http;
}

/** A failure as the whole answer, in GraphQL's shape. */
export function sendFailure(reply: FastifyReply, failure: Failure): FastifyReply {
  return reply.code(failure.status).send({ errors: [withoutStatus(failure)] });
}
