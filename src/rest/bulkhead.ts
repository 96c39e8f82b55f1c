/** How many calls to a platform may run, how many may wait, and for how long. */
export interface BulkheadLimits {
  readonly inFlight: number;
  readonly waiting: number;
  readonly waitMilliseconds: number;
}

interface Waiting {
  /** Ends the wait: true with a place. */
  readonly end: (hasPlace: boolean) => void;
}

/**
 * Keeps a slow platform from occupying the whole process: at most `inFlight` calls run at the same time. The others
 * wait, first come, first served, for at most `waitMilliseconds`.
 */
export class Bulkhead {
  readonly #limits: BulkheadLimits;
  readonly #queue = new Set<Waiting>();
  #inFlight = 0;

  constructor(limits: BulkheadLimits) {
    this.#limits = limits;
  }

  get inFlight(): number {
    return this.#inFlight;
  }

  get waiting(): number {
    return this.#queue.size;
  }

  /**
   * Takes a place, which must be returned with `leave`: at once if there is one, else by a promise; false if none
   * becomes free in time, or if the signal aborts before.
   */
  enter(signal: AbortSignal): true | Promise<boolean> | false {
    if (this.#inFlight < this.#limits.inFlight) {
      this.#inFlight += 1;
      return true;
    }
    return this.#queue.size < this.#limits.waiting ? this.#wait(signal) : false;
  }

  leave(): void {
    // The place goes directly to the next call that waits.
    const [next] = this.#queue;
    if (next === undefined) {
      this.#inFlight -= 1;
      return;
    }
    next.end(true);
  }

  #wait(signal: AbortSignal): Promise<boolean> {
    return new Promise((resolve) => {
      const leave = () => waiting.end(false);
      const timer = setTimeout(leave, this.#limits.waitMilliseconds);
      const waiting: Waiting = {
        end: (hasPlace) => {
          this.#queue.delete(waiting);
          clearTimeout(timer);
          signal.removeEventListener("abort", leave);
          resolve(hasPlace);
        },
      };
      signal.addEventListener("abort", leave);
      this.#queue.add(waiting);
    });
  }
}
