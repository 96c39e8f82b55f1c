import { randomUUID } from "node:crypto";
import type { IncomingHttpHeaders } from "node:http";
import type { FastifyRequest } from "fastify";
import type { RequestTrace, TraceParent } from "../operations/operation.ts";

/** The client's own id of its request if it is sane, else a new one. */
export function requestIdOf(headers: IncomingHttpHeaders): string {
  const given = headers["x-request-id"];
  return typeof given === "string" && /^[A-Za-z0-9._-]{1,128}$/.test(given) ? given : randomUUID();
}

export function traceOf({ id, headers }: FastifyRequest): RequestTrace {
  return { requestId: id, parent: parentOf(headers) };
}

/** https://www.w3.org/TR/trace-context/#traceparent-header; a malformed one counts as none. */
export function parentOf({ traceparent }: IncomingHttpHeaders): TraceParent | null {
  const form = /^(?!ff)[0-9a-f]{2}-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-([0-9a-f]{2})(?:-.*)?$/;
  const [, traceId, spanId, flags] = form.exec(typeof traceparent === "string" ? traceparent : "") ?? [];
  return traceId === undefined || spanId === undefined || flags === undefined
    ? null
    : { traceId, spanId, isSampled: (Number.parseInt(flags, 16) & 1) === 1 };
}
