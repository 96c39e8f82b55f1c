import { createHash } from "node:crypto";
import type { DocumentNode, FormattedExecutionResult } from "graphql";
import type { Caller } from "../access/caller.ts";
import type { Observed, Observer } from "../operations/observer.ts";
import type { Answer, Operation, Request } from "../operations/operation.ts";
import type { Price } from "../operations/price.ts";
import type { CallRecord } from "../rest/calls.ts";
import { onlyFields } from "./log.ts";
import type { Metrics } from "./metrics.ts";
import type { OperationSpan, Tracing } from "./tracing.ts";

/** The part of fastify's logger that is used. */
export interface OperationLog {
  readonly level: string;
  info(fields: object, message: string): void;
}

export interface ObserverOptions {
  readonly log: OperationLog;
  readonly metrics: Pick<Metrics, "operation">;
  /** Null: no spans are sent. */
  readonly tracing: Tracing | null;
}

/** How an operation ended: `partial` has data and errors; `refused` was not executed; `failed` is a bug of this server. */
type Outcome = "ok" | "partial" | "refused" | "failed";

const CALLER_HASH_CHARACTERS = 16;
const LONGEST_NAME = 64;

/** Counts each operation, writes a line for it and sends its span. */
export function createObserver({ log, metrics, tracing }: ObserverOptions): Observer {
  const writesLines = ["info", "debug", "trace"].includes(log.level);

  function begin(request: Request, operation: Operation | null): RunningOperation {
    const kind = operation?.definition.operation;
    const span = tracing?.begin(
      [kind ?? "request", nameOf(request, operation)].filter(Boolean).join(" "),
      request.trace.parent,
    );
    return new RunningOperation(span ?? null, (running, answer) => {
      const outcome = outcomeOf(answer);
      const codes = codesOf(answer?.result);
      const milliseconds = performance.now() - running.began;
      const isTimed = kind !== undefined && kind !== "subscription";
      metrics.operation(kind ?? "none", outcome, codes ?? [], isTimed ? milliseconds / 1_000 : null);
      if (!writesLines && span === undefined) {
        return;
      }
      const fields = {
        requestId: request.trace.requestId,
        traceId: span?.traceId ?? request.trace.parent?.traceId,
        kind,
        operation: nameOf(request, operation),
        document: operation === null ? hashOf(request.text) : documentHash(operation),
        caller: callerForLog(request.caller),
        outcome,
        codes,
        asked: operation?.price,
        ...(operation !== null && { milliseconds, actual: running.actual, calls: running.calls }),
        ...(kind === "subscription" && { events: running.events }),
      };
      span?.end(onlyFields(fields));
      if (writesLines) {
        log.info(fields, "operation");
      }
    });
  }

  return {
    refused: (request, answer) => begin(request, null).end(answer),
    begin: (operation) => begin(operation, operation),
  };
}

class RunningOperation implements Observed {
  readonly began = performance.now();
  calls = 0;
  events = 0;
  actual: Price = { calls: 0, objects: 0 };
  readonly #span: OperationSpan | null;
  readonly #onEnd: (running: RunningOperation, answer: Answer | null) => void;

  constructor(span: OperationSpan | null, onEnd: (running: RunningOperation, answer: Answer | null) => void) {
    this.#span = span;
    this.#onEnd = onEnd;
  }

  call(call: CallRecord): void {
    this.calls += 1;
    this.#span?.call(call);
  }

  event(): void {
    this.events += 1;
  }

  spend({ calls, objects }: Price): void {
    this.actual = { calls: this.actual.calls + calls, objects: this.actual.objects + objects };
  }

  end(answer: Answer | null): void {
    this.#onEnd(this, answer);
  }
}

/** The operation's name, shortened; undefined if the client gave none, or gave text that is no name. */
function nameOf(request: Request, operation: Operation | null): string | undefined {
  const name = operation?.definition.name?.value ?? request.name ?? "";
  return /^[_A-Za-z][_0-9A-Za-z]*$/.test(name) ? name.slice(0, LONGEST_NAME) : undefined;
}

function outcomeOf(answer: Answer | null): Outcome {
  const { data, errors } = answer?.result ?? { data: {} };
  if (data === undefined) {
    return answer?.status === 500 ? "failed" : "refused";
  }
  return errors === undefined ? "ok" : "partial";
}

/** The codes of an answer's errors, each once. */
function codesOf(result: FormattedExecutionResult | undefined): readonly string[] | undefined {
  return result?.errors && [...new Set(result.errors.map(({ extensions }) => String(extensions?.["code"])))];
}

/** The same documents are executed again and again, so the hash of each is made once. */
const documentHashes = new WeakMap<DocumentNode, string>();

function documentHash({ document, text }: Operation): string {
  let hash = documentHashes.get(document);
  if (hash === undefined) {
    hash = hashOf(text);
    documentHashes.set(document, hash);
  }
  return hash;
}

/** SHA-256 of the document, as persisted queries and trusted documents have it. */
function hashOf(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}

/** A token's subject may be an e-mail address or a number: a part of its hash tells callers apart. */
function callerForLog({ id }: Caller): string {
  const [kind, subject] = id.split(/:(.*)/s);
  return kind === "token" ? `token:${hashOf(subject ?? "").slice(0, CALLER_HASH_CHARACTERS)}` : id;
}
