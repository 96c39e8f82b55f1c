/** Runs at most so many calls at the same time. The others wait, first come, first served. */
export class ConcurrencyLimit {
  #free: number;
  readonly #waiting: (() => void)[] = [];

  constructor(atOnce: number) {
    this.#free = atOnce;
  }

  async run<Value>(call: () => Promise<Value>): Promise<Value> {
    if (this.#free > 0) {
      this.#free -= 1;
    } else {
      // A call that ends hands its place to the next one that waits.
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
    try {
      return await call();
    } finally {
      const next = this.#waiting.shift();
      if (next === undefined) {
        this.#free += 1;
      } else {
        next();
      }
    }
  }
}
