import type { IncomingHttpHeaders } from "node:http";
import { type Dispatcher, errors } from "undici";
import { type Platform, PlatformError, type PlatformErrorDetails, type PlatformErrorReason } from "../errors.ts";

/** A call as the platform's document names it: method and path, with `{id}` for the part that varies. */
export type Route = `${"GET" | "POST" | "PUT" | "DELETE"} /${string}`;

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

interface ExchangeOptions {
  readonly platform: Platform;
  readonly route: Route;
  /** Ends the exchange when it aborts; null for a write, which is finished once begun. */
  readonly signal: AbortSignal | null;
  /** Milliseconds to wait for a connection. */
  readonly waitMilliseconds: number;
  /**
   * Milliseconds from the first byte of the request to the last of the answer. Called right before the first byte is
   * sent; null if too little time is left, and then nothing is sent.
   */
  readonly answerMilliseconds: () => number | null;
  readonly bodyLimitBytes: number;
}

/** A raw answer. `body` is null if it was cut off; the status, which is not 2xx, is then enough. */
export interface RawAnswer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer | null;
}

/** The error of a scope that has ended: its deadline has passed, or nobody waits for it. */
export function endOfScope(
  platform: Platform,
  what: string,
  signal: AbortSignal,
  mayHaveTaken: boolean,
): PlatformError {
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
export class Exchange implements Dispatcher.DispatchHandler {
  /** HTTP status; null until an answer begins. */
  status: number | null = null;
  readonly #options: ExchangeOptions;
  readonly #outcome = Promise.withResolvers<RawAnswer>();
  readonly #chunks: Buffer[] = [];
  #headers: IncomingHttpHeaders = {};
  #bytes = 0;
  #controller: Dispatcher.DispatchController | null = null;
  #timer: NodeJS.Timeout | null = null;
  /** The time that the timer was set to. */
  #milliseconds = 0;
  #isSettled = false;

  constructor(options: ExchangeOptions) {
    this.#options = options;
  }

  /** The answer, whatever its status. Throws PlatformError: not-asked, timeout, unreachable, shape or cancelled. */
  run(dispatcher: Dispatcher, request: WireRequest): Promise<RawAnswer> {
    this.#options.signal?.addEventListener("abort", this);
    this.#startTimer(this.#options.waitMilliseconds);
    dispatcher.dispatch(request, this);
    return this.#outcome.promise;
  }

  /** Called when the time to wait for a connection or for the answer has passed. */
  expire(): void {
    if (this.#hasBegun) {
      this.#cut("timeout", `no complete answer within ${this.#milliseconds} ms`);
    } else {
      this.#cut("not-asked", `no free connection within ${this.#milliseconds} ms`);
    }
  }

  #startTimer(milliseconds: number): void {
    clearTimeout(this.#timer ?? undefined);
    this.#milliseconds = Math.min(Math.floor(milliseconds), LONGEST_TIMER_MILLISECONDS);
    this.#timer = setTimeout(endOfTime, this.#milliseconds, this);
  }

  /** Called when the signal aborts. */
  handleEvent(): void {
    const { platform, route, signal } = this.#options;
    if (signal !== null) {
      this.#fail(endOfScope(platform, route, signal, this.#hasBegun));
    }
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    const milliseconds = this.#isSettled ? null : this.#options.answerMilliseconds();
    if (milliseconds === null) {
      this.#cut("not-asked", "too little time was left when a connection was free");
      controller.abort(new Error("nobody waits for this request"));
      return;
    }
    this.#startTimer(milliseconds);
    this.#controller = controller;
  }

  onResponseStart(_controller: Dispatcher.DispatchController, status: number, headers: IncomingHttpHeaders): void {
    if (status < 200) {
      return;
    }
    this.status = status;
    this.#headers = headers;
    if (Number(headers["content-length"]) > this.#options.bodyLimitBytes) {
      this.#refuseSize();
    }
  }

  onResponseData(_controller: Dispatcher.DispatchController, chunk: Buffer): void {
    this.#bytes += chunk.length;
    if (this.#bytes > this.#options.bodyLimitBytes) {
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
    this.#cut("shape", `the answer is larger than ${this.#options.bodyLimitBytes} bytes`);
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
        this.#options.platform,
        reason,
        `${this.#options.route}: ${why}`,
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
    if (this.#timer !== null) {
      clearTimeout(this.#timer);
    }
    this.#options.signal?.removeEventListener("abort", this);
    return true;
  }
}

const LONGEST_TIMER_MILLISECONDS = 2 ** 31 - 1;

function endOfTime(exchange: Exchange): void {
  exchange.expire();
}
