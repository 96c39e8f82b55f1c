import { STATUS_CODES } from "node:http";
import type { Duplex } from "node:stream";
import { withoutStatus } from "../operations/errors.ts";
import { FAILURES, type Failure, retryAfterOf } from "../operations/failures.ts";

/** Time for the client to read the answer. */
const LINGER_MS = 1_000;

/** Answers with one failure on a connection for which there is no reply object, and closes it. */
export function refuseConnection(socket: Duplex, failure: Failure): void {
  const body = JSON.stringify({ errors: [withoutStatus(failure)] });
  const retryAfter = retryAfterOf(failure.status, failure.extensions.retryAfter);
  socket.on("error", () => undefined);
  socket.end(
    `HTTP/1.1 ${failure.status} ${STATUS_CODES[failure.status]}\r\nconnection: close\r\n` +
      "cache-control: no-store\r\nx-content-type-options: nosniff\r\n" +
      (retryAfter === null ? "" : `retry-after: ${retryAfter}\r\n`) +
      `content-type: application/json; charset=utf-8\r\ncontent-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
  );
  // To destroy it while unread bytes arrive would reset the connection, and the client would lose the answer.
  const destroy = () => socket.destroy();
  socket.once("end", destroy).resume();
  setTimeout(destroy, LINGER_MS).unref();
}

/** Answers what Node's HTTP parser cannot read. */
export function refuseUnreadable({ code }: { readonly code?: string | undefined }, socket: Duplex): void {
  if (code === "ECONNRESET" || !socket.writable) {
    socket.destroy();
    return;
  }
  switch (code) {
    case "HPE_HEADER_OVERFLOW":
      refuseConnection(socket, FAILURES.headersTooLarge);
      break;
    case "ERR_HTTP_REQUEST_TIMEOUT":
      refuseConnection(socket, FAILURES.requestTooSlow);
      break;
    default:
      refuseConnection(socket, FAILURES.noHttp);
  }
}
