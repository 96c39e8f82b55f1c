import { setImmediate as nextTurn } from "node:timers/promises";
import {
  type ConnectionOptions,
  createTransport,
  type PlatformRequest,
  type Transport,
} from "../src/rest/transport.ts";

/** A transport of PIDJ that does not sleep between attempts. */
export function connect(
  baseUrl: string,
  options: Partial<ConnectionOptions> & { readonly probe?: () => Promise<unknown> } = {},
): Transport & AsyncDisposable {
  const transport = createTransport({
    platform: "PIDJ",
    baseUrl,
    sleep: () => nextTurn(),
    probe: async () => undefined,
    ...options,
  });
  return { ...transport, [Symbol.asyncDispose]: () => transport.close() };
}

export const READ: PlatformRequest<unknown> = {
  route: "GET /things/{id}",
  id: "7",
  query: "",
  headers: ["accept", "application/json"],
  body: null,
  size: "record",
  decode: (answer) => answer.body,
};
export const SEND: PlatformRequest<unknown> = {
  ...READ,
  route: "POST /send",
  id: null,
  body: "text=hello",
};
