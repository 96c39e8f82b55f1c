import type { ApolloServer } from "@apollo/server";
import {
  createSourceEventStream,
  type DocumentNode,
  type ExecutionResult,
  execute,
  type FormattedExecutionResult,
  type GraphQLError,
  type GraphQLFormattedError,
  type GraphQLSchema,
  locatedError,
} from "graphql";
import type { Context, OperationOptions } from "../context.ts";
import { inOrder } from "../operations/errors.ts";
import { type Deadlines, Execution, platformsOf } from "../operations/execution.ts";
import { EventResults, selectionOf } from "./event-results.ts";

export interface LiveOperationsOptions {
  readonly schema: GraphQLSchema;
  readonly apollo: ApolloServer<Context>;
  readonly isProduction: boolean;
  readonly deadlines: Deadlines;
  readonly createContext: (options: OperationOptions) => Context;
  /** What clients see of an error. */
  readonly format: (formatted: GraphQLFormattedError, error: unknown) => GraphQLFormattedError;
}

/** An operation whose document is known to be good. */
export interface Operation {
  readonly text: string;
  readonly document: DocumentNode;
  readonly name: string | null;
  readonly variables: Readonly<Record<string, unknown>>;
  /** Aborts when its client is gone. */
  readonly signal: AbortSignal;
}

export type Result = FormattedExecutionResult;
export type Results = AsyncGenerator<Result, void, undefined>;

/** Operations of clients that stay connected; their results hold errors as clients see them. Nothing here rejects. */
export interface LiveOperations {
  /** A query or a mutation, as by POST. */
  execute(operation: Operation): Promise<Result>;
  /**
   * A subscription: one result for each event, pulled, so that what nobody reads is not made. Ends with the client's
   * signal and with `return`; where it cannot go on, the last result says why. One result alone where it cannot begin.
   */
  subscribe(operation: Operation): Promise<Results | Result>;
}

export function createLiveOperations(options: LiveOperationsOptions): LiveOperations {
  const { schema, apollo, isProduction, deadlines, createContext, format } = options;
  const eventResults = new EventResults(() => performance.now());

  async function executeOnce({ text, name, variables, signal }: Operation): Promise<Result> {
    const execution = new Execution(deadlines, () => undefined);
    const leave = () => execution.cancel();
    signal.addEventListener("abort", leave);
    if (signal.aborted) {
      leave();
    }
    try {
      const { body } = await apollo.executeOperation(
        { query: text, variables, ...(name !== null && { operationName: name }) },
        { contextValue: createContext({ ...execution, fresh: false }) },
      );
      return body.kind === "single" ? body.singleResult : body.initialResult;
    } catch (error) {
      return failure(error);
    } finally {
      signal.removeEventListener("abort", leave);
      execution.end();
    }
  }

  /** One event, with a context of its own: one that lived as long as its subscription would cache for hours. */
  async function select(operation: Operation, rootValue: unknown): Promise<Result> {
    const execution = new Execution(deadlines, () => undefined);
    const contextValue = createContext({ ...execution, fresh: false });
    try {
      const result = toResult(await execute({ ...argumentsOf(operation), rootValue, contextValue }));
      return isProduction ? result : { ...result, extensions: { platforms: platformsOf(contextValue) } };
    } catch (error) {
      return failure(error);
    } finally {
      execution.end();
    }
  }

  async function subscribe(operation: Operation): Promise<Results | Result> {
    const over = new AbortController();
    const end = () => {
      operation.signal.removeEventListener("abort", end);
      over.abort();
    };
    operation.signal.addEventListener("abort", end);
    if (operation.signal.aborted) {
      end();
    }
    const contextValue = createContext({
      signal: over.signal,
      deadline: () => Number.POSITIVE_INFINITY,
      fresh: false,
      onKind: () => undefined,
    });
    try {
      const source = await createSourceEventStream({ ...argumentsOf(operation), contextValue });
      if (!(Symbol.asyncIterator in source)) {
        end();
        return toResult(source);
      }
      const selection = selectionOf(operation);
      // Every root field gives what the feed gives: src/resolvers/subscription.ts.
      return toResults(source as AsyncIterable<{ readonly event: object }>, {
        end,
        fail: failure,
        select: (item) => eventResults.of(item.event, selection, () => select(operation, item)),
      });
    } catch (error) {
      end();
      return failure(error);
    }
  }

  function argumentsOf({ document, name, variables }: Operation) {
    return { schema, document, operationName: name, variableValues: variables };
  }

  function toResult({ errors, ...result }: ExecutionResult): Result {
    return errors === undefined ? result : { ...result, errors: inOrder(errors.map(formatOne)) };
  }

  function formatOne(error: GraphQLError): GraphQLFormattedError {
    const formatted = error.toJSON();
    // What has no path is GraphQL's own word against the request, which comes without a code.
    return format(error.path ? formatted : { ...formatted, extensions: { code: "BAD_USER_INPUT" } }, error);
  }

  function failure(error: unknown): Result {
    // With a path, however short, it is taken for what it is: a failure of the server's.
    const located = locatedError(error, undefined, []);
    return { errors: [format({ message: located.message }, located)] };
  }

  return { execute: executeOnce, subscribe };
}

interface Steps<Item> {
  readonly select: (item: Item) => Promise<Result>;
  readonly fail: (error: unknown) => Result;
  /** Lets go of what the subscription holds. */
  readonly end: () => void;
}

/** Not a generator function: one that waits for an event would hear of `return` only when the next one comes. */
function toResults<Item>(source: AsyncIterable<Item>, steps: Steps<Item>): Results {
  const items = source[Symbol.asyncIterator]();
  let isEnded = false;

  async function end(): Promise<IteratorReturnResult<void>> {
    isEnded = true;
    steps.end();
    await items.return?.();
    return { done: true, value: undefined };
  }

  async function next(): Promise<IteratorResult<Result, void>> {
    try {
      const item = isEnded ? null : await items.next();
      return item === null || item.done ? await end() : { done: false, value: await steps.select(item.value) };
    } catch (error) {
      await end();
      return { done: false, value: steps.fail(error) };
    }
  }

  const results: Results = {
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
