import { once } from "node:events";
import { createServer, type IncomingMessage, type RequestListener, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import type { Answer, Received } from "./exchange.ts";
import type { FaultTable } from "./faults.ts";
import { addToJournal, type JournalEntry, type PlatformName, recordBody } from "./journal.ts";

/** One platform's rules: everything behind the socket. */
export interface Service {
  readonly platform: PlatformName;
  readonly basePath: string;
  /** Templates of all calls: `GET /contact/{id}`. */
  readonly templates: readonly string[];
  answer(received: Received): Answer;
}

/** A listening socket that can be taken down and brought back on the same port. */
export interface Listener {
  readonly port: number;
  start(): Promise<void>;
  stop(): Promise<void>;
}

/** Listens, and serves the requests; a port of 0 is any free one. */
export async function listen(serve: RequestListener, host: string, port: number): Promise<Listener> {
  // Closing idle connections is a fault, and faults happen only if a test asks for them.
  const server = createServer({ keepAliveTimeout: 600_000, requestTimeout: 0 }, serve);
  const start = async (at: number): Promise<void> => {
    server.listen(at, host);
    await once(server, "listening");
  };
  await start(port);
  const taken = (server.address() as AddressInfo).port;
  return {
    port: taken,
    start: async () => {
      if (!server.listening) {
        await start(taken);
      }
    },
    stop: async () => {
      if (server.listening) {
        const closed = once(server, "close");
        server.close();
        server.closeAllConnections();
        await closed;
      }
    },
  };
}

/** Receives and records the request, applies the faults, and answers. `signal` ends all waiting. */
export function serveService(
  service: Service,
  faults: FaultTable,
  journal: JournalEntry[],
  signal: AbortSignal,
): RequestListener {
  const match = createMatcher(service);
  return (request, response) => {
    const { method = "", url = "/", headers } = request;
    const [path = "", search = ""] = url.split("?", 2);
    const { route, id } = match(method, path);
    const platform = service.platform;
    const entry: JournalEntry = {
      platform,
      method,
      path: url,
      route: route ?? "unknown",
      headers,
      body: "",
      status: null,
    };
    addToJournal(journal, entry);

    const exchange = async (): Promise<void> => {
      const body = await readBody(request);
      recordBody(entry, body);
      const received = { route, id, method, query: new URLSearchParams(search), headers, body };
      const answer = await faults.apply(platform, entry.route, request.socket, async () => service.answer(received));
      if (answer !== null && !response.destroyed) {
        entry.status = answer.status;
        await deliver(response, answer, signal);
      }
    };
    exchange().catch((error: unknown) => {
      if (signal.aborted || response.destroyed || response.headersSent) {
        response.destroy();
      } else {
        // This is a bug of the simulator, or of a test's own rewrite. It must not look like a platform's answer.
        entry.status = 599;
        response.writeHead(599, { "content-type": "text/plain" }).end(`simulator: ${String(error)}`);
      }
    });
  };
}

function createMatcher({
  basePath,
  templates,
}: Service): (method: string, path: string) => { route: string | null; id: string } {
  const exact = new Set(templates.filter((template) => !template.includes("{id}")));
  const patterns = templates
    .filter((template) => template.includes("{id}"))
    .map((template) => ({ template, pattern: new RegExp(`^${template.replace("{id}", "([^/]+)")}$`) }));
  return (method, path) => {
    if (!path.startsWith(basePath)) {
      return { route: null, id: "" };
    }
    const call = `${method} ${path.slice(basePath.length)}`;
    if (exact.has(call)) {
      return { route: call, id: "" };
    }
    for (const { template, pattern } of patterns) {
      const id = pattern.exec(call)?.[1];
      if (id !== undefined) {
        return { route: template, id: decodeSegment(id) };
      }
    }
    return { route: null, id: "" };
  };
}

function decodeSegment(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    return segment;
  }
}

async function readBody(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) {
    chunks.push(chunk as Buffer);
  }
  return Buffer.concat(chunks).toString("utf8");
}

async function deliver(response: ServerResponse, answer: Answer, signal: AbortSignal): Promise<void> {
  const body = typeof answer.body === "string" ? Buffer.from(answer.body) : answer.body;
  const { delivery } = answer;
  const type = answer.contentType === undefined ? {} : { "content-type": answer.contentType };
  // Padding is sent without announcing its length, so that a client with a size limit must count.
  const length = typeof delivery === "object" && "paddedToBytes" in delivery ? {} : { "content-length": body.length };
  response.writeHead(answer.status, { ...type, ...(answer.status === 204 ? {} : length), ...answer.headers });
  if (delivery === undefined) {
    response.end(body);
  } else if (delivery === "cut") {
    response.write(body.subarray(0, Math.floor(body.length / 2)), () => response.destroy());
  } else if ("millisecondsPerByte" in delivery) {
    for (let at = 0; at < body.length && !response.destroyed; at += 1) {
      response.write(body.subarray(at, at + 1));
      await sleep(delivery.millisecondsPerByte, undefined, { ref: false, signal });
    }
    response.end();
  } else {
    response.write(body);
    const blanks = Buffer.alloc(65_536, " ");
    for (let left = delivery.paddedToBytes - body.length; left > 0 && !response.destroyed; left -= blanks.length) {
      if (!response.write(blanks.subarray(0, Math.min(left, blanks.length)))) {
        const either = new AbortController();
        const options = { signal: AbortSignal.any([signal, either.signal]) };
        await Promise.race([once(response, "drain", options), once(response, "close", options)]);
        either.abort();
      }
    }
    response.end();
  }
}
