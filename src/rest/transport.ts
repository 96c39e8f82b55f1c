import { Pool } from "undici";
import { type Platform, PlatformError } from "../errors.ts";
import { Versions } from "../freshness/versions.ts";
import { type Answer, readAnswer } from "./answer.ts";
import type { BreakerLimits } from "./breaker.ts";
import type { BulkheadLimits } from "./bulkhead.ts";
import type { CallMeter, CallOutcome } from "./call-meter.ts";
import { type CallScope, ReadScope, type StopSignal, type WriteScope } from "./calls.ts";
import type { DriftWatch } from "./drift.ts";
import {
  Exchange,
  type ExchangeTimes,
  endOfScope,
  type RequestParts,
  type Route,
  toWire,
  type WireRequest,
} from "./exchange.ts";
import type { FailureLog } from "./failure-log.ts";
import { Guard, type PlatformState } from "./guard.ts";
import { isNotFound } from "./not-found.ts";
import { type CallKind, combine, delayBeforeRepeat } from "./repeats.ts";
import type { RetryLimits } from "./retry-budget.ts";
import { Sharing } from "./sharing.ts";
import { pause } from "./waiting.ts";

/** Milliseconds that one attempt may take, from its first byte to the last byte of its answer. */
export interface Timeouts {
  readonly readMilliseconds: number;
  /** For all writes; shortened to the rest of the operation's time and of the write's lease. */
  readonly sendMilliseconds: number;
  /** Milliseconds to wait for a connection. */
  readonly connectMilliseconds: number;
}

/** Largest size of an answer in bytes. */
export interface BodyLimits {
  readonly listBytes: number;
  readonly recordBytes: number;
}

/** How to reach a platform. */
export interface ConnectionOptions {
  /** The URL before the documented paths, with or without a slash at its end. */
  readonly baseUrl: string;
  /** Default: 3 s for reads, 8 s for writes, 1 s to connect. */
  readonly timeouts?: Partial<Timeouts>;
  /** Default: 64 MB for lists, 10 MB for records. */
  readonly bodyLimits?: Partial<BodyLimits>;
  /** Prevents a read from joining one that began before a change. Default: no change is known. */
  readonly versions?: Versions;
  /** Default: 64 calls under way, 128 waiting for at most 500 ms. */
  readonly bulkhead?: Partial<BulkheadLimits>;
  /** Default: opens when half of at least 20 calls within 10 s failed, for 5 s. */
  readonly breaker?: Partial<BreakerLimits>;
  /** Default: a fifth of the calls, and three a second. */
  readonly retries?: Partial<RetryLimits>;
  /** Connections to the platform. Default: as many as calls may be under way; fewer for tests. */
  readonly connections?: number;
  /** Counts the calls. Default: nothing does. */
  readonly meter?: CallMeter;
  /** Notices when answers change. Default: nothing does. */
  readonly drift?: DriftWatch;
  /** Keeps the calls that failed. Default: nothing does. */
  readonly failures?: Pick<FailureLog, "add">;
  /** Jitter of retries and of the breaker, 0 to 1; for tests. */
  readonly random?: () => number;
  /** Milliseconds of a clock that never goes back, for breaker and budget of repeats; for tests. */
  readonly clock?: () => number;
  /** Waits between retries, until the signal aborts at most; for tests. */
  readonly sleep?: (milliseconds: number, signal: StopSignal) => Promise<unknown>;
}

export interface PlatformRequest<Result> extends RequestParts {
  /** The size limit of the answer. */
  readonly size: keyof typeof LIMITS;
  /** Throws PlatformError if the answer is a refusal or has another shape than documented. */
  readonly decode: (answer: Answer) => Result | Promise<Result>;
  /** Stands for a record that the platform says it does not have; left out, that is an error. */
  readonly ifNotFound?: Result | undefined;
}

/** All HTTP exchanges with one platform. */
export interface Transport {
  /** Makes the call and decodes its answer. Throws PlatformError. */
  readonly read: <Result>(request: PlatformRequest<Result>, scope: ReadScope) => Promise<Result>;
  /**
   * Makes the call and decodes its answer. Throws PlatformError, whose `mayHaveTaken` is false only with proof that the
   * platform did not act. It also throws what `scope.checkBeforeAttempt` throws, and then the platform did not act.
   */
  readonly write: <Result>(request: PlatformRequest<Result>, scope: WriteScope) => Promise<Result>;
  readonly state: () => PlatformState;
  /** Waits for running calls, then closes the connections. */
  readonly close: () => Promise<void>;
}

const LIMITS = { list: "listBytes", record: "recordBytes" } as const;
/** Sent with every call. Answers in other encodings are not decoded. */
export const COMMON_HEADERS = ["user-agent", "textgraph", "accept-encoding", "identity"];
/** A write with less time than this is not begun: most answers would come too late, and its outcome would be unknown. */
const LEAST_WRITE_MILLISECONDS = 1_000;

interface TransportOptions extends ConnectionOptions {
  readonly platform: Platform;
  /** True if a redirect to this place says that our session has ended. Default: none does. */
  readonly isSignInPage?: (location: string, route: Route) => boolean;
  /** A read that finds out whether the platform works again. */
  readonly probe: (scope: ReadScope) => Promise<unknown>;
}

export function createTransport(options: TransportOptions): Transport {
  const { platform, random = Math.random, sleep = pause, isSignInPage = () => false } = options;
  const timeouts: Timeouts = {
    readMilliseconds: 3_000,
    sendMilliseconds: 8_000,
    connectMilliseconds: 1_000,
    ...options.timeouts,
  };
  const leastWriteMilliseconds = Math.min(LEAST_WRITE_MILLISECONDS, timeouts.sendMilliseconds);
  const limits: BodyLimits = { listBytes: 64_000_000, recordBytes: 10_000_000, ...options.bodyLimits };
  const { origin, pathname } = new URL(options.baseUrl);
  const basePath = pathname.replace(/\/+$/, "");
  const bulkhead = { inFlight: 64, waiting: 128, waitMilliseconds: 500, ...options.bulkhead };
  const pool = new Pool(origin, {
    connections: options.connections ?? bulkhead.inFlight,
    pipelining: 1,
    // HTTP/1.1 is known to work with a body in a GET; HTTP/2 frames requests differently.
    allowH2: false,
    connect: { timeout: timeouts.connectMilliseconds },
    // undici's timers are coarse, so each exchange has its own.
    headersTimeout: 0,
    bodyTimeout: 0,
  });

  const guard = new Guard({
    platform,
    now: options.clock ?? (() => performance.now()),
    random,
    bulkhead,
    breaker: { isOn: true, leastCalls: 20, failurePercent: 50, pauseMilliseconds: 5_000, ...options.breaker },
    retries: { percent: 20, perSecond: 3, ...options.retries },
    probe: () => {
      const signal = AbortSignal.timeout(timeouts.readMilliseconds);
      const deadline = performance.now() + timeouts.readMilliseconds;
      return options.probe(new ReadScope({ signal, deadline: () => deadline, isFresh: true, record: () => undefined }));
    },
  });
  const sharing = new Sharing(platform, options.versions ?? new Versions());

  function read<Result>(request: PlatformRequest<Result>, scope: ReadScope): Promise<Result> {
    const wire = toWire(request, basePath);
    return wire.method === "GET"
      ? sharing.read(`${wire.path} ${wire.body}`, request.route, scope, (shared) => call(request, wire, shared))
      : call(request, wire, scope);
  }

  function write<Result>(request: PlatformRequest<Result>, scope: WriteScope): Promise<Result> {
    return call(request, toWire(request, basePath), scope);
  }

  /** Makes all attempts at one call. */
  async function call<Result>(request: PlatformRequest<Result>, wire: WireRequest, scope: CallScope): Promise<Result> {
    const kind = kindOf(wire, scope);
    let failure: PlatformError | null = null;
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await makeAttempt(request, wire, scope, kind, attempt === 1);
      } catch (thrown) {
        const error = combine(failure, thrown);
        if (!(error instanceof PlatformError)) {
          throw error;
        }
        if (request.ifNotFound !== undefined && isNotFound(error)) {
          return request.ifNotFound;
        }
        const spareMilliseconds = scope.timeLeft() - (scope instanceof ReadScope ? 0 : leastWriteMilliseconds);
        const delay = delayBeforeRepeat(kind, error, attempt, { spareMilliseconds, random });
        if (delay === null || isRefusedHere(thrown) || !guard.mayRepeat()) {
          options.failures?.add(request.route, error);
          throw error;
        }
        failure = error;
        // If the signal aborts, the next round throws.
        await sleep(delay, scope.signal);
      }
    }
  }

  async function makeAttempt<Result>(
    request: PlatformRequest<Result>,
    wire: WireRequest,
    scope: CallScope,
    kind: CallKind,
    isFirst: boolean,
  ): Promise<Result> {
    const { route } = request;
    const entering = guard.enter(route, kind, isFirst, scope.signal);
    const entry = entering instanceof Promise ? await entering : entering;
    let exchange: Exchange | null = null;
    let began = 0;
    let milliseconds: number | null = null;
    let answer: Answer | null = null;
    let failure: unknown = null;
    try {
      // All waiting apart from that for a connection happens here: a write is checked right before it is sent.
      const times = scope instanceof ReadScope ? timesOfRead(route, scope) : await timesOfWrite(route, scope);
      exchange = new Exchange(platform, route, limits[LIMITS[request.size]], times);
      began = performance.now();
      const raw = await exchange.run(pool, wire);
      milliseconds = performance.now() - began;
      const reading = readAnswer(raw, platform, route, isSignInPage);
      answer = reading instanceof Promise ? await reading : reading;
      const decoding = request.decode(answer);
      return decoding instanceof Promise ? await decoding : decoding;
    } catch (error) {
      failure = error;
      throw error;
    } finally {
      if (exchange !== null) {
        milliseconds ??= performance.now() - began;
        const skippedRows = failure === null ? (answer?.skippedRows ?? 0) : 0;
        scope.record({ platform, route, milliseconds, status: exchange.status, skippedRows });
        const outcome = outcomeOf(failure);
        options.meter?.ended(platform, route, outcome, milliseconds);
        if (outcome === "ok" || outcome === "shape") {
          options.drift?.observe(platform, route, answer?.body, { isReadable: outcome === "ok" });
        }
      }
      entry.end(failure);
    }
  }

  const { readMilliseconds } = timeouts;
  const answerMillisecondsOfRead = () => readMilliseconds;

  function timesOfRead(route: Route, { signal }: ReadScope): ExchangeTimes {
    if (signal.aborted) {
      throw endOfScope(platform, route, signal, false);
    }
    return { signal, waitMilliseconds: readMilliseconds, answerMilliseconds: answerMillisecondsOfRead };
  }

  /** Throws if the write must not be begun. */
  async function timesOfWrite(route: Route, scope: WriteScope): Promise<ExchangeTimes> {
    if (scope.signal.aborted || scope.timeLeft() < leastWriteMilliseconds) {
      throw new PlatformError(platform, "not-asked", `${route}: too little time was left`, { mayHaveTaken: false });
    }
    await scope.checkBeforeAttempt();
    return {
      signal: null,
      waitMilliseconds: scope.timeLeft() - leastWriteMilliseconds,
      answerMilliseconds: () => {
        const left = Math.min(timeouts.sendMilliseconds, scope.timeLeft());
        return scope.signal.aborted || left < leastWriteMilliseconds ? null : left;
      },
    };
  }

  return { read, write, state: () => guard.state, close: () => pool.close() };
}

function outcomeOf(failure: unknown): CallOutcome {
  return failure === null ? "ok" : failure instanceof PlatformError ? failure.reason : "shape";
}

function kindOf({ method }: WireRequest, scope: CallScope): CallKind {
  return scope instanceof ReadScope ? (method === "GET" ? "read" : "read-by-post") : scope.kind;
}

/** True if the attempt was not made because of other calls; then another attempt would not be made either. */
function isRefusedHere(error: unknown): boolean {
  return error instanceof PlatformError && (error.reason === "suspended" || error.reason === "overloaded");
}
