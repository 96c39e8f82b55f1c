import { createHash } from "node:crypto";
import type { FormattedExecutionResult } from "graphql";
import type { Caller } from "../access/caller.ts";
import type { Observed, Observer } from "../operations/observer.ts";
import type { Answer, Operation, Request } from "../operations/operation.ts";
import type { Price } from "../operations/price.ts";
import type { CallRecord } from "../rest/calls.ts";
import type { Metrics } from "./metrics.ts";

/** The part of fastify's logger that is used. */
export interface OperationLog {
  readonly level: string;
  info(fields: object, message: string): void;
}

export interface ObserverOptions {
  readonly log: OperationLog;
  readonly metrics: Pick<Metrics, "operation">;
}

/** How an operation ended: `partial` has data and errors; `refused` was not executed; `failed` is a bug of this server. */
export type Outcome = "ok" | "partial" | "refused" | "failed";

const HASHES_KEPT = 16;

/** Counts each operation, and writes a line for it. */
export function createObserver({ log, metrics }: ObserverOptions): Observer {
  const writesLines = ["info", "debug", "trace"].includes(log.level);
  return {
    refused: (request, answer) => write(request, null, { answer }),
    begin: (operation) => new ObservedOperation(operation, write),
  };

  function write(request: Request, operation: Operation | null, { answer, ...rest }: Ending): void {
    const outcome = outcomeOf(answer);
    const codes = codesOf(answer?.result);
    const kind = operation?.definition.operation;
    const isTimed = kind !== undefined && kind !== "subscription";
    metrics.operation(kind ?? "none", outcome, codes ?? [], isTimed ? (rest.milliseconds ?? 0) / 1_000 : null);
    if (!writesLines) {
      return;
    }
    const { trace, caller, text, name } = request;
    log.info(
      {
        requestId: trace.requestId,
        traceId: trace.parent?.traceId,
        kind,
        operation: operation?.definition.name?.value ?? name,
        document: hashOf(text),
        caller: callerForLog(caller),
        outcome,
        codes,
        asked: operation?.price,
        ...rest,
      },
      "operation",
    );
  }
}

interface Ending {
  readonly answer: Answer | null;
  readonly milliseconds?: number;
  readonly actual?: Price;
  readonly calls?: number;
  readonly events?: number;
}

class ObservedOperation implements Observed {
  readonly #operation: Operation;
  readonly #write: (request: Request, operation: Operation, ending: Ending) => void;
  readonly #began = performance.now();
  #calls = 0;
  #actual: Price = { calls: 0, objects: 0 };
  #events = 0;

  constructor(operation: Operation, write: (request: Request, operation: Operation, ending: Ending) => void) {
    this.#operation = operation;
    this.#write = write;
  }

  call(_call: CallRecord): void {
    this.#calls += 1;
  }

  event(): void {
    this.#events += 1;
  }

  spend({ calls, objects }: Price): void {
    this.#actual = { calls: this.#actual.calls + calls, objects: this.#actual.objects + objects };
  }

  end(answer: Answer | null): void {
    const milliseconds = performance.now() - this.#began;
    const isSubscription = this.#operation.definition.operation === "subscription";
    this.#write(this.#operation, this.#operation, {
      answer,
      milliseconds,
      actual: this.#actual,
      calls: this.#calls,
      ...(isSubscription && { events: this.#events }),
    });
  }
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

/** SHA-256 of the document, as persisted queries and trusted documents have it. */
function hashOf(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}

/** A token's subject may be an e-mail address or a number: a part of its hash tells callers apart. */
function callerForLog({ id }: Caller): string {
  const [kind, subject] = id.split(/:(.*)/s);
  return kind === "token" ? `token:${hashOf(subject ?? "").slice(0, HASHES_KEPT)}` : id;
}
