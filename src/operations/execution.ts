import type { Client } from "./operation.ts";

/** A running operation. It ends when its time is over, or when all clients that wait for it are gone. */
export class Execution {
  readonly signal: AbortSignal;
  readonly #controller = new AbortController();
  readonly #milliseconds: number;
  readonly #leaves: (() => void)[] = [];
  #deadline = 0;
  #timer: NodeJS.Timeout | undefined;
  #waiting = 0;

  /** `milliseconds`: its time, counted from when the last client joined. */
  constructor(milliseconds: number) {
    this.signal = this.#controller.signal;
    this.#milliseconds = milliseconds;
    this.#extend();
    this.#startTimer();
  }

  /** The end of its time, on the clock of `performance.now()`. */
  get deadline(): number {
    return this.#deadline;
  }

  /** A further client waits for it, which extends its time to the full time from now. */
  join(client: Client): void {
    this.#waiting += 1;
    this.#extend();
    this.#leaves.push(
      client.onGone(() => {
        this.#waiting -= 1;
        if (this.#waiting === 0) {
          this.#abort("AbortError");
        }
      }),
    );
  }

  /** The answer is there: stops the timer and no longer watches the clients. */
  end(): void {
    clearTimeout(this.#timer);
    for (const leave of this.#leaves) {
      leave();
    }
  }

  #extend(): void {
    this.#deadline = performance.now() + this.#milliseconds;
  }

  #startTimer(): void {
    this.#timer = setTimeout(() => {
      // A client that joined later has given it more time.
      if (performance.now() < this.#deadline) {
        this.#startTimer();
      } else {
        this.#abort("TimeoutError");
      }
    }, this.#deadline - performance.now());
  }

  #abort(name: "TimeoutError" | "AbortError"): void {
    clearTimeout(this.#timer);
    this.#controller.abort(new DOMException("the operation is over", name));
  }
}
