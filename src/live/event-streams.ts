import { Readable } from "node:stream";
import type { FastifyReply, FastifyRequest } from "fastify";
import { getOperationAST } from "graphql";
import type { Documents } from "../operations/documents.ts";
import { sendError } from "../server/http.ts";
import { mayConnect } from "../server/origins.ts";
import { type Connections, SHUTTING_DOWN } from "./connections.ts";
import { writeResult } from "./event-results.ts";
import type { LiveOperations, Operation, Result, Results } from "./live-operations.ts";

export interface EventStreamsOptions {
  readonly isProduction: boolean;
  readonly documents: Documents;
  readonly operations: LiveOperations;
  readonly connections: Connections;
}

/** What a request asks to be executed, before anything is known of it. */
interface Asked {
  readonly query: string;
  readonly operationName: string | null;
  readonly variables: Readonly<Record<string, unknown>>;
}

type Handler = (request: FastifyRequest, reply: FastifyReply) => Promise<FastifyReply>;

const HEADERS = {
  "content-type": "text/event-stream; charset=utf-8",
  "cache-control": "no-cache, no-transform",
  // nginx would keep events to itself until they fill a buffer.
  "x-accel-buffering": "no",
};
// A comment (https://html.spec.whatwg.org/multipage/server-sent-events.html): some browsers open a stream at its first byte.
const COMMENT = ":\n\n";
const COMPLETE = "event: complete\ndata:\n\n";
const BUFFERED_BYTES = 16_384;

/**
 * GraphQL over server-sent events, each operation on a connection of its own ("distinct connections mode",
 * https://github.com/enisdenjo/graphql-sse/blob/master/PROTOCOL.md). Not graphql-sse's own handler: it queues events
 * without bound for a client that does not read.
 */
export function createEventStreams({ isProduction, documents, operations, connections }: EventStreamsOptions): Handler {
  function resultsOf(asked: Asked, method: string, signal: AbortSignal): Promise<Results | Result> | Result | null {
    const document = documents.prepare(asked.query);
    if (!("kind" in document)) {
      return { errors: document.map((error) => error.toJSON()) };
    }
    const { query: text, operationName: name, variables } = asked;
    const operation: Operation = { text, document, name, variables, signal };
    const kind = getOperationAST(document, name)?.operation;
    if (kind === "mutation" && method === "GET") {
      return null;
    }
    if (kind === "subscription") {
      return operations.subscribe(operation);
    }
    connections.begin(asked);
    return operations.execute(operation);
  }

  async function* write(results: Results | Result, signal: AbortSignal): AsyncGenerator<string, void> {
    yield COMMENT;
    if (!(Symbol.asyncIterator in results)) {
      yield frame(results) + COMPLETE;
      return;
    }
    for await (const result of results) {
      yield frame(result);
    }
    // Without `complete` a client takes the end for a lost connection, and comes again.
    yield signal.reason === SHUTTING_DOWN ? frame({ errors: [SHUTTING_DOWN.toJSON()] }) : COMPLETE;
  }

  return async (request, reply) => {
    const { raw } = reply;
    if (!mayConnect(request.headers, isProduction)) {
      return sendError(reply, 403, "FORBIDDEN", "Pages of this origin may not connect.");
    }
    const refusal = connections.refusal();
    if (refusal !== null) {
      return reply.code(503).send({ errors: [refusal.toJSON()] });
    }
    const asked = read(request);
    if (typeof asked === "string") {
      return sendError(reply, 400, "BAD_USER_INPUT", asked);
    }
    const gone = new AbortController();
    const connection = {
      ping: () => {
        if (raw.headersSent && raw.writableLength === 0) {
          raw.write(COMMENT);
        }
      },
      close: () => gone.abort(SHUTTING_DOWN),
      destroy: () => raw.destroy(),
    };
    connections.add(connection);
    raw.once("close", () => {
      connections.remove(connection);
      connections.end(asked);
      gone.abort();
    });
    if (raw.closed) {
      raw.emit("close");
    }
    // With a comment every so often, nothing has moved for this long on a connection that is not read only.
    raw.setTimeout(2 * connections.limits.pingMilliseconds, () => raw.destroy());
    const results = await resultsOf(asked, request.method, gone.signal);
    return results === null
      ? sendError(reply.header("allow", "POST"), 405, "BAD_USER_INPUT", "A mutation takes POST.")
      : reply
          .headers(HEADERS)
          .send(Readable.from(write(results, gone.signal), { objectMode: false, highWaterMark: BUFFERED_BYTES }));
  };
}

function frame(result: Result): string {
  return `event: next\ndata: ${writeResult(result)}\n\n`;
}

/** What is asked, or why it cannot be read. GraphQL over HTTP, GET and POST. */
function read({ method, headers, query, body }: FastifyRequest): Asked | string {
  if (method === "GET") {
    const { query: text, operationName, variables } = query as Record<string, unknown>;
    return check({ query: text, operationName, variables: parse(variables) });
  }
  // Any page may send the other kinds without asking first (https://fetch.spec.whatwg.org/#cors-safelisted-request-header).
  if (!/^application\/json\b/i.test(headers["content-type"] ?? "")) {
    return "The body must be JSON: content-type: application/json.";
  }
  return check(parse(body));
}

function check(values: unknown): Asked | string {
  if (!isObject(values)) {
    return "A request is a JSON object.";
  }
  const { query, operationName = null, variables } = values;
  if (typeof query !== "string") {
    return "query must be the text of a document.";
  }
  if (operationName !== null && typeof operationName !== "string") {
    return "operationName must be text.";
  }
  if (!isObject(variables ?? {})) {
    return "variables must be an object.";
  }
  return { query, operationName, variables: (variables ?? {}) as Record<string, unknown> };
}

/** The value of JSON text; what is none is left to be found wrong. */
function parse(text: unknown): unknown {
  try {
    return typeof text === "string" ? JSON.parse(text) : text;
  } catch {
    return text;
  }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
