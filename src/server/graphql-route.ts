import type { ApolloServer } from "@apollo/server";
import { fastifyApolloHandler } from "@as-integrations/fastify";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import type { Context, OperationOptions } from "../context.ts";
import type { Versions } from "../freshness/versions.ts";
import { type Deadlines, Execution } from "../operations/execution.ts";
import { KnownQueries, type KnownQueriesOptions, readAsked } from "./known-queries.ts";
import { type OperationAnswer, OperationSharing } from "./operation-sharing.ts";

export interface GraphqlRouteOptions extends KnownQueriesOptions {
  readonly deadlines: Deadlines;
  readonly createContext: (options: OperationOptions) => Context;
  /** What equal queries are shared under; null where every operation is executed for itself, and by Apollo Server alone. */
  readonly sharesUnder: Versions | null;
  /** Answers those who ask for an event stream. */
  readonly stream: (request: FastifyRequest, reply: FastifyReply) => Promise<FastifyReply>;
}

declare module "fastify" {
  interface FastifyRequest {
    execution: Execution | null;
  }
}

/** Serves the graph at /graphql, and at / for whoever opens the server in a browser. */
export function addGraphql(http: FastifyInstance, apollo: ApolloServer<Context>, options: GraphqlRouteOptions): void {
  const contextOf = (request: FastifyRequest) =>
    options.createContext({ ...needExecution(request), fresh: isFresh(request) });
  const execute = fastifyApolloHandler(apollo, { context: async (request) => contextOf(request) });
  const sharing = options.sharesUnder === null ? null : new OperationSharing(options.sharesUnder);
  const queries = sharing === null ? null : new KnownQueries(options);

  // A scope of its own, so that its parser of bodies is nobody else's.
  http.register(async (scope) => {
    // Equal bodies are told by their bytes, before anything is made of them.
    scope.addContentTypeParser("application/json", { parseAs: "string" }, (_request, body, done) => done(null, body));
    scope.decorateRequest("execution", null);
    const parseJson = scope.getDefaultJsonParser("error", "error");

    async function readBody(request: FastifyRequest): Promise<unknown> {
      const { body } = request;
      return typeof body !== "string"
        ? body
        : new Promise((resolve, reject) => {
            parseJson(request, body, (error, value) => (error ? reject(error) : resolve(value)));
          });
    }

    async function run(request: FastifyRequest, reply: FastifyReply, isQuery: () => boolean): Promise<OperationAnswer> {
      const { accept } = request.headers;
      try {
        request.body = await readBody(request);
        const asked = readAsked(request);
        const query = (asked && queries?.find(asked, accept)) ?? null;
        const known = asked && query && (await query.execute(asked.variables, contextOf(request)));
        if (query && known) {
          reply.header("content-type", query.contentType);
          return { status: reply.statusCode, headers: reply.getHeaders(), body: known };
        }
        const body: unknown = await execute.call(http, request, reply);
        if (asked && isQuery() && reply.statusCode === 200) {
          queries?.learn(asked, accept, String(reply.getHeader("content-type")));
        }
        return { status: reply.statusCode, headers: reply.getHeaders(), body: body as string };
      } finally {
        request.execution?.end();
      }
    }

    async function handle(request: FastifyRequest, reply: FastifyReply): Promise<unknown> {
      if (wantsEventStream(request)) {
        return options.stream(request, reply);
      }
      const key = sharing === null || isFresh(request) ? null : sharing.keyOf(request);
      const underWay = key === null ? null : sharing?.find(key);
      if (underWay) {
        underWay.execution.join(reply);
        const { status, headers, body } = await underWay.answer;
        return reply.code(status).headers(headers).send(body);
      }
      let isQuery = false;
      const execution = new Execution(options.deadlines, (kind) => {
        isQuery = kind === "query";
        if (key !== null && isQuery) {
          sharing?.learn(key);
        }
      });
      execution.join(reply);
      request.execution = execution;
      const answer = run(request, reply, () => isQuery);
      if (key !== null) {
        sharing?.start(key, execution, answer);
      }
      return (await answer).body;
    }

    for (const url of ["/graphql", "/"]) {
      scope.route({ url, method: ["GET", "POST"], handler: handle });
    }
  });
  http.get("/ready", async () => ({ status: "ready" }));
}

function needExecution({ execution }: FastifyRequest): Execution {
  if (execution === null) {
    throw new Error("an operation without an execution");
  }
  return execution;
}

/** RFC 9111 §5.2.1.4: the client wants nothing kept. */
function isFresh(request: FastifyRequest): boolean {
  return /\bno-cache\b/.test(request.headers["cache-control"] ?? "");
}

/** Whether the client asks for an event stream, and for nothing that a single answer could be. */
function wantsEventStream({ headers: { accept = "" } }: FastifyRequest): boolean {
  return /\btext\/event-stream\b/i.test(accept) && !/json|\*\/\*/i.test(accept);
}
