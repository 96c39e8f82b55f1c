import type { IncomingHttpHeaders } from "node:http";
import { type Dispatcher, errors } from "undici";
import { type Platform, PlatformError, type PlatformErrorDetails, type PlatformErrorReason } from "../errors.ts";
import { Expiring } from "../event-loop.ts";
import type { StopSignal } from "./calls.ts";

/** A call as the platform's document names it: method and path, with `{id}` for the part that varies. */
export type Route = `${"GET" | "POST" | "PUT" | "DELETE"} /${string}`;

/** What a request is made of. */
export interface RequestParts {
  readonly route: Route;
  /** The value for `{id}`; null if the route has none. */
  readonly id: string | null;
  /** The query with its question mark, or nothing. */
  readonly query: string;
  /** Names and values alternate, `COMMON_HEADERS` among them. Made once, and never changed. */
  readonly headers: string[];
  readonly body: string | null;
}

/** One request as it is sent. */
export interface WireRequest {
  readonly method: Dispatcher.HttpMethod;
  /** Path and query, escaped. */
  readonly path: string;
  /** Names and values alternate. */
  readonly headers: string[];
  readonly body: string | null;
  /** Must be false: otherwise undici closes the connection after every GET with a body. */
  readonly reset: false;
}

/** How long an exchange may take. */
export interface ExchangeTimes {
  /** Ends the exchange when it aborts; null for a write, which is finished once begun. */
  readonly signal: StopSignal | null;
  /** Milliseconds to wait for a connection. */
  readonly waitMilliseconds: number;
  /**
   * Milliseconds from the first byte of the request to the last of the answer. Called right before the first byte is
   * sent; null if too little time is left, and then nothing is sent.
   */
  readonly answerMilliseconds: () => number | null;
}

/** A raw answer. `body` is null if it was cut off; the status, which is not 2xx, is then enough. */
export interface RawAnswer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer | null;
}

/** The error of a scope that has ended: its deadline has passed, or nobody waits for it. */
export function endOfScope(platform: Platform, what: string, signal: StopSignal, mayHaveTaken: boolean): PlatformError {
  const isLate = signal.reason instanceof DOMException && signal.reason.name === "TimeoutError";
  return isLate
    ? new PlatformError(platform, "timeout", `${what}: the operation's deadline came first`, { mayHaveTaken })
    : new PlatformError(platform, "cancelled", `${what}: nobody waits for the answer`, { mayHaveTaken });
}

/**
 * One request with its whole answer, limited in time and size. It drives undici's dispatcher directly instead of
 * `request()`: only a handler learns when the first byte is sent, and a failure before that moment proves that nothing
 * was changed.
 */
export class Exchange extends Expiring implements Dispatcher.DispatchHandler {
  /** HTTP status; null until an answer begins. */
  status: number | null = null;
  readonly #platform: Platform;
  readonly #route: Route;
  readonly #bodyLimitBytes: number;
  readonly #times: ExchangeTimes;
  readonly #outcome = Promise.withResolvers<RawAnswer>();
  readonly #chunks: Buffer[] = [];
  #headers: IncomingHttpHeaders = {};
  #bytes = 0;
  #controller: Dispatcher.DispatchController | null = null;
  /** The time to wait for a connection, then that for the answer. */
  #milliseconds = 0;
  #isSettled = false;

  constructor(platform: Platform, route: Route, bodyLimitBytes: number, times: ExchangeTimes) {
    super();
    this.#platform = platform;
    this.#route = route;
    this.#bodyLimitBytes = bodyLimitBytes;
    this.#times = times;
  }

  /** The answer, whatever its status. Throws PlatformError: not-asked, timeout, unreachable, shape or cancelled. */
  run(dispatcher: Dispatcher, request: WireRequest): Promise<RawAnswer> {
    this.#times.signal?.addEventListener("abort", this);
    this.#allow(this.#times.waitMilliseconds);
    dispatcher.dispatch(request, this);
    return this.#outcome.promise;
  }

  expire(): void {
    if (this.#hasBegun) {
      this.#cut("timeout", `no complete answer within ${this.#milliseconds} ms`);
    } else {
      this.#cut("not-asked", `no free connection within ${this.#milliseconds} ms`);
    }
  }

  #allow(milliseconds: number): void {
    this.#milliseconds = Math.floor(milliseconds);
    this.expireIn(this.#milliseconds);
  }

  /** Called when the signal aborts. */
  handleEvent(): void {
    const { signal } = this.#times;
    if (signal !== null) {
      this.#fail(endOfScope(this.#platform, this.#route, signal, this.#hasBegun));
    }
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    const milliseconds = this.#isSettled ? null : this.#times.answerMilliseconds();
    if (milliseconds === null) {
      this.#cut("not-asked", "too little time was left when a connection was free");
      controller.abort(new Error("nobody waits for this request"));
      return;
    }
    this.#allow(milliseconds);
    this.#controller = controller;
  }

  onResponseStart(_controller: Dispatcher.DispatchController, status: number, headers: IncomingHttpHeaders): void {
    if (status < 200) {
      return;
    }
    this.status = status;
    this.#headers = headers;
    if (Number(headers["content-length"]) > this.#bodyLimitBytes) {
      this.#refuseSize();
    }
  }

  onResponseData(_controller: Dispatcher.DispatchController, chunk: Buffer): void {
    this.#bytes += chunk.length;
    if (this.#bytes > this.#bodyLimitBytes) {
      this.#refuseSize();
    } else {
      this.#chunks.push(chunk);
    }
  }

  onResponseEnd(): void {
    const [only] = this.#chunks;
    this.#answer(this.#chunks.length === 1 && only !== undefined ? only : Buffer.concat(this.#chunks, this.#bytes));
  }

  onResponseError(_controller: Dispatcher.DispatchController | null, error: Error): void {
    if (!(error instanceof errors.HTTPParserError)) {
      this.#cut("unreachable", this.#hasBegun ? "the connection was cut" : "no connection", error);
    } else if (this.status === null) {
      // The parser's error is not attached as a cause, because it quotes what it could not read.
      this.#cut("shape", "the answer is not HTTP");
    } else {
      this.#cut("unreachable", "the answer's framing is broken");
    }
  }

  /** False as long as no byte of the request was sent. */
  get #hasBegun(): boolean {
    return this.#controller !== null;
  }

  #refuseSize(): void {
    this.#cut("shape", `the answer is larger than ${this.#bodyLimitBytes} bytes`);
  }

  /** The rest of the answer will not arrive. A status other than 2xx is enough; an incomplete 2xx is never used. */
  #cut(reason: PlatformErrorReason, why: string, cause?: unknown): void {
    if (this.status !== null && this.status >= 300) {
      this.#answer(null);
      return;
    }
    const details: PlatformErrorDetails = { mayHaveTaken: this.#hasBegun, cause };
    this.#fail(
      new PlatformError(
        this.#platform,
        reason,
        `${this.#route}: ${why}`,
        this.status === null ? details : { ...details, status: this.status },
      ),
    );
  }

  #answer(body: Buffer | null): void {
    if (this.#settle()) {
      this.#outcome.resolve({ status: this.status ?? 0, headers: this.#headers, body });
      if (body === null) {
        this.#controller?.abort(new Error("the rest of this answer is not read"));
      }
    }
  }

  #fail(error: PlatformError): void {
    if (this.#settle()) {
      this.#outcome.reject(error);
      this.#controller?.abort(error);
    }
  }

  #settle(): boolean {
    if (this.#isSettled) {
      return false;
    }
    this.#isSettled = true;
    this.keepFromExpiring();
    this.#times.signal?.removeEventListener("abort", this);
    return true;
  }
}

/** A route's parts: the method, and what comes before and after the id. */
interface RouteParts {
  readonly method: Dispatcher.HttpMethod;
  readonly before: string;
  readonly after: string;
}

/** There are as many as the platforms document. */
const knownRoutes = new Map<Route, RouteParts>();

function partsOf(route: Route): RouteParts {
  let parts = knownRoutes.get(route);
  if (parts === undefined) {
    const [method = "", template = ""] = route.split(" ");
    const [before = "", after = ""] = template.split("{id}");
    parts = { method: method as Dispatcher.HttpMethod, before, after };
    knownRoutes.set(route, parts);
  }
  return parts;
}

export function toWire({ route, id, query, headers, body }: RequestParts, basePath: string): WireRequest {
  const { method, before, after } = partsOf(route);
  const start = id === null ? basePath + before : basePath + before + escapeSegment(id);
  const path = after === "" && query === "" ? start : start + after + query;
  return { method, path, headers, body, reset: false };
}

/** RFC 3986 §3.3 allows a colon in a path segment, and every Pidj id has one. */
function escapeSegment(id: string): string {
  return /^[\w:.~-]*$/.test(id) ? id : encodeURIComponent(id.toWellFormed()).replaceAll("%3A", ":");
}
