import type { FastifyReply } from "fastify";
import type { Context, OperationOptions } from "../context.ts";

/** The time that one operation has, in milliseconds; one that sends has more. */
export interface Deadlines {
  readonly query: number;
  readonly send: number;
}

export type OperationKind = "query" | "mutation" | "subscription";

/** One operation under way: it ends when its time is over, or when every client that waits for it has gone. */
export class Execution implements Omit<OperationOptions, "fresh"> {
  readonly signal: AbortSignal;
  readonly deadline: () => number;
  readonly onKind: (kind: OperationKind) => void;
  readonly #controller = new AbortController();
  #timer: NodeJS.Timeout;
  #waiting = 0;

  /** `onKind` is told what the operation turns out to be, before it is executed. */
  constructor(deadlines: Deadlines, onKind: (kind: OperationKind) => void) {
    this.signal = this.#controller.signal;
    let deadline = performance.now() + deadlines.query;
    this.deadline = () => deadline;
    const startTimer = () => setTimeout(() => this.#abort("TimeoutError"), deadline - performance.now());
    this.#timer = startTimer();
    this.onKind = (kind) => {
      if (kind === "mutation") {
        clearTimeout(this.#timer);
        deadline = performance.now() + deadlines.send;
        this.#timer = startTimer();
      }
      onKind(kind);
    };
  }

  /** A client waits for the answer, until its connection closes. */
  join(reply: FastifyReply): void {
    this.#waiting += 1;
    reply.raw.once("close", () => {
      this.#waiting -= 1;
      if (this.#waiting === 0 && !reply.raw.writableFinished) {
        this.cancel();
      }
    });
  }

  /** Nobody waits for the answer any more. */
  cancel(): void {
    this.#abort("AbortError");
  }

  /** The answer is there: no time runs any more. */
  end(): void {
    clearTimeout(this.#timer);
  }

  #abort(name: "TimeoutError" | "AbortError"): void {
    clearTimeout(this.#timer);
    this.#controller.abort(new DOMException("the operation is over", name));
  }
}

/** `extensions.platforms` of what has been executed in this context. */
export function platformsOf({ calls }: Context): readonly object[] {
  return calls.map(({ milliseconds, ...call }) => ({ ...call, milliseconds: Math.round(milliseconds * 10) / 10 }));
}
