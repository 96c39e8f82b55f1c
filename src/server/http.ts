import type { ServerResponse } from "node:http";
import cors from "@fastify/cors";
import Fastify, {
  type FastifyError,
  type FastifyInstance,
  type FastifyReply,
  type FastifyRequest,
  type FastifyServerOptions,
  LogController,
} from "fastify";
import { withoutStatus } from "../operations/errors.ts";
import { FAILURES, type Failure, retryAfterOf } from "../operations/failures.ts";
import type { Overloaded } from "../operations/operations.ts";
import { watchBodies } from "./body-arrival.ts";
import { addHeaders } from "./headers.ts";
import type { Hosts, Origins } from "./origins.ts";
import { refuseConnection, refuseUnreadable } from "./raw-failure.ts";
import { requestIdOf } from "./request-trace.ts";

export interface HttpOptions {
  /** Options of the logger. */
  readonly log: NonNullable<FastifyServerOptions["logger"]>;
  /** Decides which pages of other origins may query. */
  readonly origins: Origins;
  readonly hosts: Hosts;
  /** See `Config.trustedProxies`. */
  readonly trustedProxies: readonly string[];
  readonly overload: Overloaded;
  /** True if clients reach this server by https, through a proxy. */
  readonly isBehindTls: boolean;
  /** Milliseconds within which a body must arrive, or go on arriving. */
  readonly bodyMilliseconds: number;
  /** Called with every answer: the template of its route, and its status. */
  readonly onAnswer: (route: string, status: number) => void;
}

const BODY_LIMIT_BYTES = 262_144;
// Enough for a forwarded text in a URL, at up to 12 bytes a character, and for what proxies add.
const HEADER_LIMIT_BYTES = 98_304;
// Platforms call the webhooks by a public host name, and monitors call the health checks by an address.
const ANY_HOST = /^\/(webhooks\/|(health|ready)(\?|$))/;
// A platform may not repeat the event that it pushes, and a process that stops is alive.
const WHILE_CLOSING = /^\/(webhooks\/|health(\?|$))/;
/** For so long a browser does not ask again whether a page may query. Without it, Chromium asks again every 5 seconds. */
const PREFLIGHT_SECONDS = 600;
const GRAPH = /^\/(graphql|jobs)?(\?|$)/;
/** Parameters of a GET that are empty count as absent, as GraphQL over HTTP asks. */
const EMPTY_PARAMETERS = /(?<=[?&])(?:operationName|variables|extensions)=(?:&|$)/g;

/** The HTTP server without its GraphQL routes, which need it to exist: see graphql-route.ts. */
export async function createHttp(options: HttpOptions): Promise<FastifyInstance> {
  const { log, origins, hosts, trustedProxies, isBehindTls, overload, bodyMilliseconds, onAnswer } = options;
  const http = Fastify({
    bodyLimit: BODY_LIMIT_BYTES,
    trustProxy: trustedProxies.length > 0 ? [...trustedProxies] : false,
    // stdout is for the line with the server's address.
    logger: log,
    requestIdHeader: false,
    genReqId: ({ headers }) => requestIdOf(headers),
    // Refused below instead, in GraphQL's shape.
    return503OnClosing: false,
    logController: new LogController({ disableRequestLogging: true }),
    // No logger for each request: lines about one name its id themselves.
    childLoggerFactory: (parent) => parent,
    // Of the largest file on a slow line; all else has less time: see watchBodies.
    requestTimeout: 600_000,
    // A URL that cannot be decoded reaches no route. It must not be repeated in the answer, because it may contain a
    // secret.
    frameworkErrors: ({ statusCode }, _request, reply) => {
      // No hook runs for these.
      reply.headers({ "cache-control": "no-store", "x-content-type-options": "nosniff" });
      return sendFailure(
        reply,
        statusCode === FAILURES.urlTooLong.status ? FAILURES.urlTooLong : FAILURES.malformedUrl,
      );
    },
    clientErrorHandler: refuseUnreadable,
    rewriteUrl: ({ url = "" }) => (/^\/(graphql)?\?/.test(url) ? url.replace(EMPTY_PARAMETERS, "") : url),
    // Without these two, fastify leaves stalled requests open longer than requestTimeout.
    http: {
      headersTimeout: 15_000,
      maxHeaderSize: HEADER_LIMIT_BYTES,
      // Node's own refusal has no body: see the first hook.
      requireHostHeader: false,
      // Otherwise Node.js drops a second Host or Authorization header, and a proxy may have looked at that one. Joined
      // they are no host name and no credential.
      joinDuplicateHeaders: true,
      connectionsCheckingInterval: 5_000,
      // Some clients offer an upgrade to HTTP/2 with their first request. It is ignored, which RFC 9110 §7.8 allows.
      shouldUpgradeCallback: ({ headers }) => headers.upgrade?.toLowerCase() === "websocket",
    },
  });
  http.server.on("checkExpectation", (_request, response: ServerResponse) => {
    if (response.socket !== null) {
      refuseConnection(response.socket, FAILURES.expectation);
    }
  });
  // Before all others, so that a refusal of theirs has the headers and the limit too.
  addHeaders(http, isBehindTls);
  watchBodies(http, bodyMilliseconds);
  http.addHook("onResponse", (request, reply, done) => {
    onAnswer(request.routeOptions.url ?? "none", reply.statusCode);
    done();
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
    if (isClosing && !WHILE_CLOSING.test(request.url)) {
      sendFailure(reply, FAILURES.shuttingDown);
      return;
    }
    if (overload.refusesWrites && GRAPH.test(request.url)) {
      // Before its body is read.
      sendFailure(reply, FAILURES.overloaded);
      return;
    }
    if (request.headers.host === undefined && request.raw.httpVersion === "1.1") {
      // RFC 9112 §3.2.
      sendFailure(reply, FAILURES.noHost);
      return;
    }
    const refusal = ANY_HOST.test(request.url) ? null : hosts.refusalOf(request.hostname, request.headers);
    if (refusal === null) {
      done();
    } else {
      sendFailure(reply, refusal);
    }
  });
  if (origins.areAny) {
    http.register(cors, {
      methods: ["GET", "POST"],
      maxAge: PREFLIGHT_SECONDS,
      origin: (origin, allow) => allow(null, origin !== undefined && origins.mayAsk(origin)),
    });
  }
  http.get("/health", async () => ({ status: "ok" }));
  http.get("/ready", async (_request, reply) =>
    overload.refusesReads ? sendFailure(reply, FAILURES.overloaded) : { status: "ready" },
  );
  http.setNotFoundHandler((_request, reply) => sendFailure(reply, FAILURES.notFound));
  http.setErrorHandler((error: FastifyError, request, reply) => {
    const status = error.statusCode ?? 500;
    if (status < 500) {
      // Not with fastify's own sentences: some of them quote the request.
      return sendFailure(reply, REFUSALS.find((each) => each.status === status) ?? FAILURES.badRequest);
    }
    http.log.error({ err: error, requestId: request.id }, "request failed");
    return sendFailure(reply, FAILURES.internal);
  });
  return http;
}

/** Of requests that fastify refuses. */
const REFUSALS: readonly Failure[] = [FAILURES.unreadableBody, FAILURES.bodyTooLarge, FAILURES.mediaType];

/** An answer that consists of one failure, in GraphQL's shape. */
export function sendFailure(reply: FastifyReply, failure: Failure): FastifyReply {
  const retryAfter = retryAfterOf(failure.status, failure.extensions.retryAfter);
  return (retryAfter === null ? reply : reply.header("retry-after", retryAfter))
    .code(failure.status)
    .send({ errors: [withoutStatus(failure)] });
}

/** A hook that refuses bodies that are encoded, which nothing here decodes. */
export function refuseEncodedBody(request: FastifyRequest, reply: FastifyReply, done: () => void): void {
  const { "content-encoding": encoding = "identity" } = request.headers;
  if (encoding.toLowerCase() === "identity") {
    done();
  } else {
    // RFC 9110 §15.5.16: names the encodings that are accepted.
    sendFailure(reply.header("accept-encoding", "identity"), FAILURES.contentEncoding);
  }
}
