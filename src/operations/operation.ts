import type { DocumentNode, FormattedExecutionResult, OperationDefinitionNode, OperationTypeNode } from "graphql";
import type { Caller } from "../access/caller.ts";
import { withoutStatus } from "./errors.ts";
import { type Failure, retryAfterOf } from "./failures.ts";
import type { OperationPrice } from "./price.ts";

/** The identifiers of a request in logs and traces. */
export interface RequestTrace {
  /** 1 to 140 letters, digits, dots, dashes and underscores. */
  readonly requestId: string;
  /** The client's own span; null if it sent none. */
  readonly parent: TraceParent | null;
}

/** https://www.w3.org/TR/trace-context/ */
export interface TraceParent {
  /** 32 hexadecimal digits. */
  readonly traceId: string;
  /** 16 hexadecimal digits. */
  readonly spanId: string;
  readonly isSampled: boolean;
}

/** An operation as read by its transport, before its document is parsed. */
export interface Request {
  readonly trace: RequestTrace;
  /** Empty if the request has only the id of a document. */
  readonly text: string;
  /** The id of a trusted document; null if the request has none. */
  readonly documentId: string | null;
  readonly name: string | null;
  readonly variables: Readonly<Record<string, unknown>>;
  readonly caller: Caller;
  /** Whether the answer says what the operation cost; outside production every answer does. */
  readonly showsCost: boolean;
  /** True if kept lists and shared results must not be used (`Cache-Control: no-cache`). */
  readonly isFresh: boolean;
  /** Kinds of operation that this transport refuses, with the sentence for the client. */
  readonly refuses: Readonly<Partial<Record<OperationTypeNode, Failure>>>;
}

/** An operation whose document is valid and that may be executed. Only `Operations.prepare` makes one. */
export interface Operation extends Request {
  readonly document: DocumentNode;
  readonly definition: OperationDefinitionNode;
  /** Null if its variables are wrong: then nothing of it runs. */
  readonly price: OperationPrice | null;
}

/** Errors in order, data, extensions: JSON has the keys in this order. */
export type Result = FormattedExecutionResult;

/** An answer to a client. */
export class Answer {
  /** The HTTP status: 200 if the operation was executed. */
  readonly status: number;
  readonly result: Result;
  #line: string | null = null;

  /** `json`: the result as JSON, if it is there already. */
  constructor(status: number, result: Result, json: string | null = null) {
    this.status = status;
    this.result = result;
    this.#line = json === null ? null : `${json}\n`;
  }

  /** Seconds after which the client should ask again, for the header `Retry-After`; null for no such header. */
  get retryAfter(): number | null {
    return retryAfterOf(this.status, this.result.errors?.[0]?.extensions?.["retryAfter"]);
  }

  /** Whether its line is there already: it is large, and was written in several turns of the event loop. */
  get isWritten(): boolean {
    return this.#line !== null;
  }

  /** The answer as a line of JSON, written once for all clients. */
  get line(): string {
    this.#line ??= `${JSON.stringify(this.result)}\n`;
    return this.#line;
  }
}

/** An answer that consists of one failure. */
export function refuse(failure: Failure): Answer {
  return new Answer(failure.status, { errors: [withoutStatus(failure)] });
}

/** The answer to a subscriber for one event. */
export interface EventAnswer {
  readonly answer: Answer;
  /** The event's cursor, for a later subscription's `since`; null if the result contains no event. */
  readonly cursor: string | null;
}

/** The transport pulls answers, so none is made before it can be sent. */
export type EventAnswers = AsyncGenerator<EventAnswer, void, undefined>;

/**
 * An asynchronous generator by `next` and `return` alone. Not a generator function: one that waits for an event hears of
 * `return` only when the next event comes. A class, because each idle subscriber would keep closures in place of methods.
 */
export abstract class Pulled<Item> implements AsyncGenerator<Item, void, undefined> {
  abstract next(): Promise<IteratorResult<Item, void>>;
  abstract return(): Promise<IteratorReturnResult<void>>;

  async throw(error: unknown): Promise<never> {
    await this.return();
    throw error;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.return();
  }
}

/** A client that waits for an answer. */
export interface Client {
  /** Calls `leave` when the client is gone, unless the returned function was called before. */
  onGone(leave: () => void): () => void;
}
