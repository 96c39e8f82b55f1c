/** Lets so many calls run at once; the others wait their turn, first come, first served. */
export class Limit {
  #free: number;
  readonly #waiting: (() => void)[] = [];

  constructor(atOnce: number) {
    this.#free = atOnce;
  }

  async run<Value>(call: () => Promise<Value>): Promise<Value> {
    if (this.#free > 0) {
      this.#free -= 1;
    } else {
      // Whoever ends hands over its place, so that nobody comes in between.
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
