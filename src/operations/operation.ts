import type { DocumentNode, FormattedExecutionResult, OperationDefinitionNode, OperationTypeNode } from "graphql";
import type { Caller } from "../access/caller.ts";
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

/** What a client gets: errors in their order, data, extensions. Written as JSON in this order of keys. */
export type Result = FormattedExecutionResult;

export interface Answer {
  readonly result: Result;
  /** The HTTP status of this answer: 200 if something was executed. */
  readonly status: number;
}

/** What a subscription gives for one event. */
export interface EventResult {
  readonly result: Result;
  /** The event's place, which a later subscription can go on from; null if there is no event in the result. */
  readonly cursor: string | null;
}

/** Pulled by the transport, so that a result that nobody reads is not made. */
export type EventResults = AsyncGenerator<EventResult, void, undefined>;

/** Who waits for an answer. */
export interface Client {
  /** Calls `leave` when the client is gone, unless the function that it returns was called before. */
  onGone(leave: () => void): () => void;
}

const written = new WeakMap<Result, string>();

/** A result as JSON, written once however many clients get it. */
export function writeResult(result: Result): string {
  const json = written.get(result) ?? JSON.stringify(result);
  written.set(result, json);
  return json;
}
