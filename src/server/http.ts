import { STATUS_CODES } from "node:http";
import type { Duplex } from "node:stream";
import cors from "@fastify/cors";
import Fastify, {
  type ConnectionError,
  type FastifyError,
  type FastifyInstance,
  type FastifyReply,
  LogController,
} from "fastify";
import { withoutStatus } from "../operations/errors.ts";
import { FAILURES, type Failure } from "../operations/failures.ts";
import { describeForLog } from "./log.ts";
import type { Hosts, Origins } from "./origins.ts";

export interface HttpOptions {
  readonly logLevel: string;
  /** Decides which pages of other origins may query. */
  readonly origins: Origins;
  readonly hosts: Hosts;
  /** See `Config.trustedProxies`. */
  readonly trustedProxies: readonly string[];
}

const BODY_LIMIT_BYTES = 1_000_000;
// Enough for a forwarded text in a URL, at up to 12 bytes a character, and for what proxies add.
const HEADER_LIMIT_BYTES = 98_304;
// Platforms call the webhooks by a public host name, and monitors call the health checks by an address.
const ANY_HOST = /^\/(webhooks\/|(health|ready)(\?|$))/;
/** Parameters of a GET that are empty count as absent, as GraphQL over HTTP asks. */
const EMPTY_PARAMETERS = /(?<=[?&])(?:operationName|variables|extensions)=(?:&|$)/g;

/** The HTTP server without its GraphQL routes, which need it to exist: see graphql-route.ts. */
export function createHttp({ logLevel, origins, hosts, trustedProxies }: HttpOptions): FastifyInstance {
  const http = Fastify({
    bodyLimit: BODY_LIMIT_BYTES,
    trustProxy: trustedProxies.length > 0 ? [...trustedProxies] : false,
    // stdout is for the line with the server's address.
    logger: { level: logLevel, stream: process.stderr, serializers: { err: describeForLog } },
    logController: new LogController({ disableRequestLogging: true }),
    requestTimeout: 30_000,
    // A URL that cannot be decoded reaches no route. It must not be repeated in the answer, because it may contain a
    // secret.
    frameworkErrors: (_error, _request, reply) => sendFailure(reply, FAILURES.malformedUrl),
    clientErrorHandler: (error, socket) => {
      if (socket.writable && error.code !== "ECONNRESET") {
        refuseConnection(socket, unreadable(error));
      } else {
        socket.destroy();
      }
    },
    rewriteUrl: ({ url = "" }) => (/^\/(graphql)?\?/.test(url) ? url.replace(EMPTY_PARAMETERS, "") : url),
    // Without these two, fastify leaves stalled requests open longer than requestTimeout.
    http: {
      headersTimeout: 15_000,
      maxHeaderSize: HEADER_LIMIT_BYTES,
      connectionsCheckingInterval: 5_000,
      // Some clients offer an upgrade to HTTP/2 with their first request. It is ignored, which RFC 9110 §7.8 allows.
      shouldUpgradeCallback: ({ headers }) => headers.upgrade?.toLowerCase() === "websocket",
    },
  });
  let isClosing = false;
  http.addHook("preClose", async () => {
    isClosing = true;
  });
  http.addHook("onSend", (_request, reply, _payload, done) => {
    if (isClosing) {
      // RFC 9112 §9.6: otherwise the server would wait for connections that clients keep open.
      reply.header("connection", "close");
    }
    done();
  });
  http.addHook("onRequest", (request, reply, done) => {
    if (hosts.mayBeCalled(request.hostname) || ANY_HOST.test(request.url)) {
      done();
      return;
    }
    // Against DNS rebinding: a page whose host name resolves to this address must not reach the graph.
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

/** An answer that consists of one failure, in GraphQL's shape. */
export function sendFailure(reply: FastifyReply, failure: Failure): FastifyReply {
  return reply.code(failure.status).send({ errors: [withoutStatus(failure)] });
}

/** The same on a connection whose request has no reply: an upgrade, or what is no HTTP. Closes the connection. */
export function refuseConnection(socket: Duplex, failure: Failure): void {
  const body = JSON.stringify({ errors: [withoutStatus(failure)] });
  socket.on("error", () => undefined);
  socket.end(
    `HTTP/1.1 ${failure.status} ${STATUS_CODES[failure.status]}\r\nconnection: close\r\n` +
      `content-type: application/json; charset=utf-8\r\ncontent-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
    () => socket.destroy(),
  );
}

/** What is wrong with a request that Node.js could not read, by the code of its error. */
function unreadable({ code }: ConnectionError): Failure {
  switch (code) {
    case "HPE_HEADER_OVERFLOW":
      return FAILURES.headersTooLarge;
    case "ERR_HTTP_REQUEST_TIMEOUT":
      return FAILURES.requestTooSlow;
    default:
      return FAILURES.noHttp;
  }
}
