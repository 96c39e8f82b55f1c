/** How many calls of a platform may be under way, and how many may wait for how long. */
export interface BulkheadLimits {
  readonly inFlight: number;
  readonly waiting: number;
  readonly waitMilliseconds: number;
}

interface Waiting {
  readonly enter: () => void;
  readonly timer: NodeJS.Timeout;
}

/**
 * Keeps a slow platform from holding everything that this process has: at most `inFlight` calls at once, the next ones
 * first come, first served, for at most `waitMilliseconds`.
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

  /** A place, to be given back with `leave`: at once if there is one, else a promise; false if there is none in time. */
  enter(): true | Promise<boolean> | false {
    if (this.#inFlight < this.#limits.inFlight) {
      this.#inFlight += 1;
      return true;
    }
    return this.#queue.size < this.#limits.waiting ? this.#wait() : false;
  }

  leave(): void {
    // The place goes from hand to hand, so that nobody comes in between.
    const [next] = this.#queue;
    if (next === undefined) {
      this.#inFlight -= 1;
      return;
    }
    this.#queue.delete(next);
    clearTimeout(next.timer);
    next.enter();
  }

  #wait(): Promise<boolean> {
    return new Promise((resolve) => {
      const waiting: Waiting = {
        enter: () => resolve(true),
        timer: setTimeout(() => {
          this.#queue.delete(waiting);
          resolve(false);
        }, this.#limits.waitMilliseconds),
      };
      this.#queue.add(waiting);
    });
  }
}
