import type { CallRecord } from "../rest/calls.ts";
import type { Answer, EventAnswers, Operation, Request } from "./operation.ts";
import type { Price } from "./price.ts";

/** Is told of every operation, whatever transport it came by. For logs, metrics and traces. */
export interface Observer {
  /** A request whose operation is not executed. */
  refused(request: Request, answer: Answer): void;
  /** An operation that is about to be executed. */
  begin(operation: Operation): Observed;
}

/** One operation under way. */
export interface Observed {
  /** A platform call made for it has ended. */
  call(call: CallRecord): void;
  /** A subscriber was sent an event. */
  event(): void;
  /** What it has cost so far. Called when it, or one event of it, was executed. */
  spend(actual: Price): void;
  /** The answer; null if a subscription has ended without an error. */
  end(answer: Answer | null): void;
}

/** Observes a subscription to its end, whoever ends it. */
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
