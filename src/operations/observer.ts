import type { CallRecord } from "../rest/calls.ts";
import { type Answer, type EventAnswer, type EventAnswers, type Operation, Pulled, type Request } from "./operation.ts";
import type { Price } from "./price.ts";

/** Observes every operation of every transport, for logs, metrics and traces. */
export interface Observer {
  /** Called with a request whose operation is not executed. */
  refused(request: Request, answer: Answer): void;
  /** Called before an operation is executed. */
  begin(operation: Operation): Observed;
}

/** A running operation. */
export interface Observed {
  /** A platform call of the operation has ended. */
  call(call: CallRecord): void;
  /** An event was sent to a subscriber. */
  event(): void;
  /** Its cost so far. Called when the operation, or one event of it, was executed. */
  spend(actual: Price): void;
  /** The answer; null if a subscription has ended without an error. */
  end(answer: Answer | null): void;
}

/** Observes a subscription until it ends for any reason. */
export class ObservedEvents extends Pulled<EventAnswer> {
  readonly #answers: EventAnswers;
  readonly #observed: Observed;
  #isOver = false;

  constructor(answers: EventAnswers, observed: Observed) {
    super();
    this.#answers = answers;
    this.#observed = observed;
  }

  async next(): Promise<IteratorResult<EventAnswer, void>> {
    const item = await this.#answers.next();
    if (item.done) {
      this.#end(null);
    } else if (item.value.cursor === null) {
      this.#end(item.value.answer);
    } else {
      this.#observed.event();
    }
    return item;
  }

  async return(): Promise<IteratorReturnResult<void>> {
    this.#end(null);
    await this.#answers.return();
    return { done: true, value: undefined };
  }

  #end(last: Answer | null): void {
    if (!this.#isOver) {
      this.#isOver = true;
      this.#observed.end(last);
    }
  }
}
