import type { ApolloServer } from "@apollo/server";
import { fastifyApolloHandler } from "@as-integrations/fastify";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { LRUCache } from "lru-cache";
import type { Access } from "../access/access.ts";
import type { Caller } from "../access/caller.ts";
import { FAILURES } from "../operations/failures.ts";
import { type Answer, type Client, type Request, writeResult } from "../operations/operation.ts";
import type { Operations } from "../operations/operations.ts";
import type { ApolloContext } from "./apollo.ts";
import { type Asked, isFresh, readAsked } from "./asked.ts";
import { createCallerHook, needCaller } from "./callers.ts";
import { sendFailure } from "./http.ts";

export interface GraphqlRouteOptions {
  readonly access: Access;
  readonly operations: Operations;
  /** The SDL that clients download; null if the schema is not shown. */
  readonly sdl: string | null;
  /** Answers those who ask for an event stream. */
  readonly stream: (request: FastifyRequest, reply: FastifyReply) => Promise<FastifyReply>;
}

const PATHS = ["/graphql", "/"];
const REFUSES: Readonly<Record<string, Request["refuses"]>> = {
  GET: { mutation: FAILURES.mutationByGet, subscription: FAILURES.subscriptionAlone },
  POST: { subscription: FAILURES.subscriptionAlone },
};

/** Serves the graph at /graphql, and at / for whoever opens the server in a browser. */
export function addGraphql(
  http: FastifyInstance,
  apollo: ApolloServer<ApolloContext>,
  { access, operations, sdl, stream }: GraphqlRouteOptions,
): void {
  const askApollo = fastifyApolloHandler(apollo, {
    context: async (request, reply) => ({ answer: (asked) => answer(asked, request, reply) }),
  });
  // Which content type Apollo Server answers a POST with that has this Accept header.
  const contentTypes = new LRUCache<string, string>({ max: 100 });

  async function answer(asked: Asked, request: FastifyRequest, reply: FastifyReply): Promise<Answer> {
    const operation = operations.prepare({
      ...asked,
      caller: needCaller(request),
      isFresh: isFresh(request),
      refuses: REFUSES[request.method] ?? {},
    });
    return "result" in operation ? operation : operations.execute(operation, clientOf(reply));
  }

  async function serve(request: FastifyRequest, reply: FastifyReply, asked: Asked | string): Promise<unknown> {
    const { accept = "" } = request.headers;
    if (request.method !== "POST" || typeof asked === "string" || asked.isPersisted) {
      return askApollo.call(http, request, reply);
    }
    // What Apollo Server does for each POST, apart from the operation itself, depends on its Accept header alone.
    const contentType = contentTypes.get(accept);
    if (contentType === undefined) {
      const body: unknown = await askApollo.call(http, request, reply);
      if (reply.statusCode === 200) {
        contentTypes.set(accept, String(reply.getHeader("content-type")));
      }
      return body;
    }
    const { status, result } = await answer(asked, request, reply);
    return reply
      .code(status)
      .header("content-type", contentType)
      .send(`${writeResult(result)}\n`);
  }

  function isSubscription(asked: Asked | string, caller: Caller): boolean {
    const operation =
      typeof asked === "string" ? null : operations.prepare({ ...asked, caller, isFresh: false, refuses: {} });
    return operation !== null && "definition" in operation && operation.definition.operation === "subscription";
  }

  // A scope of its own, so that its parser of bodies is nobody else's.
  http.register(async (scope) => {
    scope.decorateRequest("caller", null);
    scope.addHook("onRequest", createCallerHook(access));
    scope.addHook("onRequest", (request, reply, done) => {
      const { "content-encoding": encoding = "identity" } = request.headers;
      if (encoding.toLowerCase() === "identity") {
        done();
      } else {
        // RFC 9110 §15.5.16: says what is taken instead.
        sendFailure(reply.header("accept-encoding", "identity"), FAILURES.contentEncoding);
      }
    });
    scope.get("/schema.graphql", async (_request, reply) =>
      sdl === null ? reply.callNotFound() : reply.type("application/graphql; charset=utf-8").send(sdl),
    );
    for (const url of PATHS) {
      scope.route({
        url,
        method: ["GET", "POST"],
        handler: async (request, reply) => {
          const accepted = streamsAccepted(request);
          if (accepted === "only") {
            return stream(request, reply);
          }
          const asked = readAsked(request);
          return accepted === "too" && isSubscription(asked, needCaller(request))
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
  http.get("/ready", async () => ({ status: "ready" }));
}

/** Whether an event stream is accepted: as the only answer, as one of several, or not at all. */
function streamsAccepted({ headers: { accept = "" } }: FastifyRequest): "only" | "too" | "no" {
  if (!/\btext\/event-stream\b/i.test(accept)) {
    return "no";
  }
  return /json|\*\/\*/i.test(accept) ? "too" : "only";
}

/** The client waits until its connection closes before the answer is written. */
function clientOf({ raw }: FastifyReply): Client {
  return {
    onGone: (leave) => {
      const closed = () => {
        if (!raw.writableFinished) {
          leave();
        }
      };
      raw.once("close", closed);
      return () => raw.off("close", closed);
    },
  };
}
