import { Expiring } from "../event-loop.ts";
import { Stop, type StopSignal } from "../rest/calls.ts";
import type { Answer, Client } from "./operation.ts";

/**
 * What an operation has to become an answer after its time is over: the calls that were under way fail at once, and
 * what was read in time is shown.
 */
const OVERTIME_MS = 40;
/** Others join an operation within this share of its time, so that they have nearly all of it too. */
const JOINABLE = 0.2;

/** The time after the end of an operation's time. */
class Overtime extends Expiring {
  readonly #giveUp: () => void;

  constructor(giveUp: () => void) {
    super();
    this.#giveUp = giveUp;
    this.expireIn(OVERTIME_MS);
  }

  expire(): void {
    this.end();
    this.#giveUp();
  }

  end(): void {
    this.keepFromExpiring();
  }
}

/** A running operation. It ends when its time is over, or when all clients that wait for it are gone. */
export class Execution extends Expiring {
  readonly #stop = new Stop();
  readonly #leaves: (() => void)[] = [];
  readonly #joinableUntil: number;
  #waiting = 0;
  // Apart, and not in one function: it would keep what was read alive after the end, and make every scavenge slow.
  #giveUp: (() => Answer) | null = null;
  #resolve: ((answer: Answer) => void) | null = null;
  #overtime: Overtime | null = null;

  /** `milliseconds`: its time. */
  constructor(milliseconds: number) {
    super();
    this.#joinableUntil = performance.now() + JOINABLE * milliseconds;
    this.expireIn(milliseconds);
  }

  get signal(): StopSignal {
    return this.#stop;
  }

  get isJoinable(): boolean {
    return !this.#stop.aborted && performance.now() < this.#joinableUntil;
  }

  expire(): void {
    this.#abort("TimeoutError");
  }

  /** A further client waits for it. */
  join(client: Client): void {
    this.#waiting += 1;
    this.#leaves.push(
      client.onGone(() => {
        this.#waiting -= 1;
        if (this.#waiting === 0) {
          this.#abort("AbortError");
        }
      }),
    );
  }

  /**
   * The answer, or what `giveUp` returns if there is none soon after the operation's time is over, or after its last
   * client is gone: graphql-js cannot be stopped, and may have much left to do.
   */
  answerInTime(answer: Promise<Answer>, giveUp: () => Answer): Promise<Answer> {
    this.#giveUp = giveUp;
    return new Promise((resolve, reject) => {
      this.#resolve = resolve;
      answer.then(resolve, reject);
    });
  }

  /** The answer is there: stops the timer and no longer watches the clients. */
  end(): void {
    this.keepFromExpiring();
    this.#overtime?.end();
    this.#giveUp = null;
    this.#resolve = null;
    for (const leave of this.#leaves) {
      leave();
    }
  }

  #abort(name: "TimeoutError" | "AbortError"): void {
    if (this.#stop.aborted) {
      return;
    }
    this.keepFromExpiring();
    this.#overtime = new Overtime(() => this.#giveUp && this.#resolve?.(this.#giveUp()));
    this.#stop.abort(new DOMException("the operation is over", name));
  }
}
