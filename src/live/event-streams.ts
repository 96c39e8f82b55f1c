import { Readable } from "node:stream";
import type { FastifyReply, FastifyRequest } from "fastify";
import { FAILURES } from "../operations/failures.ts";
import { Answer, type EventAnswers, type Operation, refuse } from "../operations/operation.ts";
import type { Operations } from "../operations/operations.ts";
import { isFresh, readAsked, showsCost } from "../server/asked.ts";
import { requireCaller } from "../server/callers.ts";
import { sendFailure } from "../server/http.ts";
import type { Origins } from "../server/origins.ts";
import { traceOf } from "../server/request-trace.ts";
import { type Connection, type Connections, clientOf } from "./connections.ts";

export interface EventStreamsOptions {
  readonly origins: Origins;
  readonly operations: Operations;
  readonly connections: Connections;
}

type Handler = (request: FastifyRequest, reply: FastifyReply) => Promise<FastifyReply>;

const HEADERS = {
  "content-type": "text/event-stream; charset=utf-8",
  "cache-control": "no-store, no-transform",
  // Otherwise nginx holds events back until they fill a buffer.
  "x-accel-buffering": "no",
};
// A comment line (https://html.spec.whatwg.org/multipage/server-sent-events.html): some browsers report an open stream
// only after its first byte.
const COMMENT = ":\n\n";
const COMPLETE = "event: complete\ndata:\n\n";
const BUFFERED_BYTES = 16_384;

/**
 * GraphQL over server-sent events, each operation on a connection of its own ("distinct connections mode",
 * https://github.com/enisdenjo/graphql-sse/blob/master/PROTOCOL.md). Not graphql-sse's own handler: it queues events
 * without bound for a client that does not read. Each event has its cursor as `id`, and `Last-Event-ID` goes on from it,
 * so that a browser's EventSource resumes by itself.
 */
export function createEventStreams({ origins, operations, connections }: EventStreamsOptions): Handler {
  async function answersOf(
    operation: Operation | Answer,
    { headers }: FastifyRequest,
    signal: AbortSignal,
  ): Promise<EventAnswers | Answer> {
    if (operation instanceof Answer) {
      return operation;
    }
    if (operation.definition.operation === "subscription") {
      const after = headers["last-event-id"];
      return operations.subscribe(operation, signal, typeof after === "string" && after !== "" ? after : null);
    }
    connections.begin(signal);
    return operations.execute(operation, clientOf(signal));
  }

  async function* write(answers: EventAnswers | Answer, signal: AbortSignal): AsyncGenerator<string, void> {
    yield COMMENT;
    if (answers instanceof Answer) {
      yield frame(answers) + COMPLETE;
      return;
    }
    for await (const { answer, cursor } of answers) {
      yield (cursor === null ? "" : `id: ${cursor}\n`) + frame(answer);
    }
    // Without `complete`, the client takes the end for a lost connection and connects again.
    const { reason } = signal;
    if (reason === FAILURES.shuttingDown) {
      yield frame(refuse(FAILURES.shuttingDown));
    } else if (reason === FAILURES.unauthenticated) {
      yield frame(refuse(FAILURES.unauthenticated)) + COMPLETE;
    } else {
      yield COMPLETE;
    }
  }

  return async (request, reply) => {
    const { raw } = reply;
    if (!origins.mayConnect(request.headers)) {
      return sendFailure(reply, FAILURES.foreignOrigin);
    }
    const refusal = connections.refusal();
    if (refusal !== null) {
      return sendFailure(reply, refusal);
    }
    const caller = requireCaller(request);
    const asked = readAsked(request);
    if (typeof asked === "string") {
      return sendFailure(reply, { ...FAILURES.unreadableBody, message: asked });
    }
    const refuses = request.method === "GET" ? { mutation: FAILURES.mutationByGet } : {};
    const trace = traceOf(request);
    const operation = operations.prepare({
      ...asked,
      trace,
      caller,
      showsCost: showsCost(request.headers),
      isFresh: isFresh(request),
      refuses,
    });
    if (operation instanceof Answer && operation.status === FAILURES.mutationByGet.status) {
      return sendFailure(reply.header("allow", "POST"), FAILURES.mutationByGet);
    }
    const gone = new AbortController();
    const connection: Connection = {
      transport: "event-stream",
      ping: () => {
        if (raw.headersSent && raw.writableLength === 0) {
          raw.write(COMMENT);
        }
      },
      caller,
      close: () => gone.abort(FAILURES.shuttingDown),
      revoke: () => gone.abort(FAILURES.unauthenticated),
      destroy: () => raw.destroy(),
    };
    connections.add(connection);
    raw.once("close", () => {
      connections.remove(connection);
      connections.end(gone.signal);
      gone.abort();
    });
    if (raw.closed) {
      raw.emit("close");
    }
    // Comments are sent regularly: a connection on which nothing moved for this long is not being read.
    raw.setTimeout(2 * connections.limits.pingMilliseconds, () => raw.destroy());
    const answers = await answersOf(operation, request, gone.signal);
    return reply
      .headers(HEADERS)
      .send(Readable.from(write(answers, gone.signal), { objectMode: false, highWaterMark: BUFFERED_BYTES }));
  };
}

function frame({ line }: Answer): string {
  return `event: next\ndata: ${line}\n`;
}
