import { setImmediate as nextTurn } from "node:timers/promises";
import { GraphQLError, type GraphQLFormattedError, type GraphQLSchema } from "graphql";
import { type Context, makeServer, type SubscribePayload } from "graphql-ws";
import type { Access, Credential } from "../access/access.ts";
import type { Caller } from "../access/caller.ts";
import { withoutStatus } from "../operations/errors.ts";
import { FAILURES } from "../operations/failures.ts";
import {
  Answer,
  type EventAnswers,
  type Operation,
  Pulled,
  type RequestTrace,
  type Result,
} from "../operations/operation.ts";
import type { Operations } from "../operations/operations.ts";
import { documentIdOf, showsCost } from "../server/asked.ts";
import { type Connections, clientOf } from "./connections.ts";

export interface SocketProtocolOptions {
  readonly access: Access;
  readonly schema: GraphQLSchema;
  readonly operations: Operations;
  readonly connections: Connections;
}

/** The state of one socket. */
export interface SocketState {
  /** The caller by the upgrade request or `connection_init`; null before either had a credential. */
  caller: Caller | null;
  /** The credential in the upgrade request. */
  readonly credential: Credential;
  /** Whether answers tell what they cost, by the upgrade request or `connection_init`. */
  showsCost: boolean;
  /** That of the upgrade request. Its operations are numbered. */
  readonly trace: RequestTrace;
  operationsBegun: number;
  /** Aborts when the socket is closed. */
  readonly signal: AbortSignal;
  readonly close: (code: number, reason: string) => void;
  /** Resolves when another message may be sent. */
  readonly send: (message: string) => Promise<void>;
  /** One entry for each running operation, whether or not the client still wants its result. */
  readonly running: Set<object>;
}

/** An operation on a socket, its end, and the id of its results. */
interface SocketOperation {
  readonly operation: Operation;
  readonly signal: AbortSignal;
  readonly id: string;
  readonly send: SocketState["send"];
}

type SocketContext = Context<Record<string, unknown>, SocketState>;

/** RFC 6455 §7.4.1. */
const POLICY_VIOLATION = 1008;

/** The functions that graphql-ws calls: who connects, what may be executed, and how. */
export function createProtocol({ access, schema, operations, connections }: SocketProtocolOptions) {
  const most = connections.limits.operations;

  function prepare({ extra, subscriptions }: SocketContext, id: string, payload: SubscribePayload) {
    const { caller } = extra;
    if (caller === null) {
      return [new Shown(withoutStatus(FAILURES.unauthenticated))];
    }
    const { query: text, operationName, variables } = payload;
    extra.operationsBegun += 1;
    const operation = operations.prepare({
      trace: { ...extra.trace, requestId: `${extra.trace.requestId}.${extra.operationsBegun}` },
      text,
      documentId: documentIdOf({ ...payload }),
      name: operationName || null,
      variables: variables ?? {},
      caller,
      showsCost: extra.showsCost,
      isFresh: false,
      refuses: {},
    });
    if (operation instanceof Answer) {
      return (operation.result.errors ?? []).map((error) => new Shown(error));
    }
    const { document, name, definition } = operation;
    const kind = definition.operation;
    const { send, running } = extra;
    let { signal } = extra;
    if (kind === "query") {
      const completed = new AbortController();
      signal = AbortSignal.any([signal, completed.signal]);
      subscriptions[id] = new Completion(() => completed.abort());
    }
    if (kind !== "subscription") {
      connections.begin(payload);
    }
    running.add(payload);
    const contextValue: SocketOperation = { operation, signal, id, send };
    return { schema, document, operationName: name, contextValue };
  }

  return makeServer<Record<string, unknown>, SocketState>({
    connectionInitWaitTimeout: connections.limits.initMilliseconds,
    // A refusal closes the socket with 4403, which tells clients not to come again by themselves.
    onConnect: async ({ extra, connectionParams }) => {
      extra.showsCost ||= showsCost(connectionParams ?? {});
      extra.caller = await access.identify(credentialIn(connectionParams) ?? extra.credential);
      return extra.caller !== null;
    },
    onSubscribe: async (context, id, payload) => {
      const { extra, subscriptions } = context;
      if (connections.isClosing) {
        return [new Shown(withoutStatus(FAILURES.shuttingDown))];
      }
      if (Object.keys(subscriptions).length > 2 * most) {
        // The client was asked to close and does not.
        extra.close(POLICY_VIOLATION, "Too many operations");
      }
      if (extra.running.size >= most) {
        // Lets operations that were just completed end first.
        await nextTurn();
      }
      return extra.running.size >= most || !(id in subscriptions)
        ? [new Shown(withoutStatus(FAILURES.tooManyOperations))]
        : prepare(context, id, payload);
    },
    execute: async ({ contextValue }) => {
      const { operation, signal, id, send } = contextValue as SocketOperation;
      const answer = await operations.execute(operation, clientOf(signal));
      return (answer.isWritten ? new Sending(only(answer), id, send) : answer.result) as object;
    },
    subscribe: async ({ contextValue }) => {
      const { operation, signal, id, send } = contextValue as SocketOperation;
      const answers = await operations.subscribe(operation, signal);
      return (answers instanceof Answer ? answers.result : new Sending(answers, id, send)) as object;
    },
    // Its errors are already in the form that clients see.
    onNext: (_context, _id, _payload, _args, result) => result as Result,
    // Called before the client is told.
    onComplete: ({ extra }, _id, payload) => {
      extra.running.delete(payload);
      setImmediate(() => connections.end(payload));
    },
  });
}

/** An error that is sent to clients unchanged. */
class Shown extends GraphQLError {
  readonly #formatted: GraphQLFormattedError;

  constructor(formatted: GraphQLFormattedError) {
    super(formatted.message);
    this.#formatted = formatted;
  }

  override toJSON(): GraphQLFormattedError {
    return this.#formatted;
  }
}

/** What graphql-ws ends when the client completes a query. */
class Completion extends Pulled<never> {
  readonly #end: () => void;

  constructor(end: () => void) {
    super();
    this.#end = end;
  }

  async next(): Promise<IteratorReturnResult<void>> {
    return { done: true, value: undefined };
  }

  async return(): Promise<IteratorReturnResult<void>> {
    this.#end();
    return { done: true, value: undefined };
  }
}

async function* only(answer: Answer): EventAnswers {
  yield { answer, cursor: null };
}

/** Sends the results itself and yields none: graphql-ws would serialize each result again for every subscriber. */
class Sending extends Pulled<never> {
  readonly #answers: EventAnswers;
  readonly #head: string;
  readonly #send: SocketState["send"];

  constructor(answers: EventAnswers, id: string, send: SocketState["send"]) {
    super();
    this.#answers = answers;
    this.#head = `{"id":${JSON.stringify(id)},"type":"next","payload":`;
    this.#send = send;
  }

  async next(): Promise<IteratorReturnResult<void>> {
    for (;;) {
      const { done, value } = await this.#answers.next();
      if (done || value === undefined) {
        return { done: true, value: undefined };
      }
      await this.#send(`${this.#head}${value.answer.line}}`);
    }
  }

  async return(): Promise<IteratorReturnResult<void>> {
    await this.#answers.return();
    return { done: true, value: undefined };
  }
}

/** The credential in `connection_init`, which browsers have to use: they cannot set headers; null if there is none. */
function credentialIn({ authorization, apiKey }: Readonly<Record<string, unknown>> = {}): Credential | null {
  const textOf = (value: unknown) => (typeof value === "string" ? value : undefined);
  return authorization === undefined && apiKey === undefined
    ? null
    : { authorization: textOf(authorization), apiKey: textOf(apiKey) };
}
