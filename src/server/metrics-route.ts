import { createServer, type Server } from "node:http";
import type { FastifyInstance } from "fastify";
import type { Access } from "../access/access.ts";
import { FAILURES } from "../operations/failures.ts";
import { credentialOf } from "./callers.ts";
import { sendFailure } from "./http.ts";

/** Metrics in a text format. */
export interface MetricsText {
  readonly contentType: string;
  text(): Promise<string>;
}

/** Serves the metrics beside the graph, to callers with the scope `metrics:read`. */
export function addMetrics(http: FastifyInstance, access: Access, metrics: MetricsText): void {
  http.get("/metrics", async (request, reply) => {
    const caller = await access.identify(credentialOf(request.headers));
    if (caller === null) {
      return sendFailure(reply.header("www-authenticate", "Bearer"), FAILURES.unauthenticated);
    }
    return caller.scopes.has("metrics:read")
      ? reply.type(metrics.contentType).send(await metrics.text())
      : sendFailure(reply, FAILURES.noMetrics);
  });
}

/** Serves the metrics on a port of their own, to everybody who reaches it. */
export async function listenForMetrics(
  { host, port }: { readonly host: string; readonly port: number },
  metrics: MetricsText,
): Promise<{ readonly url: string; close(): void }> {
  const server: Server = createServer((request, response) => {
    if (request.method !== "GET" || request.url !== "/metrics") {
      response.writeHead(404).end();
      return;
    }
    metrics.text().then(
      (text) => response.writeHead(200, { "content-type": metrics.contentType, "cache-control": "no-store" }).end(text),
      () => response.writeHead(500).end(),
    );
  });
  await new Promise<void>((resolve, reject) => server.once("error", reject).listen(port, host, resolve));
  const address = server.address();
  const heard = typeof address === "object" && address !== null ? address.port : port;
  return {
    url: `http://${host.includes(":") ? `[${host}]` : host}:${heard}/metrics`,
    close: () => {
      server.close();
      server.closeAllConnections();
    },
  };
}
