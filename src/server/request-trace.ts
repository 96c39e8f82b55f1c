import { randomBytes } from "node:crypto";
import type { IncomingHttpHeaders } from "node:http";
import type { FastifyRequest } from "fastify";
import type { RequestTrace, TraceParent } from "../operations/operation.ts";

/** The client's own id of its request if it is sane, else a new one. */
export function requestIdOf(headers: IncomingHttpHeaders): string {
  const given = headers["x-request-id"];
  return typeof given === "string" && /^[A-Za-z0-9._-]{1,128}$/.test(given) ? given : newRequestId();
}

const PROCESS_ID = randomBytes(12).toString("hex");
let requests = 0;

/** Unique among all processes: a random part for each process, and the number of its request. */
function newRequestId(): string {
  requests += 1;
  return PROCESS_ID + requests.toString(16).padStart(12, "0");
}

export function traceOf({ id, headers }: FastifyRequest): RequestTrace {
  return { requestId: id, parent: parentOf(headers) };
}

const TRACE_PARENT = /^(?!ff)[0-9a-f]{2}-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-([0-9a-f]{2})(?:-.*)?$/;

/** https://www.w3.org/TR/trace-context/#traceparent-header; a malformed one counts as none. */
export function parentOf({ traceparent }: IncomingHttpHeaders): TraceParent | null {
  if (typeof traceparent !== "string") {
    return null;
  }
  const [, traceId, spanId, flags] = TRACE_PARENT.exec(traceparent) ?? [];
  return traceId === undefined || spanId === undefined || flags === undefined
    ? null
    : { traceId, spanId, isSampled: (Number.parseInt(flags, 16) & 1) === 1 };
}
