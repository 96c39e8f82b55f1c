import { createSourceEventStream, type ExecutionArgs, type ExecutionResult } from "graphql";
import type { Context, OperationOptions } from "../context.ts";
import type { Versions } from "../freshness/versions.ts";
import { Stop } from "../rest/calls.ts";
import type { Observed } from "./observer.ts";
import { type Answer, type EventAnswer, type EventAnswers, type Operation, Pulled } from "./operation.ts";
import { SelectedAnswers, selectionOf } from "./selected-answers.ts";

export interface SubscriptionsOptions {
  readonly versions: Versions;
  readonly createContext: (options: OperationOptions) => Context;
  readonly argumentsOf: (operation: Operation) => ExecutionArgs;
  /** Executes the operation's selection for one event. */
  readonly select: (operation: Operation, item: FeedItem, observed: Observed) => Promise<Answer>;
  /** The answer to a subscription that did not begin. */
  readonly refused: (result: ExecutionResult, operation: Operation) => Answer;
  readonly failed: (error: unknown) => Answer;
}

/** Every root field of Subscription yields the feed's items: src/resolvers/subscription.ts. */
interface FeedItem {
  readonly cursor: string;
  readonly event: object;
}

/** See `Operations.subscribe`. */
export function createSubscriptions(options: SubscriptionsOptions) {
  const { createContext, argumentsOf, select, refused, failed } = options;
  const selected = new SelectedAnswers(options.versions, () => performance.now());
  const fail = (error: unknown): EventAnswer => ({ answer: failed(error), cursor: null });

  return async (
    operation: Operation,
    observed: Observed,
    signal: AbortSignal,
    after: string | null,
  ): Promise<EventAnswers | Answer> => {
    const over = new Stop();
    const end = () => {
      signal.removeEventListener("abort", end);
      over.abort(signal.reason);
    };
    signal.addEventListener("abort", end);
    if (signal.aborted) {
      end();
    }
    const contextValue = createContext({
      signal: over,
      deadline: () => Number.POSITIVE_INFINITY,
      fresh: false,
      caller: operation.caller,
      limits: UNLIMITED,
      resumeAfter: after,
    });
    try {
      const source = await createSourceEventStream({ ...argumentsOf(operation), contextValue });
      if (!(Symbol.asyncIterator in source)) {
        end();
        return refused(source, operation);
      }
      const selection = selectionOf(operation);
      return new Answers(source as AsyncIterable<FeedItem>, {
        end,
        fail,
        // Each event has a context of its own: one for the whole subscription would keep what it read for hours.
        select: async (item) => {
          await options.versions.begin();
          return {
            answer: await selected.of(item.event, selection, () => select(operation, item, observed)),
            cursor: item.cursor,
          };
        },
      });
    } catch (error) {
      end();
      return failed(error);
    }
  };
}

/** Waiting for events costs nothing; each event is executed by itself. */
const UNLIMITED = { calls: Number.POSITIVE_INFINITY, objects: Number.POSITIVE_INFINITY };

interface Steps {
  readonly select: (item: FeedItem) => Promise<EventAnswer>;
  readonly fail: (error: unknown) => EventAnswer;
  /** Ends the subscription at the feed. */
  readonly end: () => void;
}

/** The answers to the feed's items. */
class Answers extends Pulled<EventAnswer> {
  readonly #items: AsyncIterator<FeedItem>;
  readonly #steps: Steps;
  #isEnded = false;

  constructor(source: AsyncIterable<FeedItem>, steps: Steps) {
    super();
    this.#items = source[Symbol.asyncIterator]();
    this.#steps = steps;
  }

  async next(): Promise<IteratorResult<EventAnswer, void>> {
    try {
      const item = this.#isEnded ? null : await this.#items.next();
      return item === null || item.done
        ? await this.return()
        : { done: false, value: await this.#steps.select(item.value) };
    } catch (error) {
      await this.return();
      return { done: false, value: this.#steps.fail(error) };
    }
  }

  async return(): Promise<IteratorReturnResult<void>> {
    this.#isEnded = true;
    this.#steps.end();
    await this.#items.return?.();
    return { done: true, value: undefined };
  }
}
