import type { CallRecord } from "../rest/calls.ts";
import type { Answer, EventAnswers, Operation, Request } from "./operation.ts";
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
export function observeEvents(answers: EventAnswers, observed: Observed): EventAnswers {
  let isOver = false;

  function end(last: Answer | null): void {
    if (!isOver) {
      isOver = true;
      observed.end(last);
    }
  }

  const results: EventAnswers = {
    next: async () => {
      const item = await answers.next();
      if (item.done) {
        end(null);
      } else if (item.value.cursor === null) {
        end(item.value.answer);
      } else {
        observed.event();
      }
      return item;
    },
    return: async () => {
      end(null);
      return answers.return();
    },
    throw: async (error: unknown) => {
      end(null);
      return answers.throw(error);
    },
    [Symbol.asyncIterator]: () => results,
    [Symbol.asyncDispose]: async () => {
      await results.return();
    },
  };
  return results;
}
