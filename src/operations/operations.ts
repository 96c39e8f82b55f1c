import { type ExecutionResult, execute, type GraphQLSchema, getOperationAST, type OperationTypeNode } from "graphql";
import type { Context, OperationOptions } from "../context.ts";
import { TooCostlyError } from "../errors.ts";
import type { Versions } from "../freshness/versions.ts";
import { type Admission, type Charge, limitsOf } from "./admission.ts";
import { Documents } from "./documents.ts";
import { createErrorFormatter, type FormatOptions, inOrder, withoutStatus } from "./errors.ts";
import { Execution } from "./execution.ts";
import type { Explain, Plan } from "./explain.ts";
import { FAILURES, TOO_COSTLY_FAILURES } from "./failures.ts";
import { isLarge, stringifyInTurns } from "./large-answer.ts";
import { type Observed, ObservedEvents, type Observer } from "./observer.ts";
import {
  Answer,
  type Client,
  type EventAnswers,
  type Operation,
  type Request,
  type Result,
  refuse,
} from "./operation.ts";
import { platformsOf } from "./platforms.ts";
import { createRefusals } from "./refusals.ts";
import { OperationSharing } from "./sharing.ts";
import { createSubscriptions } from "./subscription.ts";
import type { DocumentReference, TrustedDocuments } from "./trusted-documents.ts";

/** Milliseconds that an operation has. A mutation has more time, because it may send. */
export interface Deadlines {
  readonly query: number;
  readonly mutation: number;
}

/** What is refused while the process is overloaded. */
export interface Overloaded {
  readonly refusesReads: boolean;
  readonly refusesWrites: boolean;
}

export interface OperationsOptions extends FormatOptions {
  readonly schema: GraphQLSchema;
  readonly deadlines: Deadlines;
  readonly createContext: (options: OperationOptions) => Context;
  readonly versions: Versions;
  readonly admission: Admission;
  readonly explain: Explain;
  readonly overload: Overloaded;
  readonly observer: Observer;
  readonly trusted: TrustedDocuments;
  /** Whether clients may read the schema. */
  readonly allowsIntrospection: boolean;
  /**
   * Whether equal queries that run at the same time are executed once. In production only: elsewhere each answer lists
   * its own calls.
   */
  readonly sharesQueries: boolean;
}

/** Turns text into an answer, the same for every transport. No method rejects. */
export interface Operations {
  /** The kind of the operation that would be executed; null if the document is invalid or has none of that name. */
  kindOf(request: DocumentReference & Pick<Request, "name">): OperationTypeNode | null;
  /** The operation, or the answer that says why it cannot be executed. */
  prepare(request: Request): Operation | Answer;
  /** What the operation may cost, and why; runs nothing. An answer says why there is no plan: the document is invalid. */
  explain(request: Request): Plan | Answer;
  /** Answers a query or a mutation. It is ended when its time is over or when its client is gone. */
  execute(operation: Operation, client: Client): Promise<Answer>;
  /**
   * Answers a subscription with one result for each event. The results end with the signal and with `return`; if they
   * cannot continue, the last one says why. `after` is the cursor of the last event seen and replaces the argument
   * `since`. If the subscription cannot begin, there is a single answer.
   */
  subscribe(operation: Operation, signal: AbortSignal, after?: string | null): Promise<EventAnswers | Answer>;
}

export function createOperations(options: OperationsOptions): Operations {
  const { schema, deadlines, createContext, isProduction, admission, overload, observer, trusted } = options;
  const format = createErrorFormatter(options);
  const refusals = createRefusals(schema, format);
  const documents = new Documents(schema, options.allowsIntrospection);
  const sharing = options.sharesQueries && isProduction ? new OperationSharing(options.versions) : null;

  function kindOf(request: DocumentReference & Pick<Request, "name">): OperationTypeNode | null {
    const text = trusted.textOf(request);
    const document = typeof text === "string" ? documents.prepare(text) : null;
    return document && "kind" in document ? (getOperationAST(document, request.name)?.operation ?? null) : null;
  }

  function prepare(request: Request): Operation | Answer {
    const prepared = check(request);
    if (prepared instanceof Answer) {
      observer.refused(request, prepared);
    }
    return prepared;
  }

  function check(request: Request): Operation | Answer {
    const operation = read(request);
    if (operation instanceof Answer) {
      return operation;
    }
    const { price } = operation;
    const failure = request.refuses[operation.definition.operation] ?? (price && admission.refusal(price));
    return failure ? refuse(failure) : operation;
  }

  function explain(request: Request): Plan | Answer {
    const operation = read(request);
    return operation instanceof Answer ? operation : (options.explain(operation) ?? refusals.wrongVariables(operation));
  }

  function read(request: Request): Operation | Answer {
    const text = trusted.textOf(request);
    if (typeof text !== "string") {
      return refuse(text);
    }
    const document = documents.prepare(text);
    if (!("kind" in document)) {
      return refusals.invalid(document);
    }
    const definition = getOperationAST(document, request.name);
    if (!definition) {
      return refusals.noOperation(request.name);
    }
    const { operation: kind } = definition;
    if (kind === "mutation" ? overload.refusesWrites : overload.refusesReads) {
      return refuse(FAILURES.overloaded);
    }
    // Without a spread, which costs more, because this runs for every request.
    const { trace, documentId, name, variables, caller, showsCost, isFresh, refuses } = request;
    const price = admission.price(document, definition, variables);
    return {
      trace,
      text,
      documentId,
      name,
      variables,
      caller,
      showsCost,
      isFresh,
      refuses,
      document,
      definition,
      price,
    };
  }

  function executeShared(operation: Operation, client: Client): Promise<Answer> {
    const kind = operation.definition.operation;
    const observed = observer.begin(operation);
    const begin = (): [Execution, Promise<Answer>] => {
      const execution = new Execution(kind === "mutation" ? deadlines.mutation : deadlines.query);
      execution.join(client);
      return [execution, executeOnce(operation, execution, observed)];
    };
    const answerNow = () =>
      sharing === null || kind !== "query" || operation.isFresh ? begin()[1] : sharing.answer(operation, client, begin);
    const looking = options.versions.begin();
    const answering = looking === null ? answerNow() : looking.then(answerNow);
    return answering.then((answer) => {
      observed.end(answer);
      return answer;
    });
  }

  async function executeOnce(
    operation: Operation,
    execution: Execution,
    observed: Observed,
    rootValue?: unknown,
  ): Promise<Answer> {
    const { caller, price } = operation;
    if (price === null) {
      execution.end();
      return refusals.wrongVariables(operation);
    }
    const charging = admission.charge(caller, price);
    const charge = charging instanceof Promise ? await charging : charging;
    if ("message" in charge) {
      execution.end();
      return refuse(charge);
    }
    const context = createContext({
      signal: execution.signal,
      deadline: () => execution.expiresAt,
      fresh: operation.isFresh,
      caller,
      limits: limitsOf(charge.asked, price),
      onCall: (call) => observed.call(call),
    });
    const answer = answerOf(operation, { context, charge }, rootValue);
    try {
      // What a mutation has done is told, however late.
      return operation.definition.operation === "mutation"
        ? await answer
        : await execution.answerInTime(answer, () => overdue(operation, { context, charge }));
    } finally {
      charge.settle(context.meter);
      observed.spend(context.meter);
      execution.end();
    }
  }

  async function answerOf(operation: Operation, run: Run, rootValue: unknown): Promise<Answer> {
    try {
      const { document, name: operationName, variables: variableValues } = operation;
      const contextValue = run.context;
      const result = await execute({ schema, document, rootValue, contextValue, variableValues, operationName });
      const answer = show(result, operation, run);
      if (!isLarge(run.context.meter, operation.price)) {
        return answer;
      }
      // What a mutation has done is told, however much it is.
      const most = operation.definition.operation === "mutation" ? Number.POSITIVE_INFINITY : MOST_CHARACTERS;
      return new Answer(answer.status, answer.result, await stringifyInTurns(answer.result, most));
    } catch (error) {
      return error instanceof TooCostlyError ? cutOff(error.what, operation, run) : refusals.failed(error);
    }
  }

  /** Leaves an operation whose time is over as it is. */
  function overdue(operation: Operation, run: Run): Answer {
    run.context.meter.line.close();
    return cutOff("time", operation, run);
  }

  /** The answer to an operation that has run, and that gets no data. */
  function cutOff(what: TooCostlyError["what"], operation: Operation, run: Run): Answer {
    const extensions = extensionsOf(run, operation);
    const errors = [withoutStatus(TOO_COSTLY_FAILURES[what])];
    return new Answer(200, { errors, data: null, ...(extensions && { extensions }) });
  }

  function argumentsOf({ document, name, variables }: Operation) {
    return { schema, document, operationName: name, variableValues: variables };
  }

  function show({ errors, data }: ExecutionResult, operation: Operation, run: Run | null): Answer {
    if (data === undefined) {
      return refusals.notExecuted(errors ?? [], operation);
    }
    const shown = errors && inOrder(errors.map((error) => format(error.toJSON(), error)));
    const extensions = run && extensionsOf(run, operation);
    if (errors === undefined && extensions === null) {
      return new Answer(200, { data });
    }
    const result: Result = { ...(shown && { errors: shown }), data, ...(extensions && { extensions }) };
    return new Answer(200, result);
  }

  /** Settles the operation's charge, and returns its cost if the client is shown it. */
  function extensionsOf({ context, charge }: Run, { showsCost }: Operation): Result["extensions"] | null {
    charge.settle(context.meter);
    if (isProduction && !showsCost) {
      return null;
    }
    const { calls, objects } = context.meter;
    const cost = { asked: charge.asked, actual: { calls, objects }, ...charge.left() };
    return isProduction ? { cost } : { platforms: platformsOf(context), cost };
  }

  const startSubscription = createSubscriptions({
    versions: options.versions,
    createContext,
    argumentsOf,
    select: (operation, event, observed) => {
      const execution = new Execution(deadlines.query);
      // An EventSource always sends `no-cache`; its events are read like those of all subscribers.
      return executeOnce({ ...operation, isFresh: false }, execution, observed, event);
    },
    refused: (result, operation) => show(result, operation, null),
    failed: refusals.failed,
  });

  async function subscribe(operation: Operation, signal: AbortSignal, after: string | null = null) {
    const observed = observer.begin(operation);
    const answers =
      operation.price === null
        ? refusals.wrongVariables(operation)
        : await startSubscription(operation, observed, signal, after);
    if (answers instanceof Answer) {
      observed.end(answers);
      return answers;
    }
    return new ObservedEvents(answers, observed);
  }

  return { kindOf, prepare, explain, execute: executeShared, subscribe };
}

/** An operation that has run, and its charge. */
interface Run {
  readonly context: Context;
  readonly charge: Charge;
}

/** Of an answer as JSON: far more than a screen shows. The process holds it twice, with two bytes for each at most. */
const MOST_CHARACTERS = 32_000_000;
