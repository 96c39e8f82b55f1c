import type { IncomingMessage } from "node:http";
import { Readable } from "node:stream";
import type { FastifyInstance } from "fastify";
import { Expiring } from "../event-loop.ts";
import { FAILURES } from "../operations/failures.ts";
import { refuseConnection } from "./raw-failure.ts";

declare module "fastify" {
  interface FastifyRequest {
    /** Null if the request has no body. */
    bodyArrival: BodyArrival | null;
  }
}

/**
 * Refuses with 408 what has not arrived within so many milliseconds. Node's `requestTimeout` is one for all routes, and a large
 * file on a slow line takes longer than anybody else may: a route that reads its body as it arrives asks only that it goes on
 * arriving.
 */
export function watchBodies(http: FastifyInstance, milliseconds: number): void {
  http.decorateRequest("bodyArrival", null);
  http.addHook("onRequest", (request, _reply, done) => {
    const { headers, raw } = request;
    if (headers["content-length"] !== undefined || headers["transfer-encoding"] !== undefined) {
      request.bodyArrival = new BodyArrival(raw, milliseconds);
    }
    done();
  });
  // Not for requests that were refused before: their bodies are still coming.
  http.addHook("preValidation", (request, _reply, done) => {
    request.bodyArrival?.take(request.body);
    done();
  });
}

class BodyArrival extends Expiring {
  readonly #raw: IncomingMessage;
  readonly #milliseconds: number;
  #isStream = false;
  #bytesSeen = 0;

  constructor(raw: IncomingMessage, milliseconds: number) {
    super();
    this.#raw = raw;
    this.#milliseconds = milliseconds;
    this.expireIn(milliseconds);
  }

  /** The route takes the body: whole, or as it arrives. */
  take(body: unknown): void {
    this.#isStream = body instanceof Readable;
    if (!this.#isStream) {
      this.keepFromExpiring();
    }
  }

  override expire(): void {
    const { complete, destroyed, socket } = this.#raw;
    if (complete || destroyed) {
      this.keepFromExpiring();
    } else if (this.#isStream && socket.bytesRead > this.#bytesSeen) {
      this.#bytesSeen = socket.bytesRead;
      this.expireIn(this.#milliseconds);
    } else {
      this.keepFromExpiring();
      refuseConnection(socket, FAILURES.requestTooSlow);
    }
  }
}
