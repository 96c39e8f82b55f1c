import { monitorEventLoopDelay } from "node:perf_hooks";
import { getHeapStatistics } from "node:v8";

/** When the process counts as overloaded; or what was measured of it. */
export interface OverloadLimits {
  /** Milliseconds by which the event loop is late on average. */
  readonly lagMilliseconds: number;
  /** Used share of the heap that Node.js may have at most. */
  readonly heapPercent: number;
}

export interface OverloadOptions {
  readonly limits: OverloadLimits;
  /** Whether no platform has room for another call. */
  readonly areCallsFull: () => boolean;
  /** Measures the process; for tests. */
  readonly measure?: () => OverloadLimits;
}

const MEASURE_EVERY_MS = 250;
const RESOLUTION_MS = 10;
/** Writes are refused when the event loop is so many times later than for reads. */
const WRITES_LAG = 3;

/**
 * Decides what is refused while the process has more to do than it can: reads first, and writes, which include all
 * sends, only when it is much worse. What has begun is never refused.
 *
 * Our own and not @fastify/under-pressure: that refuses by request, before it is known whether the request writes, and
 * sees no operation on a WebSocket.
 */
export class Overload {
  readonly #options: OverloadOptions;
  readonly #timer: NodeJS.Timeout;
  readonly #delay = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
  #load: OverloadLimits = { lagMilliseconds: 0, heapPercent: 0 };

  constructor(options: OverloadOptions) {
    this.#options = options;
    this.#delay.enable();
    const measure = options.measure ?? (() => this.#measure());
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
    // Half of what is left of the heap.
    return load.lagMilliseconds >= WRITES_LAG * lagMilliseconds || load.heapPercent >= (heapPercent + 100) / 2;
  }

  close(): void {
    clearInterval(this.#timer);
    this.#delay.disable();
  }

  #measure(): OverloadLimits {
    // The mean, so that one collection of garbage is no overload. NaN if the loop has not turned since.
    const lag = this.#delay.mean / 1e6 - RESOLUTION_MS;
    this.#delay.reset();
    const { used_heap_size, heap_size_limit } = getHeapStatistics();
    return {
      lagMilliseconds: Number.isNaN(lag) ? MEASURE_EVERY_MS : Math.max(0, lag),
      heapPercent: (100 * used_heap_size) / heap_size_limit,
    };
  }
}
