import type { StopSignal } from "./calls.ts";

/** How many calls to a platform may run, how many may wait, and for how long. */
export interface BulkheadLimits {
  readonly inFlight: number;
  readonly waiting: number;
  readonly waitMilliseconds: number;
}

/** Share of the queue that reads may fill; the rest is for writes. */
const READS_IN_QUEUE = 0.75;

interface Waiting {
  /** Ends the wait: true with a place. */
  readonly end: (hasPlace: boolean) => void;
}

/**
 * Keeps a slow platform from occupying the whole process: at most `inFlight` calls run at the same time. The others
 * wait for at most `waitMilliseconds`: writes before reads, otherwise first come, first served.
 */
export class Bulkhead {
  readonly #limits: BulkheadLimits;
  readonly #writes = new Set<Waiting>();
  readonly #reads = new Set<Waiting>();
  #inFlight = 0;

  constructor(limits: BulkheadLimits) {
    this.#limits = limits;
  }

  get inFlight(): number {
    return this.#inFlight;
  }

  get waiting(): number {
    return this.#writes.size + this.#reads.size;
  }

  /** Whether another read would be refused. */
  get isFull(): boolean {
    return this.#inFlight >= this.#limits.inFlight && !this.#mayWait("read");
  }

  /**
   * Takes a place, which must be returned with `leave`: at once if there is one, else by a promise; false if none
   * becomes free in time, or if the signal aborts before.
   */
  enter(signal: StopSignal, kind: "read" | "write"): true | Promise<boolean> | false {
    if (this.#inFlight < this.#limits.inFlight) {
      this.#inFlight += 1;
      return true;
    }
    return this.#mayWait(kind) ? this.#wait(signal, kind === "read" ? this.#reads : this.#writes) : false;
  }

  leave(): void {
    // The place goes directly to the next call that waits.
    const [next] = this.#writes.size > 0 ? this.#writes : this.#reads;
    if (next === undefined) {
      this.#inFlight -= 1;
      return;
    }
    next.end(true);
  }

  #mayWait(kind: "read" | "write"): boolean {
    const { waiting } = this.#limits;
    return this.waiting < (kind === "read" ? Math.ceil(waiting * READS_IN_QUEUE) : waiting);
  }

  #wait(signal: StopSignal, queue: Set<Waiting>): Promise<boolean> {
    return new Promise((resolve) => {
      const leave = () => waiting.end(false);
      const timer = setTimeout(leave, this.#limits.waitMilliseconds);
      const waiting: Waiting = {
        end: (hasPlace) => {
          queue.delete(waiting);
          clearTimeout(timer);
          signal.removeEventListener("abort", leave);
          resolve(hasPlace);
        },
      };
      signal.addEventListener("abort", leave);
      queue.add(waiting);
    });
  }
}
