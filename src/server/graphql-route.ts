import type { ApolloServer } from "@apollo/server";
import { fastifyApolloHandler } from "@as-integrations/fastify";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { LRUCache } from "lru-cache";
import type { Access } from "../access/access.ts";
import { isJsonObject } from "../json.ts";
import { FAILURES } from "../operations/failures.ts";
import { Answer, type Client, type Request } from "../operations/operation.ts";
import type { Operations } from "../operations/operations.ts";
import type { ApolloContext } from "./apollo.ts";
import { type Asked, isFresh, readAsked, showsCost } from "./asked.ts";
import { createCallerHook, isEmpty, isPage, requireCaller } from "./callers.ts";
import { refuseEncodedBody, sendFailure } from "./http.ts";
import { traceOf } from "./request-trace.ts";

export interface GraphqlRouteOptions {
  readonly access: Access;
  readonly operations: Operations;
  /** True if clients may run only documents that the server knows, by their ids. */
  readonly trustsOnlyKnown: boolean;
  /** The SDL that clients download; null if the schema is not shown. */
  readonly sdl: string | null;
  /** Whether browsers are shown the explorer. */
  readonly hasPage: boolean;
  /** Answers requests for an event stream. */
  readonly stream: (request: FastifyRequest, reply: FastifyReply) => Promise<FastifyReply>;
}

const MOST_BODY_CHARACTERS = 2_000_000;
const MOST_BODY_CHARACTERS_OF_ONE = 8_192;
const PATHS = ["/graphql", "/"];
const REFUSED_BY_GET = { mutation: FAILURES.mutationByGet, subscription: FAILURES.subscriptionAlone };
const REFUSED_BY_POST = { subscription: FAILURES.subscriptionAlone };

/** Serves the graph at /graphql, the landing page at / too, and at /explain what an operation may cost. */
export function addGraphql(
  http: FastifyInstance,
  apollo: ApolloServer<ApolloContext>,
  { access, operations, trustsOnlyKnown, sdl, hasPage, stream }: GraphqlRouteOptions,
): void {
  const askApollo = fastifyApolloHandler(apollo, {
    context: async (request, reply) => ({
      answer: (asked) => answer(known.get(request) ?? asked, request, reply),
    }),
  });
  /** What is asked by requests for which Apollo Server sees a stand-in: see `withoutDocument`. */
  const known = new WeakMap<FastifyRequest, Asked>();
  // The content type of Apollo Server's answers to POSTs, by their Accept header.
  const contentTypes = new LRUCache<string, string>({ max: 100 });

  function answer(asked: Asked, request: FastifyRequest, reply: FastifyReply): Promise<Answer> {
    const refuses = request.method === "GET" ? REFUSED_BY_GET : REFUSED_BY_POST;
    const operation = operations.prepare(requestOf(asked, request, refuses));
    return operation instanceof Answer ? Promise.resolve(operation) : operations.execute(operation, clientOf(reply));
  }

  function serve(request: FastifyRequest, reply: FastifyReply, asked: Asked | string): unknown {
    const { accept = "" } = request.headers;
    if (typeof asked === "string" && isEmpty(request) && !(hasPage && isPage(request))) {
      // Somebody looks what is here. Apollo Server would tell them of forgery.
      return sendFailure(reply, FAILURES.noQuery);
    }
    if (typeof asked === "string") {
      // Apollo Server's sentence for a list says how to configure Apollo Server.
      return Array.isArray(request.body)
        ? sendFailure(reply, { ...FAILURES.unreadableBody, message: asked })
        : askApollo.call(http, request, reply);
    }
    const shown = trustsOnlyKnown ? withoutDocument(request) : request;
    if (trustsOnlyKnown) {
      known.set(shown, asked);
    }
    const isForApollo = !trustsOnlyKnown && (asked.isPersisted || asked.text === "");
    if (request.method !== "POST" || isForApollo) {
      return askApollo.call(http, shown, reply);
    }
    // Apart from the operation itself, what Apollo Server does for a POST depends on its Accept header only.
    const contentType = contentTypes.get(accept);
    return contentType === undefined
      ? learnContentType(shown, reply, accept)
      : answer(asked, request, reply).then(({ status, line, retryAfter }) => {
          reply.code(status).header("content-type", contentType);
          if (retryAfter !== null) {
            reply.header("retry-after", retryAfter);
          }
          // Not the reply itself: it is a promise too, which would be waited for.
          return line;
        });
  }

  async function learnContentType(request: FastifyRequest, reply: FastifyReply, accept: string): Promise<unknown> {
    const body: unknown = await askApollo.call(http, request, reply);
    if (reply.statusCode === 200) {
      contentTypes.set(accept, String(reply.getHeader("content-type")));
    }
    return body;
  }

  /** Any caller may ask: a plan contains nothing but what the caller's document names, and no record. */
  function explain(request: FastifyRequest, reply: FastifyReply): unknown {
    const asked = readAsked(request);
    if (typeof asked === "string") {
      return sendFailure(reply, { ...FAILURES.unreadableBody, message: asked });
    }
    if (!trustsOnlyKnown && asked.text === "") {
      return sendFailure(reply, FAILURES.noQuery);
    }
    const plan = operations.explain(requestOf(asked, request, {}));
    reply.type("application/json; charset=utf-8");
    if (plan instanceof Answer) {
      if (plan.retryAfter !== null) {
        reply.header("retry-after", plan.retryAfter);
      }
      return reply.code(plan.status).send(plan.line);
    }
    return reply.send(`${JSON.stringify({ plan })}\n`);
  }

  function isSubscription(asked: Asked | string, { caller }: FastifyRequest): boolean {
    return typeof asked !== "string" && caller !== null && operations.kindOf({ ...asked, caller }) === "subscription";
  }

  // A scope of its own, so that its body parser is used for these routes only.
  http.register(async (scope) => {
    addJsonParser(scope);
    scope.decorateRequest("caller", null);
    scope.addHook("onRequest", createCallerHook(access, { hasPage }));
    scope.addHook("onRequest", refuseEncodedBody);
    scope.get("/schema.graphql", async (_request, reply) =>
      sdl === null ? reply.callNotFound() : reply.type("application/graphql; charset=utf-8").send(sdl),
    );
    scope.post("/explain", (request, reply) => explain(request, reply));
    scope.route({
      url: "/explain",
      method: ["GET", "PUT", "PATCH", "DELETE", "OPTIONS"],
      handler: async (_request, reply) => sendFailure(reply.header("allow", "POST"), FAILURES.explainByPost),
    });
    for (const url of PATHS) {
      scope.route({
        url,
        method: ["GET", "POST"],
        handler: (request, reply) => {
          const accepted = streamsAccepted(request);
          if (accepted === "only") {
            return stream(request, reply);
          }
          const asked = readAsked(request);
          return accepted === "too" && isSubscription(asked, request)
            ? stream(request, reply)
            : serve(request, reply, asked);
        },
      });
      scope.route({
        url,
        method: ["PUT", "PATCH", "DELETE", "OPTIONS"],
        handler: async (_request, reply) => sendFailure(reply.header("allow", "GET, POST"), FAILURES.method),
      });
    }
  });
}

function requestOf(
  { text, documentId, name, variables }: Asked,
  request: FastifyRequest,
  refuses: Request["refuses"],
): Request {
  return {
    trace: traceOf(request),
    text,
    documentId,
    name,
    variables,
    caller: requireCaller(request),
    showsCost: showsCost(request.headers),
    isFresh: isFresh(request),
    refuses,
  };
}

/**
 * The request for Apollo Server, which knows no trusted documents: with another document and without the id, so that it only
 * negotiates the content type and prevents CSRF.
 */
function withoutDocument(request: FastifyRequest): FastifyRequest {
  return Object.create(request, {
    body: { value: request.method === "POST" ? { query: "{ __typename }" } : undefined },
    url: { value: `/graphql?query=${encodeURIComponent("{ __typename }")}` },
  }) as FastifyRequest;
}

/** Parses equal bodies once, because a frontend's screens send the same ones again and again. */
function addJsonParser(scope: FastifyInstance): void {
  const parsed = new LRUCache<string, object>({
    maxSize: MOST_BODY_CHARACTERS,
    maxEntrySize: MOST_BODY_CHARACTERS_OF_ONE,
    sizeCalculation: (_value, body) => Math.max(1, body.length),
  });
  const parse = scope.getDefaultJsonParser("error", "error");
  scope.addContentTypeParser("application/json", { parseAs: "string" }, (request, body, done) => {
    const text = body as string;
    const known = parsed.get(text);
    if (known !== undefined) {
      done(null, known);
      return;
    }
    parse(request, text, (error, value) => {
      if (isJsonObject(value)) {
        parsed.set(text, value);
      }
      done(error, value);
    });
  });
}

/** Whether the client accepts an event stream: only that, that among others, or not at all. */
function streamsAccepted({ headers: { accept = "" } }: FastifyRequest): "only" | "too" | "no" {
  if (!/\btext\/event-stream\b/i.test(accept)) {
    return "no";
  }
  return /json|\*\/\*/i.test(accept) ? "too" : "only";
}

/** A client counts as waiting until its connection closes or the answer is written. */
function clientOf({ raw }: FastifyReply): Client {
  return {
    onGone: (leave) => {
      // It closes once: to remove a listener would cost more.
      raw.on("close", () => {
        if (!raw.writableFinished) {
          leave();
        }
      });
      // Every answer closes in the end, which removes its listeners.
      return NOTHING_TO_UNDO;
    },
  };
}

const NOTHING_TO_UNDO = () => undefined;
