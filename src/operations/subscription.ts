import { createSourceEventStream, type ExecutionArgs, type ExecutionResult } from "graphql";
import type { Context, OperationOptions } from "../context.ts";
import type { Versions } from "../freshness/versions.ts";
import { Stop } from "../rest/calls.ts";
import type { Observed } from "./observer.ts";
import type { Answer, EventAnswer, EventAnswers, Operation } from "./operation.ts";
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
      return toAnswers(source as AsyncIterable<FeedItem>, {
        end,
        fail: (error) => ({ answer: failed(error), cursor: null }),
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

/** Not a generator function: a generator that waits for an event hears of `return` only when the next event comes. */
function toAnswers(source: AsyncIterable<FeedItem>, steps: Steps): EventAnswers {
  const items = source[Symbol.asyncIterator]();
  let isEnded = false;

  async function end(): Promise<IteratorReturnResult<void>> {
    isEnded = true;
    steps.end();
    await items.return?.();
    return { done: true, value: undefined };
  }

  async function next(): Promise<IteratorResult<EventAnswer, void>> {
    try {
      const item = isEnded ? null : await items.next();
      return item === null || item.done ? await end() : { done: false, value: await steps.select(item.value) };
    } catch (error) {
      await end();
      return { done: false, value: steps.fail(error) };
    }
  }

  const results: EventAnswers = {
    next,
    return: end,
    throw: async (error: unknown) => {
      await end();
      throw error;
    },
    [Symbol.asyncIterator]: () => results,
    [Symbol.asyncDispose]: async () => {
      await end();
    },
  };
  return results;
}
