import type { DetailWidth } from "./detail-width.ts";

/** Fewer reads than this at once say nothing about how many a platform bears. */
const MANY = 4;

/** Runs at most as many calls at the same time as the width allows. The others wait, first come, first served. */
export class ConcurrencyLimit {
  readonly #width: DetailWidth;
  readonly #most: number;
  #free: number;
  readonly #waiting: (() => void)[] = [];
  /** A call that ends hands its place to the next one that waits. */
  readonly #leave = () => {
    const next = this.#waiting.shift();
    if (next === undefined) {
      this.#free += 1;
    } else {
      next();
    }
  };

  constructor(width: DetailWidth) {
    this.#width = width;
    this.#most = width.width;
    this.#free = this.#most;
  }

  /** `call` must not throw before it returns its promise. */
  run<Value>(call: () => Promise<Value>): Promise<Value> {
    if (this.#free === 0) {
      return new Promise((resolve) => this.#waiting.push(() => resolve(this.#begin(call))));
    }
    this.#free -= 1;
    return this.#begin(call);
  }

  #begin<Value>(call: () => Promise<Value>): Promise<Value> {
    const running = this.#most - this.#free >= MANY ? this.#width.watch(call) : call();
    running.then(this.#leave, this.#leave);
    return running;
  }
}
