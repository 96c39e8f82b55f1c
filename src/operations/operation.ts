import type { DocumentNode, FormattedExecutionResult, OperationDefinitionNode, OperationTypeNode } from "graphql";
import type { Caller } from "../access/caller.ts";
import { withoutStatus } from "./errors.ts";
import type { Failure } from "./failures.ts";

/** An operation as its transport has read it; nothing is known of its document yet. */
export interface Request {
  readonly text: string;
  readonly name: string | null;
  readonly variables: Readonly<Record<string, unknown>>;
  readonly caller: Caller;
  /** True: nothing that was read for others is good enough (`Cache-Control: no-cache`). */
  readonly isFresh: boolean;
  /** Kinds of operation that cannot be asked for in this way, and what the client is told then. */
  readonly refuses: Readonly<Partial<Record<OperationTypeNode, Failure>>>;
}

/** An operation whose document is valid and that may be executed. Only `Operations.prepare` makes one. */
export interface Operation extends Request {
  readonly document: DocumentNode;
  readonly definition: OperationDefinitionNode;
}

/** Errors in their order, data, extensions. Written as JSON in this order of keys. */
export type Result = FormattedExecutionResult;

/** What a client gets. */
export class Answer {
  /** The HTTP status of this answer: 200 if something was executed. */
  readonly status: number;
  readonly result: Result;
  #line: string | null = null;

  constructor(status: number, result: Result) {
    this.status = status;
    this.result = result;
  }

  /** The result as a line of JSON, written once however many clients get it. */
  get line(): string {
    this.#line ??= `${JSON.stringify(this.result)}\n`;
    return this.#line;
  }
}

/** The answer that consists of a failure alone. */
export function refuse(failure: Failure): Answer {
  return new Answer(failure.status, { errors: [withoutStatus(failure)] });
}

/** What a subscriber gets for one event. */
export interface EventAnswer {
  readonly answer: Answer;
  /** The event's place, which a later subscription can go on from; null if there is no event in the answer. */
  readonly cursor: string | null;
}

/** Pulled by the transport, so that an answer that nobody reads is not made. */
export type EventAnswers = AsyncGenerator<EventAnswer, void, undefined>;

/** Who waits for an answer. */
export interface Client {
  /** Calls `leave` when the client is gone, unless the function that it returns was called before. */
  onGone(leave: () => void): () => void;
}
