import { Expiring } from "../event-loop.ts";
import { Stop, type StopSignal } from "../rest/calls.ts";
import type { Client } from "./operation.ts";

/** A running operation. It ends when its time is over, or when all clients that wait for it are gone. */
export class Execution extends Expiring {
  readonly #stop = new Stop();
  readonly #milliseconds: number;
  readonly #leaves: (() => void)[] = [];
  #deadline = 0;
  #waiting = 0;

  /** `milliseconds`: its time, counted from when the last client joined. */
  constructor(milliseconds: number) {
    super();
    this.#milliseconds = milliseconds;
    this.#extend();
    this.expireInTime();
  }

  get signal(): StopSignal {
    return this.#stop;
  }

  /** The end of its time, on the clock of `performance.now()`. A client that joins makes it later. */
  get expiresAt(): number {
    return this.#deadline;
  }

  expire(): void {
    this.#abort("TimeoutError");
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
    this.keepFromExpiring();
    for (const leave of this.#leaves) {
      leave();
    }
  }

  #extend(): void {
    this.#deadline = performance.now() + this.#milliseconds;
  }

  #abort(name: "TimeoutError" | "AbortError"): void {
    this.keepFromExpiring();
    this.#stop.abort(new DOMException("the operation is over", name));
  }
}
