/** Runs at most so many calls at the same time. The others wait, first come, first served. */
export class ConcurrencyLimit {
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

  constructor(atOnce: number) {
    this.#free = atOnce;
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
    const running = call();
    running.then(this.#leave, this.#leave);
    return running;
  }
}
