import { monitorEventLoopDelay } from "node:perf_hooks";
import { getHeapStatistics } from "node:v8";

/** The load of the process: measured, or as the limit from which it counts as overloaded. */
export interface OverloadLimits {
  /** Average delay of the event loop in milliseconds. */
  readonly lagMilliseconds: number;
  /** Used heap as a percentage of Node.js's limit. */
  readonly heapPercent: number;
}

export interface OverloadOptions {
  readonly limits: OverloadLimits;
  /** Whether no platform has room for another call. */
  readonly areCallsFull: () => boolean;
  /** Measures the process; for tests. */
  readonly measure?: () => OverloadLimits;
}

const MEASURE_EVERY_MS = 500;
const RESOLUTION_MS = 10;
/** Writes are refused at this multiple of the lag at which reads are. */
const WRITES_LAG = 3;

/**
 * Decides what is refused while the process is overloaded: reads first, and writes, which include all sends, only at a
 * much higher load. A running operation is never refused.
 *
 * Not @fastify/under-pressure: it refuses requests before it is known whether they write, and does not see operations
 * on a WebSocket.
 */
export class Overload {
  readonly #options: OverloadOptions;
  #timer: NodeJS.Timeout | undefined;
  readonly #delay = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
  #load: OverloadLimits = { lagMilliseconds: 0, heapPercent: 0 };

  constructor(options: OverloadOptions) {
    this.#options = options;
  }

  /** Begins to measure, when everything is built: the start itself keeps the event loop busy. */
  begin(): void {
    this.#delay.enable();
    const measure = this.#options.measure ?? (() => this.#measure());
    this.#timer = setInterval(() => {
      this.#load = measure();
    }, MEASURE_EVERY_MS).unref();
  }

  get refusesReads(): boolean {
    const { lagMilliseconds, heapPercent } = this.#options.limits;
    const load = this.#load;
    return load.lagMilliseconds >= lagMilliseconds || load.heapPercent >= heapPercent || this.#options.areCallsFull();
  }

  get refusesWrites(): boolean {
    const { lagMilliseconds, heapPercent } = this.#options.limits;
    const load = this.#load;
    // At half of the heap that is left when reads are refused.
    return load.lagMilliseconds >= WRITES_LAG * lagMilliseconds || load.heapPercent >= (heapPercent + 100) / 2;
  }

  close(): void {
    clearInterval(this.#timer);
    this.#delay.disable();
  }

  #measure(): OverloadLimits {
    // The mean, so that one garbage collection is no overload. NaN if the loop has not turned since.
    const lag = this.#delay.mean / 1e6 - RESOLUTION_MS;
    this.#delay.reset();
    const { used_heap_size, heap_size_limit } = getHeapStatistics();
    return {
      lagMilliseconds: Number.isNaN(lag) ? MEASURE_EVERY_MS : Math.max(0, lag),
      heapPercent: (100 * used_heap_size) / heap_size_limit,
    };
  }
}
